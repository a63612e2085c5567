"""Busts in the middle of a page: figures that end below without a line.

Where the page's edge cuts a figure off, the edge closes its regions. Where paper is left below, the
lines just end, and the body would be one region with the page. Then the ends are joined by a line
from the leftmost to the rightmost ink near the lower end of the drawing. That is done if the
drawing is nowhere wider, or if the line closes a large part of it along a third of its own length.
What is between the feet of a standing figure is small, and the figure wider; what is between an arm
and a body is closed along a short part of the line.

All numbers are integers, so that `serving.cut_off` finds the same in the TensorFlow graph.
"""

import cv2
import numpy as np

from tf_deeppaint.line_art.layout.framing import find_box

# Ends of lines lie in the lowest 6 % of the drawing, and at least a fifth of its width apart.
LOWEST_PERCENT, APART = 6, 5
# Of the box around the drawing at least so many percent are closed: between ends that are as far
# apart as the drawing is wide, in percent, and between others.
WIDE_PERCENT, CLOSED_WIDE_PERCENT, CLOSED_PERCENT = 95, 2, 15


def find_lower_edge(sketch: np.ndarray, paper: np.ndarray) -> np.ndarray | None:
    """Finds the line that closes a figure below.

    Args:
        sketch: uint8 gray `(h, w)`, at the working size.
        paper: Where it has no lines, bool `(h, w)`.

    Returns:
        The row in each column, int `(w,)`, -1 where the line is not; None: there is no such line.
    """
    box = find_box(sketch)
    height, width = box.bottom - box.top, box.right - box.left
    first = box.bottom - max(1, LOWEST_PERCENT * height // 100)
    columns = np.flatnonzero(~paper[first : box.bottom].all(axis=0))
    if box.bottom == len(paper) or not len(columns):
        return None
    left, right = columns[[0, -1]]
    span = right - left
    if APART * span < width or span < box.bottom - first:
        return None
    start, end = (
        first + np.flatnonzero(~paper[first : box.bottom, column])[-1] for column in (left, right)
    )
    steps = np.arange(span + 1)
    edge = np.full(paper.shape[1], -1)
    edge[left : right + 1] = start + (2 * (end - start) * steps + span) // (2 * span)
    is_wide = 100 * span >= WIDE_PERCENT * width
    least = (CLOSED_WIDE_PERCENT if is_wide else CLOSED_PERCENT) * height * width
    closed, closing = _closed_by(edge, paper)
    return edge if 100 * closed >= least and (is_wide or 3 * closing >= span) else None


def draw_edge(edge: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Paper without the pixels of a line, bool `(h, w)`; see `find_lower_edge`."""
    return paper & (np.arange(len(paper))[:, None] != edge)


def _closed_by(edge: np.ndarray, paper: np.ndarray) -> tuple[int, int]:
    """Pixels of what an edge parts from the page's edge, and how many of its own do so."""
    drawn = draw_edge(edge, paper)
    inside = _find_outer(paper) & drawn & ~_find_outer(drawn)
    columns = np.flatnonzero(edge > 0)
    closing = inside[edge[columns] - 1, columns]
    return int(np.count_nonzero(inside)), int(np.count_nonzero(closing))


def _find_outer(paper: np.ndarray) -> np.ndarray:
    """The paper that is connected to the page's edge, bool `(h, w)`."""
    framed = np.pad(paper, 1, constant_values=True).astype(np.uint8)
    cv2.floodFill(framed, None, (0, 0), 2)
    return framed[1:-1, 1:-1] == 2
