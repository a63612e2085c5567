"""The part of a page that the network sees: what is drawn there, without wide margins.

Networks learn from drawings that fill nine tenths of their canvas, and know a small figure in the
middle of a page less well. Such a page is fitted onto a canvas larger than the network's, so large
that the drawing has the size that networks know. The network sees a *window* of it, a square of its
own size around the drawing; the rest of the canvas is white. Where the drawing reaches an edge of
the page, so does the window: a figure that is cut off there is seen cut off.

That is done where the colors of regions are evened out, so that paper is white. A network whose own
picture is shown may paint the paper: it sees the whole page.

All numbers are integers, so that `serving.layout.framing` finds the same window in the TensorFlow
graph.
"""

from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.canvas import Placement

# The lowest gray level of paper. A darker pixel is line.
PAPER = 200
# What is drawn fills so many tenths of the window.
FILLED_TENTHS = 9
# A window that would show more of the longer side, in percent, shows all of it.
NEARLY_ALL = 93
# Paper parts figures if it is so many percent of the page's longer side wide.
GUTTER_PERCENT = 3
# The canvas of a page has at most so many times the network's side, and at most so many pixels a
# side unless the network's is larger.
MOST_TIMES, MOST_SIDE = 4, 1024


class Box(NamedTuple):
    """The rows and columns that ink lies in; the last ones are those behind it."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def side(self) -> int:
        """The longer side in pixels."""
        return max(self.bottom - self.top, self.right - self.left)

    def distance(self, other: "Box") -> int:
        """How far apart two boxes are along the farther axis; negative where they overlap."""
        rows = max(self.top - other.bottom, other.top - self.bottom)
        return max(rows, self.left - other.right, other.left - self.right)

    def holds(self, other: "Box") -> bool:
        """Whether another box lies inside this one."""
        return self.join(other) == self

    def join(self, other: "Box") -> "Box":
        """The box around both."""
        corner = min(self.top, other.top), min(self.left, other.left)
        return Box(*corner, max(self.bottom, other.bottom), max(self.right, other.right))


def is_ink(working: np.ndarray) -> np.ndarray:
    """Where a sketch has lines, bool: black ones, and paler ones beside them."""
    return working < PAPER


def find_extent(ink: np.ndarray) -> Box:
    """Finds the box around ink, bool `(h, w)`; the whole page where there is none."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return Box(0, 0, *ink.shape)
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def shown_side(drawn: int, side: int, size: int) -> int:
    """How many pixels of a page, along each axis, the window shows.

    Args:
        drawn: The longer side of what is drawn; of several figures that of the largest.
        side: The longer side of the page in pixels.
        size: Side of the network's canvas in pixels.
    """
    most = max(size, min(MOST_TIMES * size, MOST_SIDE))
    shown = max(10 * drawn // FILLED_TENTHS, -(-side * size // most))
    return side if 100 * shown > NEARLY_ALL * side else shown


def find_window(box: Box, side: int, placement: Placement, whole: int, size: int) -> Placement:
    """Where the window lies on the page's canvas: around the drawing.

    Args:
        box: Where there is ink on the page, or that of one figure.
        side: The longer side of the page in pixels.
        placement: Where the page lies on its canvas.
        whole: The side of that canvas in pixels.
        size: Side of the network's canvas in pixels, at most `whole`.
    """
    top = placement.top + (box.top + box.bottom) * whole // (2 * side) - size // 2
    left = placement.left + (box.left + box.right) * whole // (2 * side) - size // 2
    return Placement(max(0, min(top, whole - size)), max(0, min(left, whole - size)), size, size)


def find_drawn(box: Box, side: int, placement: Placement, whole: int, view: Placement) -> Placement:
    """Where a figure lies on the page's canvas, with half a gutter around it.

    Args:
        box: The figure's box on the page.
        side: As `find_window` takes it, and the following.
        placement: Likewise.
        whole: Likewise.
        view: The figure's window.
    """
    around = GUTTER_PERCENT * whole // 200
    ends = []
    for start, end, origin, first, length in (
        (box.top, box.bottom, placement.top, view.top, view.height),
        (box.left, box.right, placement.left, view.left, view.width),
    ):
        low = max(first, origin + start * whole // side - around)
        high = min(first + length, origin - (-end * whole // side) + around)
        ends.append((low, high - low))
    (top, height), (left, width) = ends
    return Placement(top, left, height, width)
