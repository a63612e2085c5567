"""Sketches: how they are drawn from pictures, cleaned, divided into regions and laid over color.

A sketch is uint8 `(H, W)`, 0 = line, 255 = paper.

* `styles` draws line art from a picture with XDoG (Winnemoeller et al. 2012), in several styles.
* `sketch_keras` draws it with the network sketchKeras (lllyasviel).
* `preparation` makes a sketch of any page that people bring: `kinds` finds out what it is, by
  `measures`; what needs it is cleaned, and the lines of a colored picture can be taken.
* `outlines` takes the lines out of a picture that is colored already.
* `cleaning` turns a scan or photograph of pencil or ink into a sketch.
* `ink` makes a sketch's lines black and wide enough for the network's canvas. `layout.framing`
  tells which part of a page the network sees.
* `regions` labels the paper between lines, gaps closed, uint8 `(H, W)` -> int32 `(H, W)`.
  `find_regions` is the only definition of a region: painting, flat fills and metrics take its
  labels. `layout.cut_off` closes figures that end in the middle of a page. `page` tells which
  regions are the page itself: margins, panels, speech bubbles.
* `compositing` lays a sketch's lines over color by multiplication.
"""
