"""Busts in the middle of a page, in the TensorFlow graph.

`line_art.layout.cut_off` says what the rules are; `close_below` returns the same.
"""

import tensorflow as tf

from tf_deeppaint.images.graph import dilate, label_parts
from tf_deeppaint.line_art.layout.cut_off import (
    APART,
    ASPECT,
    CLOSED_PERCENT,
    CLOSED_WIDE_PERCENT,
    END_PERCENT,
    END_WIDTH,
    LOWEST_PERCENT,
    WIDE_PERCENT,
)
from tf_deeppaint.serving.layout.figures import find_bodies


def close_below(paper: tf.Tensor) -> tf.Tensor:
    """Closes figures below that end on the paper; see `line_art.layout.cut_off.close_below`.

    Args:
        paper: Where a sketch has no lines, bool `(h, w)`.

    Returns:
        bool `(h, w)`.
    """
    boxes = find_bodies(~paper)
    _, paper = tf.while_loop(
        lambda number, _: number < tf.shape(boxes)[0],
        lambda number, paper: (number + 1, _close(paper, boxes[number])),
        (tf.constant(0), paper),
        parallel_iterations=1,
    )
    return paper


def _close(paper: tf.Tensor, box: tf.Tensor) -> tf.Tensor:
    """Closes one part below, whose top, left, bottom and right are int32 `(4,)`."""
    top, left, bottom, right = tf.unstack(box)
    height, width = bottom - top, right - left
    lowest = tf.maximum(1, LOWEST_PERCENT * tf.maximum(height, width) // 100)
    first = tf.maximum(top, bottom - lowest)
    ink = ~paper[top:bottom, left:right]
    band = ink[first - top :]
    columns = tf.cast(tf.where(tf.reduce_any(band, axis=0))[:, 0], tf.int32)
    start, end = columns[0], columns[-1]  # from the part's left side
    span = end - start
    reach = tf.maximum(1, END_PERCENT * width // 100)
    ends = band[:, : start + reach], band[:, tf.maximum(0, end + 1 - reach) :]
    widest = tf.maximum(*map(_end_width, ends))
    area, perimeter = _measure_lines(ink)
    may_be = (bottom < tf.shape(paper)[0]) & (width <= ASPECT * height)
    may_be &= (APART * span >= width) & (span >= bottom - first)
    may_be &= widest * perimeter <= END_WIDTH * area

    def close() -> tf.Tensor:
        rows = tf.range(tf.shape(band)[0])[:, None]
        lowest = first + tf.reduce_max(tf.where(band, rows, -1), axis=0)
        rise = lowest[end] - lowest[start]
        steps = tf.range(tf.shape(paper)[1]) - left - start
        edge = lowest[start] + (2 * rise * steps + span) // (2 * span)
        edge = tf.where((steps >= 0) & (steps <= span), edge, -1)
        is_edge = tf.range(tf.shape(paper)[0])[:, None] == edge
        closed = paper & ~is_edge
        inside = _find_outer(paper) & ~_find_outer(closed) & closed
        pixels = tf.math.count_nonzero(inside, dtype=tf.int32)
        closing = tf.math.count_nonzero(tf.roll(inside, 1, axis=0) & is_edge, dtype=tf.int32)
        is_wide = 100 * span >= WIDE_PERCENT * width
        least = tf.where(is_wide, CLOSED_WIDE_PERCENT, CLOSED_PERCENT) * height * width
        is_closed = (100 * pixels >= least) & (is_wide | (3 * closing >= span))
        return tf.where(is_closed, closed, paper)

    return tf.cond(may_be, close, lambda: paper)


def _end_width(band: tf.Tensor) -> tf.Tensor:
    """How many columns have ink in the lowest row that has some, of ink bool `(rows, n)`."""
    counts = tf.math.count_nonzero(band, axis=1, dtype=tf.int32)
    return tf.boolean_mask(counts, counts > 0)[-1]


def _measure_lines(ink: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """See `line_art.layout.cut_off`."""
    area = tf.math.count_nonzero(ink, dtype=tf.int32)
    inner = tf.equal(dilate(tf.cast(~ink, tf.uint8), 1), 0)
    return area, tf.maximum(1, area - tf.math.count_nonzero(inner, dtype=tf.int32))


def _find_outer(paper: tf.Tensor) -> tf.Tensor:
    """The paper that is connected to the page's edge, bool `(h, w)`."""
    parts, _ = label_parts(tf.pad(paper, [[1, 1], [1, 1]], constant_values=True))
    return parts[1:-1, 1:-1] == parts[0, 0]
