"""Palettes: the colors of a reference picture, as the network is told them.

A palette is a uint8 array `(4, 4, 3)`: for each of four horizontal bands of the picture, from the
top, its four leading colors in RGB. The network gets it as four *histogram images*, stacked by
channel to `(H, W, 12)`: image i shows the color of rank i of each band over the band's height.
Both follow the published network, AttentionedDeepPaint (github.com/ktaebum/AttentionedDeepPaint).

* `extraction` finds the palette of a picture in NumPy. Colors are counted in 64 bins by the integer
  arithmetic of PyPI's `colorgram.py` 1.2.0, which the published network used. A background rule
  decides about each band's most frequent color: `drop` leaves it out always (the published rule),
  `white` only where it is near white, `keep` never.
* `figure` is another way: it counts what is drawn and not what it is drawn on. `rules` lists all.
* `graph` and `figure_graph` do the same for batches in the TensorFlow graph, equal to the integer.
* `palette_files` reads and writes palettes: JSON, and by `swatch_files` the swatches of others.
* `named_colors` makes palettes of color codes such as `#f4c7a1`.
* `mixing` paints pictures that are mixed from the colors of a palette.
* `swatches` draws palettes for people; `__main__` is the program that does so.
"""
