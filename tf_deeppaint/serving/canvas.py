"""`images.canvas` and `palette.extraction.reference_palette` in the TensorFlow graph.

The pixels are theirs within one level.
"""

import tensorflow as tf

from tf_deeppaint.images.graph import dilate
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.line_art.ink import BLACK, DARKEST_PART, INK, LEAST_WIDTH, WORKING_SIDE
from tf_deeppaint.line_art.layout.framing import PAPER
from tf_deeppaint.palette.extraction import REFERENCE_SIDE
from tf_deeppaint.palette.graph import extract_palettes
from tf_deeppaint.serving.layout.figures import find_whole
from tf_deeppaint.serving.layout.framing import find_window, shown_side

# OpenCV's cubic interpolation; TensorFlow's own takes -0.5.
_CUBIC = -0.75


@tf.function(autograph=False)
def to_working_size(sketch: tf.Tensor) -> tf.Tensor:
    """Brings a sketch to the working size; see `line_art.ink.to_working_size`."""
    factor = shrink_factor(sketch)
    missing = -tf.shape(sketch) % factor
    padded = tf.pad(sketch, [[0, missing[0]], [0, missing[1]]], constant_values=WHITE)
    height, width = tf.unstack(tf.shape(padded) // factor)
    gray = tf.reduce_min(tf.reshape(padded, [height, factor, width, factor]), axis=[1, 3])
    levels = tf.cast(gray, tf.int32)
    counts = tf.math.bincount(tf.reshape(levels, [-1]), minlength=256, maxlength=256)
    part = -(-tf.reduce_sum(counts[:INK]) // DARKEST_PART)
    darkest = tf.searchsorted(tf.cumsum(counts), [part])[0]
    stretched = (levels - darkest) * WHITE // tf.maximum(WHITE - darkest, 1)
    stretched = tf.cast(tf.clip_by_value(stretched, 0, WHITE), tf.uint8)
    return tf.where((part > 0) & (darkest > BLACK), stretched, gray)


def shrink_factor(sketch: tf.Tensor) -> tf.Tensor:
    """How many pixels of a sketch become one; see `line_art.ink.shrink_factor`."""
    side = tf.reduce_max(tf.shape(sketch))
    return tf.maximum(1, (2 * side + WORKING_SIDE) // (2 * WORKING_SIDE))


@tf.function(autograph=False)
def working_to_canvas(
    working: tf.Tensor, size: int, framed: bool
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Fits a sketch of the working size onto a canvas; see `line_art.ink.working_to_canvas`.

    Returns:
        The canvas, uint8 `(C, C)`; where on it the sketch lies, and where what the network sees of
        it: top, left, height and width, int32 `(4,)` each.
    """
    has_ink = working < WHITE // 2
    side = tf.reduce_max(tf.shape(working))
    box = find_whole(working < PAPER)
    shown = shown_side(box, side, size) if framed else side
    ink = tf.reduce_sum(tf.cast(has_ink, tf.int64))
    inner = tf.reduce_sum(tf.cast(tf.equal(dilate(tf.cast(~has_ink, tf.uint8), 1), 0), tf.int64))
    squares = has_ink[1:, 1:] & has_ink[1:, :-1] & has_ink[:-1, 1:] & has_ink[:-1, :-1]
    squares = tf.pad(squares, [[1, 1], [1, 1]])
    thick = squares[1:, 1:] | squares[1:, :-1] | squares[:-1, 1:] | squares[:-1, :-1]
    perimeter = tf.maximum(2 * ink - inner - tf.reduce_sum(tf.cast(thick, tf.int64)), 1)
    missing = LEAST_WIDTH * tf.cast(shown, tf.int64) * perimeter - 2000 * ink
    radius = tf.cast((missing + 600 * perimeter) // (2000 * perimeter), tf.int32)
    radius = tf.where(ink > 0, tf.maximum(radius, 0), 0)
    whole = side * size // shown
    canvas, placement = fit_to_canvas(WHITE - dilate(WHITE - working, radius), whole)
    return canvas, placement, find_window(box, side, placement, whole, size)


@tf.function(autograph=False)
def fit_to_canvas(sketch: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Fits a sketch onto a white square canvas: aspect kept, centered, nothing cut off.

    Args:
        sketch: uint8 `(H, W)`.
        size: Side of the canvas in pixels, an integer of a graph or of Python.

    Returns:
        The canvas, uint8 `(size, size)`, and where on it the sketch lies: top, left, height and
        width, int32 `(4,)`.
    """
    sides = tf.shape(sketch)
    scale = tf.cast(size, tf.float64) / tf.cast(tf.reduce_max(sides), tf.float64)
    height, width = tf.unstack(tf.minimum(size, _scaled(sides, scale)))
    top, left = (size - height) // 2, (size - width) // 2
    around = [[top, size - height - top], [left, size - width - left]]
    fitted = resize(sketch[..., None], height, width)[..., 0]
    canvas = tf.pad(fitted, around, constant_values=tf.constant(WHITE, tf.uint8))
    return canvas, tf.stack([top, left, height, width])


@tf.function(autograph=False)
def reference_palette(picture: tf.Tensor, background: str) -> tf.Tensor:
    """The palette of a reference of any size: uint8 RGB `(H, W, 3)` -> uint8 `(4, 4, 3)`."""
    sides = tf.shape(picture)[:2]
    scale = REFERENCE_SIDE / tf.cast(tf.reduce_max(sides), tf.float64)
    height, width = tf.unstack(_scaled(sides, tf.minimum(scale, 1)))
    return extract_palettes(resize(picture, height, width)[None], background)[0]


def _scaled(sides: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    scaled = tf.cast(tf.round(tf.cast(sides, tf.float64) * scale), tf.int32)
    return tf.maximum(1, scaled)


def resize(picture: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Resizes uint8 `(H, W, C)`: area averaging where it shrinks, else cubic; see `images`."""
    shrinks = tf.reduce_all([height, width] <= tf.shape(picture)[:2])
    return tf.cond(
        shrinks,
        lambda: _average_areas(picture, height, width),
        lambda: _interpolate(picture, height, width),
    )


def _average_areas(picture: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    means = tf.raw_ops.ResizeArea(images=picture[None], size=[height, width])[0]
    # OpenCV rounds half a level up where it halves, and to even otherwise.
    halves = tf.reduce_all(2 * tf.stack([height, width]) == tf.shape(picture)[:2])
    means = tf.where(halves, tf.floor(means + 0.5), tf.round(means))
    return tf.cast(means, tf.uint8)


def _interpolate(picture: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    rows = _cubic_weights(tf.shape(picture)[0], height)
    columns = _cubic_weights(tf.shape(picture)[1], width)
    values = tf.einsum("yh,hwc,xw->yxc", rows, tf.cast(picture, tf.float32), columns)
    return tf.cast(tf.clip_by_value(tf.round(values), 0, WHITE), tf.uint8)


def _cubic_weights(before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    """The weights of pixels in interpolated ones along an axis, float32 `(after, before)`.

    Keys' cubic convolution (1981); pixels behind the edge repeat that on it.
    """
    scale = tf.cast(before, tf.float64) / tf.cast(after, tf.float64)
    center = (tf.range(tf.cast(after, tf.float64), dtype=tf.float64) + 0.5) * scale - 0.5
    first = tf.floor(center)
    weights = 0.0
    for step in range(-1, 3):
        distance = tf.abs(center - (first + step))
        near = ((_CUBIC + 2) * distance - (_CUBIC + 3)) * distance**2 + 1
        far = _CUBIC * (((distance - 5) * distance + 8) * distance - 4)
        pixel = tf.clip_by_value(tf.cast(first, tf.int32) + step, 0, before - 1)
        share = tf.where(distance <= 1, near, far)
        weights += tf.one_hot(pixel, before, dtype=tf.float64) * share[:, None]
    return tf.cast(weights, tf.float32)
