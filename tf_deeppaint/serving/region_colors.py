"""The colors of regions at the working size in the TensorFlow graph.

`painting.region_colors` says how they are made; they differ by at most a level.
"""

import tensorflow as tf

from tf_deeppaint.images.pixels import WHITE, to_signed_unit_range
from tf_deeppaint.line_art.regions import CANVAS_REACH, LINE_REACH, PAGE
from tf_deeppaint.networks.heads import mix_color
from tf_deeppaint.palette.mixing import Mixture
from tf_deeppaint.palette.shades import soften
from tf_deeppaint.serving.regions import even_out, grow, regions_to_canvas
from tf_deeppaint.serving.upsampling import enlarge, fill_lines


@tf.function(autograph=False)
def color_regions(
    mixture: Mixture, canvas: tf.Tensor, labels: tf.Tensor, placement: tf.Tensor, palette: tf.Tensor
) -> tf.Tensor:
    """Evens out the regions of one sketch, and mixes the color of every pixel at the working size.

    Args:
        mixture: Of the canvas, `(S, S, C)` each.
        canvas: uint8 `(S, S)`.
        labels: int32 `(h, w)`, as `regions.find_regions` returns them.
        placement: Where the sketch lies on the canvas, int32 `(4,)`.
        palette: uint8 `(4, 4, 3)`.

    Returns:
        uint8 RGB `(h, w, 3)`.
    """
    top, left, height, width = tf.unstack(placement, 4)
    size = canvas.shape[0]
    mixtures = even_out(mixture.weights, labels, placement, palette)  # (labels + 1, C)
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
