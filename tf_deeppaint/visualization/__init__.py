"""Pictures for people to look at: contact sheets and heat maps, as uint8 RGB arrays.

* `contact_sheets` lays pictures, sketches and palettes out in rows of square cells.
* `heat_maps` draws an attention map, float `(h, w)` in [0, 1], over its sketch, uint8 `(H, W)`.

Nothing here writes files. Swatches of a palette are in `palette.swatches`.
"""
