"""Connected parts of a mask, and dilation, in the TensorFlow graph."""

import tensorflow as tf


def label_parts(mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Labels what is connected in a mask along rows and columns.

    Runs of pixels along rows are joined where they touch, until nothing changes: where two runs
    touch, the run that each of them is labeled with gets the lesser of both labels, and every run
    follows its label (Shiloach and Vishkin, https://doi.org/10.1016/0196-6774(82)90008-6).

    Args:
        mask: bool `(H, W)`.

    Returns:
        int32 `(H, W)`, 1, 2, .. in reading order of the first pixels, 0 beside the mask; and how
        many there are.
    """
    begins = mask & ~tf.pad(mask[:, :-1], [[0, 0], [1, 0]])
    # The runs' numbers in reading order, from 1; beside the mask that of the last run.
    runs = tf.reshape(tf.cumsum(tf.reshape(tf.cast(begins, tf.int32), [-1])), tf.shape(mask))
    # Every two runs that touch do so first where one of them begins.
    touching = mask[:-1] & mask[1:] & (begins[:-1] | begins[1:])
    above, below = tf.boolean_mask(runs[:-1], touching), tf.boolean_mask(runs[1:], touching)
    count = tf.reduce_max(runs) + 1

    def join(label: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        followed = tf.gather(label, label)
        least = tf.minimum(tf.gather(followed, above), tf.gather(followed, below))
        joined = tf.concat([tf.gather(label, above), tf.gather(label, below)], axis=0)
        least = tf.math.unsorted_segment_min(tf.tile(least, [2]), joined, count)
        followed = tf.minimum(followed, least)
        return followed, tf.reduce_any(followed != label)

    label, _ = tf.while_loop(
        lambda _, changed: changed, join, (tf.range(count), True), parallel_iterations=1
    )
    # Run 0 is none.
    is_first = tf.cast((label == tf.range(count)) & (label > 0), tf.int32)
    numbers = tf.gather(tf.cumsum(is_first), label)
    return tf.where(mask, tf.gather(numbers, runs), 0), tf.reduce_sum(is_first)


def dilate(values: tf.Tensor, reach: tf.Tensor | int) -> tf.Tensor:
    """The greatest value within `reach` pixels of each along both axes.

    Args:
        values: `(H, W)` or `(H, W, C)`, numbers.
        reach: How far, a scalar; it may be known only when the graph runs.
    """
    for axis in (0, 1):
        values = _dilate_along(values, axis, reach)
    return values


def _dilate_along(values: tf.Tensor, axis: int, reach: tf.Tensor | int) -> tf.Tensor:
    """`dilate` along one axis: windows that lie side by side make one three times as wide."""
    length = tf.shape(values)[axis]
    reach = tf.minimum(reach, length - 1)

    def widen(done: tf.Tensor, widest: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        step = tf.minimum(2 * done + 1, reach - done)
        first, rest = tf.split(widest, [step, length - step], axis)
        begin, last = tf.split(widest, [length - step, step], axis)
        both = tf.maximum(rest, begin)
        # Of each pixel with the one `step` behind it, and with the one `step` before it.
        widest = tf.maximum(tf.concat([both, last], axis), tf.concat([first, both], axis))
        return done + step, tf.ensure_shape(widest, values.shape)

    _, widest = tf.while_loop(
        lambda done, _: done < reach,
        widen,
        (tf.constant(0), values),
        parallel_iterations=1,
    )
    return widest
