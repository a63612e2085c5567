"""The parts of a drawing in the TensorFlow graph; see `line_art.layout.figures`."""

import tensorflow as tf

from tf_deeppaint.images.graph import dilate, label_parts
from tf_deeppaint.line_art.layout.figures import MOST, NEAR, SMALL, SPECK
from tf_deeppaint.line_art.layout.framing import GUTTER_PERCENT


def find_whole(ink: tf.Tensor) -> tf.Tensor:
    """The box around ink, bool `(h, w)`, without specks: top, left, bottom and right, int32 `(4,)`.

    The whole page where there is no ink; that around the specks where there is nothing else.
    """
    boxes = _find_parts(ink)
    page = tf.concat([[0, 0], tf.shape(ink)], axis=0)
    boxes = tf.cond(tf.shape(boxes)[0] > 0, lambda: boxes, lambda: page[None])
    is_part = SPECK * _sides(boxes) >= tf.reduce_max(tf.shape(ink))
    is_part |= ~tf.reduce_any(is_part)
    boxes = tf.boolean_mask(boxes, is_part)
    corner, end = tf.reduce_min(boxes[:, :2], axis=0), tf.reduce_max(boxes[:, 2:], axis=0)
    return tf.concat([corner, end], axis=0)


def find_bodies(ink: tf.Tensor) -> tf.Tensor:
    """The boxes of large parts of ink, bool `(h, w)`, with nothing else in them; int32 `(N, 4)`."""
    boxes = _find_parts(ink)
    sides = _sides(boxes)
    longest = tf.reduce_max(tf.concat([sides, [0]], axis=0))
    large = tf.boolean_mask(boxes, SMALL * sides >= longest)[:MOST]
    before = tf.maximum(large[:, None, :2], boxes[None, :, :2])
    overlap = tf.reduce_all(before < tf.minimum(large[:, None, 2:], boxes[None, :, 2:]), axis=-1)
    overlap &= NEAR * sides >= _sides(large)[:, None]
    others = tf.math.count_nonzero(overlap, axis=1)  # itself among them
    return tf.boolean_mask(large, others == 1)


def _find_parts(ink: tf.Tensor) -> tf.Tensor:
    reach = tf.maximum(1, GUTTER_PERCENT * tf.reduce_max(tf.shape(ink)) // 200)
    labels, count = label_parts(dilate(tf.cast(ink, tf.uint8), reach) > 0)
    places = tf.cast(tf.where(ink), tf.int32)  # (P, 2)
    label = tf.gather_nd(labels, places) - 1
    low = tf.math.unsorted_segment_min(places, label, count)
    high = tf.math.unsorted_segment_max(places + 1, label, count)
    return tf.concat([low, high], axis=1)


def _sides(boxes: tf.Tensor) -> tf.Tensor:
    """The longer side of each box, int32 `(N,)`."""
    return tf.reduce_max(boxes[:, 2:] - boxes[:, :2], axis=1)
