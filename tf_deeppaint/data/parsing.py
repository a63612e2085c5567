"""A serialized record -> tensors: parsed and decoded in the graph."""

import tensorflow as tf

from tf_deeppaint.data.records import GROUP, NAME, PALETTE, PICTURE, SKETCH
from tf_deeppaint.images.pixels import to_signed_unit_range
from tf_deeppaint.palette.rules import BANDS

_FEATURES = {
    NAME: tf.io.FixedLenFeature([], tf.string),
    GROUP: tf.io.FixedLenFeature([], tf.string),
    SKETCH: tf.io.RaggedFeature(tf.string),
    PICTURE: tf.io.FixedLenFeature([], tf.string),
    PALETTE: tf.io.FixedLenFeature([], tf.string),
}


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
        `(size, size, 3)`, `palette` `(4, 4, 3)`.
    """
    values = tf.io.parse_single_example(record, _FEATURES)
    count = tf.shape(values[SKETCH])[0]
    which = 0 if first_sketch else tf.random.stateless_uniform([], seed, 0, count, tf.int32)
    return {
        "name": values[NAME],
        "group": values[GROUP],
        "sketch": _decode_png(values[SKETCH][which], size, 1),
        "picture": _decode_png(values[PICTURE], size, 3),
        "palette": _decode_png(values[PALETTE], BANDS, 3),
    }


def decode_palette(record: tf.Tensor) -> tf.Tensor:
    """The palette of a serialized record, uint8 `(4, 4, 3)`."""
    values = tf.io.parse_single_example(record, {PALETTE: _FEATURES[PALETTE]})
    return _decode_png(values[PALETTE], BANDS, 3)


def to_inputs(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """uint8 as `decode_record` returns it -> float32 in [-1, 1], the sketch with three channels."""
    pixels = {key: example[key] for key in ("sketch", "palette", "picture")}
    pixels["sketch"] = tf.image.grayscale_to_rgb(pixels["sketch"])
    return {key: to_signed_unit_range(tf.cast(value, tf.float32)) for key, value in pixels.items()}


def _decode_png(data: tf.Tensor, side: int, channels: int) -> tf.Tensor:
    pixels = tf.io.decode_png(data, channels=channels)
    return tf.ensure_shape(pixels, (side, side, channels))
