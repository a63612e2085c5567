"""The inputs of a network: sketch and histogram images, in [-1, 1]."""

import tensorflow as tf
from keras import ops

from tf_deeppaint.images.pixels import to_signed_unit_range
from tf_deeppaint.palette.graph import palettes_to_histograms
from tf_deeppaint.palette.rules import BANDS, COLORS

# The sketch's gray is repeated, as in the original code, so that sketches in color could be used.
SKETCH_CHANNELS = 3
HISTOGRAM_CHANNELS = 3 * COLORS


def to_inputs(sketches: tf.Tensor, palettes: tf.Tensor) -> dict[str, tf.Tensor]:
    """Makes a network's inputs from canvases; their size must be known when a graph is built.

    Args:
        sketches: uint8 gray `(N, S, S)`.
        palettes: uint8 `(N, 4, 4, 3)`.

    Returns:
        `{"sketch": (N, S, S, 3), "histogram": (N, S, S, 12)}`, float32 in [-1, 1].
    """
    _, height, width = sketches.shape
    sketches, palettes = (
        to_signed_unit_range(tf.cast(pixels, tf.float32)) for pixels in (sketches, palettes)
    )
    return {
        "sketch": tf.repeat(sketches[..., None], SKETCH_CHANNELS, axis=-1),
        "histogram": palettes_to_histograms(palettes, height, width),
    }


def stack_inputs(inputs: dict, histogram: bool):
    """The inputs as one tensor: `(N, H, W, 15)`, or the sketch alone, `(N, H, W, 3)`."""
    if not histogram:
        return inputs["sketch"]
    return ops.concatenate([inputs["sketch"], inputs["histogram"]], axis=-1)


def histogram_to_palette(histogram):
    """Histogram images `(N, H, W, 12)` -> the palette that they show, `(N, 4, 4, 3)`."""
    rows = histogram[:, :: ops.shape(histogram)[1] // BANDS, 0]  # (N, 4, 12)
    return ops.reshape(rows, (-1, BANDS, COLORS, 3))
