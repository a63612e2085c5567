"""Busts in the middle of a page: figures that end below without a line.

Where the page's edge cuts a figure off, the edge closes its regions. Where paper is left below, the
lines just end, and the body would be one region with the page. Then the ends are joined by a line:
from the leftmost to the rightmost ink near the lower end of a large part of the drawing that has
nothing else in it, see `figures.find_bodies`. That is done if

1. both ends are those of lines: ink is hardly wider there than lines are. A foot or a leg of a
   table ends in a line from side to side;
2. the part is nowhere wider, or the line closes much of it along a third of its own length. What
   is between an arm and a body is closed along a short part of it.

All numbers are integers, so that `serving.layout.cut_off` finds the same in the TensorFlow graph.
"""

import cv2
import numpy as np

from tf_deeppaint.line_art.layout.figures import find_bodies
from tf_deeppaint.line_art.layout.framing import Box

# A part that is more than three times as wide as high is lettering. Ends of lines lie in its lowest
# rows, 6 % of its longer side, and at least a fifth of its width apart.
ASPECT, LOWEST_PERCENT, APART = 3, 6, 5
# An end is at most so many times half as wide as lines are on average, and lies in so many percent
# of the part's width on either side.
END_WIDTH, END_PERCENT = 7, 10
# Of the part's box at least so many percent are closed: between ends that are as far apart as the
# part is wide, in percent, and between others.
WIDE_PERCENT, CLOSED_WIDE_PERCENT, CLOSED_PERCENT = 95, 2, 15


def close_below(paper: np.ndarray) -> np.ndarray:
    """Closes figures below that end on the paper.

    Args:
        paper: Where a sketch of the working size has no lines, bool `(h, w)`.

    Returns:
        The paper without the lines that close figures, bool `(h, w)`.
    """
    for box in find_bodies(~paper):
        edge = _find_edge(paper, box)
        if edge is not None:
            paper = _draw(edge, paper)
    return paper


def _find_edge(paper: np.ndarray, box: Box) -> np.ndarray | None:
    """The line that closes a part below: its row in each column, int `(w,)`, -1 where it is not."""
    height, width = box.bottom - box.top, box.right - box.left
    first = max(box.top, box.bottom - max(1, LOWEST_PERCENT * box.side // 100))
    band = ~paper[first : box.bottom, box.left : box.right]
    columns = box.left + np.flatnonzero(band.any(axis=0))
    left, right = int(columns[0]), int(columns[-1])
    span = right - left
    if box.bottom == len(paper) or width > ASPECT * height:
        return None
    if APART * span < width or span < box.bottom - first:
        return None
    reach = max(1, END_PERCENT * width // 100)
    widest = max(
        _end_width(band[:, : left - box.left + reach]),
        _end_width(band[:, max(0, right - box.left + 1 - reach) :]),
    )
    ink = ~paper[box.top : box.bottom, box.left : box.right]
    area, perimeter = _measure_lines(ink)
    if widest * perimeter > END_WIDTH * area:
        return None
    start, end = (first + np.flatnonzero(~paper[first : box.bottom, c])[-1] for c in (left, right))
    steps = np.arange(span + 1)
    edge = np.full(paper.shape[1], -1)
    edge[left : right + 1] = start + (2 * (end - start) * steps + span) // (2 * span)
    is_wide = 100 * span >= WIDE_PERCENT * width
    least = (CLOSED_WIDE_PERCENT if is_wide else CLOSED_PERCENT) * height * width
    closed, closing = _closed_by(edge, paper)
    return edge if 100 * closed >= least and (is_wide or 3 * closing >= span) else None


def _end_width(band: np.ndarray) -> int:
    """How many columns have ink in the lowest row that has some, of ink bool `(rows, n)`."""
    return int(band[np.flatnonzero(band.any(axis=1))[-1]].sum())


def _measure_lines(ink: np.ndarray) -> tuple[int, int]:
    """Area and perimeter of ink, bool `(h, w)`, in pixels: lines are 2 area / perimeter wide."""
    inner = cv2.erode(ink.astype(np.uint8), np.ones((3, 3), np.uint8))
    area = int(np.count_nonzero(ink))
    return area, max(1, area - int(inner.sum()))


def _draw(edge: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Paper without the pixels of a line, bool `(h, w)`."""
    return paper & (np.arange(len(paper))[:, None] != edge)


def _closed_by(edge: np.ndarray, paper: np.ndarray) -> tuple[int, int]:
    """Pixels of what an edge parts from the page's edge, and how many of its own do so."""
    drawn = _draw(edge, paper)
    inside = _find_outer(paper) & drawn & ~_find_outer(drawn)
    columns = np.flatnonzero(edge > 0)
    closing = inside[edge[columns] - 1, columns]
    return int(np.count_nonzero(inside)), int(np.count_nonzero(closing))


def _find_outer(paper: np.ndarray) -> np.ndarray:
    """The paper that is connected to the page's edge, bool `(h, w)`."""
    framed = np.pad(paper, 1, constant_values=True).astype(np.uint8)
    cv2.floodFill(framed, None, (0, 0), 2)
    return framed[1:-1, 1:-1] == 2
