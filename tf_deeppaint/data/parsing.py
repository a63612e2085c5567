"""A serialized record -> tensors: parsed and decoded in the graph."""

import tensorflow as tf

from tf_deeppaint.data.records import GROUP, NAME, PALETTE, PALETTES, PARTS, PICTURE, SKETCH
from tf_deeppaint.images.pixels import to_signed_unit_range
from tf_deeppaint.palette.rules import BANDS

_FEATURES = {
    NAME: tf.io.FixedLenFeature([], tf.string),
    GROUP: tf.io.FixedLenFeature([], tf.string),
    SKETCH: tf.io.RaggedFeature(tf.string),
    PICTURE: tf.io.FixedLenFeature([], tf.string),
    PALETTE: tf.io.FixedLenFeature([], tf.string),
    PALETTES: tf.io.RaggedFeature(tf.string),
    PARTS: tf.io.FixedLenFeature([], tf.string, default_value=""),
}
# Bytes of a PNG beside its pixels, which other encoders may need.
_PNG_ROOM = 2**14
# The part of a pixel whose role is not known.
UNKNOWN_PART = 255


def decode_record(
    record: tf.Tensor, size: int, seed: tf.Tensor, first_sketch: bool = False
) -> dict[str, tf.Tensor]:
    """Decodes a serialized record into uint8 tensors.

    Args:
        record: Scalar string.
        size: Side of its pictures in pixels.
        seed: int32 `(2,)`; decides which of several sketches is taken.
        first_sketch: Whether to take the first sketch instead.

    Returns:
        `name` and `group` scalar strings, `sketch` `(size, size, 1)`, `picture`
        `(size, size, 3)`, `palette` `(4, 4, 3)`; `palettes` `(K, 4, 4, 3)`, the same one and those
        of K - 1 other drawings in the same colors; `parts` `(size, size, 1)`, indices of
        `color_schemes.ROLES`, or `UNKNOWN_PART`.
    """
    values = tf.io.parse_single_example(record, _FEATURES)
    count = tf.shape(values[SKETCH])[0]
    which = 0 if first_sketch else tf.random.stateless_uniform([], seed, 0, count, tf.int32)
    # Older records have no list of palettes.
    has_palettes = tf.size(values[PALETTES]) > 0
    palettes = tf.cond(has_palettes, lambda: values[PALETTES], lambda: values[PALETTE][None])
    return {
        "name": values[NAME],
        "group": values[GROUP],
        "sketch": _decode_png(values[SKETCH][which], size, 1),
        "picture": _decode_png(values[PICTURE], size, 3),
        "palette": _decode_png(values[PALETTE], BANDS, 3),
        "palettes": tf.map_fn(
            lambda data: _decode_png(data, BANDS, 3), palettes, fn_output_signature=tf.uint8
        ),
        "parts": _decode_parts(values[PARTS], size),
    }


def decode_palette(record: tf.Tensor) -> tf.Tensor:
    """The palette of a serialized record, uint8 `(4, 4, 3)`."""
    values = tf.io.parse_single_example(record, {PALETTE: _FEATURES[PALETTE]})
    return _decode_png(values[PALETTE], BANDS, 3)


def to_inputs(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """uint8 as `decode_record` returns it -> float32 in [-1, 1], the sketch with three channels.

    Only sketch, palette and picture are taken.
    """
    pixels = {key: example[key] for key in ("sketch", "palette", "picture")}
    pixels["sketch"] = tf.image.grayscale_to_rgb(pixels["sketch"])
    return {key: to_signed_unit_range(tf.cast(value, tf.float32)) for key, value in pixels.items()}


def _decode_png(data: tf.Tensor, side: int, channels: int) -> tf.Tensor:
    # Cut where no such picture is longer: what else a file holds may unpack to much more.
    data = tf.strings.substr(data, 0, 2 * side * side * channels + _PNG_ROOM)
    pixels = tf.io.decode_png(data, channels=channels)
    return tf.ensure_shape(pixels, (side, side, channels))


def _decode_parts(data: tf.Tensor, size: int) -> tf.Tensor:
    def unknown() -> tf.Tensor:
        return tf.fill([size, size, 1], tf.constant(UNKNOWN_PART, tf.uint8))

    has_parts = tf.strings.length(data) > 0
    return tf.cond(has_parts, lambda: _decode_png(data, size, 1), unknown)
