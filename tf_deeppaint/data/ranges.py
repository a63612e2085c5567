"""Random numbers of the augmentations: shares, from 0 to 1, brought between bounds."""

import tensorflow as tf


def between(bounds: tuple[float, float], shares: tf.Tensor) -> tf.Tensor:
    """The numbers that lie so far, as a share of the way, from the first bound to the second."""
    return bounds[0] + (bounds[1] - bounds[0]) * shares
