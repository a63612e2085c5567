"""The patches into which lines cut the paper of a sketch, for each pixel of a small canvas.

A *cell* is what a pixel of the canvas covers of the sketch, and a *patch* is paper of one cell that
is connected without leaving it. So a line parts the cells that it runs through, be it open at an
end far away, and a gap joins only those that it lies in.
"""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

# Rows that are worked on at a time, so that memory beside the pictures stays small.
STRIP = 256


class Axis(NamedTuple):
    """How the pixels of one axis of a sketch lie in cells.

    Attributes:
        cell: int `(pixels,)`: the cell in which a pixel's center lies.
        starts: int `(cells + 1,)`: the first pixel of each cell, and the end.
        side: int `(pixels,)`: which neighbor of the cell is nearer: 0 that before, 2 that after.
        share: float32 `(pixels,)`: that neighbor's share in linear interpolation, 0 to 0.5.
    """

    cell: np.ndarray
    starts: np.ndarray
    side: np.ndarray
    share: np.ndarray

    @classmethod
    def measure(cls, pixels: int, cells: int) -> "Axis":
        """An axis of as many pixels, in at most as many cells of equal length."""
        # Whole numbers, so that a center on a border falls on the same side everywhere.
        center = (2 * np.arange(pixels) + 1) * cells
        cell = center // (2 * pixels)
        place = center / (2 * pixels) - cell - 0.5
        starts = np.searchsorted(cell, np.arange(cells + 1))
        return cls(cell, starts, np.where(place < 0, 0, 2), np.abs(place).astype(np.float32))

    @property
    def lengths(self) -> np.ndarray:
        """The pixels in each cell, int `(cells,)`, none 0."""
        return np.diff(self.starts)


class Strip(NamedTuple):
    """Some rows of cells of a sketch.

    Attributes:
        rows: The rows of pixels.
        first: The first row of cells.
        before: How many patches there are above.
    """

    rows: slice
    first: int
    before: int


class Patches:
    """The patches of a sketch, numbered from 1, and which of them touch.

    Those that do not reach the edge of their cell have no number: in grain and screentone there
    may be millions, and they touch no other.

    Args:
        paper: uint8 `(H, W)`, 1 for paper and 0 for lines.
        rows: How the rows lie in cells.
        columns: How the columns do.

    Attributes:
        strips: The strips in which `numbers` gives them.
        cells: int `(patches + 1,)`: the number of each one's cell, row by row; 0 for number 0.
        shares: float `(patches + 1,)`: how much of its cell each fills, 1 is all; 0 for number 0.
        sideways: int `(3, pairs)`: patches that touch across the border of two cells: the left,
            the right, and along how many pixels.
        downwards: The same of the upper and the lower.
    """

    def __init__(self, paper: np.ndarray, rows: Axis, columns: Axis):
        self.paper, self.rows, self.columns = paper, rows, columns
        self.strips: list[Strip] = []
        cells, sizes, sideways, downwards = [[0]], [[0]], [], []
        above, before = np.zeros_like(paper[:1], np.int32), 0
        right = columns.starts[1:-1]
        for span, first in self._spans():
            strip = Strip(span, first, before)
            numbers, found, size = self._number(strip)
            self.strips.append(strip)
            cells.append(found)
            sizes.append(size)
            sideways.append(_touching(numbers[:, right - 1], numbers[:, right]))
            lower = self._edges(strip)[:-1]
            upper = np.vstack([above, numbers[lower[1:] - 1]])
            downwards.append(_touching(upper, numbers[lower]))
            above, before = numbers[-1:], before + len(found)
        self.cells = np.concatenate(cells)
        areas = np.outer(rows.lengths, columns.lengths).ravel()
        self.shares = np.concatenate(sizes) / areas[self.cells]
        self.sideways, self.downwards = np.hstack(sideways), np.hstack(downwards)

    def numbers(self, strip: Strip) -> np.ndarray:
        """The number of each pixel's patch, int32 `(rows, W)`; 0 where it has none."""
        return self._number(strip)[0]

    def _spans(self) -> Iterator[tuple[slice, int]]:
        """The strips' rows of pixels and first rows of cells: about `STRIP` pixels each."""
        starts = self.rows.starts
        count = len(starts) - 1
        step = max(1, STRIP * count // len(self.paper))
        for first in range(0, count, step):
            yield slice(starts[first], starts[min(first + step, count)]), first

    def _edges(self, strip: Strip) -> np.ndarray:
        """Where in a strip its rows of cells begin, and where the last ends."""
        starts = self.rows.starts - strip.rows.start
        return starts[strip.first : np.searchsorted(self.rows.starts, strip.rows.stop) + 1]

    def _number(self, strip: Strip) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Numbers a strip's patches, and finds each one's cell and how many pixels it has."""
        down, across = self.rows.cell[strip.rows] - strip.first, self.columns.cell
        # With an empty line between the cells none is connected to the next.
        y, x = np.arange(len(down)) + down, np.arange(len(across)) + across
        apart = np.zeros((y[-1] + 1, x[-1] + 1), np.uint8)
        apart[np.ix_(y, x)] = self.paper[strip.rows]
        _, found, boxes, _ = cv2.connectedComponentsWithStats(apart, connectivity=4)
        found = found.take(y, axis=0).take(x, axis=1)
        kept = np.zeros(len(boxes), bool)
        for axis, edges in enumerate((self._edges(strip), self.columns.starts)):
            kept[found.take(edges[:-1], axis)] = True
            kept[found.take(edges[1:] - 1, axis)] = True
        kept[0] = False
        numbers = np.where(kept, np.cumsum(kept) + strip.before, 0).astype(np.int32)
        top, left, size = boxes[kept][:, [cv2.CC_STAT_TOP, cv2.CC_STAT_LEFT, cv2.CC_STAT_AREA]].T
        row = strip.first + down[np.searchsorted(y, top)]
        cells = row * (len(self.columns.starts) - 1) + across[np.searchsorted(x, left)]
        return numbers[found], cells, size


def _touching(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pairs of numbers side by side, neither 0, and how often each: int64 `(3, pairs)`."""
    both = (one > 0) & (other > 0)
    pairs, count = np.unique(one[both].astype(np.int64) << 32 | other[both], return_counts=True)
    return np.stack([pairs >> 32, pairs & 0xFFFFFFFF, count])
