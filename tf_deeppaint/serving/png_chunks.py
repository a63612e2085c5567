"""Leaves the texts of a PNG file out in the TensorFlow graph, before libpng unpacks and keeps them.

`images.formats.png` does the same for bytes, and says why.
"""

import tensorflow as tf

from tf_deeppaint.images.formats.png import MAX_CHUNKS, TEXTS

# RE2 on bytes, 75 MB a second. In compressed pixels a name is there by chance once in a gigabyte.
_HAS_TEXTS = rf"\C*({'|'.join(name.decode() for name in TEXTS)})\C*"
_SIGNATURE_BYTES, _FRAME_BYTES = 8, 12  # of the file; of a chunk around its data


def drop_texts(data: tf.Tensor) -> tf.Tensor:
    """A PNG file without its texts, string scalars; any other bytes give some string."""
    has_texts = tf.strings.regex_full_match(data, _HAS_TEXTS)
    return tf.cond(has_texts, lambda: _join_others(data), lambda: data)


def _join_others(data: tf.Tensor) -> tf.Tensor:
    end = tf.strings.length(data)
    pieces = tf.TensorArray(tf.string, 0, dynamic_size=True, element_shape=())
    pieces = pieces.write(0, tf.strings.substr(data, 0, _SIGNATURE_BYTES))

    def take(position: tf.Tensor, pieces: tf.TensorArray) -> tuple:
        head = tf.io.decode_raw(tf.strings.substr(data, position, 4), tf.uint8)  # (4,)
        digits = tf.cast(head, tf.int64) * tf.constant([2**24, 2**16, 2**8, 1], tf.int64)
        length = tf.cast(tf.minimum(tf.reduce_sum(digits), tf.cast(end, tf.int64)), tf.int32)
        following = tf.minimum(end - position, length + _FRAME_BYTES) + position
        is_text = tf.reduce_any(tf.strings.substr(data, position + 4, 4) == tf.constant(TEXTS))
        chunk = tf.strings.substr(data, position, following - position)
        return following, pieces.write(pieces.size(), tf.where(is_text, "", chunk))

    _, pieces = tf.while_loop(
        lambda position, _: position + _FRAME_BYTES <= end,
        take,
        (tf.constant(_SIGNATURE_BYTES), pieces),
        maximum_iterations=MAX_CHUNKS,
    )
    return tf.strings.reduce_join(pieces.stack())
