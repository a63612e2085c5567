"""Framing: the part of the page that an example shows, and its size in pixels, in the graph.

A view is a square of the stored canvas, which may lie outside of it in part: `(top, left, side)`,
floats in pixels. What lies outside is white paper.
"""

import tensorflow as tf

from tf_deeppaint.data.ranges import between
from tf_deeppaint.images.pixels import WHITE

# Share of examples that "frame" shows from nearer, and from farther away; the others are shown
# whole.
NEARER, FARTHER = 0.4, 0.2
# Sides of views as shares of the canvas, of the nearer and of the farther ones.
NEARER_SIDES, FARTHER_SIDES = (0.35, 0.9), (1.05, 1.7)


def draw_view(side: int, seed: tf.Tensor) -> tf.Tensor:
    """A random view of a canvas, float32 `(3,)`; faces, which are above, are nearer to its middle.

    Args:
        side: Side of the canvas in pixels.
        seed: int32 `(2,)`.
    """
    kind, zoom, down, across = tf.unstack(tf.random.stateless_uniform([4], seed))
    near, far = between(NEARER_SIDES, zoom), between(FARTHER_SIDES, zoom)
    share = tf.where(kind < NEARER, near, tf.where(kind < NEARER + FARTHER, far, 1.0))
    down = tf.where(share < 1.0, down**1.5, down)
    free = 1.0 - share
    return float(side) * tf.stack([free * down, free * across, share])


def whole_view(side: int) -> tf.Tensor:
    """The view that shows a canvas of this side, float32 `(3,)`."""
    return tf.constant([0.0, 0.0, float(side)])


def show(image: tf.Tensor, view: tf.Tensor, size: int) -> tf.Tensor:
    """Draws a view of gray or RGB pixels at a size, averaging where it shrinks.

    Args:
        image: uint8 `(S, S, C)`.
        view: See `draw_view`.
        size: Side of the result in pixels.

    Returns:
        uint8 `(size, size, C)`.
    """
    scale = float(size) / view[2]
    # Resampling continues an image with zeros, so paper has to be zero.
    ink = tf.cast(WHITE - image, tf.float32)
    shown = tf.raw_ops.ScaleAndTranslate(
        images=ink[None],
        size=[size, size],
        scale=tf.stack([scale, scale]),
        translation=-scale * view[:2],
        kernel_type="triangle",
        antialias=True,
    )[0]
    levels = tf.cast(tf.round(tf.clip_by_value(shown, 0.0, float(WHITE))), tf.uint8)
    return tf.ensure_shape(WHITE - levels, (size, size, image.shape[-1]))


def show_parts(parts: tf.Tensor, view: tf.Tensor, size: int) -> tf.Tensor:
    """Draws a view of roles: of each pixel the nearest one's; outside there is paper.

    Args:
        parts: uint8 `(S, S, 1)`.
        view: See `draw_view`.
        size: Side of the result in pixels.

    Returns:
        uint8 `(size, size, 1)`.
    """
    side = parts.shape[0]
    offsets = (tf.range(size, dtype=tf.float32) + 0.5) * view[2] / float(size)
    places = [tf.cast(tf.floor(view[axis] + offsets), tf.int32) + 1 for axis in (0, 1)]
    rows, columns = (tf.clip_by_value(places[axis], 0, side + 1) for axis in (0, 1))
    framed = tf.pad(parts, [[1, 1], [1, 1], [0, 0]])  # role 0 is paper
    shown = tf.gather(tf.gather(framed, rows, axis=0), columns, axis=1)
    return tf.ensure_shape(shown, (size, size, 1))
