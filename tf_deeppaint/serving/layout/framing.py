"""The part of a page that the network sees, in the TensorFlow graph.

The functions return what those of `line_art.layout.framing` return; that module says what a window
is.
"""

import tensorflow as tf

from tf_deeppaint.line_art.layout.framing import FILLED_TENTHS, MOST_SIDE, MOST_TIMES, NEARLY_ALL
from tf_deeppaint.palette.mixing import WHITE_SLOT, Mixture


def shown_side(box: tf.Tensor, side: tf.Tensor, size: int) -> tf.Tensor:
    """How many pixels of a page the window shows; see `line_art.layout.framing.shown_side`."""
    top, left, bottom, right = tf.unstack(box)
    drawn = tf.maximum(bottom - top, right - left)
    most = max(size, min(MOST_TIMES * size, MOST_SIDE))
    shown = tf.maximum(10 * drawn // FILLED_TENTHS, -(-side * size // most))
    return tf.where(100 * shown > NEARLY_ALL * side, side, shown)


def find_window(
    box: tf.Tensor, side: tf.Tensor, placement: tf.Tensor, whole: tf.Tensor, size: int
) -> tf.Tensor:
    """Where the window lies on the page's canvas; see `line_art.layout.framing.find_window`.

    Returns:
        Top, left, height and width, int32 `(4,)`.
    """
    middle = placement[:2] + (box[:2] + box[2:]) * whole // (2 * side)
    corner = tf.clip_by_value(middle - size // 2, 0, whole - size)
    return tf.concat([corner, [size, size]], axis=0)


def lay_on_canvas(mixture: Mixture, window: tf.Tensor, whole: tf.Tensor) -> Mixture:
    """Lays the mixture of a window onto a canvas; the rest is white.

    See `painting.prediction.lay_on_canvas`.

    Args:
        mixture: `(size, size, C)` each.
        window: Top, left, height and width, int32 `(4,)`.
        whole: The side of the canvas in pixels.
    """
    top, left, height, width = tf.unstack(window)
    around = [[top, whole - height - top], [left, whole - width - left], [0, 0]]
    is_blank = tf.pad(tf.zeros_like(mixture.ink), around, constant_values=1.0)  # (C, C, 1)
    white = tf.one_hot(WHITE_SLOT, mixture.weights.shape[-1])
    laid = Mixture(*(tf.pad(part, around) for part in mixture))
    return Mixture(laid.weights + is_blank * white, laid.shade + is_blank, laid.ink)
