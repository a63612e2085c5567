"""The benchmark of characters: is the right color in the right place.

In comes a `Painter`; out come its scores on drawings that no model was trained on, by nine
sources. The reference of a drawing is another drawing in the same colors, usually by another
artist, so the picture that should come out is known.

* `drawings` draws them: a fixed seed, held-out parts. `cache` keeps them.
* `measures` measures one painted picture; `baselines` are the pictures that need no model, and the
  oracles, the best that the offered colors allow.
* `scoring` applies them to every drawing, with the own and the swapped palette; `report` writes
  tables, every score as JSON, and a sheet of pictures a source.

A palette is extracted by the model's own rule, and pictures are painted as `Painter.paint` does.
Pictures are uint8 RGB `(S, S, 3)`. Scores are means over drawings with intervals by drawing.
"""
