"""Where the lines of a sketch end, and what lies ahead of the ends, in the TensorFlow graph.

The functions return what those of `line_art.line_ends` return; that module says how.
"""

import numpy as np
import tensorflow as tf

from tf_deeppaint.images.graph import dilate
from tf_deeppaint.line_art.line_ends import BEHIND, MOST_ENDS, NEIGHBORS, ROUNDS, stays_by_code


def find_ahead(ink: tf.Tensor, reach: tf.Tensor) -> tf.Tensor:
    """Finds what lies ahead of the ends of lines: bool `(H, W)` -> bool `(H, W)`."""
    height, width = tf.unstack(tf.shape(ink))
    area = tf.reduce_sum(tf.cast(ink, tf.int32))
    inner = tf.reduce_sum(tf.cast(tf.equal(dilate(tf.cast(~ink, tf.uint8), 1), 0), tf.int32))
    half = tf.minimum(ROUNDS, area // tf.maximum(1, area - inner))
    thin = thin_lines(ink)
    ends = _find_ends(thin, half + 2)
    total = tf.shape(ends)[0]
    ends = ends[: tf.where(total > MOST_ENDS, 0, total)]  # (E, 2)
    rows, columns = tf.range(height)[:, None], tf.range(width)[None]
    count, y, x = (tf.gather_nd(_sum_around(thin * weight), ends) for weight in (1, rows, columns))
    direction = count[:, None] * ends - tf.stack([y, x], axis=1)  # (E, 2)

    far = half + reach
    offset = tf.range(-far, far + 1)
    offsets = tf.reshape(tf.stack(tf.meshgrid(offset, offset, indexing="ij"), axis=-1), [-1, 2])
    near = tf.reduce_sum(offsets**2, axis=1) <= far**2
    offsets = tf.boolean_mask(offsets, near)  # (K, 2)
    places = ends[:, None] + offsets  # (E, K, 2)
    is_ahead = tf.reduce_sum(direction[:, None] * offsets, axis=-1) >= 0
    is_ahead &= tf.reduce_all((places >= 0) & (places < tf.shape(ink)), axis=-1)
    places = tf.boolean_mask(places, is_ahead)
    marks = tf.scatter_nd(places, tf.ones([tf.shape(places)[0]], tf.int32), tf.shape(ink))
    return (marks > 0) | (total > MOST_ENDS)


def thin_lines(ink: tf.Tensor) -> tf.Tensor:
    """Thins lines, bool `(H, W)`, to the width of a pixel: int32 `(H, W)`, 0 or 1."""
    tables = [tf.constant(table.astype(np.int32)) for table in stays_by_code()]

    def thin_once(step: tf.Tensor, thin: tf.Tensor, _: tf.Tensor) -> tuple:
        thinner = thin
        for table in tables:
            thinner *= tf.gather(table, _filter(thinner, np.array(NEIGHBORS)))
        return step + 1, thinner, tf.reduce_any(thinner != thin)

    _, thin, _ = tf.while_loop(
        lambda step, _, changed: (step < ROUNDS) & changed,
        thin_once,
        (tf.constant(0), tf.cast(ink, tf.int32), tf.constant(True)),
        parallel_iterations=1,
    )
    return thin


def _find_ends(thin: tf.Tensor, margin: tf.Tensor) -> tf.Tensor:
    """The ends of thinned lines, int32 `(E, 2)`, none within `margin` pixels of the edge."""
    neighbors = _filter(thin, np.array(NEIGHBORS) > 0)
    ends = tf.cast(tf.where((thin > 0) & (neighbors == 1)), tf.int32)
    inside = (ends >= margin) & (ends < tf.shape(thin) - margin)
    return tf.boolean_mask(ends, tf.reduce_all(inside, axis=1))


def _sum_around(values: tf.Tensor) -> tf.Tensor:
    return _filter(values, np.ones((2 * BEHIND + 1, 2 * BEHIND + 1)))


def _filter(values: tf.Tensor, kernel: np.ndarray) -> tf.Tensor:
    """Sums weighted neighbors, int32 `(H, W)`. Whole numbers below 2**24 are exact in float32."""
    kernel = tf.constant(kernel.astype(np.float32)[..., None, None])
    levels = tf.cast(values, tf.float32)[None, ..., None]
    return tf.cast(tf.nn.conv2d(levels, kernel, 1, "SAME")[0, ..., 0], tf.int32)
