"""Bending: figures turned, slanted, stretched and bent, for parts of new shapes, in the graph.

A field says where each pixel of the result comes from, in halves of the side from the middle of the
canvas: a linear map, to which smooth waves are added.
"""

import math

import tensorflow as tf

from tf_deeppaint.data.ranges import between

# Share of examples that are bent.
BENT = 0.75
# Most turn in radians, slant, and of each axis the factor by which the figure shrinks: if it grew
# much, the canvas would cut its head off.
TURN, SLANT, STRETCH = 0.25, 0.15, (0.9, 1.25)
# The waves of each axis have up to so many half periods over the canvas, and this amplitude, in
# halves of the side, divided by their number: short waves bend as sharply as long ones.
WAVES, AMPLITUDE = 3, 0.1


def draw_field(side: int, seed: tf.Tensor) -> tf.Tensor:
    """A random field of a canvas, float32 `(2, S, S)`: the row and the column of every pixel.

    Args:
        side: `S`, the side of the canvas in pixels.
        seed: int32 `(2,)`.
    """
    map_seed, wave_seed = tf.unstack(tf.random.split(seed, 2))
    turn, slant, tall, wide = tf.unstack(tf.random.stateless_uniform([4], map_seed))
    turn, slant = between((-TURN, TURN), turn), between((-SLANT, SLANT), slant)
    tall, wide = between(STRETCH, tall), between(STRETCH, wide)
    rows = tf.stack([tf.cos(turn) * tall, tf.sin(turn) * wide])
    columns = tf.stack([(slant - tf.sin(turn)) * tall, tf.cos(turn) * wide])
    middle = (tf.range(side, dtype=tf.float32) + 0.5) * 2.0 / side - 1.0  # (S,)
    straight = [a[0] * middle[:, None] + a[1] * middle for a in (rows, columns)]

    number = tf.range(WAVES + 1, dtype=tf.float32)
    waves = tf.cos(math.pi / 2.0 * (middle[:, None] + 1.0) * number)  # (S, WAVES + 1)
    # The wave of number 0 in both directions would only move the figure.
    amplitudes = AMPLITUDE / tf.maximum(1.0, number[:, None] + number)
    drawn = tf.random.stateless_uniform([2, WAVES + 1, WAVES + 1], wave_seed, -1.0, 1.0)
    bent = waves @ (drawn * amplitudes) @ tf.transpose(waves)  # (2, S, S)
    return (tf.stack(straight) + bent + 1.0) * (side / 2.0) - 0.5


def bend(sketch: tf.Tensor, field: tf.Tensor) -> tf.Tensor:
    """Draws line art after a field, bilinearly: lines stay smooth.

    The edges are continued outwards: with white paper there, a bust that the edge of the canvas
    cuts would end without a line.

    Args:
        sketch: uint8 `(S, S, 1)`.
        field: See `draw_field`.

    Returns:
        uint8 `(S, S, 1)`.
    """
    side = sketch.shape[0]
    field = tf.clip_by_value(field, 0.0, side - 1.0)
    corner = tf.floor(field)
    down, across = tf.unstack(field - corner)
    # The four pixels around each place as channels of one: one gather instead of four.
    grown = tf.pad(sketch, [[0, 1], [0, 1], [0, 0]])
    cells = [grown[:-1, :-1], grown[:-1, 1:], grown[1:, :-1], grown[1:, 1:]]
    near = _gather(tf.concat(cells, axis=-1), corner)  # (S, S, 4)
    above_left, above_right, below_left, below_right = tf.unstack(tf.cast(near, tf.float32), axis=2)
    above = above_left + across * (above_right - above_left)
    below = below_left + across * (below_right - below_left)
    return tf.cast(tf.round(above + down * (below - above)), tf.uint8)[..., None]


def bend_nearest(image: tf.Tensor, field: tf.Tensor) -> tf.Tensor:
    """Draws colors or roles after a field: of each place the nearest pixel's, which is quick.

    Args:
        image: uint8 `(S, S, C)`; its edges are continued outwards.
        field: See `draw_field`.

    Returns:
        uint8 `(S, S, C)`.
    """
    return _gather(image, tf.clip_by_value(tf.round(field), 0.0, image.shape[0] - 1.0))


def _gather(image: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """The pixels `(S, S, C)` of an image at whole-numbered rows and columns `(2, S, S)`."""
    side = image.shape[0]
    rows, columns = tf.unstack(tf.cast(places, tf.int32))
    return tf.gather(tf.reshape(image, [side * side, -1]), rows * side + columns)
