"""LPIPS: how different two pictures look to people, by weighted features of VGG16."""

import os
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_deeppaint.images.pixels import to_signed_unit_range
from tf_deeppaint.networks.vgg16 import BLOCKS, Vgg16, read_arrays

# A weight for each channel of each of the five features.
SHAPES = {f"NetLinLayer_{i}.Conv_0.kernel": (1, 1, block[-1], 1) for i, block in enumerate(BLOCKS)}
# Keeps a feature of zeros from being divided by zero; the value of version 0.1.
EPSILON = 1e-10


class Lpips:
    """LPIPS version 0.1 over VGG16 (Zhang et al., arXiv:1801.03924).

    Args:
        vgg16: In float32.
        heads: Weights of channels, `(1, 1, C, 1)` for each of the five features.
    """

    def __init__(self, vgg16: Vgg16, heads: list[np.ndarray]):
        self._vgg16 = vgg16
        self._heads = [tf.constant(head.reshape(-1), tf.float32) for head in heads]
        self._features = tf.function(vgg16.features, reduce_retracing=True, autograph=False)
        self._distances = tf.function(self._compare, reduce_retracing=True, autograph=False)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Lpips":
        """Reads an `.npz` file: VGG16's arrays, and `NetLinLayer_0.Conv_0.kernel` to `_4`.

        Raises:
            DeepPaintError: the file cannot be read, or holds other arrays.
        """
        return cls(Vgg16.load(path), read_arrays(path, "LPIPS", SHAPES))

    def distance_from(self, truth: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Computes the features of true pictures once, to compare several methods with them.

        Args:
            truth: uint8 `(N, H, W, 3)`, sides of 16 pixels or more. All N go through the network at
                once, which takes about 1.5 KiB a pixel.

        Returns:
            A function of pictures of the same shape that gives the distance of each from the true
            one, float64 `(N,)`: 0 where they are equal, rarely above 1.
        """
        true_features = self._features(to_signed_unit_range(truth))
        return lambda painted: self._distances(to_signed_unit_range(painted), true_features).numpy()

    def _compare(self, painted: tf.Tensor, true_features: list[tf.Tensor]) -> tf.Tensor:
        levels = zip(self._heads, self._vgg16.features(painted), true_features, strict=True)
        return tf.add_n([_weighted_distance(*level) for level in levels])


def _weighted_distance(head: tf.Tensor, *features: tf.Tensor) -> tf.Tensor:
    """The mean over pixels of the weighted squared difference of two features, `(N,)`."""
    a, b = (f / (tf.norm(f, axis=-1, keepdims=True) + EPSILON) for f in features)
    pixels = tf.reduce_sum(head * tf.math.squared_difference(a, b), axis=-1)
    # In float32 a sum over a whole picture loses digits.
    return tf.reduce_mean(tf.cast(pixels, tf.float64), axis=(1, 2))
