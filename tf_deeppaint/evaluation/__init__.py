"""Evaluation: how well a model colors drawings that it was not trained on.

In come a `Painter` and the test records of data sets; out come scores and a report. Each record has
a sketch, a true picture and the palette of that picture. A *method* makes a picture of a sketch and
a palette: the painter, or a baseline that needs no model. A method is scored twice: with the *own*
palette, that of the true picture, and with a *swapped* palette, that of another record.

* `held_out_records` loads the test records and decides whose palette is swapped with whose.
* `baselines` holds the methods without a model.
* `metrics`, `lpips` and `palette_distance` score single pictures; `features` and `set_distances`
  compare sets of pictures (FID, KID).
* `scoring` applies all of them; `bootstrap` gives the means their 95 % intervals.
* `report` writes the table, the page with pictures, and every score as JSON.

Pictures are uint8 RGB `(N, H, W, 3)`. A score is a float64 a picture, NaN where it is undefined.
Sources of the formulas stand beside them; docs/evaluation.md lists them all.
"""
