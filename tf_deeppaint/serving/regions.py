"""The regions that a sketch's lines part, in the TensorFlow graph.

The functions return what those of `line_art.regions` return, label by label.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_deeppaint.images.graph import dilate, label_parts
from tf_deeppaint.line_art.gaps import GAP, is_no_gap, is_nook
from tf_deeppaint.line_art.regions import JOINS, PAGE, PAPER
from tf_deeppaint.serving.layout.cut_off import close_below
from tf_deeppaint.serving.line_ends import find_ahead
from tf_deeppaint.serving.page import find_page


@tf.function(autograph=False)
def find_regions(sketch: tf.Tensor) -> tf.Tensor:
    """Labels the regions of a sketch; see `line_art.regions.find_regions`.

    Args:
        sketch: uint8 `(H, W)`.

    Returns:
        int32 `(H, W)`: 0 for lines, 1 for the page, 2, 3, .. for the regions.
    """
    largest = tf.maximum(1, (GAP * tf.reduce_max(tf.shape(sketch)) // 1000 + 1) // 2)
    paper = close_below(sketch >= PAPER)
    labels, count, free = tf.zeros_like(sketch, tf.int32), tf.constant(0), paper
    for radius in (largest, tf.maximum(1, (largest + 1) // 2), tf.constant(1)):
        centers = tf.equal(dilate(tf.cast(~free, tf.uint8), radius), 0)
        new, new_count = label_parts(centers)
        filled = dilate(tf.where(new > 0, new + count, 0), radius)
        labels = tf.where(free, filled, labels)
        count, free = count + new_count, free & (labels == 0)
    rest, _ = label_parts(free)
    balls = count  # the rule is traced before `count` could change
    labels = tf.where(rest > 0, rest + balls, labels)
    labels = _join(labels, paper, lambda label, *_: label > balls)
    ahead = find_ahead(~paper, 3 * largest // 2 + 1)
    for _ in range(JOINS):
        labels = _join(labels, ahead, lambda _, *contact: is_no_gap(*contact, largest))
    labels = _join(labels, ahead, lambda _, *contact: is_nook(*contact, largest))
    marks, _ = label_parts(~paper)
    is_page = find_page(labels, marks)
    present = tf.math.bincount(tf.reshape(labels, [-1])) > 0
    is_region = present & ~is_page & (tf.range(tf.size(present)) > 0)
    numbers = PAGE + tf.cumsum(tf.cast(is_region, tf.int32))
    numbers = tf.where(is_region, numbers, tf.where(is_page, PAGE, 0))
    return tf.gather(numbers, labels)


@tf.function(autograph=False)
def regions_to_canvas(labels: tf.Tensor, placement: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Brings regions onto a canvas `(size, size)`; see `line_art.regions.regions_to_canvas`."""
    top, left, height, width = tf.unstack(placement, 4)
    sides = tf.shape(labels)
    rows, columns = (
        scale_index(length, side) for length, side in ((height, sides[0]), (width, sides[1]))
    )
    cut = tf.gather(tf.gather(labels, rows), columns, axis=1)
    return tf.pad(cut, [[top, size - height - top], [left, size - width - left]])


def scale_index(length: tf.Tensor, source: tf.Tensor) -> tf.Tensor:
    """See `line_art.regions.scale_index`; int32 `(length,)`."""
    return (2 * tf.range(length) + 1) * source // (2 * length)


def grow(labels: tf.Tensor, reach: int) -> tf.Tensor:
    """Grows regions into lines; see `line_art.regions.grow`."""
    for _ in range(reach):
        labels = tf.where(labels > 0, labels, dilate(labels, 1))
    return labels


def _join(labels: tf.Tensor, marked: tf.Tensor, rule: Callable) -> tf.Tensor:
    """Joins regions to larger ones that they touch; see `line_art.regions`."""
    count = tf.reduce_max(labels) + 1
    wide = tf.cast(count, tf.int64)
    areas = tf.math.bincount(tf.reshape(labels, [-1]), minlength=count)

    sides = ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:]))
    one, other = (
        tf.concat([tf.reshape(labels[side[i]], [-1]) for side in sides], axis=0) for i in (0, 1)
    )
    marks = tf.concat([tf.reshape(marked[a] | marked[b], [-1]) for a, b in sides], axis=0)
    touching = (one != other) & (one > 0) & (other > 0)
    one, other = (tf.cast(tf.boolean_mask(part, touching), tf.int64) for part in (one, other))
    marks = tf.tile(tf.cast(tf.boolean_mask(marks, touching), tf.int32), [2])
    pairs = tf.concat([one * wide + other, other * wide + one], axis=0)
    pairs, place, contact = tf.unique_with_counts(pairs)
    mark = tf.math.unsorted_segment_sum(marks, place, tf.size(pairs))
    label, other = (tf.cast(part, tf.int32) for part in (pairs // wide, pairs % wide))
    area, other_area = tf.gather(areas, label), tf.gather(areas, other)
    is_larger = (other_area > area) | ((other_area == area) & (other < label))
    joins = rule(label, contact, mark, area) & is_larger
    keys = tf.cast(contact, tf.int64) * wide + (wide - 1 - tf.cast(other, tf.int64))
    best = tf.math.unsorted_segment_max(tf.where(joins, keys, 0), label, count)
    target = tf.where(best > 0, tf.cast(wide - 1 - best % wide, tf.int32), tf.range(count))
    for _ in range(8):
        target = tf.gather(target, target)
    return tf.gather(target, labels)
