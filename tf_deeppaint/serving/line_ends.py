"""Where the lines of a sketch end, and what lies ahead of the ends, in the TensorFlow graph.

The functions return what those of `line_art.line_ends` return; that module says how.
"""

import numpy as np
import tensorflow as tf

from tf_deeppaint.images.graph import dilate
from tf_deeppaint.line_art.line_ends import BEHIND, MOST_ENDS, NEIGHBORS, ROUNDS, stays_by_code


def find_ahead(ink: tf.Tensor, reach: tf.Tensor) -> tf.Tensor:
    """Finds what lies ahead of the ends of lines: bool `(H, W)` -> bool `(H, W)`."""
    area = tf.reduce_sum(tf.cast(ink, tf.int32))
    inner = tf.reduce_sum(tf.cast(tf.equal(dilate(tf.cast(~ink, tf.uint8), 1), 0), tf.int32))
    half = tf.minimum(ROUNDS, area // tf.maximum(1, area - inner))
    thin = thin_lines(ink)
    ends = _find_ends(thin, half + 2)
    total = tf.shape(ends)[0]
    ends = ends[: tf.where(total > MOST_ENDS, 0, total)]  # (E, 2)
    # An end points away from the mean of the thinned lines around it.
    offset = np.arange(-BEHIND, BEHIND + 1, dtype=np.int32)
    offsets = np.stack(np.meshgrid(offset, offset, indexing="ij"), axis=-1).reshape(-1, 2)
    around = tf.gather_nd(tf.pad(thin, [[BEHIND] * 2] * 2), ends[:, None] + BEHIND + offsets)
    direction = -tf.matmul(around, offsets)  # (E, 2)

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
    tables = [tf.constant(table) for table in stays_by_code()]
    padded = tf.pad(tf.cast(ink, tf.uint8), [[1, 1], [1, 1]])

    def thin_once(step: tf.Tensor, thin: tf.Tensor, _: tf.Tensor) -> tuple:
        thinner = thin
        for table in tables:
            # Inside of ink a pixel stays.
            border = _numbers(thinner > 1 - dilate(1 - thinner, 1))
            stays = tf.gather(table, _code(thinner, border, np.array(NEIGHBORS)))
            flat = tf.reshape(thinner, [-1])
            flat = tf.tensor_scatter_nd_update(flat, border[:, None], stays)
            thinner = tf.reshape(flat, tf.shape(thin))
        return step + 1, tf.ensure_shape(thinner, thin.shape), tf.reduce_any(thinner != thin)

    _, thin, _ = tf.while_loop(
        lambda step, _, changed: (step < ROUNDS) & changed,
        thin_once,
        (tf.constant(0), padded, tf.constant(True)),
        parallel_iterations=1,
    )
    return tf.cast(tf.ensure_shape(thin[1:-1, 1:-1], ink.shape), tf.int32)


def _find_ends(thin: tf.Tensor, margin: tf.Tensor) -> tf.Tensor:
    """The ends of thinned lines, int32 `(E, 2)`, none within `margin` pixels of the edge."""
    padded = tf.pad(thin, [[1, 1], [1, 1]])
    pixels = _numbers(padded > 0)
    neighbors = _code(padded, pixels, np.array(NEIGHBORS) > 0)
    pixels, width = tf.boolean_mask(pixels, neighbors == 1), tf.shape(padded)[1]
    ends = tf.stack([pixels // width, pixels % width], axis=1) - 1
    inside = (ends >= margin) & (ends < tf.shape(thin) - margin)
    return tf.boolean_mask(ends, tf.reduce_all(inside, axis=1))


def _code(thin: tf.Tensor, pixels: tf.Tensor, weights: np.ndarray) -> tf.Tensor:
    """Sums the neighbors of some pixels, none at the edge, with weights `(3, 3)`: int32 `(P,)`."""
    rows, columns = np.int32(np.nonzero(weights))
    offsets = (rows - 1) * tf.shape(thin)[1] + columns - 1
    around = tf.gather(tf.reshape(thin, [-1]), pixels + offsets[:, None])  # (8, P)
    return tf.tensordot(weights[rows, columns].astype(np.int32), tf.cast(around, tf.int32), 1)


def _numbers(chosen: tf.Tensor) -> tf.Tensor:
    """The numbers of the pixels that hold, int32 `(P,)`."""
    return tf.cast(tf.reshape(tf.where(tf.reshape(chosen, [-1])), [-1]), tf.int32)
