"""The colors of hints join the palette before the network runs."""

from collections.abc import Iterable

import numpy as np

from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.palette.rules import BANDS, COLORS

# Levels by which a color may differ from one of its band's in each channel and still be the same.
_SAME = 16


def join_palette(palette: np.ndarray, hints: Iterable[Hint], height: int) -> np.ndarray:
    """A palette that holds the colors of hints too, each in the band in which the hint lies.

    A color takes the place of one that its band has twice, or else of the last that is no hint's. A
    band whose places are all hints' takes no more.

    Args:
        palette: uint8 `(4, 4, 3)`.
        hints: The hints.
        height: Height of the sketch in pixels.

    Returns:
        uint8 `(4, 4, 3)`.
    """
    joined, taken = palette.copy(), np.zeros((BANDS, COLORS), bool)
    for hint in hints:
        middle = sum(y for _, y in hint.points) // len(hint.points)
        band = min(middle * BANDS // height, BANDS - 1)
        colors = joined[band].astype(int)
        near = np.abs(colors - hint.color).max(axis=-1) <= _SAME
        if near.any():
            taken[band, near.argmax()] = True
            continue
        free = np.flatnonzero(~taken[band])
        if not len(free):
            continue
        repeats = [rank for rank in free if (colors[:rank] == colors[rank]).all(axis=-1).any()]
        place = repeats[-1] if repeats else free[-1]
        joined[band, place], taken[band, place] = hint.color, True
    return joined
