"""Sketches: how they are drawn from pictures, cleaned, divided into regions and laid over color.

A sketch is uint8 `(H, W)`, 0 = line, 255 = paper.

* `styles` draws line art from a picture with XDoG (Winnemoeller et al. 2012), in several styles.
* `sketch_keras` draws it with the network sketchKeras (lllyasviel).
* `cleaning` turns a scan or photograph of pencil or ink into a sketch.
* `regions` labels paper that lines close off, uint8 `(H, W)` -> int32 `(H, W)`. `find_regions` is
  the only definition of a region: evening out, flat fills and measures take its labels.
* `compositing` lays a sketch's lines over color by multiplication.
"""
