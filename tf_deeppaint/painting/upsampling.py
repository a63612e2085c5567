"""Enlarges color to the sketch's size without crossing its lines.

Color comes from the network's canvas, or from the working size where regions were evened out. A
*cell* is the part of the sketch that one of its pixels covers. It is *full* if no line is in it.
Other cells hold a mixture of both sides of a line; they are not trusted:

1. A pixel of a full cell is interpolated bilinearly between the full ones of its four cells.
2. Other paper walks left, right, up and down to the nearest colored pixel, over paper only and at
   most as far as a cell is long, or `MOST_REACH` pixels. It takes the mean of what it meets, the
   nearer the more. This is done `ROUNDS` times: color flows around corners and into narrow ends.
3. Paper without color now has no full cell near. It is interpolated bilinearly between those of its
   four cells that hold such paper.
4. A line takes the color of the nearest paper in its row or column, also in `ROUNDS` rounds. Dark
   cells more than `HALF_LINE` cells from paper are no lines. They have the color of the canvas.

Without lines this is bilinear interpolation. `serving.upsampling` is the same in the TensorFlow
graph, within one level.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np

from tf_deeppaint.images.canvas import reduce_blocks, resize
from tf_deeppaint.line_art.ink import working_factor
from tf_deeppaint.line_art.regions import PAPER, scale_index

ROUNDS = 4
HALF_LINE = 3
# How far lines look in a round, in cells. Two rounds along each axis reach paper from any line.
LOOK_CELLS = 2
# The most pixels that a walk goes in a round, which bounds the time that grainy paper takes.
MOST_REACH = 16
# The most pixels that a walk over the canvas's lines goes in a round.
FILL_REACH = 16
# Cells above and below on which the color of a pixel depends.
MARGIN = max(ROUNDS + 2, ROUNDS * LOOK_CELLS)
# Pixels of a sketch worked on at a time, which bounds the memory beside the pictures.
BLOCK_PIXELS = 1 << 21

# States of a pixel. A walk goes on over uncolored pixels and ends at the others.
UNCOLORED, COLORED, LINE = 0, 1, 2

_AROUND = np.ones((3, 3), np.uint8)


class Axis(NamedTuple):
    """How the pixels of one axis of a sketch lie in the cells of its canvas, `(pixels,)` each."""

    cell: np.ndarray  # int, the cell in which a pixel's center lies
    neighbor: np.ndarray  # int, the next nearest cell; at the edge the same
    share: np.ndarray  # float32 in [0, 0.5], the weight of `neighbor` in linear interpolation

    @classmethod
    def measure(cls, pixels: int, cells: int, length: int | None = None) -> "Axis":
        """An axis of `pixels` pixels in at most as many cells of equal length.

        `length`: the pixels of a cell, of which the last cell may have fewer; None divides evenly.
        """
        # In integers, so that a center on a border falls on the same side everywhere.
        total = pixels if length is None else cells * length
        center = (2 * np.arange(pixels, dtype=np.int32) + 1) * cells
        cell = center // (2 * total)
        offset = (center - 2 * total * cell - total) / (2 * total)
        neighbor = np.clip(cell + np.where(offset < 0, -1, 1), 0, cells - 1)
        return cls(cell, neighbor, np.abs(offset).astype(np.float32))

    def starts(self) -> np.ndarray:
        """The first pixel of each cell, and the end, int `(cells + 1,)`."""
        return np.searchsorted(self.cell, np.arange(self.cell[-1] + 2))


def cell_factor(shape: tuple[int, int], working: tuple[int, int]) -> int | None:
    """Pixels of a sketch in one of its working size; None where they do not divide evenly.

    Args:
        shape: Height and width of the sketch in pixels.
        working: Height and width of what is to be enlarged.
    """
    factor = working_factor(*shape)
    return factor if tuple(-(-side // factor) for side in shape) == working else None


def upsample_color(color: np.ndarray, sketch: np.ndarray, factor: int | None = None) -> np.ndarray:
    """Enlarges color so that none of it crosses a line of the sketch; see the module.

    Args:
        color: uint8 RGB `(h, w, 3)`, the colors without the lines.
        sketch: uint8 `(H, W)`, the same cut of the drawing. Where it is the smaller of the two,
            colors are averaged.
        factor: How many pixels of the sketch a cell has along each axis, the last one maybe fewer;
            None divides the sketch evenly.

    Returns:
        uint8 RGB `(H, W, 3)`. It takes the memory of one row block beside.
    """
    height, width = sketch.shape
    color = resize(color, min(height, color.shape[0]), min(width, color.shape[1]))
    padded = [side * factor for side in color.shape[:2]] if factor else (height, width)
    enlarged = cv2.resize(color, padded[::-1], interpolation=cv2.INTER_LINEAR)
    _fill(enlarged[:height, :width], color, sketch, factor, _mean)
    return enlarged[:height, :width]


def upsample_labels(
    labels: np.ndarray, sketch: np.ndarray, factor: int | None = None
) -> np.ndarray:
    """Enlarges labels, any integers `(h, w)`: where colors would mix, the nearest label wins.

    Returns:
        Of the same type, `(H, W)`.
    """
    height, width = (min(pair) for pair in zip(labels.shape, sketch.shape, strict=True))
    rows, columns = map(scale_index, (height, width), labels.shape)
    labels = np.ascontiguousarray(labels[np.ix_(rows, columns)])
    rows, columns = (
        Axis.measure(*sides, factor) for sides in zip(sketch.shape, labels.shape, strict=True)
    )
    enlarged = _per_pixel(labels, rows, columns)[..., None]
    _fill(enlarged, labels[..., None], sketch, factor, _heaviest)
    return enlarged[..., 0]


def fill_lines(color: np.ndarray, canvas: np.ndarray) -> np.ndarray:
    """Gives the canvas's lines the color of the nearest paper.

    Args:
        color: Any values, `(S, S, C)`.
        canvas: uint8 `(S, S)`.

    Returns:
        Of the shape and type of `color`. Lines that no round reaches keep their color.
    """
    return _fill_lines(color, (canvas >= PAPER).astype(np.uint8), FILL_REACH)


def _fill(
    enlarged: np.ndarray,
    color: np.ndarray,
    sketch: np.ndarray,
    factor: int | None,
    blend: Callable,
) -> None:
    """Changes colors `(H, W, C)` near lines, where they were enlarged across them."""
    sides = zip(sketch.shape, color.shape[:2], strict=True)
    rows, columns = (Axis.measure(*pair, factor) for pair in sides)
    width = sketch.shape[1]
    reach = min(
        max(-(-side // cells) for side, cells in zip(sketch.shape, color.shape, strict=False)),
        MOST_REACH,
    )
    lightest, darkest = (
        _per_cell(reduce, sketch, rows, columns, factor) for reduce in (np.maximum, np.minimum)
    )
    near = np.ones((2 * HALF_LINE + 1, 2 * HALF_LINE + 1), np.uint8)
    dark = 1 - cv2.dilate((lightest >= PAPER).astype(np.uint8), near)
    full = (darkest >= PAPER) | dark
    if full.all():
        return

    def paper(rows: Axis, around: slice) -> np.ndarray:
        """The paper of some rows, uint8; only theirs, which saves a byte a pixel."""
        return (sketch[around] >= PAPER) | _per_pixel(dark, rows, columns)

    for around, block in _row_blocks(rows, width):
        part = Axis(*(side[around] for side in rows))
        known = paper(part, around)
        filled = _fill_paper(enlarged[around], known, color, full, part, columns, reach, blend)
        enlarged[block] = filled[block.start - around.start :][: block.stop - block.start]
    for around, block in _row_blocks(rows, width):
        part = Axis(*(side[around] for side in rows))
        filled = _fill_lines(enlarged[around], paper(part, around), LOOK_CELLS * reach)
        enlarged[block] = filled[block.start - around.start :][: block.stop - block.start]


def _row_blocks(rows: Axis, width: int) -> Iterator[tuple[slice, slice]]:
    """The rows of pixels of row blocks with `MARGIN` cells around, and of the blocks alone."""
    starts = rows.starts()
    cells = len(starts) - 1
    step = max(MARGIN, BLOCK_PIXELS * cells // (width * starts[-1]))
    for first in range(0, cells, step):
        last = min(first + step, cells)
        around = slice(starts[max(0, first - MARGIN)], starts[min(last + MARGIN, cells)])
        yield around, slice(starts[first], starts[last])


def _per_cell(
    reduce: np.ufunc, pixels: np.ndarray, rows: Axis, columns: Axis, factor: int | None
) -> np.ndarray:
    """Reduces the pixels `(H, W)` of each cell to one value, `(h, w)`."""
    if factor:
        return reduce_blocks(reduce, np.asarray(pixels), factor)
    pixels = reduce.reduceat(pixels, rows.starts()[:-1], axis=0)
    return reduce.reduceat(pixels, columns.starts()[:-1], axis=1)


def _per_pixel(cells: np.ndarray, rows: Axis, columns: Axis) -> np.ndarray:
    """Gives each pixel the value of its cell: `(h, w)` -> `(H, W)`."""
    return cells.take(columns.cell, axis=1).take(rows.cell, axis=0)


def _fill_paper(
    enlarged, paper, color, full, rows: Axis, columns: Axis, reach: int, blend: Callable
) -> np.ndarray:
    """Colors the paper near lines in some rows of a sketch: steps 1 to 3."""
    enlarged = enlarged.copy()
    beside = full > cv2.erode(full, _AROUND)
    y, x = _nonzero(_per_pixel(beside, rows, columns))
    enlarged[y, x] = _interpolate(color, full, rows, columns, y, x, blend)
    y, x = _spread(enlarged, _per_pixel(full, rows, columns), paper, reach, blend)
    enclosed = np.zeros_like(full)
    enclosed[rows.cell[y], columns.cell[x]] = 1
    enlarged[y, x] = _interpolate(color, enclosed, rows, columns, y, x, blend)
    return enlarged


def _fill_lines(enlarged: np.ndarray, paper: np.ndarray, reach: int) -> np.ndarray:
    """Gives the lines in some rows of a sketch the color of the nearest paper: step 4."""
    enlarged = enlarged.copy()
    _spread(enlarged, paper, np.ones_like(paper), reach, None)
    return enlarged


def _interpolate(
    color: np.ndarray,
    trusted: np.ndarray,
    rows: Axis,
    columns: Axis,
    y: np.ndarray,
    x: np.ndarray,
    blend: Callable,
) -> np.ndarray:
    """Interpolates the pixels `y, x` bilinearly between the trusted ones of their four cells.

    The cell across a corner counts only where one of the two beside it is trusted too. Otherwise a
    line may pass between them. Returns whole numbers, float32 `(N, 3)`.
    """
    down, right = rows.share[y], columns.share[x]
    row, below = rows.cell[y] * color.shape[1], rows.neighbor[y] * color.shape[1]
    column, beside = columns.cell[x], columns.neighbor[x]
    cells = [row + column, below + column, row + beside, below + beside]
    known = [trusted.ravel()[cell] for cell in cells]
    known[3] &= known[1] | known[2]
    shares = [(1 - down) * (1 - right), down * (1 - right), (1 - down) * right, down * right]
    weights = [share * part for share, part in zip(shares, known, strict=True)]
    return blend(color.reshape(-1, color.shape[-1]), cells, weights)


def _spread(
    enlarged: np.ndarray,
    colored: np.ndarray,
    paper: np.ndarray,
    reach: int,
    blend: Callable | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Colors paper from the nearest colored pixels in its rows and columns, in `ROUNDS` rounds.

    `blend`: makes one of all colors that a pixel meets, weighted by the inverse squares of the
    distances, less that just out of reach. Without it a pixel takes the nearest color alone.

    Returns the rows and columns of the paper that still has no color.
    """
    state = np.full((colored.shape[0] + 2, colored.shape[1] + 2), LINE, np.uint8)
    inside = state[1:-1, 1:-1]
    np.multiply(paper == 0, np.uint8(LINE), out=inside)
    np.copyto(inside, COLORED, where=colored > 0)
    y, x = _nonzero(state == UNCOLORED)
    width, flat = state.shape[1], enlarged.reshape(-1, enlarged.shape[-1])
    for _ in range(ROUNDS):
        ends, distance = _look(state, y * width + x, reach)
        seen = (distance <= reach).any(0)
        if not seen.any():
            break
        ends, distance = ends[:, seen], distance[:, seen]
        if blend is None:
            ends = _nearest(ends, distance)
        row, column = np.divmod(ends, width)
        pixels = (row - 1) * enlarged.shape[1] + column - 1
        if blend is None:
            colors = flat.take(pixels, axis=0)
        else:
            weights = 1 / np.square(distance.astype(np.float32)) - np.float32(1 / (reach + 1) ** 2)
            colors = blend(flat, pixels, weights)
        enlarged[y[seen] - 1, x[seen] - 1] = colors
        state[y[seen], x[seen]] = COLORED
        y, x = y[~seen], x[~seen]
    return y - 1, x - 1


def _look(state: np.ndarray, pixels: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Walks from pixels left, right, up and down over uncolored paper to the nearest colored pixel.

    Pixels are numbered in reading order; `state` has lines all around. Returns the colored pixels
    and their distances, int `(4, N)`. A walk that meets no color ends where it began, at a distance
    of `reach + 1`.
    """
    steps = np.array([[-1], [1], [-state.shape[1]], [state.shape[1]]], np.int32)
    state = state.ravel()
    ends = pixels + steps
    distance = np.ones(ends.shape, np.int32)
    for _ in range(reach - 1):
        goes_on = state.take(ends) == UNCOLORED
        if not goes_on.any():
            break
        ends += steps * goes_on
        distance += goes_on
    met = state.take(ends) == COLORED
    return np.where(met, ends, pixels), np.where(met, distance, reach + 1)


def _nearest(ends: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Of ends `(4, N)` the nearest each, `(N,)`; of several the first."""
    nearest, least = ends[0].copy(), distance[0].copy()
    for end, away in zip(ends[1:], distance[1:], strict=True):
        is_nearer = away < least
        np.copyto(nearest, end, where=is_nearer)
        np.copyto(least, away, where=is_nearer)
    return nearest


def _mean(colors: np.ndarray, pixels, weights) -> np.ndarray:
    """The weighted mean of colors `(M, C)` of `(K, N)` pixels, rounded: float32 `(N, C)`."""
    sums = sum(w[:, None] * colors[pixel] for w, pixel in zip(weights, pixels, strict=True))
    return np.rint(sums / sum(weights)[:, None])


def _heaviest(labels: np.ndarray, pixels, weights) -> np.ndarray:
    """Of labels `(M, 1)` of `(K, N)` pixels that of the greatest weight, `(N, 1)`."""
    first = np.argmax(weights, axis=0)[None]
    return labels[np.take_along_axis(np.asarray(pixels), first, 0)[0]]


def _nonzero(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels that are not 0, as `np.nonzero` but faster."""
    return np.divmod(np.flatnonzero(mask).astype(np.int32), np.int32(mask.shape[1]))
