"""The regions that a sketch's lines close off, in the TensorFlow graph.

The functions return what those of `line_art.regions` return.
"""

import tensorflow as tf

from tf_deeppaint.line_art.regions import LEAST_REGION, PAPER


@tf.function(autograph=False)
def find_regions(sketch: tf.Tensor) -> tf.Tensor:
    """Labels the regions of a sketch: uint8 `(H, W)` -> int32 `(H, W)`.

    0 stands for lines, open paper and tiny regions; 1, 2, .. for the regions, in reading order of
    their first pixels.
    """
    paper = tf.equal(dilate(tf.cast(sketch < PAPER, tf.uint8), 1), 0)
    label = tf.reshape(_label(paper), [-1])
    inside = tf.pad(tf.ones(tf.shape(sketch) - 2, tf.int32), [[1, 1], [1, 1]])
    open_edge = tf.math.unsorted_segment_min(tf.reshape(inside, [-1]), label, tf.size(label)) == 0
    pixels = tf.math.unsorted_segment_sum(tf.ones_like(label), label, tf.size(label))
    large = tf.cast(pixels, tf.float64) >= LEAST_REGION * tf.cast(tf.size(label), tf.float64)
    # A region is labeled with its first pixel.
    is_first = tf.reshape(paper, [-1]) & (label == tf.range(tf.size(label)))
    kept = tf.cast(is_first & large & ~open_edge, tf.int32)
    return tf.reshape(tf.gather(kept * tf.cumsum(kept), label), tf.shape(sketch))


@tf.function(autograph=False)
def even_out(values: tf.Tensor, regions: tf.Tensor) -> tf.Tensor:
    """Gives every pixel of a region, and of the edge around it, the region's mean.

    `values` are float32 `(H, W, C)`, and come back so; they are equal outside the regions.
    """
    number = tf.reshape(regions, [-1])
    flat = tf.cast(tf.reshape(values, [tf.size(regions), -1]), tf.float64)
    means = tf.math.unsorted_segment_mean(flat, number, tf.reduce_max(number) + 1)
    grown = dilate(regions, 2)  # up to the middle of thin lines
    return tf.where(grown[..., None] > 0, tf.gather(tf.cast(means, tf.float32), grown), values)


def _label(paper: tf.Tensor) -> tf.Tensor:
    """Labels each pixel of paper with the number of the first that it is connected to.

    Every run of paper takes its least label, along rows, then along columns, until nothing changes;
    following a label once a round reaches far ends sooner. bool `(H, W)` -> int32 `(H, W)`; pixels
    that are no paper have their own number.
    """
    rows = tf.reshape(_runs(paper), [-1])
    columns = tf.reshape(tf.transpose(_runs(tf.transpose(paper))), [-1])

    def spread(label: tf.Tensor, _) -> tuple[tf.Tensor, tf.Tensor]:
        wider = label
        for runs in (rows, columns):
            wider = tf.gather(tf.math.unsorted_segment_min(wider, runs, tf.size(label)), runs)
        wider = tf.gather(wider, wider)
        return wider, tf.reduce_any(wider != label)

    loop = (tf.range(tf.size(paper)), True)
    label, _ = tf.while_loop(lambda _, changed: changed, spread, loop, parallel_iterations=1)
    return tf.reshape(label, tf.shape(paper))


def _runs(paper: tf.Tensor) -> tf.Tensor:
    """Numbers the runs of paper along rows, int32 `(H, W)`; other pixels are runs of their own."""
    before = tf.pad(paper[:, :-1], [[0, 0], [1, 0]])
    begins = ~(paper & before)
    numbers = tf.cumsum(tf.reshape(tf.cast(begins, tf.int32), [-1])) - 1
    return tf.reshape(numbers, tf.shape(paper))


def dilate(values: tf.Tensor, reach: int) -> tf.Tensor:
    """The greatest value within `reach` pixels of each along both axes: integers `(H, W)`."""
    levels = tf.cast(values, tf.float32)[None, ..., None]
    return tf.cast(tf.nn.max_pool2d(levels, 2 * reach + 1, 1, "SAME")[0, ..., 0], values.dtype)
