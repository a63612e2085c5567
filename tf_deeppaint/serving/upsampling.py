"""Color from a canvas up to the sketch's own size, in the TensorFlow graph, for exported models.

It stands in for `upsampling`, which follows patches of paper. Here a pixel is interpolated between
those of the nearest cells of the canvas to whose middles a way leads along a row and a column, or
a column and a row, without meeting a line.
"""

from typing import NamedTuple

import tensorflow as tf

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.line_art.regions import PAPER
from tf_deeppaint.serving.decoding import by_strips

# Pixels are worked on so many at a time, which keeps memory small and fits caches.
_AT_A_TIME = 1 << 17
# A cell that is all paper is trusted. In others the network mixed colors across a line: they count
# the less, the less paper they have, and beside one of the nine around that is trusted hardly.
_PART = 1e-6
_CAUTION = 16
_LEAST_TRUST = 1e-9
_ROUNDING = 1e-5
# A cell of the nine that linear interpolation would leave out counts so much.
_FAR = 1e-3
# And one that lines cut off so little beside one that they do not.
_LEAK = 1e-12
# How many pixels far color goes on under a line, as lines have soft edges.
_UNDER = 3
_MOST_ROUNDS = 32


class _Axis(NamedTuple):
    """For each pixel of an axis the cell before its own, its own, and that behind.

    Each is a tuple of three tensors `(pixels,)`.

    Attributes:
        cells: int32, their numbers.
        middles: int32, the pixels in which their middles lie.
        shares: float32, what each gives in linear interpolation; the one that is left out there
            gives little, and one beyond the edge nothing.
    """

    cells: tuple[tf.Tensor, ...]
    middles: tuple[tf.Tensor, ...]
    shares: tuple[tf.Tensor, ...]

    def part(self, start: tf.Tensor, stop: tf.Tensor) -> "_Axis":
        return _Axis(*(tuple(side[start:stop] for side in pair) for pair in self))


@tf.function(autograph=False)
def fill_lines(color: tf.Tensor, canvas: tf.Tensor) -> tf.Tensor:
    """Gives the canvas's lines the color of the nearest paper: what is under them is a guess.

    Args:
        color: uint8 RGB `(S, S, 3)`.
        canvas: uint8 `(S, S)`.

    Returns:
        uint8 RGB `(S, S, 3)`. What lies further than 32 pixels from paper keeps its color.
    """
    sides = tf.shape(canvas)
    places = tf.reshape(tf.range(sides[0] * sides[1]), sides)
    nearest = tf.where(canvas >= PAPER, places, -1)

    def spread(round_: tf.Tensor, nearest: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return round_ + 1, _nearer(nearest, places)

    _, nearest = tf.while_loop(
        lambda round_, nearest: (round_ < _MOST_ROUNDS) & tf.reduce_any(nearest < 0),
        spread,
        (0, nearest),
        parallel_iterations=1,
    )
    nearest = tf.where(nearest < 0, places, nearest)
    return tf.gather(tf.reshape(color, [-1, 3]), nearest)


def _nearer(nearest: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """One round: each pixel asks those around it for the paper nearest to them."""
    height, width = tf.unstack(tf.shape(places))
    row, column = places // width, places % width

    def distance(asked: tf.Tensor) -> tf.Tensor:
        away = (asked // width - row) ** 2 + (asked % width - column) ** 2
        return tf.where(asked < 0, tf.int32.max, away)

    around = tf.pad(nearest, [[1, 1], [1, 1]], constant_values=-1)
    best, least = nearest, distance(nearest)
    for down in range(3):
        for right in range(3):
            asked = around[down : down + height, right : right + width]
            away = distance(asked)
            nearer = away < least
            best, least = tf.where(nearer, asked, best), tf.where(nearer, away, least)
    return best


@tf.function(autograph=False)
def paint_under_lines(color: tf.Tensor, sketch: tf.Tensor) -> tf.Tensor:
    """Enlarges color so that none crosses a line of the sketch, and lays the lines over it.

    Args:
        color: uint8 RGB `(h, w, 3)`, the colors without the lines.
        sketch: uint8 `(H, W)`, the same cut of the drawing. Where it is the smaller of the two,
            colors are averaged.

    Returns:
        uint8 RGB `(H, W, 3)`; see `upsampling.lay_lines`.
    """
    height, width = tf.unstack(tf.shape(sketch))
    cells = tf.minimum(tf.shape(color)[:2], tf.shape(sketch))
    color = tf.raw_ops.ResizeArea(images=color[None], size=cells)[0]
    paper = tf.cast(sketch >= PAPER, tf.uint8)
    share = tf.raw_ops.ResizeArea(images=paper[None, ..., None], size=cells)[0]
    trust = tf.where(share > 1 - _ROUNDING, 1.0, tf.maximum(_PART * share**_CAUTION, _LEAST_TRUST))
    canvas = tf.transpose(tf.concat([trust * color, trust], axis=-1), [2, 0, 1])
    rows, columns = _axis(height, cells[0]), _axis(width, cells[1])
    # As far as the middle of the next cell.
    margin = _UNDER + 2 * (height // cells[0] + 1)

    def paint(start: tf.Tensor, stop: tf.Tensor) -> tf.Tensor:
        first, last = tf.maximum(start - _UNDER, 0), tf.minimum(stop + _UNDER, height)
        top, bottom = tf.maximum(start - margin, 0), tf.minimum(stop + margin, height)
        lines = 1 - tf.cast(paper[top:bottom], tf.int32)
        mixed = _interpolate(canvas, rows.part(first, last), columns, lines, first - top, top)
        # At its own size the canvas says what is under its lines.
        under = (lines[first - top : last - top] > 0) & (height > cells[0])
        mixed = _spread(mixed, under)[start - first : stop - first]
        laid = tf.round(mixed) * (tf.cast(sketch[start:stop], tf.float32) / WHITE)[..., None]
        return tf.cast(tf.round(laid), tf.uint8)

    pixels = by_strips(paint, height, width, tf.maximum(_AT_A_TIME, margin * width))
    return tf.reshape(pixels, [height, width, 3])


def _axis(pixels: tf.Tensor, cells: tf.Tensor) -> _Axis:
    center = (2 * tf.range(pixels) + 1) * cells
    own = center // (2 * pixels)
    place = tf.cast(center - 2 * pixels * own, tf.float32) / tf.cast(2 * pixels, tf.float32) - 0.5
    shares = [tf.maximum(-place, _FAR), 1 - tf.abs(place), tf.maximum(place, _FAR)]
    around = [own + step for step in (-1, 0, 1)]
    there = [tf.cast((side >= 0) & (side < cells), tf.float32) for side in around]
    around = [tf.clip_by_value(side, 0, cells - 1) for side in around]
    middles = [(2 * side + 1) * pixels // (2 * cells) for side in around]
    shares = [share * known for share, known in zip(shares, there, strict=True)]
    return _Axis(tuple(around), tuple(middles), tuple(shares))


def _interpolate(
    canvas: tf.Tensor,
    rows: _Axis,
    columns: _Axis,
    lines: tf.Tensor,
    above: tf.Tensor,
    top: tf.Tensor,
) -> tf.Tensor:
    """The colors of some rows of pixels, float32 `(rows, W, 3)`.

    Args:
        canvas: float32 `(4, h, w)`, color times trust, and trust.
        rows: Of the rows wanted.
        columns: Of all columns.
        lines: int32 `(rows around, W)`, 1 for lines.
        above: How many rows of `lines` there are before those wanted.
        top: The number of the first row of `lines`.
    """
    # Twice the lines before a pixel and once what is on it: alike for two pixels only where there
    # is no line between them, nor on either.
    across, down = (2 * tf.cumsum(lines, axis=axis) - lines for axis in (1, 0))
    here = slice(above, above + tf.size(rows.cells[0]))
    sideways = [_alike(across[here], middle) for middle in columns.middles]
    total = 0.0
    for y in range(3):
        middle_row = tf.clip_by_value(rows.middles[y] - top, 0, tf.shape(lines)[0] - 1)
        upright = tf.gather(down, middle_row) == down[here]
        # What is the same for all rows of a cell is found once.
        cells, cell = tf.unique(rows.cells[y])
        on_middle = tf.gather(across, tf.math.segment_max(middle_row, cell))
        band = tf.gather(canvas, cells, axis=1)
        for x in range(3):
            middle = columns.middles[x]
            then_upright = tf.gather(upright, middle, axis=1)
            then_sideways = tf.gather(_alike(on_middle, middle), cell)
            free = (sideways[x] & then_upright) | (upright & then_sideways)
            share = rows.shares[y][:, None] * columns.shares[x]
            weight = share * tf.where(free, 1.0, _LEAK)
            total += weight * tf.gather(tf.gather(band, columns.cells[x], axis=2), cell, axis=1)
    return tf.transpose(total[:3] / tf.maximum(total[3:], 1e-30), [1, 2, 0])


def _alike(counts: tf.Tensor, middle: tf.Tensor) -> tf.Tensor:
    """Whether `(rows, W)` holds the same in a pixel's column as in a cell's middle column."""
    return tf.gather(counts, middle, axis=1) == counts


def _spread(color: tf.Tensor, lines: tf.Tensor) -> tf.Tensor:
    """Gives pixels of lines near paper the mean color of the paper around them."""
    paper = tf.cast(tf.logical_not(lines), tf.float32)[..., None]
    known = tf.concat([color * paper, paper], axis=-1)
    for _ in range(_UNDER):
        around = tf.nn.avg_pool2d(known[None], 3, 1, "SAME")[0]
        around /= tf.where(around[..., 3:] > 0, around[..., 3:], 1)
        known = tf.where(known[..., 3:] > 0, known, around)
    return tf.where(known[..., 3:] > 0, known[..., :3], color)
