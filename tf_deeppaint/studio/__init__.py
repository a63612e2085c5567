"""The studio: a web page on this machine for coloring sketches, made with Gradio.

A visitor puts a sketch and a reference on the page, or draws the sketch there. The studio paints
the picture, gives it other colors, shows attention maps, and offers PNG and OpenRaster downloads.

* `__main__` reads the flags and starts the server.
* `server` runs Gradio and keeps all files in one temporary folder.
* `admission` refuses requests to other names than the studio's, and those of other pages; `routes`
  lists what else is open. All other routes of Gradio are closed.
* `reception` takes uploads and checks calls of events: `visitors` knows which files and sessions
  are a visitor's own, and `bodies` bounds what is sent. `connections` closes slow connections.
* `interface` answers other programs at `POST /api/paint`, within the same bounds.
* `leftovers` makes the temporary folder, and removes those of killed studios.
* `layout` creates the components of the page, and `page` connects their events. What a visitor sees
  is HTML of ours, the files in `static/`; Gradio carries values, files and the queue.
* `work` keeps what a visitor has on the page: the painting, its edits, and what each event does.
* `sessions` does that without a page: it reads uploads, paints, recolors and writes downloads.
* `examples` holds the ready palettes and draws the example sketches and references.

One painter serves all visitors, one request at a time; layers are written in a queue of their own.
Paintings stay on the server; the browser sends only files, colors, places and choices, and none of
them is trusted: sizes are checked before files are decoded, paths must be uploads, and what people
wrote is shown as text, never as HTML.
"""
