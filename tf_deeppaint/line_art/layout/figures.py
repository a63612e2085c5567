"""The figures on a page that stand apart: each is a drawing of its own.

Ink with less than a gutter of paper between is one *part*. On a sheet of expressions or characters
the large parts are figures. A small part, such as a star that somebody holds, belongs to the figure
next to it, or stands alone; specks count for nothing.

`serving.layout.figures` has the large parts and the box around all in the TensorFlow graph.
"""

import functools

import cv2
import numpy as np

from tf_deeppaint.line_art.layout.framing import GUTTER_PERCENT, Box, find_extent, is_ink

# A part is large if its longer side is at least half the longest. A small one belongs to a figure
# within a quarter of the figure's side. A speck is smaller than a fiftieth of the page.
SMALL, NEAR, SPECK = 2, 4, 50
# The most figures that are seen apart, and the most large parts that are looked at.
MOST = 16


def find_figures(working: np.ndarray) -> list[Box]:
    """Finds the boxes of the figures of a sketch of the working size, uint8 `(h, w)`.

    Returns:
        The boxes of at most `MOST` figures; the one around all of them where there are more, and
        the one around all specks where there is nothing else.
    """
    ink = is_ink(working)
    parts = [part for part in find_parts(ink) if SPECK * part.side >= max(ink.shape)]
    whole = functools.reduce(Box.join, parts) if parts else find_extent(ink)
    longest = max((part.side for part in parts), default=0)
    figures = [part for part in parts if SMALL * part.side >= longest]
    for part in parts:
        if SMALL * part.side < longest:
            apart = [part.distance(figure) for figure in figures]
            nearest = int(np.argmin(apart))
            if NEAR * apart[nearest] <= figures[nearest].side:
                figures[nearest] = figures[nearest].join(part)
            else:
                figures.append(part)
    figures = _join_overlapping(figures) if len(figures) <= MOST**2 else []
    return figures if 0 < len(figures) <= MOST else [whole]


def find_large_parts(ink: np.ndarray) -> list[Box]:
    """The boxes of the first `MOST` large parts of ink, bool `(h, w)`."""
    parts = find_parts(ink)
    longest = max((part.side for part in parts), default=0)
    return [part for part in parts if SMALL * part.side >= longest][:MOST]


def find_parts(ink: np.ndarray) -> list[Box]:
    """The boxes of the parts of ink, bool `(h, w)`, in reading order of their first pixels."""
    reach = half_gutter(max(ink.shape))
    window = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    wide = cv2.dilate(ink.astype(np.uint8), window)
    count, labels = cv2.connectedComponents(wide, connectivity=4)
    y, x = np.nonzero(ink)
    label = labels[y, x]
    low, high = np.full((2, count), max(ink.shape)), np.zeros((2, count), int)
    for axis, place in enumerate((y, x)):
        np.minimum.at(low[axis], label, place)
        np.maximum.at(high[axis], label, place + 1)
    return [Box(*map(int, ends)) for ends in zip(*low[:, 1:], *high[:, 1:], strict=True)]


def half_gutter(side: int) -> int:
    """How far ink reaches for other ink of its part on a page of a longer side, in pixels."""
    return max(1, GUTTER_PERCENT * side // 200)


def _join_overlapping(boxes: list[Box]) -> list[Box]:
    """Joins boxes that overlap until none does."""
    joined: list[Box] = []
    for box in boxes:
        while met := [other for other in joined if box.distance(other) < 0]:
            for other in met:
                joined.remove(other)
                box = box.join(other)
        joined.append(box)
    return joined
