"""The backend that runs a network in TensorFlow."""

import threading

import keras
import numpy as np
import tensorflow as tf

from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.folding import fold_norms
from tf_deeppaint.networks.inputs import to_inputs
from tf_deeppaint.painting.prediction import Prediction, make_predictions
from tf_deeppaint.palette.mixing import Mixture
from tf_deeppaint.palette.rules import BANDS, COLORS


class KerasBackend:
    """Runs a network for inference: batch normalization folded into kernels, float32 arithmetic.

    One backend serves any number of threads, and is traced once for batches of any size.

    Args:
        generator: A trained network of any precision.

    Attributes:
        size: Side of the canvas in pixels.
        background: The palette rule that the network was trained with.
        mixes: Whether it mixes the palette's colors.
    """

    def __init__(self, generator: PaintingNetwork):
        self.generator = fold_norms(generator)  # a tenth faster
        self.size = generator.size
        self.background = generator.background
        self.mixes = generator.head_kind == "mixture"
        self._lock = threading.Lock()  # two threads would trace the same graph twice
        self._network = tf.function(
            self.forward,
            autograph=False,  # no Python control flow depends on tensors; parsing takes 0.5 s
            input_signature=[
                tf.TensorSpec((None, self.size, self.size), tf.uint8, "sketches"),
                tf.TensorSpec((None, BANDS, COLORS, 3), tf.uint8, "palettes"),
            ],
        )

    def run(self, sketches: np.ndarray, palettes: np.ndarray) -> list[Prediction]:
        """Runs the network on a batch.

        Args:
            sketches: uint8 gray `(N, size, size)`.
            palettes: uint8 `(N, 4, 4, 3)`.

        Returns:
            N predictions.
        """
        with self._lock:
            network = self._network.get_concrete_function()
        output = network(tf.constant(sketches, tf.uint8), tf.constant(palettes, tf.uint8))
        outputs = output._asdict() if self.mixes else {"image": output}
        arrays = {name: part.numpy() for name, part in outputs.items()}
        return make_predictions(arrays, sketches, palettes)

    def attention(self, sketches: np.ndarray, palettes: np.ndarray) -> list[np.ndarray]:
        """The attention maps behind `run`, of the same arguments.

        Returns:
            float32 `(N, h, w)` in (0, 1), the deepest gate's first; empty without gates.
        """
        inputs = to_inputs(tf.constant(sketches, tf.uint8), tf.constant(palettes, tf.uint8))
        _, maps = self.generator(inputs, return_attention=True)
        return [keras.ops.convert_to_numpy(level)[..., 0] for level in maps]

    def forward(self, sketches: tf.Tensor, palettes: tf.Tensor) -> tf.Tensor | Mixture:
        """The network's output in a graph, for tensors like the arguments of `run`.

        It is a `Mixture`, or pictures, `(N, size, size, 3)` in [-1, 1].
        """
        output, _ = self.generator.forward(to_inputs(sketches, palettes))
        return output
