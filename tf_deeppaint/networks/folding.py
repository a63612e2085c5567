"""Batch norms folded into the convolutions before them: the same pictures by fewer operations."""

from collections.abc import Iterator

import keras
import numpy as np

from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.model_files import in_precision
from tf_deeppaint.networks.unet import UNet


def fold_norms(network: Generator | UNet) -> Generator | UNet:
    """The same network in float32 without batch norms, for use but not for training.

    At inference a batch norm is `x scale + shift`, with `scale = gamma / sqrt(variance + epsilon)`
    and `shift = beta - mean scale` for each channel; the convolution before it can do both. The
    pictures are the same but for the rounding of float32.

    Args:
        network: A trained network, of any precision; it is left as it is.

    Returns:
        A network whose option `norm` is `"none"`. Instance norms hang on the picture and cannot be
        folded: a network that has them is returned as it is, in float32.
    """
    if network.norm != "batch":
        return in_precision(network, "float32")
    config = network.get_config() | {"norm": "none", "dtype": "float32"}
    folded = type(network).from_config(config)
    values = {_place(weight): weight.numpy() for weight in network.weights}
    for layer, norm in _normed(network):
        kernel, bias = _fold(layer, norm)
        values[_place(layer.kernel)] = kernel
        values[f"{_place(layer.kernel).removesuffix('kernel')}bias"] = bias
    for weight in folded.weights:
        weight.assign(values[_place(weight)])
    return folded


def _place(weight) -> str:
    """Where in a network a weight is, whatever the network is called."""
    return weight.path.split("/", 1)[1]


def _normed(network: Generator | UNet) -> Iterator[tuple[keras.Layer, keras.Layer]]:
    """Every convolution that a batch norm follows, and that norm."""
    if isinstance(network, UNet):
        pairs = [*zip(network.down, network.down_norms, strict=True)]
        pairs += zip(network.up, network.up_norms, strict=True)
    else:
        pairs = [(network.stem, network.stem_norm)]
        for block in (*network.down, *network.up):
            pairs += [(block.conv_1, block.norm_1), (block.conv_2, block.norm_2)]
        if network.attention:
            pairs.append((network.gate, network.gate_norm))
            pairs += [(gate.out, gate.norm) for gate in network.attention]
    yield from ((layer, norm) for layer, norm in pairs if norm.weights)


def _fold(layer: keras.Layer, norm: keras.Layer) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias that do what a convolution and the norm after it do, float64."""
    wide = [weight.numpy().astype(np.float64) for weight in norm.weights]
    gamma, beta, mean, variance = wide
    scale = gamma / np.sqrt(variance + norm.epsilon)
    bias = 0.0 if layer.bias is None else layer.bias.numpy()
    # A transposed convolution's kernel ends in (out, in), any other's in (in, out).
    transposed = isinstance(layer, keras.layers.Conv2DTranspose)
    kernel = layer.kernel.numpy() * (scale[:, None] if transposed else scale)
    return kernel, (bias - mean) * scale + beta
