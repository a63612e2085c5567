"""The backend that runs a generator in TensorFlow: uint8 canvases in, what the network says out."""

import threading

import keras
import numpy as np
import tensorflow as tf

from tf_deeppaint.images.pixels import to_unit_range
from tf_deeppaint.networks.folding import fold_norms
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.palette.extraction import BANDS, COLORS
from tf_deeppaint.palette.graph import palettes_to_histograms
from tf_deeppaint.palette.mixing import Mixture


class KerasBackend:
    """Runs a generator: dropout off, moving statistics folded into kernels, arithmetic in float32.

    One backend serves any number of threads, and is traced once for batches of any size.

    Args:
        generator: A trained generator, of any precision.

    Attributes:
        size: Side of the canvas in pixels.
        background: The rule for palettes that it was trained with.
        mixes: Whether it mixes the palette's colors.
    """

    def __init__(self, generator: Generator | UNet):
        self.generator = fold_norms(generator)  # a tenth faster
        self.size = generator.size
        self.background = generator.background
        self.mixes = getattr(generator, "head_kind", None) == "mixture"
        self._lock = threading.Lock()  # tracing twice at once would only waste time
        self._network = tf.function(
            self.forward,
            autograph=False,  # nothing in it depends on tensors; reading it takes half a second
            input_signature=[
                tf.TensorSpec((None, self.size, self.size), tf.uint8, "sketches"),
                tf.TensorSpec((None, BANDS, COLORS, 3), tf.uint8, "palettes"),
            ],
        )

    def run(self, sketches: np.ndarray, palettes: np.ndarray) -> Mixture | np.ndarray:
        """Runs the network on a batch.

        Args:
            sketches: uint8 gray `(N, size, size)`.
            palettes: uint8 `(N, 4, 4, 3)`.

        Returns:
            Where it mixes, a `Mixture` of float32 arrays; otherwise the pictures, float32
            `(N, size, size, 3)` in [-1, 1].
        """
        with self._lock:
            network = self._network.get_concrete_function()
        found = network(tf.constant(sketches, tf.uint8), tf.constant(palettes, tf.uint8))
        return Mixture(*(part.numpy() for part in found)) if self.mixes else found.numpy()

    def attention(self, sketches: np.ndarray, palettes: np.ndarray) -> list[np.ndarray]:
        """The attention maps behind `run`, of the same arguments.

        Returns:
            float32 `(N, h, w)` in (0, 1), the deepest gate's first; none where there are no gates.
        """
        inputs = to_inputs(tf.constant(sketches, tf.uint8), tf.constant(palettes, tf.uint8))
        _, maps = self.generator(inputs, return_attention=True)
        return [keras.ops.convert_to_numpy(level)[..., 0] for level in maps]

    def forward(self, sketches: tf.Tensor, palettes: tf.Tensor) -> tf.Tensor | Mixture:
        """`run` as a part of a graph: of tensors like its arguments, tensors."""
        inputs = to_inputs(sketches, palettes)
        if self.mixes:
            return self.generator.decompose(inputs)
        return self.generator(inputs, training=False)


def to_inputs(sketches: tf.Tensor, palettes: tf.Tensor) -> dict[str, tf.Tensor]:
    """What a network sees of canvases, all of one size that is known when the graph is built.

    Args:
        sketches: uint8 gray `(N, S, S)`.
        palettes: uint8 `(N, 4, 4, 3)`.

    Returns:
        `{"sketch": (N, S, S, 3), "histogram": (N, S, S, 12)}`, float32 in [-1, 1].
    """
    _, height, width = sketches.shape
    return {
        "sketch": tf.repeat(_scaled(sketches)[..., None], 3, axis=-1),
        "histogram": palettes_to_histograms(_scaled(palettes), height, width),
    }


def _scaled(pixels: tf.Tensor) -> tf.Tensor:
    return to_unit_range(tf.cast(pixels, tf.float32))
