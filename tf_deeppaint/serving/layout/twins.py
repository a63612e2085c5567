"""Regions that mirror each other, in the TensorFlow graph.

`line_art.layout.twins` says what twins are; the function returns the same.
"""

import tensorflow as tf

from tf_deeppaint.line_art.layout.twins import APART, AREA, HEIGHT, LEAN, LEAST_CELLS, MOST, SPREAD
from tf_deeppaint.line_art.regions import PAGE


def find_twins(
    label: tf.Tensor,
    cell: tf.Tensor,
    pixels: tf.Tensor,
    count: tf.Tensor,
    width: tf.Tensor,
    cells_per_pixel: tf.Tensor,
) -> tf.Tensor:
    """Finds the twin of each region; see `line_art.layout.twins.find_twins`.

    Args:
        label: int64 `(N,)`; this and the following are the fields of `line_art.layout.twins.Parts`.
        cell: int64 `(N,)`.
        pixels: int64 `(N,)`.
        count: int32.
        width: int64.
        cells_per_pixel: float64.

    Returns:
        int32 `(labels,)`.
    """
    y, x = cell // width, cell % width
    values = tf.stack([tf.ones_like(x), x, y, x * x, y * y, x * y], axis=1) * pixels[:, None]
    sums = tf.cast(tf.math.unsorted_segment_sum(values, label, count), tf.float64)  # (labels, 6)
    labels = tf.range(count)
    areas = sums[:, 0] * cells_per_pixel
    chosen = tf.where((areas >= LEAST_CELLS) & (labels > PAGE))[:, 0]
    order = tf.argsort(-tf.gather(areas, chosen), stable=True)
    chosen = tf.gather(chosen, order)[:MOST]  # (N,)
    unlike = _compare(tf.gather(sums, chosen), tf.gather(areas, chosen))
    may_be = tf.reduce_max(unlike, axis=0) <= 1
    may_be &= ~tf.eye(tf.size(chosen), dtype=tf.bool)
    infinite = tf.constant(float("inf"), tf.float64)
    sums = tf.where(may_be, tf.add_n(tf.unstack(unlike)), infinite)
    # Without a chosen region there is nothing to take the least of.
    best = tf.cond(
        tf.size(chosen) > 0,
        lambda: tf.argmin(sums, axis=1, output_type=tf.int32),
        lambda: tf.zeros([0], tf.int32),
    )
    numbers = tf.range(tf.size(chosen))
    are_twins = tf.gather(may_be, best, batch_dims=1) & (tf.gather(best, best) == numbers)
    taken = tf.cast(tf.gather(chosen, best), tf.int32)
    return tf.tensor_scatter_nd_update(
        labels,
        tf.boolean_mask(chosen, are_twins)[:, None],
        tf.boolean_mask(taken, are_twins),
    )


def _compare(sums: tf.Tensor, areas: tf.Tensor) -> tf.Tensor:
    """How unlike each two regions are by each condition, float64 `(6, N, N)`."""
    count, x, y, xx, yy, xy = tf.unstack(sums, axis=1)
    x, y, xx, yy, xy = x / count, y / count, xx / count, yy / count, xy / count
    xx, yy, xy = xx - x * x + 1 / 12, yy - y * y + 1 / 12, xy - x * y
    lean = xy / tf.sqrt(xx * yy)
    return tf.stack(
        [
            (_ratio(areas) - 1) / (AREA - 1),
            (_ratio(xx) - 1) / (SPREAD - 1),
            (_ratio(yy) - 1) / (SPREAD - 1),
            tf.abs(y[:, None] - y) / (HEIGHT * tf.sqrt(12 * (yy[:, None] + yy) / 2)),
            tf.abs(lean[:, None] + lean) / LEAN,
            tf.abs(x[:, None] - x) / (APART * tf.sqrt(areas[:, None] + areas)),
        ]
    )


def _ratio(values: tf.Tensor) -> tf.Tensor:
    return tf.maximum(values[:, None], values) / tf.minimum(values[:, None], values)
