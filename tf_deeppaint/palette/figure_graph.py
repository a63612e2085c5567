"""The palette rule `figure` in the TensorFlow graph, equal to `figure` to the integer."""

import tensorflow as tf

from tf_deeppaint.images.graph import dilate, label_parts
from tf_deeppaint.palette.figure import (
    BORDER_PART,
    CORNERS,
    COUNTED_SIDE,
    DARK,
    FLAT,
    MAX_COLORS,
    NARROW,
    SAME_BACKDROP,
    SAME_COLOR,
    SHADE_COUNT,
    SHADES,
    WIDE_PART,
    WIDE_WEIGHT,
    shade_features,
)
from tf_deeppaint.palette.rules import BANDS, COLORS


def extract_figure_palettes(pictures: tf.Tensor) -> tf.Tensor:
    """Finds the palettes of a batch of opaque pictures; see `figure.extract_figure_palette`.

    Args:
        pictures: uint8 RGB `(N, H, W, 3)`; any of the sizes may be unknown when the graph is built.

    Returns:
        uint8 `(N, 4, 4, 3)`.
    """
    return tf.map_fn(
        extract_figure_palette,
        pictures,
        fn_output_signature=tf.TensorSpec((BANDS, COLORS, 3), tf.uint8),
    )


def extract_figure_palette(picture: tf.Tensor) -> tf.Tensor:
    """Finds the palette of one picture, uint8 `(H, W, 3)` -> uint8 `(4, 4, 3)`."""
    quarter = tf.bitwise.right_shift(tf.cast(picture, tf.int32), 3)
    red, green, blue = tf.unstack(quarter, axis=-1)
    shades = (red * SHADES + green) * SHADES + blue  # (H, W)
    ground = _find_backdrop(shades)
    ground &= ~tf.reduce_all(ground)
    weights = _weigh(picture, ground)
    figure = tf.cast(~ground, tf.int32)
    weights = tf.where(tf.reduce_any(weights > 0), weights, figure)
    rows = tf.where(tf.reduce_any(~ground, axis=1))[:, 0]
    top, height = rows[0], rows[-1] + 1 - rows[0]

    is_large = tf.reduce_max(tf.shape(shades)) > COUNTED_SIDE
    step = tf.where(is_large & tf.reduce_any(weights[::2, ::2] > 0), 2, 1)
    weights = tf.ensure_shape(weights[::step, ::step], (None, None))  # (h, w)
    shades = tf.ensure_shape(shades[::step, ::step], (None, None))
    band = tf.range(0, tf.shape(picture, tf.int64)[0], tf.cast(step, tf.int64)) - top
    band = tf.clip_by_value(band * BANDS // height, 0, BANDS - 1)
    band = tf.broadcast_to(tf.cast(band, tf.int32)[:, None], tf.shape(shades))
    counted = weights > 0
    weight = tf.cast(tf.boolean_mask(weights, counted), tf.int64)  # (P,)
    shade = tf.boolean_mask(shades, counted)
    levels = tf.cast(tf.boolean_mask(picture[::step, ::step], counted), tf.int64)  # (P, 3)

    def total(numbers: tf.Tensor, values: tf.Tensor, size: int) -> tf.Tensor:
        return tf.raw_ops.DenseBincount(input=numbers, size=size, weights=values)

    places = tf.boolean_mask(band, counted) * SHADE_COUNT + shade
    counts = tf.reshape(total(places, weight, BANDS * SHADE_COUNT), (BANDS, SHADE_COUNT))
    sums = [total(shade, weight * level, SHADE_COUNT) for level in tf.unstack(levels, 3, axis=-1)]
    return _rank(counts, tf.stack(sums, axis=-1))


def _find_backdrop(shades: tf.Tensor) -> tf.Tensor:
    """The plain backdrop that is connected to the border, bool `(H, W)`."""
    border = tf.concat([shades[0], shades[-1], shades[:, 0], shades[:, -1]], axis=0)
    counts = tf.math.bincount(border, minlength=SHADE_COUNT, maxlength=SHADE_COUNT)
    features = tf.constant(shade_features())
    lead = features[tf.argmax(counts)]
    alike = tf.reduce_sum((features - lead) ** 2, axis=-1) <= SAME_BACKDROP
    on_border = tf.reduce_sum(tf.where(alike, counts, 0))
    corners = tf.stack([shades[0, 0], shades[0, -1], shades[-1, 0], shades[-1, -1]])
    at_corners = tf.reduce_sum(tf.cast(tf.gather(alike, corners), tf.int32))
    is_plain = (BORDER_PART * on_border >= tf.size(border)) & (at_corners >= CORNERS)
    return _connect_to_border(tf.gather(alike, shades) & is_plain)


def _connect_to_border(mask: tf.Tensor) -> tf.Tensor:
    """The pixels of a mask that rows and columns of it connect to the border, bool `(H, W)`."""
    labels, _ = label_parts(tf.pad(mask, [[1, 1], [1, 1]], constant_values=True))
    connected = tf.cast(labels == 1, tf.float32)  # to the frame, which begins with the first pixel
    # Noise leaves holes.
    widened = tf.nn.max_pool2d(connected[None, ..., None], NARROW, 1, "SAME")
    closed = -tf.nn.max_pool2d(-widened, NARROW, 1, "SAME")[0, ..., 0]
    return closed[1:-1, 1:-1] > 0


def _weigh(picture: tf.Tensor, ground: tf.Tensor) -> tf.Tensor:
    """How much each pixel counts, int32 `(H, W)`."""
    # Whole numbers below 256: exact in float32.
    levels = tf.cast(picture, tf.float32)
    is_light = tf.reduce_max(levels, axis=-1) >= DARK
    part = tf.reduce_max(tf.shape(ground)) // WIDE_PART
    side = tf.maximum(NARROW, tf.bitwise.bitwise_or(part, 1))
    weights = WIDE_WEIGHT * tf.cast(_is_flat(levels, side), tf.int32)
    weights += tf.cast(_is_flat(levels, NARROW), tf.int32)
    counts = ~ground & (is_light | _is_flat(levels, 2 * side + 1))
    return tf.where(counts, weights, 0)


def _is_flat(levels: tf.Tensor, side: tf.Tensor | int) -> tf.Tensor:
    """Whether no channel varies by more than `FLAT` in the square window around a pixel."""
    most, least = dilate(levels, side // 2), -dilate(-levels, side // 2)
    return tf.reduce_all(most - least <= FLAT, axis=-1)


def _rank(counts: tf.Tensor, sums: tf.Tensor) -> tf.Tensor:
    """Merges shades into colors and ranks them in each band; see `figure`."""
    total = tf.reduce_sum(counts, axis=0)
    shades = tf.where(total > 0)[:, 0]  # (S,)
    counts, left = tf.gather(counts, shades, axis=1), tf.gather(total, shades)
    features = tf.gather(tf.constant(shade_features()), shades)
    color_of = tf.fill(tf.shape(left), MAX_COLORS)
    leads = tf.fill([MAX_COLORS], tf.constant(-1, tf.int64))

    def merge(number: tf.Tensor, left: tf.Tensor, color_of: tf.Tensor, leads: tf.Tensor) -> tuple:
        lead = tf.argmax(left)
        near = tf.reduce_sum((features - features[lead]) ** 2, axis=-1) <= SAME_COLOR
        near &= color_of == MAX_COLORS
        leads = tf.tensor_scatter_nd_update(leads, [[number]], [lead])
        return (
            number + 1,
            tf.where(near, tf.zeros_like(left), left),
            tf.where(near, number, color_of),
            leads,
        )

    count, _, color_of, leads = tf.while_loop(
        lambda number, left, *_: (number < MAX_COLORS) & tf.reduce_any(left > 0),
        merge,
        (tf.constant(0), left, color_of, leads),
        parallel_iterations=1,
    )
    leads = leads[:count]  # (K,)
    in_band = tf.transpose(
        tf.math.unsorted_segment_sum(tf.transpose(counts), color_of, MAX_COLORS + 1)
    )[:, :count]  # (4, K)
    figure = tf.reduce_sum(in_band, axis=0)
    keys = tf.where(in_band > 0, in_band + tf.reduce_sum(figure) + 1, figure)
    order = tf.argsort(-keys, axis=1, stable=True)
    # Fewer than four colors repeat.
    order = tf.tile(order, [1, COLORS])[:, :COLORS]
    lead_counts = tf.reduce_sum(tf.gather(counts, leads, axis=1), axis=0)
    colors = tf.gather(sums, tf.gather(shades, leads)) // lead_counts[:, None]
    return tf.cast(tf.gather(colors, order), tf.uint8)
