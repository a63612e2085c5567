"""Training a color matcher to choose the right one of a palette's colors.

In: batches of sketches, palettes and pictures, see `training`; in two of three the palette should
be that of another drawing in the same colors. Out: a matcher. `color_matching` has the step,
`losses` what it minimizes: a classifier's loss, since the true picture tells which color is right.
"""
