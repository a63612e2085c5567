"""What pages have beside a clean figure: gaps in lines, frames, bubbles, lettering, paper, noise.

All in the graph, on sketches uint8 `(S, S, 1)` and pictures uint8 `(S, S, 3)`, with random numbers
from a seed, int32 `(2,)`.
"""

import math

import tensorflow as tf

from tf_deeppaint.data.ranges import between
from tf_deeppaint.images.pixels import WHITE

# Share of sketches that get gaps, how many at most, and their radii as shares of the side.
TORN, MOST_GAPS, GAP_RADII = 0.5, 8, (0.006, 0.02)
# Shares of pages that get a frame and a bubble, and the widths of their lines by the side.
FRAMED, BUBBLES, MARK_LINE = 0.12, 0.12, (0.006, 0.014)
# How far a frame lies from the border, and half the axes of a bubble, as shares of the side.
FRAME_INSET, BUBBLE_AXES = (0.02, 0.1), (0.1, 0.22)
# Share of sketches on toned, noisy paper; its level, and the deviation of the noise in levels.
TONED, PAPER_LEVELS, NOISE = 0.3, (236.0, 255.0), (0.0, 6.0)


def tear(sketch: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Opens gaps in the lines of half of the sketches, round ones."""
    seeds = tf.unstack(tf.random.split(seed, 3))
    side = sketch.shape[0]
    ink = tf.where(sketch[..., 0] < WHITE // 2)
    torn, many = tf.unstack(tf.random.stateless_uniform([2], seeds[0]))
    count = tf.cast(tf.math.ceil(many * MOST_GAPS), tf.int32)
    count = tf.where((torn < TORN) & (tf.shape(ink)[0] > 0), count, 0)
    # At least one pixel to choose from, for a blank page.
    ink = tf.concat([tf.cast(ink, tf.int32), tf.zeros([1, 2], tf.int32)], axis=0)
    which = tf.random.stateless_uniform([MOST_GAPS], seeds[1])
    chosen = tf.gather(ink, tf.cast(which * tf.cast(tf.shape(ink)[0] - 1, tf.float32), tf.int32))
    radii = float(side) * between(GAP_RADII, tf.random.stateless_uniform([MOST_GAPS], seeds[2]))
    radii = tf.where(tf.range(MOST_GAPS) < count, tf.maximum(radii, 0.75), -1.0)
    rows, columns = (_offsets(side, chosen[:, axis]) ** 2 for axis in (0, 1))  # (gaps, S)
    inside = rows[:, :, None] + columns[:, None] <= tf.square(radii)[:, None, None]
    inside &= radii[:, None, None] > 0
    return tf.where(tf.reduce_any(inside, axis=0)[..., None], tf.constant(WHITE, tf.uint8), sketch)


def mark_page(
    sketch: tf.Tensor, picture: tf.Tensor, parts: tf.Tensor, seed: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Draws a panel's frame and a speech bubble with lettering, each on some pages.

    Bubbles and what lies outside of a frame are paper, in picture and parts, too; their lines are
    black.

    Args:
        sketch: uint8 `(S, S, 1)`.
        picture: uint8 `(S, S, 3)`.
        parts: uint8 `(S, S, 1)`.
        seed: int32 `(2,)`.
    """
    seeds = tf.unstack(tf.random.split(seed, 3))
    framed, bubble = tf.unstack(tf.random.stateless_uniform([2], seeds[0]))
    pages = sketch, picture, parts
    pages = tf.cond(
        framed < FRAMED, lambda: _lay(pages, *_frame(sketch.shape[0], seeds[1])), lambda: pages
    )
    return tf.cond(
        bubble < BUBBLES, lambda: _lay(pages, *_bubble(sketch.shape[0], seeds[2])), lambda: pages
    )


def tone_paper(sketch: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Makes the paper of some sketches a little darker and noisy, as scans are."""
    seeds = tf.unstack(tf.random.split(seed, 2))
    toned, level, deviation = tf.unstack(tf.random.stateless_uniform([3], seeds[0]))

    def scan() -> tf.Tensor:
        noise = tf.random.stateless_normal(sketch.shape, seeds[1]) * between(NOISE, deviation)
        levels = tf.cast(sketch, tf.float32) * between(PAPER_LEVELS, level) / WHITE + noise
        return tf.cast(tf.round(tf.clip_by_value(levels, 0.0, float(WHITE))), tf.uint8)

    return tf.cond(toned < TONED, scan, lambda: sketch)


def _lay(pages: tuple, paper: tf.Tensor, line: tf.Tensor) -> tuple:
    """Lays paper and then black lines, both bool `(S, S)`, over sketch, picture and parts."""
    sketch, picture, parts = pages
    blank = paper | line
    level = tf.where(line, 0, WHITE)[..., None]
    sketch = tf.where(blank[..., None], tf.cast(level, tf.uint8), sketch)
    picture = tf.where(blank[..., None], tf.cast(tf.repeat(level, 3, -1), tf.uint8), picture)
    return sketch, picture, tf.where(blank[..., None], tf.zeros_like(parts), parts)


def _frame(side: int, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The paper outside a panel's frame, and the frame."""
    top, left, bottom, right, width = tf.unstack(tf.random.stateless_uniform([5], seed))
    insets = [float(side) * between(FRAME_INSET, share) for share in (top, left, bottom, right)]
    axis = tf.range(side, dtype=tf.float32) + 0.5
    down = tf.minimum(axis - insets[0], float(side) - insets[2] - axis)
    across = tf.minimum(axis - insets[1], float(side) - insets[3] - axis)
    depth = tf.minimum(down[:, None], across)  # how far inside the frame, in pixels
    return depth < 0, (depth >= 0) & (depth < _line_width(side, width))


def _bubble(side: int, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The inside of a speech bubble, and its outline with rows of lettering."""
    down, across, high, wide, width, pitch = tf.unstack(tf.random.stateless_uniform([6], seed))
    axes = float(side) * between(BUBBLE_AXES, tf.stack([high, wide]))
    center = axes + tf.stack([down, across]) * (float(side) - 2.0 * axes)
    axis = tf.range(side, dtype=tf.float32) + 0.5
    rows, columns = axis[:, None] - center[0], axis - center[1]
    radius = tf.sqrt(tf.square(rows / axes[0]) + tf.square(columns / axes[1]))
    line = _line_width(side, width) / tf.reduce_min(axes)
    outline = (radius <= 1.0) & (radius > 1.0 - line)
    # Strokes and the spaces between them, in lines of lettering.
    step = float(side) * between((0.035, 0.06), pitch)
    in_row = tf.math.floormod(rows, step) < 0.55 * step
    strokes = tf.math.floormod(columns + 1.7 * tf.floor(rows / step), 0.3 * step) < 0.12 * step
    words = tf.sin(2.0 * math.pi * columns / (5.0 * step) + tf.floor(rows / step)) > -0.7
    return radius <= 1.0, outline | (in_row & strokes & words & (radius < 0.68))


def _line_width(side: int, share: tf.Tensor) -> tf.Tensor:
    return tf.maximum(1.0, float(side) * between(MARK_LINE, share))


def _offsets(side: int, places: tf.Tensor) -> tf.Tensor:
    """How far each pixel of an axis lies from some places, float32 `(places, side)`."""
    return tf.range(side, dtype=tf.float32) - tf.cast(places, tf.float32)[:, None]
