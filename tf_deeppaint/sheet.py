"""Pictures side by side: the contact sheets that programs write for people to look at."""

from collections.abc import Sequence

import numpy as np

from tf_deeppaint.images import WHITE, resize
from tf_deeppaint.palette import BANDS, COLOURS

GAP = 4


def draw_sheet(rows: Sequence[Sequence[np.ndarray]], side: int) -> np.ndarray:
    """Lays pictures out in rows of square cells on white.

    Args:
        rows: uint8 pictures, grey `(H, W)` or RGB `(H, W, 3)`; every row has as many.
        side: Side of a cell in pixels; pictures are scaled to it.

    Returns:
        uint8 RGB.
    """
    step = side + GAP
    sheet = np.full((len(rows) * step + GAP, len(rows[0]) * step + GAP, 3), WHITE, np.uint8)
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            cell = resize(picture, side, side)
            top, left = GAP + i * step, GAP + j * step
            sheet[top : top + side, left : left + side] = (
                cell if cell.ndim == 3 else cell[..., None]
            )
    return sheet


def draw_palette(palette: np.ndarray, side: int) -> np.ndarray:
    """Draws a palette uint8 `(4, 4, 3)` as a square of 4 x 4 swatches: row = band, column = rank."""
    rows = np.arange(side) * BANDS // side
    columns = np.arange(side) * COLOURS // side
    return palette[rows][:, columns]
