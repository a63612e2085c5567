"""Color enlarged again where it has changed: what a hint does not reach stays as it was drawn."""

import numpy as np

from tf_deeppaint.painting.upsampling import LOOK_CELLS, ROUNDS, upsample_color

# Cells around one in which its color may be: paper, and then lines, take it from round to round.
REACH = (ROUNDS + 2) + ROUNDS * LOOK_CELLS


def redraw(
    color: np.ndarray,
    sketch: np.ndarray,
    factor: int | None,
    like: tuple[np.ndarray, np.ndarray] | None,
) -> np.ndarray:
    """What `upsample_color` returns, of which only what differs from another is made.

    Args:
        color: uint8 RGB `(h, w, 3)`, the colors of the cells.
        sketch: uint8 `(H, W)`.
        factor: As `upsample_color` takes it; None makes all.
        like: The colors of the cells of the other, and what was made of them with this sketch; None
            makes all.

    Returns:
        uint8 RGB `(H, W, 3)`; that of `like` itself where nothing differs.
    """
    if factor is None or like is None:
        return upsample_color(color, sketch, factor)
    changed = (color != like[0]).any(axis=-1)
    if not changed.any():
        return like[1]
    # What may change, and as much around it, on which that depends: cells, rows first.
    inner, outer = [], []
    for axis, side in enumerate(changed.shape):
        found = np.flatnonzero(changed.any(axis=1 - axis))
        for slices, margin in ((inner, REACH), (outer, 2 * REACH)):
            slices.append(slice(max(0, found[0] - margin), min(found[-1] + 1 + margin, side)))
    part = upsample_color(color[tuple(outer)], sketch[_pixels(outer, factor)], factor)
    within = [slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True)]
    drawn = like[1].copy()
    drawn[_pixels(inner, factor)] = part[_pixels(within, factor)]
    return drawn


def _pixels(cells: list[slice], factor: int) -> tuple[slice, ...]:
    return tuple(slice(axis.start * factor, axis.stop * factor) for axis in cells)
