"""The Painter: from a sketch and colors to a picture of the sketch's size.

In: a sketch, uint8 `(H, W)`, and a palette, uint8 `(4, 4, 3)`, or the reference it is extracted
from. Out: a picture, uint8 RGB `(H, W, 3)`, or layers for a paint program. `Painter.make_paintings`
and `Painting.parts` take these steps, here for a network that mixes the palette's colors:

1. `inputs` reads the sketch, `(H, W)`, and the reference.
2. `line_art.ink` shrinks the sketch by a whole factor to the *working size*, `(h, w)`, the longer
   side near 512 pixels, and makes its ink black. No line is lost.
3. The working size is fitted onto a square *canvas*, lines wide enough. It is the network's,
   `(S, S)`; where the drawing has wide margins it is larger, and the network sees a window of it,
   or one for each figure: see `line_art.layout`. A sketch over twice as long as wide has a longer
   canvas, and `windows` runs the network along it.
4. A backend, `keras_backend`, `litert_backend` or one of `converted`, runs the network: a
   `prediction` with weights `(S, S, 18)` of the palette's colors, white and black. Meanwhile
   `line_art.regions` finds the regions at the working size: labels `(h, w)`.
5. `region_colors` lets the pixels of each region vote: its color is that which leads in their
   weights, mixed with its shades: mixtures `(labels + 1, 18)`. Regions that mirror each other
   vote together. The colors of `hints` join the mixtures.
6. `region_colors.color_regions` mixes the color of every pixel at the working size, `(h, w, 3)`,
   shaded as on the canvas. The page stays white.
7. `upsampling` enlarges the color so that none crosses a line, `(H, W, 3)`.
8. `line_art.compositing` lays the sketch's own lines over it. `layers` parts the picture instead.

A network without the mixture head, or `even_regions=False`, leaves out 5 and 6: then 7 enlarges the
canvas's colors. `painter` holds the class, `painting` what it returns: other colors need no
network. `jobs` and `batch` paint folders, `outputs` and `layer_files` write files. Painting is
deterministic and float32. How the network works is in `networks`.
"""
