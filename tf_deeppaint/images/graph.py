"""Connected parts of a mask, and dilation, in the TensorFlow graph."""

import tensorflow as tf


def label_parts(mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Labels what is connected in a mask along rows and columns.

    Every run takes the least pixel number in it, along rows, then along columns, until nothing
    changes. A label is the number of a pixel, so that those of far ends are found by following.

    Args:
        mask: bool `(H, W)`.

    Returns:
        int32 `(H, W)`, 1, 2, .. in reading order of the first pixels, 0 beside the mask; and how
        many there are.
    """
    size = tf.size(mask)
    rows = tf.reshape(_number_runs(mask), [-1])
    columns = tf.reshape(tf.transpose(_number_runs(tf.transpose(mask))), [-1])

    def spread(label: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        wider = label
        for runs in (rows, columns):
            wider = tf.gather(tf.math.unsorted_segment_min(wider, runs, size), runs)
        wider = tf.gather(wider, wider)
        return wider, tf.reduce_any(wider != label)

    label, _ = tf.while_loop(
        lambda _, changed: changed, spread, (tf.range(size), True), parallel_iterations=1
    )
    inside = tf.reshape(mask, [-1])
    is_first = tf.cast(inside & (label == tf.range(size)), tf.int32)
    numbers = tf.where(inside, tf.gather(tf.cumsum(is_first), label), 0)
    return tf.reshape(numbers, tf.shape(mask)), tf.reduce_sum(is_first)


def dilate(values: tf.Tensor, reach: tf.Tensor | int) -> tf.Tensor:
    """The greatest value within `reach` pixels of each along both axes.

    Args:
        values: `(H, W)` or `(H, W, C)`, numbers that float32 holds exactly.
        reach: How far, a scalar; it may be known only when the graph runs.
    """
    levels = tf.cast(values, tf.float32)
    levels = levels[None] if values.shape.rank == 3 else levels[None, ..., None]
    # Windows of 3 pixels, one after another, make windows of any odd side.
    _, widest = tf.while_loop(
        lambda step, _: step < reach,
        lambda step, levels: (step + 1, tf.nn.max_pool2d(levels, 3, 1, "SAME")),
        (tf.constant(0), levels),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([1, None, None, levels.shape[-1]])),
        parallel_iterations=1,
    )
    widest = widest[0] if values.shape.rank == 3 else widest[0, ..., 0]
    return tf.cast(tf.ensure_shape(widest, values.shape), values.dtype)


def _number_runs(mask: tf.Tensor) -> tf.Tensor:
    """Numbers the runs of a mask along rows, int32; every other pixel is a run of its own."""
    before = tf.pad(mask[:, :-1], [[0, 0], [1, 0]])
    begins = tf.cast(~(mask & before), tf.int32)
    return tf.reshape(tf.cumsum(tf.reshape(begins, [-1])) - 1, tf.shape(mask))
