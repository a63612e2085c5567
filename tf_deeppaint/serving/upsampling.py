"""Color from a canvas up to the sketch's size in the TensorFlow graph, and the lines over it.

The algorithm is that of `painting.upsampling`, function by function, within one level. Pixels are
numbered in reading order here, since TensorFlow gathers and scatters along one axis best.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from tf_deeppaint.images.graph import dilate
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.line_art.regions import PAPER
from tf_deeppaint.painting.upsampling import (
    COLORED,
    FILL_REACH,
    HALF_LINE,
    LINE,
    LOOK_CELLS,
    MARGIN,
    MOST_REACH,
    ROUNDS,
    UNCOLORED,
)
from tf_deeppaint.serving.canvas import resize
from tf_deeppaint.serving.decoding import by_row_blocks

# Pixels of a sketch worked on at a time, which bounds the memory beside the pictures.
_BLOCK_PIXELS = 1 << 20


class _Axis(NamedTuple):
    """See `painting.upsampling.Axis`: int32, int32 and float32 `(pixels,)`."""

    cell: tf.Tensor
    neighbor: tf.Tensor
    share: tf.Tensor


@tf.function(autograph=False)
def fill_lines(color: tf.Tensor, canvas: tf.Tensor) -> tf.Tensor:
    """`painting.upsampling.fill_lines`: values `(S, S, C)` and uint8 `(S, S)` -> `(S, S, C)`."""
    paper = tf.cast(canvas >= PAPER, tf.uint8)
    values = tf.reshape(color, [-1, color.shape[-1]])
    return tf.reshape(_fill_lines(values, paper, FILL_REACH), tf.shape(color))


def enlarge(values: tf.Tensor, sides: tf.Tensor) -> tf.Tensor:
    """Enlarges `(H, W, C)` bilinearly, or averages areas: float32 `(*sides, C)`, not rounded."""
    small = tf.minimum(sides, tf.shape(values)[:2])
    averaged = tf.raw_ops.ResizeArea(images=tf.cast(values, tf.float32)[None], size=small)[0]
    return _enlarge(averaged, _measure(sides[0], small[0]), _measure(sides[1], small[1]))


@tf.function(autograph=False)
def paint_under_lines(
    color: tf.Tensor, sketch: tf.Tensor, factor: tf.Tensor | int = 0
) -> tf.Tensor:
    """`painting.upsampling.upsample_color`, then `line_art.compositing.lay_lines`.

    Args:
        color: uint8 RGB `(h, w, 3)`, the colors without the lines.
        sketch: uint8 `(H, W)`, the same cut of the drawing.
        factor: How many pixels of the sketch a cell has along each axis; 0 divides it evenly.

    Returns:
        uint8 RGB `(H, W, 3)`.
    """
    height, width = tf.unstack(tf.shape(sketch))
    cells = tf.minimum(tf.shape(color)[:2], tf.shape(sketch))
    color = resize(color, cells[0], cells[1])
    rows, columns = (
        _measure(side, count, factor) for side, count in ((height, cells[0]), (width, cells[1]))
    )
    reach = tf.minimum(tf.reduce_max(-(-tf.shape(sketch) // cells)), MOST_REACH)
    paper = tf.cast(sketch >= PAPER, tf.uint8)
    full = _per_cell(tf.math.segment_min, paper, rows, columns)
    dark = 1 - dilate(_per_cell(tf.math.segment_max, paper, rows, columns), HALF_LINE)
    paper, full = tf.maximum(paper, _per_pixel(dark, rows, columns)), tf.maximum(full, dark)
    starts = tf.searchsorted(rows.cell, tf.range(cells[0] + 1))

    def around(start: tf.Tensor, stop: tf.Tensor) -> slice:
        first = tf.maximum(rows.cell[start] - MARGIN, 0)
        last = tf.minimum(rows.cell[stop - 1] + 1 + MARGIN, cells[0])
        return slice(starts[first], starts[last])

    def paint_paper(start: tf.Tensor, stop: tf.Tensor) -> tf.Tensor:
        block = around(start, stop)
        part = _Axis(*(side[block] for side in rows))
        filled = _fill_paper(paper[block], color, full, part, columns, reach)
        return filled[(start - block.start) * width : (stop - block.start) * width]

    def paint_lines(start: tf.Tensor, stop: tf.Tensor) -> tf.Tensor:
        block = around(start, stop)
        part = tf.reshape(enlarged[block], [-1, 3])
        filled = _fill_lines(part, paper[block], LOOK_CELLS * reach)
        filled = filled[(start - block.start) * width : (stop - block.start) * width]
        lines = tf.cast(tf.reshape(sketch[start:stop], [-1, 1]), tf.int32)
        return tf.cast((tf.cast(filled, tf.int32) * lines + WHITE // 2) // WHITE, tf.uint8)

    pixels = tf.maximum(_BLOCK_PIXELS, MARGIN * (height // cells[0] + 1) * width)
    enlarged = tf.reshape(by_row_blocks(paint_paper, height, width, pixels), [height, width, 3])
    return tf.reshape(by_row_blocks(paint_lines, height, width, pixels), [height, width, 3])


def _measure(pixels: tf.Tensor, cells: tf.Tensor, factor: tf.Tensor | int = 0) -> _Axis:
    total = tf.where(tf.equal(factor, 0), pixels, cells * factor)
    center = (2 * tf.range(pixels) + 1) * cells
    cell = center // (2 * total)
    offset = tf.cast(center - 2 * total * cell - total, tf.float32)
    neighbor = tf.clip_by_value(cell + tf.where(offset < 0, -1, 1), 0, cells - 1)
    return _Axis(cell, neighbor, tf.abs(offset) / tf.cast(2 * total, tf.float32))


def _per_cell(reduce: Callable, pixels: tf.Tensor, rows: _Axis, columns: _Axis) -> tf.Tensor:
    for axis in (rows, columns):
        pixels = tf.transpose(reduce(pixels, axis.cell))
    return pixels


def _per_pixel(cells: tf.Tensor, rows: _Axis, columns: _Axis) -> tf.Tensor:
    return tf.gather(tf.gather(cells, columns.cell, axis=1), rows.cell)


def _fill_paper(paper, color, full, rows: _Axis, columns: _Axis, reach) -> tf.Tensor:
    """Colors all paper of some rows of a sketch, uint8 `(pixels, 3)`."""
    pixels = tf.reshape(tf.cast(tf.round(_enlarge(color, rows, columns)), tf.uint8), [-1, 3])
    beside = tf.minimum(full, dilate(1 - full, 1))
    near = _numbers(_per_pixel(beside, rows, columns) > 0)
    pixels = _write(pixels, near, _interpolate(color, full, rows, columns, near))
    inside = _per_pixel(full, rows, columns)
    pixels, waiting = _spread(pixels, inside, paper, reach)
    width = tf.size(columns.cell)
    cells = tf.gather(rows.cell, waiting // width) * tf.shape(full)[1]
    cells += tf.gather(columns.cell, waiting % width)
    enclosed = _write(tf.zeros([tf.size(full)], tf.uint8), cells, tf.ones_like(cells, tf.uint8))
    enclosed = tf.reshape(enclosed, tf.shape(full))
    return _write(pixels, waiting, _interpolate(color, enclosed, rows, columns, waiting))


def _fill_lines(pixels: tf.Tensor, paper: tf.Tensor, reach: tf.Tensor | int) -> tf.Tensor:
    return _spread(pixels, paper, tf.ones_like(paper), reach, nearest=True)[0]


def _enlarge(color: tf.Tensor, rows: _Axis, columns: _Axis) -> tf.Tensor:
    """Interpolates `(h, w, C)` bilinearly: float32 `(H, W, C)`."""
    values = tf.cast(color, tf.float32)
    for number, axis in enumerate((rows, columns)):
        own = tf.gather(values, axis.cell, axis=number)
        share = tf.reshape(axis.share, [-1] + [1] * (2 - number))
        values = own + share * (tf.gather(values, axis.neighbor, axis=number) - own)
    return values


def _interpolate(
    color: tf.Tensor, trusted: tf.Tensor, rows: _Axis, columns: _Axis, pixels: tf.Tensor
) -> tf.Tensor:
    width = tf.size(columns.cell)
    y, x = pixels // width, pixels % width
    down, right = tf.gather(rows.share, y), tf.gather(columns.share, x)
    row, below = (tf.gather(side, y) * tf.shape(color)[1] for side in (rows.cell, rows.neighbor))
    column, beside = tf.gather(columns.cell, x), tf.gather(columns.neighbor, x)
    cells = [row + column, below + column, row + beside, below + beside]
    known = [tf.gather(tf.reshape(trusted, [-1]), cell) for cell in cells]
    known[3] = tf.minimum(known[3], tf.maximum(known[1], known[2]))
    shares = [(1 - down) * (1 - right), down * (1 - right), (1 - down) * right, down * right]
    weights = [share * tf.cast(part, tf.float32) for share, part in zip(shares, known, strict=True)]
    return _mean(tf.reshape(color, [-1, 3]), tf.stack(cells), tf.stack(weights))


def _spread(
    pixels: tf.Tensor,
    colored: tf.Tensor,
    paper: tf.Tensor,
    reach: tf.Tensor | int,
    nearest: bool = False,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the pixels, `(H * W, C)`, and the numbers of those left without color."""
    state = tf.where(colored > 0, COLORED, tf.where(paper > 0, UNCOLORED, LINE))
    state = tf.pad(tf.cast(state, tf.uint8), [[1, 1], [1, 1]], constant_values=LINE)
    wide, width = tf.shape(state)[1], tf.shape(paper)[1]
    state = tf.reshape(state, [-1])

    def unpadded(padded: tf.Tensor) -> tf.Tensor:
        return (padded // wide - 1) * width + padded % wide - 1

    def spread(round_, pixels, state, waiting, _):
        ends, distance = _look(state, waiting, wide, reach)
        seen = tf.reduce_any(distance <= reach, axis=0)
        ends, distance = (tf.boolean_mask(part, seen, axis=1) for part in (ends, distance))
        if nearest:
            first = tf.argmin(distance, axis=0)
            ends = tf.gather(tf.transpose(ends), first, batch_dims=1)
        reached = tf.boolean_mask(waiting, seen)
        if nearest:
            colors = tf.gather(pixels, unpadded(ends))
        else:
            near, far = tf.cast(distance, tf.float32), tf.cast(reach + 1, tf.float32)
            colors = _mean(pixels, unpadded(ends), 1 / near**2 - 1 / far**2)
        pixels = _write(pixels, unpadded(reached), colors)
        state = _write(state, reached, tf.fill(tf.shape(reached), tf.constant(COLORED, tf.uint8)))
        return round_ + 1, pixels, state, tf.boolean_mask(waiting, ~seen), tf.reduce_any(seen)

    waiting = _numbers(state == UNCOLORED)
    _, pixels, _, waiting, _ = tf.while_loop(
        lambda round_, *rest: (round_ < ROUNDS) & rest[-1],
        spread,
        (tf.constant(0), pixels, state, waiting, tf.size(waiting) > 0),
        shape_invariants=tuple(
            map(tf.TensorShape, ((), (None, pixels.shape[-1]), (None,), (None,), ()))
        ),
        parallel_iterations=1,
    )
    return pixels, unpadded(waiting)


def _look(
    state: tf.Tensor, pixels: tf.Tensor, width: tf.Tensor, reach: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    steps = tf.stack([-1, 1, -width, width])[:, None]

    def walk(step: tf.Tensor, ends: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        goes_on = tf.gather(state, ends) == UNCOLORED
        return step + 1, ends + steps * tf.cast(goes_on, tf.int32)

    loop = (tf.constant(1), pixels + steps)
    _, ends = tf.while_loop(lambda step, _: step < reach, walk, loop, parallel_iterations=1)
    met = tf.gather(state, ends) == COLORED
    return tf.where(met, ends, pixels), tf.where(met, (ends - pixels) // steps, reach + 1)


def _mean(colors: tf.Tensor, pixels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    seen = tf.cast(tf.gather(colors, pixels), tf.float32)
    sums = tf.reduce_sum(weights[..., None] * seen, axis=0)
    return tf.cast(tf.round(sums / tf.reduce_sum(weights, axis=0)[:, None]), tf.uint8)


def _numbers(chosen: tf.Tensor) -> tf.Tensor:
    """The numbers of the pixels that hold, int32 `(N,)`."""
    return tf.cast(tf.reshape(tf.where(tf.reshape(chosen, [-1])), [-1]), tf.int32)


def _write(pixels: tf.Tensor, numbers: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    return tf.tensor_scatter_nd_update(pixels, numbers[:, None], values)
