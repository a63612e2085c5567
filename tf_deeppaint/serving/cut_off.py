"""Busts in the middle of a page, in the TensorFlow graph.

The functions return what those of `line_art.layout.cut_off` return; that module says what the rules
are.
"""

import tensorflow as tf

from tf_deeppaint.images.graph import label_parts
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.line_art.layout.cut_off import (
    APART,
    CLOSED_PERCENT,
    CLOSED_WIDE_PERCENT,
    LOWEST_PERCENT,
    WIDE_PERCENT,
)
from tf_deeppaint.serving.framing import find_box


def close_below(sketch: tf.Tensor, paper: tf.Tensor) -> tf.Tensor:
    """Paper without the line that closes a figure below, bool `(h, w)`.

    Args:
        sketch: uint8 gray `(h, w)`.
        paper: Where it has no lines, bool `(h, w)`.
    """
    top, left, bottom, right = tf.unstack(find_box(sketch < WHITE // 2))
    height, width = bottom - top, right - left
    first = bottom - tf.maximum(1, LOWEST_PERCENT * height // 100)
    rows = tf.range(tf.shape(paper)[0])[:, None]
    lowest = tf.where(~paper & (rows >= first) & (rows < bottom), rows, -1)
    lowest = tf.reduce_max(lowest, axis=0)  # (w,), -1 where there is no ink
    columns = tf.cast(tf.where(lowest >= 0)[:, 0], tf.int32)

    def close() -> tf.Tensor:
        start, end = columns[0], columns[-1]
        span = end - start
        rise = lowest[end] - lowest[start]
        steps = tf.range(tf.shape(paper)[1]) - start
        edge = lowest[start] + (2 * rise * steps + span) // tf.maximum(1, 2 * span)
        edge = tf.where((steps >= 0) & (steps <= span), edge, -1)
        closed = paper & (rows != edge)
        is_wide = 100 * span >= WIDE_PERCENT * width
        least = tf.where(is_wide, CLOSED_WIDE_PERCENT, CLOSED_PERCENT) * height * width
        is_edge = (APART * span >= width) & (span >= bottom - first)
        inside = _find_outer(paper) & ~_find_outer(closed) & closed
        pixels = tf.math.count_nonzero(inside, dtype=tf.int32)
        closing = tf.roll(inside, 1, axis=0) & (rows == edge)
        closing = tf.math.count_nonzero(closing, dtype=tf.int32)
        is_edge &= (100 * pixels >= least) & (is_wide | (3 * closing >= span))
        return tf.where(is_edge, closed, paper)

    may_be = (bottom < tf.shape(paper)[0]) & (tf.size(columns) > 0)
    return tf.cond(may_be, close, lambda: paper)


def _find_outer(paper: tf.Tensor) -> tf.Tensor:
    """The paper that is connected to the page's edge, bool `(h, w)`."""
    parts, _ = label_parts(tf.pad(paper, [[1, 1], [1, 1]], constant_values=True))
    return parts[1:-1, 1:-1] == parts[0, 0]
