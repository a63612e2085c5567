"""Hints: colors that somebody puts where they belong, over what the network chose.

A hint is a dot or a stroke of one color. The regions that it marks, gaps in lines closed, get the
color; shading and lines stay. Nothing of it needs the network, so hints are put and taken away at
once, and they stay in place whatever palette the painting is recolored in.

* `hint` has `Hint`: which pixels of the sketch it marks, its color, and whether everything that has
  the color of the marked regions changes with them.
* `marking` finds the regions that a hint marks, and colors them.
* `redrawing` draws again what a hint has changed.
* `joining` lets the colors of hints join the palette before the network runs.
* `hint_files` reads hints from a transparent PNG of dots and strokes, or from JSON.

`Painting.hint` and `Painting.hint_stroke` are what programs call.
"""
