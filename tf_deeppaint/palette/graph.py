"""Palettes of batches in the TensorFlow graph, for `tf.data` and for exported models.

Results equal those of `extraction` to the integer on every device: all numbers are exact.
"""

import tensorflow as tf

from tf_deeppaint.palette import extraction
from tf_deeppaint.palette.extraction import BINS
from tf_deeppaint.palette.figure_graph import extract_figure_palettes
from tf_deeppaint.palette.rules import BANDS, COLORS, FIGURE, LEAVES_OUT, check_background


def extract_palettes(pictures: tf.Tensor, background: str = "drop") -> tf.Tensor:
    """Finds the palettes of pictures, `(N, H, W, 3)` -> `(N, 4, 4, 3)`, both uint8.

    Sizes may be unknown when the graph is built; `extraction.extract_palette` states the rules.
    """
    check_background(background)
    pictures = tf.convert_to_tensor(pictures, tf.uint8)
    if background == FIGURE:
        return extract_figure_palettes(pictures)
    pictures = tf.cond(
        tf.shape(pictures)[1] < BANDS,
        lambda: tf.repeat(pictures, BANDS, axis=1),
        lambda: tf.identity(pictures),
    )
    shape = tf.shape(pictures)
    batch, height = shape[0], shape[1] // BANDS
    bands = tf.reshape(pictures[:, : BANDS * height], [batch * BANDS, -1, 3])
    counts, sums = _count_bins(bands)
    palettes = _leading_colors(counts, sums, background)
    return tf.reshape(palettes, [batch, BANDS, COLORS, 3])


def palettes_to_histograms(palettes: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Draws palettes as histogram images; see `extraction.palette_to_histogram`.

    Floats `(N, 4, 4, 3)` in [-1, 1] become `(N, height, width, 12)`; four must divide the height.
    """
    rows = tf.reshape(palettes, [-1, BANDS, 1, 3 * COLORS])
    return tf.repeat(tf.repeat(rows, height // BANDS, axis=1), width, axis=2)


def _color_bins(pixels: tf.Tensor) -> tf.Tensor:
    """uint8 `(..., 3)` -> int32 `(...)`, 0..63; see `extraction.color_bins`.

    All numbers are multiples of 0.5 below 2**24, which float32 holds exactly. TensorFlow's sums and
    products of float32 take a fifth of the time of its comparisons.
    """
    levels = tf.unstack(pixels, axis=-1)
    red, green, blue = (tf.cast(level, tf.float32) for level in levels)
    most = tf.maximum(tf.maximum(red, green), blue)
    least = tf.minimum(tf.minimum(red, green), blue)
    luminance = (
        tf.gather(tf.constant(extraction.RED_LUMINANCE, tf.float32), tf.cast(levels[0], tf.int32))
        + extraction.GREEN_LUMINANCE * green
        + extraction.BLUE_LUMINANCE * blue
    )
    # 0.5 is added because the division could round a whole number of steps to just below it.
    steps = tf.floor((luminance + 0.5) / extraction.LUMINANCE_STEP)
    lightness = tf.floor((most + least) / 128.0)
    hue = _hue_quarter(red, green, blue, most, most - least)
    return tf.cast(16.0 * steps + 4.0 * hue + lightness, tf.int32)


def _hue_quarter(red, green, blue, most, spread) -> tf.Tensor:
    """The quarter of the hue, 0.0 .. 3.0; `extraction._hue_quarter` states the formula."""
    red_leads = tf.maximum(1.0 - (most - red), 0.0)
    green_leads = tf.maximum(1.0 - (most - green), 0.0) * (1.0 - red_leads)
    blue_leads = 1.0 - red_leads - green_leads
    slope = 255.0 * (red - green)
    of_red = 3.0 * _is_positive(blue - green)
    of_green = _is_positive(255.0 * (blue - red) + 126.0 * spread + 1.0)
    of_blue = 1.0 + _is_positive(slope + 252.0 * spread + 1.0)
    of_blue += _is_positive(slope - 132.0 * spread + 1.0)
    return red_leads * of_red + green_leads * of_green + blue_leads * of_blue


def _is_positive(integers: tf.Tensor) -> tf.Tensor:
    return tf.maximum(tf.minimum(integers, 1.0), 0.0)


def _count_bins(bands: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """uint8 `(B, P, 3)` -> pixels in each bin `(B, 64)`, their channel sums `(B, 64, 3)`; int64."""
    shape = tf.shape(bands)
    pixels, band, lengths = _runs(bands)
    bins = band * BINS + _color_bins(pixels)

    def count(weights: tf.Tensor) -> tf.Tensor:
        # Not `tf.math.bincount`: it inspects the values first, which XLA cannot.
        counts = tf.raw_ops.DenseBincount(input=bins, size=shape[0] * BINS, weights=weights)
        return tf.reshape(counts, [-1, BINS])

    # int64, since the channel sums of a band of 8192 x 2048 white pixels exceed 2**31.
    levels = tf.unstack(tf.cast(pixels, tf.int64), axis=-1)
    return count(lengths), tf.stack([count(lengths * level) for level in levels], axis=-1)


def _runs(bands: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Runs of equal pixels, which drawings have many of.

    Returns:
        Colors, uint8 `(R, 3)`; the band of each, int32 `(R,)`; lengths, int64 `(R,)`.
    """
    shape = tf.shape(bands)
    red, green, blue = tf.unstack(tf.cast(bands, tf.int32), axis=-1)
    packed = red * 65536 + green * 256 + blue
    # A run never continues from one band into the next.
    first = tf.ones([shape[0], tf.minimum(shape[1], 1)], tf.bool)
    is_start = tf.concat([first, packed[:, 1:] != packed[:, :-1]], axis=1)
    starts = tf.where(tf.reshape(is_start, [-1]))[:, 0]
    ends = tf.concat([starts[1:], [tf.cast(tf.size(packed), tf.int64)]], axis=0)
    pixels = tf.gather(tf.reshape(bands, [-1, 3]), starts)
    band = starts // tf.cast(tf.maximum(shape[1], 1), tf.int64)
    return pixels, tf.cast(band, tf.int32), ends[: tf.size(starts)] - starts


def _leading_colors(counts: tf.Tensor, sums: tf.Tensor, background: str) -> tf.Tensor:
    """Counts `(B, 64)` and channel sums `(B, 64, 3)` of bins -> four colors, uint8 `(B, 4, 3)`."""
    # The bin is part of the key, so that of equal counts the lower bin comes first.
    keys = counts * BINS + tf.range(BINS - 1, -1, -1, tf.int64)
    order = tf.math.top_k(keys, COLORS + 1).indices
    counts = tf.gather(counts, order, batch_dims=1)
    sums = tf.gather(sums, order, batch_dims=1)
    colors = tf.cast(sums // tf.maximum(counts, 1)[..., None], tf.uint8)
    first = colors[:, :1]
    near_white = tf.reduce_all(first >= extraction.NEAR_WHITE, axis=-1, keepdims=True)
    left_out = LEAVES_OUT[background](near_white)
    chosen = tf.where(left_out, colors[:, 1:], colors[:, :-1])
    present = tf.where(left_out[..., 0], counts[:, 1:], counts[:, :-1]) > 0
    return tf.where(present[..., None], chosen, first)
