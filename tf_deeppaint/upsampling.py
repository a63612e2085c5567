"""Colour from the network's canvas up to the sketch's own size, area by area."""

import cv2
import numpy as np

from tf_deeppaint.images import resize
from tf_deeppaint.regions import PAPER

# Rows that are worked on at a time: what bounds the memory on the largest sketches.
STRIP = 256


def upsample_colour(colour: np.ndarray, sketch: np.ndarray) -> np.ndarray:
    """Enlarges colour so that none of it crosses a line of the sketch.

    Paper that lines separate is numbered, and a pixel is interpolated from those of its four
    neighbours on the canvas whose centres lie on the same piece of paper; where none does, and
    under the lines, from all four.

    Args:
        colour: uint8 RGB `(h, w, 3)`, the colours without the lines.
        sketch: uint8 `(H, W)`, the same cut of the drawing.

    Returns:
        uint8 RGB `(H, W, 3)`.
    """
    height, width = sketch.shape
    if height <= colour.shape[0] or width <= colour.shape[1]:
        return resize(colour, height, width)
    _, pieces = cv2.connectedComponents((sketch >= PAPER).astype(np.uint8), connectivity=4)
    rows, columns = (
        _neighbours(large, small)
        for large, small in zip(sketch.shape, colour.shape[:2], strict=True)
    )
    centres = pieces[np.ix_(*(_centres(*n) for n in zip(sketch.shape, colour.shape, strict=False)))]
    enlarged = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, STRIP):
        strip = slice(top, top + STRIP)
        some_rows = tuple(part[strip] for part in rows)
        enlarged[strip] = _interpolate(colour, centres, pieces[strip], some_rows, columns)
    return enlarged


def _centres(large: int, small: int) -> np.ndarray:
    """The pixels of the large axis at the centres of the small one's, int `(small,)`."""
    return ((np.arange(small) + 0.5) * large / small).astype(int)


def _neighbours(large: int, small: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The small axis's pixels before and after each of the large one's, and the latter's share."""
    place = np.clip((np.arange(large) + 0.5) * small / large - 0.5, 0, small - 1)
    before = place.astype(int)
    return before, np.minimum(before + 1, small - 1), (place - before).astype(np.float32)


def _interpolate(colour, centres, pieces, rows, columns) -> np.ndarray:
    """The pixels of some rows, uint8 `(R, W, 3)`; see `upsample_colour`."""
    total = np.zeros((*pieces.shape, 3), np.float32)
    plain = np.zeros_like(total)
    weights = np.zeros(pieces.shape, np.float32)
    for row, row_share in ((rows[0], 1 - rows[2]), (rows[1], rows[2])):
        for column, column_share in ((columns[0], 1 - columns[2]), (columns[1], columns[2])):
            place = np.ix_(row, column)
            share = row_share[:, None] * column_share
            found = colour[place].astype(np.float32)
            plain += share[..., None] * found
            own = share * (centres[place] == pieces)
            weights += own
            total += own[..., None] * found
    inside = (weights > 1e-3) & (pieces > 0)
    total[inside] /= weights[inside][:, None]
    total[~inside] = plain[~inside]
    return np.rint(total).astype(np.uint8)
