"""Batch normalization folded into the convolutions before it: equal pictures, fewer operations."""

import keras
import numpy as np

from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.model_files import with_precision


def fold_norms(network: PaintingNetwork) -> PaintingNetwork:
    """Makes the same network in float32 without batch normalization, for inference only.

    At inference batch normalization is `x scale + shift` for each channel, with
    `scale = gamma / sqrt(variance + epsilon)` and `shift = beta - mean scale`. The convolution
    before it can do both. The pictures differ by the rounding of float32.

    Args:
        network: A trained network of any precision; it is not changed.

    Returns:
        A network with `norm="none"`. Instance normalization depends on the picture and cannot be
        folded: a network that has it is returned in float32, otherwise unchanged, as is one that
        names no convolutions before norms.
    """
    if network.norm != "batch" or not any(network.normalized_convolutions()):
        return with_precision(network, "float32")
    config = network.get_config() | {"norm": "none", "dtype": "float32"}
    folded = type(network).from_config(config)
    values = {_path_in_network(weight): weight.numpy() for weight in network.weights}
    for layer, norm in network.normalized_convolutions():
        kernel, bias = _fold(layer, norm)
        path = _path_in_network(layer.kernel)
        values[path] = kernel
        values[f"{path.removesuffix('kernel')}bias"] = bias
    for weight in folded.weights:
        weight.assign(values[_path_in_network(weight)])
    return folded


def _path_in_network(weight) -> str:
    """A weight's path without the name of the network."""
    return weight.path.split("/", 1)[1]


def _fold(layer: keras.Layer, norm: keras.Layer) -> tuple[np.ndarray, np.ndarray]:
    """The kernel and bias, float64, that replace a convolution and the norm after it."""
    gamma, beta, mean, variance = (w.numpy().astype(np.float64) for w in norm.weights)
    scale = gamma / np.sqrt(variance + norm.epsilon)
    bias = 0.0 if layer.bias is None else layer.bias.numpy()
    # A transposed convolution's kernel ends in (out, in), any other's in (in, out).
    transposed = isinstance(layer, keras.layers.Conv2DTranspose)
    kernel = layer.kernel.numpy() * (scale[:, None] if transposed else scale)
    return kernel, (bias - mean) * scale + beta
