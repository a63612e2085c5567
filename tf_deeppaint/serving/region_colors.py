"""The colors of regions at the working size in the TensorFlow graph.

`painting.region_colors` says how they are made; they differ by at most a level.
"""

import tensorflow as tf

from tf_deeppaint.images.pixels import WHITE, to_signed_unit_range
from tf_deeppaint.line_art.regions import CANVAS_REACH, LINE_REACH, PAGE
from tf_deeppaint.networks.heads import mix_color
from tf_deeppaint.palette.extraction import NEAR_WHITE
from tf_deeppaint.palette.figure import SHADES, shade_features
from tf_deeppaint.palette.mixing import WHITE_SLOT, Mixture
from tf_deeppaint.palette.shades import (
    BLACK_VOTE,
    FOREIGN_WHITE_VOTE,
    NEAR,
    WHITE_VOTE,
    soften,
)
from tf_deeppaint.serving.layout.twins import find_twins
from tf_deeppaint.serving.regions import grow, regions_to_canvas, scale_index
from tf_deeppaint.serving.upsampling import enlarge, fill_lines


@tf.function(autograph=False)
def color_regions(
    mixture: Mixture, canvas: tf.Tensor, labels: tf.Tensor, placement: tf.Tensor, palette: tf.Tensor
) -> tf.Tensor:
    """Evens out the regions of one sketch, and mixes the color of every pixel at the working size.

    Args:
        mixture: Of the canvas, `(S, S, C)` each; the network sees a part of it, see `framing`.
        canvas: uint8 `(S, S)`.
        labels: int32 `(h, w)`, as `regions.find_regions` returns them.
        placement: Where the sketch lies on the canvas, int32 `(4,)`.
        palette: uint8 `(4, 4, 3)`.

    Returns:
        uint8 RGB `(h, w, 3)`.
    """
    top, left, height, width = tf.unstack(placement, 4)
    size = tf.shape(canvas)[0]
    mixtures = vote_by_region(mixture.weights, labels, placement, palette)  # (labels + 1, C)
    softened = soften(mixture.shade)
    colors = to_signed_unit_range(tf.cast(palette, tf.float32))[None]

    def cut(values: tf.Tensor) -> tf.Tensor:
        part = values[top : top + height, left : left + width]
        return enlarge(part, tf.shape(labels))

    def mix(weights: tf.Tensor, shade: tf.Tensor) -> tf.Tensor:
        color = mix_color(Mixture(weights[None], shade[None], None), colors)[0]
        return tf.round(WHITE * color)

    # What no region reaches has the color of the canvas.
    on_canvas = grow(regions_to_canvas(labels, placement, size), CANVAS_REACH)[..., None]
    weights = tf.where(on_canvas > 0, tf.gather(mixtures, on_canvas[..., 0]), mixture.weights)
    beside = tf.round(cut(mix(weights, softened)))
    grown = grow(labels, LINE_REACH)
    shade = cut(fill_lines(softened, canvas))
    color = mix(tf.gather(mixtures, grown), shade)
    color = tf.where(grown[..., None] == PAGE, float(WHITE), color)
    return tf.cast(tf.where(grown[..., None] > 0, color, beside), tf.uint8)


@tf.function(autograph=False)
def vote_by_region(
    weights: tf.Tensor, labels: tf.Tensor, placement: tf.Tensor, palette: tf.Tensor
) -> tf.Tensor:
    """Decides the color of each region; see `painting.region_colors.vote_by_region`.

    Args:
        weights: float32 `(S, S, C)`.
        labels: int32 `(h, w)`, as `regions.find_regions` returns them.
        placement: Where the sketch lies on the canvas, int32 `(4,)`.
        palette: uint8 `(4, 4, 3)`.

    Returns:
        float32 `(labels + 1, C)`.
    """
    top, left, height, width = tf.unstack(placement, 4)
    sides, size = tf.shape(labels), tf.shape(weights)[1]
    rows, columns = top + scale_index(sides[0], height), left + scale_index(sides[1], width)
    count = tf.maximum(PAGE, tf.reduce_max(labels)) + 1
    # Many pixels of a region lie in one pixel of the canvas. The page, the most, does not vote.
    cells = tf.size(weights, tf.int64) // weights.shape[-1]
    cell = tf.cast(rows[:, None] * size + columns, tf.int64)
    pairs = tf.boolean_mask(tf.cast(labels, tf.int64) * cells + cell, labels != PAGE)
    pairs, _, pixels = tf.unique_with_counts(pairs)
    shares = tf.gather(tf.reshape(weights, [-1, weights.shape[-1]]), pairs % cells)
    shares = tf.cast(shares, tf.float64) * tf.cast(pixels, tf.float64)[:, None]
    label = tf.cast(pairs // cells, tf.int32)
    sums = tf.math.unsorted_segment_sum(shares, label, count)
    cells_per_pixel = tf.cast(height * width, tf.float64) / tf.cast(tf.size(labels), tf.float64)
    twins = find_twins(
        label,
        pairs % cells,
        tf.cast(pixels, tf.int64),
        count,
        tf.cast(size, tf.int64),
        cells_per_pixel,
    )
    has_twin = tf.cast(twins != tf.range(count), tf.float64)
    sums += has_twin[:, None] * tf.gather(sums, twins)
    leading = tf.argmax(sums * _count_votes(palette), axis=-1)
    chosen = tf.where(tf.gather(find_shades(palette), leading), sums, 0)
    mixtures = chosen / tf.maximum(tf.reduce_sum(chosen, axis=-1, keepdims=True), 1e-9)
    white = tf.one_hot(WHITE_SLOT, weights.shape[-1], dtype=tf.float64)
    is_page = tf.range(count) == PAGE
    return tf.cast(tf.where(is_page[:, None], white, mixtures), tf.float32)


def _count_votes(palette: tf.Tensor) -> tf.Tensor:
    """See `palette.shades.count_votes`; float64 `(C,)`."""
    is_white = tf.reduce_all(tf.reshape(palette, (-1, 3)) >= NEAR_WHITE, axis=-1)  # (C - 2,)
    votes = tf.where(is_white, tf.constant(WHITE_VOTE, tf.float64), 1.0)
    own_white, foreign_white = tf.unstack(tf.constant([WHITE_VOTE, FOREIGN_WHITE_VOTE], tf.float64))
    white = tf.where(tf.reduce_any(is_white), own_white, foreign_white)
    return tf.concat([votes, [white, BLACK_VOTE]], axis=0)


def find_shades(palette: tf.Tensor) -> tf.Tensor:
    """Tells which colors are shades of one color, bool `(18, 18)`; see `palette.shades`.

    Args:
        palette: uint8 `(4, 4, 3)`.
    """
    levels = tf.cast(tf.reshape(palette, (-1, 3)), tf.int32) * SHADES // 256  # (16, 3)
    numbers = tf.tensordot(levels, [SHADES * SHADES, SHADES, 1], 1)
    features = tf.gather(tf.constant(shade_features()), numbers)
    distances = tf.reduce_sum((features[:, None] - features[None]) ** 2, axis=-1)
    are_near = tf.pad(distances <= NEAR, [[0, 2], [0, 2]])
    return are_near | tf.eye(tf.shape(are_near)[0], dtype=tf.bool)
