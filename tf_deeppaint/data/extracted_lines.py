"""Lines taken out of a record's picture, in the graph, as people take them out of shaded pictures.

What is drawn by hand is closed where a person closes it. Lines that XDoG finds in a painting are
not: they are pale where two colors have nearly one gray, and missing where they have the same. So
the record's own lines are painted over with the colors beside them, a share of them stays, and
XDoG, see `line_art.styles`, draws what can still be seen.
"""

import math

import tensorflow as tf

from tf_deeppaint.data.ranges import between
from tf_deeppaint.line_art.regions import PAPER
from tf_deeppaint.line_art.styles import STYLES

# The style whose lines are as dark as the borders are strong.
_STYLE = STYLES["soft"]
# Share of the sketches that are extracted; how much of their own lines stays, and how wide the
# style's strokes are.
SHARE = 0.35
KEPT = (0.1, 0.6)
WIDTHS = (0.75, 1.25)
# Pixels of lines that are painted over from either side, of a canvas of 512 pixels. What is dark
# and wider is no line.
REACH = 10


def extract(sketch: tf.Tensor, picture: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Takes the lines of some records out of their pictures, at random.

    Args:
        sketch: uint8 `(S, S, 1)`.
        picture: uint8 `(S, S, 3)`.
        seed: int32 `(2,)`.

    Returns:
        The lines, and the picture with these instead of its own.
    """
    chosen, kept, width = tf.unstack(tf.random.stateless_uniform([3], seed))
    kept, width = between(KEPT, kept), between(WIDTHS, width)
    # A branch, not tf.where: most records are left alone.
    return tf.cond(
        chosen < SHARE,
        lambda: redraw_from_colors(sketch, picture, kept, width),
        lambda: (sketch, picture),
    )


def redraw_from_colors(
    sketch: tf.Tensor, picture: tf.Tensor, kept: tf.Tensor, width: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Takes the lines of a picture out of its colors.

    Args:
        sketch: The picture's own lines, uint8 `(S, S, 1)`.
        picture: uint8 `(S, S, 3)`.
        kept: The share of its own lines that stays, 0 to 1.
        width: The width of the strokes in those of the style.

    Returns:
        uint8 lines `(S, S, 1)` and picture `(S, S, 3)`.
    """
    side = sketch.shape[0]
    lined = tf.cast(picture, tf.float32)
    colors = paint_over(lined, sketch >= PAPER, max(3, REACH * side // 512))
    gray = tf.image.rgb_to_grayscale(colors + kept * (lined - colors)) / 255.0
    # As in `styles`: below 256 pixels lines would be thinner than a pixel.
    sigma = _STYLE.sigma * max(0.5, side / 512)
    near, far = (_blur(gray, sigma * k, width) for k in (1.0, _STYLE.k))
    below = tf.minimum(near - _STYLE.tau * far - _STYLE.epsilon, 0.0)
    lines = 1.0 + tf.tanh(_STYLE.phi * below)
    return _to_levels(255.0 * lines), _to_levels(colors * lines)


def paint_over(picture: tf.Tensor, known: tf.Tensor, reach: int) -> tf.Tensor:
    """Paints over what is not known with the colors beside it, a pixel from either side a round.

    Args:
        picture: float32 `(H, W, 3)`.
        known: bool `(H, W, 1)`.
        reach: Rounds.

    Returns:
        float32 `(H, W, 3)`; what is farther from all that is known keeps its color.
    """
    known = tf.cast(known, tf.float32)
    color = known * picture
    for _ in range(reach):
        around = tf.nn.avg_pool2d(tf.concat([color, known], axis=-1)[None], 3, 1, "SAME")[0]
        reached = tf.cast(around[..., 3:] > 0, tf.float32) * (1.0 - known)
        color += reached * tf.math.divide_no_nan(around[..., :3], around[..., 3:])
        known += reached
    return color + (1.0 - known) * picture


def _blur(gray: tf.Tensor, sigma: float, width: tf.Tensor) -> tf.Tensor:
    """Blurs `(H, W, 1)` by a Gaussian of `width` times sigma; `width` is one of `WIDTHS`."""
    reach = math.ceil(4 * sigma * WIDTHS[1])
    places = tf.range(-reach, reach + 1, dtype=tf.float32) / (width * sigma)
    kernel = tf.exp(-(places**2) / 2.0)
    kernel = tf.reshape(kernel / tf.reduce_sum(kernel), [-1, 1, 1, 1])
    edge = [[reach, reach], [reach, reach], [0, 0]]
    blurred = tf.pad(gray, edge, "REFLECT")[None]
    blurred = tf.nn.conv2d(blurred, kernel, 1, "VALID")
    return tf.nn.conv2d(blurred, tf.transpose(kernel, [1, 0, 2, 3]), 1, "VALID")[0]


def _to_levels(values: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.clip_by_value(tf.round(values), 0.0, 255.0), tf.uint8)
