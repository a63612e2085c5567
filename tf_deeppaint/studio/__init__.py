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
* `layout` creates the components of the page. Style sheets, templates and scripts are the files in
  `static/`.
* `page` connects the components' events to what they do.
* `sessions` does the work without a page: it reads uploads, paints, recolors and writes downloads.
* `examples` holds the ready palettes and draws the example sketches and references.

One painter serves all visitors, one request at a time. A visitor's `State` stays on the server; the
browser sends only files, colors and choices, and none of them is trusted: sizes are checked before
files are decoded, paths must be uploads, and file names are escaped before they are shown.
"""
