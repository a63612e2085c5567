"""The figures on a page that stand apart: each is a drawing of its own.

Ink with less than a gutter of paper between is one *part*. On a sheet of expressions or characters
the large parts are figures. A small part, such as a star that somebody holds, belongs to the figure
next to it, or stands alone; specks count for nothing. Nor do the frames of panels on a page: long
lines along rows and columns that reach over most of it, hold all else and touch nothing.

`serving.layout.figures` has the bodies and the box around all in the TensorFlow graph.
"""

import functools

import cv2
import numpy as np

from tf_deeppaint.line_art.layout.framing import GUTTER_PERCENT, Box, find_extent, is_ink

# A part is large if its longer side is at least half the longest. A small one belongs to a figure
# within a quarter of the figure's side. A speck is smaller than a fiftieth of the page.
SMALL, NEAR, SPECK = 2, 4, 50
# A line is long if it is an eighth of the page's longer side; what is nearer to it than so many
# pixels touches it. Of the lines of frames one pixel in a hundred may be touched, and they reach
# over so many percent of the page, both ways.
LONG, BESIDE, TOUCHED, FRAMED_PERCENT = 8, 4, 100, 75
# The most figures that are seen apart, and the most large parts that are looked at.
MOST = 16


def find_figures(working: np.ndarray) -> list[Box]:
    """Finds the boxes of the figures of a sketch of the working size, uint8 `(h, w)`.

    Returns:
        The boxes of at most `MOST` figures; the one around all of them where there are more, and
        the one around all specks where there is nothing else.
    """
    ink = is_ink(working)
    drawn = _find_drawn(ink)
    whole = functools.reduce(Box.join, drawn) if drawn else find_extent(ink)
    inner = _without_frames(ink)
    parts = drawn if inner is ink else _find_drawn(inner) or drawn
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
    # So many would hardly become few, and joining them takes the square of their number.
    figures = _join_overlapping(figures) if len(figures) <= MOST**2 else []
    return figures if 0 < len(figures) <= MOST else [whole]


def find_bodies(ink: np.ndarray) -> list[Box]:
    """The boxes of the first `MOST` large parts of ink, bool `(h, w)`, with nothing else in them.

    An arch around a figure, or a cave, is none: another part that overlaps it is not small.
    """
    parts = find_parts(ink)
    longest = max((part.side for part in parts), default=0)
    large = [part for part in parts if SMALL * part.side >= longest][:MOST]
    return [
        body
        for body in large
        if sum(body.distance(part) < 0 for part in parts if NEAR * part.side >= body.side) == 1
    ]


def find_parts(ink: np.ndarray) -> list[Box]:
    """The boxes of the parts of ink, bool `(h, w)`, in reading order of their first pixels."""
    reach = max(1, GUTTER_PERCENT * max(ink.shape) // 200)
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


def _find_drawn(ink: np.ndarray) -> list[Box]:
    """The boxes of the parts of ink that are no specks."""
    return [part for part in find_parts(ink) if SPECK * part.side >= max(ink.shape)]


def _without_frames(ink: np.ndarray) -> np.ndarray:
    """Ink, bool `(h, w)`, without the frames of panels; all of it where there are none."""
    length = 2 * (max(ink.shape) // (2 * LONG)) + 1  # odd, so that it has a middle
    long = np.zeros(ink.shape, np.uint8)
    for shape in ((1, length), (length, 1)):
        line = np.ones(shape, np.uint8)
        edge = {"borderType": cv2.BORDER_CONSTANT, "borderValue": 0}
        long |= cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_OPEN, line, **edge)
    near, beside = (
        cv2.dilate(long, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
        for reach in (BESIDE // 2, BESIDE)
    )
    rest, frames = ink & ~near, find_extent(long > 0)
    sides = frames.bottom - frames.top, frames.right - frames.left
    are_frames = all(100 * a >= FRAMED_PERCENT * b for a, b in zip(sides, ink.shape, strict=True))
    are_frames &= TOUCHED * np.count_nonzero(rest & beside) <= np.count_nonzero(long)
    return rest if are_frames and frames.holds(find_extent(rest)) else ink


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
