"""Regions of paper found pixel by pixel."""

import numpy as np

from tf_deeppaint.painting.patches import Axis


def around(y: int, x: int) -> list[tuple[int, int]]:
    return [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]


def flood_fill(paper: np.ndarray, rows: Axis, columns: Axis) -> dict:
    """The patch of every pixel of paper by definition: a frozenset of pixels of one cell."""

    def cell(y, x):
        return rows.cell[y], columns.cell[x]

    left = {(y, x) for y, x in np.ndindex(paper.shape) if paper[y, x]}
    found = {}
    while left:
        waiting, patch = [left.pop()], set()
        while waiting:
            place = waiting.pop()
            patch.add(place)
            near = [p for p in around(*place) if p in left and cell(*p) == cell(*place)]
            left.difference_update(near)
            waiting += near
        found |= dict.fromkeys(patch, frozenset(patch))
    return found
