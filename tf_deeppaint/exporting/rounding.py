"""What eight bits cost a network: its pictures with kernels and their inputs rounded."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tf_deeppaint.exporting.stock_keras import make_stock_model
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.inputs import to_inputs

# Steps on each side of zero.
_STEPS = 127
# Keras's operations that `full_int8` leaves in float32, see `litert`; a cast has no rounding.
_FLOAT_OPS = ("Subtract", "Multiply", "Maximum", "Minimum", "GetItem", "Split", "Softmax", "Tanh")
_FLOAT_OPS += ("Matmul", "Sigmoid", "Clip", "Cast", "InputLayer")


def rounded_painter(
    network: PaintingNetwork, size: int, results: bool = False
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The function that paints with a network whose kernels and their inputs have eight bits.

    Each output channel of a kernel has a step of its own; the values of a tensor share one, from
    the least to the greatest (Jacob et al., arXiv:1712.05877). All else is float32, and no
    converter takes part: a converted file of eight bits can hardly be nearer to the network.

    Args:
        network: A trained network, of any precision; it is not changed.
        size: Side of the canvas.
        results: Whether results of layers and operations are rounded too, as in `full_int8`.

    Returns:
        See `Artifact.paint`.
    """
    model = make_stock_model(network, size)
    for operation in model.operations:
        if results and "head_" in operation.name:
            continue
        if getattr(operation, "kernel", None) is not None:
            _round_kernel(operation)
        if results and type(operation).__name__ not in _FLOAT_OPS:
            _round_results(operation)
    paint = tf.function(
        lambda sketch, palette: model(to_inputs(sketch, palette))["image"], autograph=False
    )
    return lambda *canvas: paint(*map(tf.constant, canvas)).numpy()


def _round_kernel(layer: keras.Layer) -> None:
    kernel = ops.convert_to_numpy(layer.kernel)
    # A transposed convolution has its output channels before those of its input.
    output = kernel.ndim - (2 if isinstance(layer, keras.layers.Conv2DTranspose) else 1)
    others = tuple(axis for axis in range(kernel.ndim) if axis != output)
    step = np.maximum(np.abs(kernel).max(others, keepdims=True) / _STEPS, np.finfo("f4").tiny)
    layer.kernel.assign(np.rint(kernel / step) * step)
    exact = layer.call
    layer.call = lambda x, *rest, **named: exact(_round(x), *rest, **named)


def _round_results(operation: keras.Operation) -> None:
    exact = operation.call
    operation.call = lambda *given, **named: tf.nest.map_structure(_round, exact(*given, **named))


def _round(x):
    lowest = ops.minimum(ops.min(x), 0.0)  # zero is exact: borders are padded with it
    step = ops.maximum((ops.max(x) - lowest) / (2 * _STEPS + 1), np.finfo("f4").tiny)
    return ops.round(x / step) * step
