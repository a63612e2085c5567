"""LPIPS: how different two pictures look, as people judged, by the features of VGG16."""

import os
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_deeppaint.images.pixels import to_unit_range
from tf_deeppaint.networks.vgg16 import BLOCKS, Vgg16, read_arrays

# One number a channel of each of the five features.
SHAPES = {f"NetLinLayer_{i}.Conv_0.kernel": (1, 1, block[-1], 1) for i, block in enumerate(BLOCKS)}
# Keeps a feature that is zero in all channels from being divided by zero; that of version 0.1.
EPSILON = 1e-10


class Lpips:
    """LPIPS version 0.1 over VGG16 (Zhang et al., arXiv:1801.03924).

    Args:
        vgg16: In float32.
        heads: What a channel counts, `(1, 1, C, 1)` for each of the five features.
    """

    def __init__(self, vgg16: Vgg16, heads: list[np.ndarray]):
        self._vgg16 = vgg16
        self._heads = [tf.constant(head.reshape(-1), tf.float32) for head in heads]
        self._features = tf.function(vgg16.features, reduce_retracing=True)
        self._distances = tf.function(self._compare, reduce_retracing=True)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Lpips":
        """Reads an `.npz` file: VGG16's arrays, and `NetLinLayer_0.Conv_0.kernel` to `_4`.

        Raises:
            DeepPaintError: the file cannot be read, or holds other arrays.
        """
        return cls(Vgg16.load(path), read_arrays(path, "LPIPS", SHAPES))

    def __call__(self, painted: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """The distance of each picture from the true one: 0 is equal, rarely above 1.

        Args:
            painted: uint8 `(N, H, W, 3)`, sides of 16 pixels or more. All N go through the
                network at once, with some 1.5 KiB a pixel.
            truth: uint8, same shape.

        Returns:
            float64 `(N,)`.
        """
        return self.toward(truth)(painted)

    def toward(self, truth: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Looks at the true pictures once, to compare several answers with them.

        Returns:
            A function of `painted` alone; see `__call__` for the rest.
        """
        known = self._features(to_unit_range(truth))
        return lambda painted: self._distances(to_unit_range(painted), known).numpy()

    def _compare(self, painted: tf.Tensor, known: list[tf.Tensor]) -> tf.Tensor:
        levels = zip(self._heads, self._vgg16.features(painted), known, strict=True)
        return tf.add_n([_apart(head, one, other) for head, one, other in levels])


def _apart(head: tf.Tensor, one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """The mean over places of two features' weighted squared difference, `(N,)`."""
    squares = tf.math.squared_difference(_to_unit_length(one), _to_unit_length(other))
    places = tf.reduce_sum(head * squares, axis=-1)
    # Sums over a whole picture lose digits in float32.
    return tf.reduce_mean(tf.cast(places, tf.float64), axis=(1, 2))


def _to_unit_length(feature: tf.Tensor) -> tf.Tensor:
    return feature / (tf.norm(feature, axis=-1, keepdims=True) + EPSILON)
