"""Layers as studios use them: paper, flats, shading, highlights and lines.

From the bottom up they are

* `paper`, where it is not transparent;
* the group `flats`: one layer a color, or a region, in one flat color;
* `shading`, which multiplies, and `highlights`, which screens: what the picture is darker and
  lighter than its flats;
* `lines`.

Together they show the picture within one level. A flat can be filled with another color, and its
shading stays.

* `layer` has `Layer`, whose pixels are computed row by row.
* `flats` tells which colors or regions have a layer, and names them.
* `separation` parts a colored sketch into layers.
* `merging` lays layers over each other, by the formulas of W3C's Compositing and Blending Level 1.
* `psd_files` writes Photoshop's format by psd-tools.

`painting.layer_files` writes all formats.
"""
