"""Pictures: bytes of a file <-> uint8 RGB <-> [-1, 1], and any picture onto a canvas.

* `decoding` turns the bytes of a picture file into pixels. Pillow reads them. Files come from
  strangers: the format, the size and the number of parts are checked before a pixel is decoded; see
  `formats`. A picture comes out upright (EXIF), in sRGB (ICC, `profiles`), with 8 bits a channel,
  and with it its transparency and `resolution`.
* `encoding` turns pixels into PNG.
* `suffixes` lists how the names of picture files end.
* `pixels` holds the convention of the whole project:
  outside the networks a picture is `uint8` RGB `(H, W, 3)` and a sketch `uint8` gray `(H, W)`,
  0 = line, 255 = paper; transparency is laid over white.
  Inside the networks it is `float32` in [-1, 1], `x = v / 127.5 - 1`, white = 1, batched
  `(N, H, W, C)`.
* `canvas` resizes: a picture of any size onto the square canvas of a network.
* `graph` finds connected parts and dilates, in the TensorFlow graph.

OpenCV does the arithmetic. Its order of channels, BGR, never leaves this package.
"""
