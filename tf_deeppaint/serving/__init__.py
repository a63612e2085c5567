"""The Painter inside the TensorFlow graph, for SavedModels.

In: batches of PNG or JPEG files as strings `(N,)`. Out: batches of PNG files. A server needs
TensorFlow alone: files are decoded, colored and encoded in the graph.

* `signatures` holds the exported functions: `serving_default`, `paint_palette`, `palette` and
  `tensors`.
* `checks` refuses inputs of a wrong shape or number.
* `picture_headers` checks format, size and completeness of a file. `png_chunks` leaves out the
  texts of a PNG, `decoding` decodes it.
* `canvas` fits a sketch onto the network's canvas and extracts a reference's palette.
* `line_ends`, `page` and `regions` are those of `line_art` in the graph, `region_colors` and
  `upsampling` those of `painting`.

Pictures are uint8 RGB `(H, W, 3)`, sketches uint8 `(H, W)`. Every function equals its NumPy
counterpart within one level, and tests compare them. Requests come from strangers: sizes are
checked before anything is decoded, and memory is bounded by blocks of rows. A wrong input is an
`InvalidArgumentError` that names the input and the picture's number in the batch.
"""
