"""Augmentation: random changes of sketch, picture and palette that leave a valid example.

All of it runs in the graph on uint8 tensors, sketch `(S, S, 1)`, picture `(S, S, 3)`, palette
`(4, 4, 3)`, and, where they are known, parts `(S, S, 1)`. All that is random depends on a seed
alone, each augmentation on its own part of it: switching one on does not change the random numbers
of another. `page_marks` has those that draw on the page.
"""

import math
from collections.abc import Callable, Sequence

import tensorflow as tf

from tf_deeppaint.data import page_marks
from tf_deeppaint.data.bending import BENT, bend, bend_nearest, draw_field
from tf_deeppaint.data.extracted_lines import extract
from tf_deeppaint.data.framing import draw_view, show, show_parts, whole_view
from tf_deeppaint.data.ranges import between
from tf_deeppaint.palette.graph import extract_palettes
from tf_deeppaint.utils.errors import DeepPaintError

# In the order in which they are applied.
AUGMENTATIONS = (
    "flip",
    "crop",
    "warp",
    "extract",
    "bend",
    "frame",
    "lines",
    "gaps",
    "page",
    "paper",
    "color",
    "bands",
)
# The first ones there were: their seeds are split off together. Those of the others are made one by
# one; a new one stands last here, so that the random numbers of all others stay.
_FIRST = ("flip", "crop", "warp", "lines", "color", "bands")
_LATER = ("frame", "gaps", "page", "paper", "extract", "bend")

# Least side of the square that "crop" cuts out, as a share of the canvas.
LEAST_CROP = 0.7
# Greatest shift of a column by "warp", as a share of the height, and waves over the width.
MOST_WAVE = 1 / 8
WAVES = (1.0, 3.0)
# Ranges of the arguments of `redraw` for "lines". A line one pixel wide must stay visible, so
# thinning stops early: with the least of all three, 0.7 * 0.6 ** 1.3, it keeps 36 % of its ink.
LINE_WEIGHTS = (-0.4, 1.0)
GAINS = (0.7, 1.3)
GAMMAS = (0.7, 1.3)
# Share of pictures whose palette gets its bands permuted by the "bands" augmentation.
PERMUTED_BANDS = 0.7

# Pixels a side on which new palettes are counted, about: on pictures of 512 pixels 98 % of the
# colors then lie within 8 of 255 of those that all pixels give.
_COUNTED_SIDE = 256


def check_augmentations(augmentations: Sequence[str]) -> None:
    """Raises DeepPaintError unless all are among `AUGMENTATIONS`."""
    if unknown := set(augmentations) - set(AUGMENTATIONS):
        raise DeepPaintError(f"--augment={min(unknown)}: choose from {', '.join(AUGMENTATIONS)}")


def augment(
    example: dict,
    augmentations: Sequence[str],
    seed: tf.Tensor,
    background: str,
    size: int | None = None,
) -> dict[str, tf.Tensor]:
    """Applies the named augmentations to one record.

    * `"flip"` mirrors half of the pairs left to right.
    * `"crop"` cuts a square of 70 to 100 % of the side out of sketch and picture and brings it
      back to full size; the palette is extracted again.
    * `"warp"` extracts the palette from a copy of the picture that is rolled and bent up and down,
      half of the time upside down: a palette then says which colors, not where.
    * `"extract"` takes the lines of a third of the sketches out of the colors of the picture; see
      `extracted_lines`.
    * `"bend"` turns, slants, stretches and bends three in four, so that no part keeps its shape;
      the palette stays that of the straight figure.
    * `"frame"` shows two in five from nearer, down to a third of the side, and one in five from
      farther away; the palette stays that of the whole.
    * `"lines"` thickens or thins the sketch's lines by up to a pixel on each side and changes how
      dark they are; paper stays white.
    * `"gaps"` opens up to eight gaps in the lines of half of the sketches.
    * `"page"` draws a panel's frame around some, and a speech bubble with lettering over some.
    * `"paper"` puts some sketches on toned and noisy paper.
    * `"color"` permutes the channels and rotates the hue of picture and palette together:
      one picture has many palettes.
    * `"bands"` permutes the bands of seven palettes in ten: a band is then no sure sign of where
      its colors are.

    Without `"crop"` and `"warp"` the palette is the stored one. Extracted again, it is counted on
    every `S // 256`-th pixel each way.

    Args:
        example: uint8 `sketch` `(S, S, 1)`, `picture` `(S, S, 3)` and `palette` `(4, 4, 3)`; `S`
            is known when the graph is built. It may hold `parts` `(S, S, 1)`, and `swapped`, a
            scalar boolean: whether the palette is that of another drawing, and then not extracted
            again.
        augmentations: Some of `AUGMENTATIONS`, in any order.
        seed: int32 `(2,)`; decides all that is random.
        background: The rule by which palettes are extracted; see `palette.extract_palette`.
        size: Side of the result in pixels; None: S.

    Returns:
        Sketch, picture, palette and, if given, parts, of the same dtypes.
    """
    seeds = dict(zip(_FIRST, tf.unstack(tf.random.split(seed, len(_FIRST))), strict=True))
    seeds |= {name: tf.random.fold_in(seed, number) for number, name in enumerate(_LATER)}
    seeds = {name: seeds[name] for name in augmentations}
    return _change_look(_change_view(example, seeds, background, size), seeds)


def _change_view(
    example: dict, seeds: dict[str, tf.Tensor], background: str, size: int | None
) -> dict[str, tf.Tensor]:
    """What of a record is shown, from "flip" to "frame", and the palette that belongs to it."""
    images = {key: example[key] for key in ("sketch", "picture", "parts") if key in example}
    palette, side = example["palette"], images["sketch"].shape[0]
    if "flip" in seeds:
        # Branches, here and in `redraw`: tf.where computes both sides, several milliseconds each.
        images = tf.cond(
            _chance(0.5, seeds["flip"]),
            lambda: {key: tf.reverse(image, axis=[1]) for key, image in images.items()},
            lambda: images,
        )
    if "crop" in seeds:
        square = _draw_square(side, seeds["crop"])
        view = tf.cast(tf.stack(square), tf.float32)
        images = {
            key: show_parts(image, view, side) if key == "parts" else crop(image, *square)
            for key, image in images.items()
        }
    if "crop" in seeds or "warp" in seeds:
        own = _extract_again(images["picture"], seeds.get("warp"), background)
        palette = tf.where(example.get("swapped", False), palette, own)
    if "extract" in seeds:
        lines = extract(images["sketch"], images["picture"], seeds["extract"])
        images["sketch"], images["picture"] = lines
    if "bend" in seeds:
        images = tf.cond(
            _chance(BENT, seeds["bend"]), lambda: _bent(images, seeds["bend"]), lambda: images
        )
    if "frame" in seeds or size not in (None, side):
        view = draw_view(side, seeds["frame"]) if "frame" in seeds else whole_view(side)
        images = {
            key: (show_parts if key == "parts" else show)(image, view, size or side)
            for key, image in images.items()
        }
    return images | {"palette": palette}


def _bent(images: dict[str, tf.Tensor], seed: tf.Tensor) -> dict[str, tf.Tensor]:
    field = draw_field(images["sketch"].shape[0], tf.reverse(seed, [0]))
    return {
        key: (bend if key == "sketch" else bend_nearest)(image, field)
        for key, image in images.items()
    }


def _change_look(example: dict, seeds: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """How the lines, the page and the colors look, from "lines" to "bands"."""
    sketch, picture, palette = (example[key] for key in ("sketch", "picture", "palette"))
    parts = {key: example[key] for key in ("parts",) if key in example}
    if "lines" in seeds:
        shares = tf.unstack(tf.random.stateless_uniform([3], seeds["lines"]))
        sketch = redraw(sketch, *map(between, (LINE_WEIGHTS, GAINS, GAMMAS), shares))
    if "gaps" in seeds:
        sketch = page_marks.tear(sketch, seeds["gaps"])
    if "page" in seeds:
        roles = parts.get("parts", tf.zeros_like(sketch))
        sketch, picture, roles = page_marks.mark_page(sketch, picture, roles, seeds["page"])
        parts = dict.fromkeys(parts, roles)
    if "paper" in seeds:
        sketch = page_marks.tone_paper(sketch, seeds["paper"])
    if "color" in seeds:
        matrix = _draw_color_matrix(seeds["color"])
        picture, palette = _recolor(picture, matrix), _recolor(palette, matrix)
    if "bands" in seeds:
        order = tf.argsort(tf.random.stateless_uniform([4], seeds["bands"]))
        permuted = _chance(PERMUTED_BANDS, tf.reverse(seeds["bands"], [0]))
        palette = tf.where(permuted, tf.gather(palette, order), palette)
    return {"sketch": sketch, "picture": picture, "palette": palette, **parts}


def _extract_again(picture: tf.Tensor, seed: tf.Tensor | None, background: str) -> tf.Tensor:
    """The palette of a picture that was cut, or with a seed of a warped copy of it."""
    step = max(1, picture.shape[0] // _COUNTED_SIDE)
    counted = picture[::step, ::step]
    if seed is not None:
        counted = warp(counted, *_draw_warp(*counted.shape[:2], seed))
    return extract_palettes(counted[None], background)[0]


def crop(image: tf.Tensor, top: tf.Tensor, left: tf.Tensor, side: tf.Tensor) -> tf.Tensor:
    """Cuts a square out of an image and enlarges it to the image's size, bilinearly.

    Args:
        image: uint8 `(S, S, C)`.
        top: First row of the square, which lies inside the image.
        left: First column of the square.
        side: Side of the square in pixels.

    Returns:
        uint8 `(S, S, C)`.
    """
    square = tf.slice(image, [top, left, 0], [side, side, -1])
    enlarged = tf.image.resize(square, image.shape[:2])
    return tf.ensure_shape(tf.cast(tf.round(enlarged), tf.uint8), image.shape)


def warp(picture: tf.Tensor, upside_down: tf.Tensor, shifts: tf.Tensor) -> tf.Tensor:
    """Moves every column of a picture up by its own number of pixels; what leaves comes back below.

    Args:
        picture: uint8 `(H, W, 3)`.
        upside_down: Scalar boolean: whether to exchange top and bottom first.
        shifts: int32 `(W,)`, pixels.

    Returns:
        uint8 `(H, W, 3)`; each column holds the pixels that it held before.
    """
    height, width = picture.shape[:2]
    rows = (tf.range(height)[:, None] + shifts) % height
    rows = tf.where(upside_down, height - 1 - rows, rows)
    return tf.gather(tf.reshape(picture, [-1, 3]), rows * width + tf.range(width))


def redraw(sketch: tf.Tensor, weight: tf.Tensor, gain: tf.Tensor, gamma: tf.Tensor) -> tf.Tensor:
    """Makes the lines of a sketch thicker or thinner, darker or fainter.

    With ink from 0 (paper) to 1, the most (thicker) or least (thinner) ink of the 3 x 3 pixels
    around each is mixed in by `abs(weight)`, rounded to a gray level; the ink is then
    `min(1, gain * ink ** gamma)`. Paper without ink around it stays 255.

    Args:
        sketch: uint8 `(H, W, 1)`.
        weight: float32 from -1 (thinner) to 1 (thicker).
        gain: float32, positive.
        gamma: float32, positive.

    Returns:
        uint8 `(H, W, 1)`.
    """
    ink = 255 - sketch
    around = tf.cond(weight > 0, lambda: _spread(ink, tf.maximum), lambda: _spread(ink, tf.minimum))
    ink, around = tf.cast(ink, tf.float32), tf.cast(around, tf.float32)
    level = tf.cast(tf.round(ink + tf.abs(weight) * (around - ink)), tf.int32)
    levels = tf.range(256, dtype=tf.float32) / 255.0
    inks = tf.minimum(1.0, gain * levels**gamma)
    return tf.gather(255 - tf.cast(tf.round(255.0 * inks), tf.uint8), level)


def _spread(pixels: tf.Tensor, choose: Callable) -> tf.Tensor:
    """The most or least of each 3 x 3 pixels `(H, W, 1)`; edges are continued outwards.

    Max-pooling, which is made for many channels, takes several times as long.
    """
    rows = tf.pad(pixels, [[1, 1], [0, 0], [0, 0]], "SYMMETRIC")
    pixels = choose(choose(rows[:-2], rows[1:-1]), rows[2:])
    columns = tf.pad(pixels, [[0, 0], [1, 1], [0, 0]], "SYMMETRIC")
    return choose(choose(columns[:, :-2], columns[:, 1:-1]), columns[:, 2:])


def _chance(share: float, seed: tf.Tensor) -> tf.Tensor:
    return tf.random.stateless_uniform([], seed) < share


def _draw_square(size: int, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Top, left and side of a random square inside a canvas, int32 pixels."""
    seeds = tf.random.split(seed, 2)
    least = math.ceil(LEAST_CROP * size)
    side = tf.random.stateless_uniform([], seeds[0], least, size + 1, tf.int32)
    top, left = tf.unstack(tf.random.stateless_uniform([2], seeds[1], 0, size - side + 1, tf.int32))
    return top, left, side


def _draw_warp(height: int, width: int, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The arguments of `warp` after the picture: a roll plus a wave."""
    turned, roll, bend, waves, phase = tf.unstack(tf.random.stateless_uniform([5], seed))
    angle = 2 * math.pi * (between(WAVES, waves) * tf.range(width, dtype=tf.float32) / width)
    wave = bend * MOST_WAVE * tf.sin(angle + 2 * math.pi * phase)
    return turned < 0.5, tf.cast(tf.round(height * (roll + wave)), tf.int32)


def _draw_color_matrix(seed: tf.Tensor) -> tf.Tensor:
    """A random hue rotation in the plane of equal luminance sums, after a channel permutation.

    Gray stays gray: rows sum to 1. Rotation by theta about (1, 1, 1) has
    `c + (1 - c) / 3` on its diagonal and `(1 - c) / 3 -+ s / sqrt(3)` beside it.
    """
    angle = tf.random.stateless_uniform([], seed, -0.5, 0.5)
    c, s = (1.0 - tf.cos(angle)) / 3.0, tf.sin(angle) / 3.0**0.5
    row = tf.stack([1.0 - 2.0 * c, c - s, c + s])
    rotation = tf.stack([tf.roll(row, shift, axis=0) for shift in range(3)])
    order = tf.argsort(tf.random.stateless_uniform([3], tf.reverse(seed, [0])))
    return tf.gather(rotation, order, axis=1)


def _recolor(pixels: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    values = tf.tensordot(tf.cast(pixels, tf.float32), matrix, [[-1], [1]])
    return tf.cast(tf.clip_by_value(tf.round(values), 0.0, 255.0), tf.uint8)
