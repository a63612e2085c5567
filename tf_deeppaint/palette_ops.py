"""Palettes of whole batches in the TensorFlow graph: for `tf.data` and for exported models.

Equal to `palette` to the integer on every device: only integer arithmetic is used.
"""

import tensorflow as tf

from tf_deeppaint import palette as rule
from tf_deeppaint.palette import BANDS, BINS, COLOURS


def extract_palettes(pictures: tf.Tensor, background: str = "drop") -> tf.Tensor:
    """Finds the palettes of a batch of pictures; `palette.extract_palette` states the rules.

    Args:
        pictures: uint8 `(N, H, W, 3)`; any of the sizes may be unknown when the graph is built.
        background: `"drop"`, `"white"` or `"keep"`.

    Returns:
        uint8 `(N, 4, 4, 3)`.
    """
    rule.check_background(background)
    pictures = tf.convert_to_tensor(pictures, tf.uint8)
    pictures = tf.cond(
        tf.shape(pictures)[1] < BANDS,
        lambda: tf.repeat(pictures, BANDS, axis=1),
        lambda: tf.identity(pictures),
    )
    shape = tf.shape(pictures)
    batch, height = shape[0], shape[1] // BANDS
    bands = tf.reshape(pictures[:, : BANDS * height], [batch * BANDS, -1, 3])
    counts, sums = _count_bins(tf.cast(bands, tf.int32))
    palettes = _leading_colours(counts, sums, background)
    return tf.reshape(palettes, [batch, BANDS, COLOURS, 3])


def palettes_to_histograms(palettes: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Draws a batch of palettes as histogram images; see `palette.palette_to_histogram`.

    Args:
        palettes: float `(N, 4, 4, 3)` in [-1, 1].
        height: Height of the images, divisible by four.
        width: Width of the images.

    Returns:
        The palettes' dtype, `(N, height, width, 12)`.
    """
    rows = tf.reshape(palettes, [-1, BANDS, 1, 3 * COLOURS])
    return tf.repeat(tf.repeat(rows, height // BANDS, axis=1), width, axis=2)


def _colour_bins(pixels: tf.Tensor) -> tf.Tensor:
    """int32 `(..., 3)` -> int32 `(...)`, 0..63; see `palette.colour_bins`."""
    red, green, blue = tf.unstack(pixels, axis=-1)
    most = tf.reduce_max(pixels, axis=-1)
    least = tf.reduce_min(pixels, axis=-1)
    luminance = (
        tf.gather(tf.constant(rule.RED_LUMINANCE), red)
        + rule.GREEN_LUMINANCE * green
        + rule.BLUE_LUMINANCE * blue
    )
    steps = [tf.cast(luminance >= k * rule.LUMINANCE_STEP, tf.int32) for k in (1, 2, 3)]
    hue = _hue_quarter(red, green, blue, most, most - least)
    lightness = tf.bitwise.right_shift(most + least, 7)
    return 16 * tf.add_n(steps) + 4 * hue + lightness


def _hue_quarter(red, green, blue, most, spread) -> tf.Tensor:
    red_leads = tf.where(green < blue, 3, 0)
    green_leads = tf.where(255 * (blue - red) < -126 * spread, 0, 1)
    slope = 255 * (red - green)
    after = [tf.cast(slope >= bound * spread, tf.int32) for bound in (-252, 132)]
    blue_leads = 1 + tf.add_n(after)
    return tf.where(most == red, red_leads, tf.where(most == green, green_leads, blue_leads))


def _count_bins(bands: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """int32 `(B, P, 3)` -> pixels a bin `(B, 64)` and channel sums `(B, 64, 3)`, int64."""
    count = tf.shape(bands)[0]
    index = tf.reshape(_colour_bins(bands) + BINS * tf.range(count)[:, None], [-1])
    # int64, since the channel sums of a band of 8192 x 2048 white pixels pass 2**31.
    values = tf.cast(tf.reshape(bands, [-1, 3]), tf.int64)
    sums = tf.math.unsorted_segment_sum(values, index, count * BINS)
    counts = tf.math.unsorted_segment_sum(tf.ones_like(index, tf.int64), index, count * BINS)
    return tf.reshape(counts, [count, BINS]), tf.reshape(sums, [count, BINS, 3])


def _leading_colours(counts: tf.Tensor, sums: tf.Tensor, background: str) -> tf.Tensor:
    # The bin is part of the key, so that ties go to the lower bin whatever top_k does with them.
    keys = counts * BINS + tf.range(BINS - 1, -1, -1, tf.int64)
    order = tf.math.top_k(keys, COLOURS + 1).indices
    counts = tf.gather(counts, order, batch_dims=1)
    sums = tf.gather(sums, order, batch_dims=1)
    colours = tf.cast(sums // tf.maximum(counts, 1)[..., None], tf.uint8)
    first = colours[:, :1]
    near_white = tf.reduce_all(first >= rule.NEAR_WHITE, axis=-1, keepdims=True)
    dropped = {"drop": True, "white": near_white, "keep": False}[background]
    left_out = tf.logical_or(tf.zeros_like(near_white), dropped)
    chosen = tf.where(left_out, colours[:, 1:], colours[:, :-1])
    present = tf.where(left_out[..., 0], counts[:, 1:], counts[:, :-1]) > 0
    return tf.where(present[..., None], chosen, first)
