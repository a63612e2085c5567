"""The traced function: a network as one TensorFlow function, which other runtimes convert.

Inputs, for one picture:

    sketch    uint8 (1, S, S)         gray, 0 the darkest line, 255 paper
    palette   uint8 (1, 4, 4, 3)      band from the top, rank in the band, RGB

The outputs are those of the stock Keras model, float32 with N = 1; see `stock_keras`.
"""

import hashlib
from collections.abc import Callable

import keras
import tensorflow as tf

from tf_deeppaint.exporting.stock_keras import make_stock_model
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.inputs import to_inputs
from tf_deeppaint.palette.rules import BANDS, COLORS

# Version of the entries that `describe` makes.
VERSION = 1

_OUTPUTS = {
    "image": "the picture, RGB in [-1, 1]: round((x + 1) * 127.5) are its pixels",
    "attention": "attention_0 .. attention_5: maps of the gates, in (0, 1), deepest first",
    "weights": "18 shares: number 4 * band + rank, both from 0, is that color of the palette; 16 "
    "is white, 17 black",
    "shade": "factor of a mixed color, 0.7 to 1.3",
    "ink": "opacity of a pixel's line, in [0, 1]",
}


def painting_function(network: PaintingNetwork, size: int | None = None) -> Callable:
    """Makes the function to convert, traced for one picture.

    Args:
        network: A trained network, of any precision; it is not changed.
        size: Side of the canvas, a multiple of 64; the network's by default.

    Returns:
        A `tf.function` of `sketch` and `palette` as above that returns a dictionary of the outputs.

    Raises:
        DeepPaintError: The size is no multiple of 64.
    """
    size = network.size if size is None else size
    model = make_stock_model(network, size)

    @tf.function(
        input_signature=[
            tf.TensorSpec((1, size, size), tf.uint8, "sketch"),
            tf.TensorSpec((1, BANDS, COLORS, 3), tf.uint8, "palette"),
        ],
        autograph=False,
    )
    def paint(sketch, palette):
        return model(to_inputs(sketch, palette))

    return paint


def describe(network: PaintingNetwork, size: int, precision: str) -> dict:
    """The metadata of a converted file, for JSON."""
    return {
        "format": "tf_deeppaint",
        "version": VERSION,
        "network": type(network).__name__,
        "width": network.width,
        "head": network.head_kind,
        "gates": len(network.attention) if network.gated else 0,
        "size": size,
        "background": network.background,
        "precision": precision,
        "weights_sha256": weights_digest(network),
        "inputs": {
            "sketch": f"uint8 (1, {size}, {size}): gray, 0 the darkest line, 255 paper",
            "palette": "uint8 (1, 4, 4, 3): band from the top, rank in the band, RGB",
        },
        "padding": "scale the sketch so that its longer side is S, its aspect kept; put it in the "
        "middle of a white square",
        "palette_rule": f"background={network.background}; see palette.extract_palette",
        "outputs": _OUTPUTS,
    }


def weights_digest(network: keras.Model) -> str:
    """SHA-256 over a network's weights in order, in hexadecimal."""
    digest = hashlib.sha256()
    for weight in network.get_weights():
        digest.update(weight.tobytes())
    return digest.hexdigest()
