"""What kind of page a sketch is: a sketch, chalk, pencil, a scan, or a picture in color already.

Nothing is cleaned unless its kind is certain. Every limit lies between the measures of pages whose
kind is known, far from those of sketches: `python -m experiments.sketch_kinds` draws the pages.
"""

import enum
import math

import cv2
import numpy as np

from tf_deeppaint.images.pixels import WHITE, over_white, to_gray
from tf_deeppaint.line_art.measures import Measures, Strokes, measure, measure_strokes


class Kind(enum.Enum):
    """What a page is, in words."""

    SKETCH = "a sketch"
    LAYER = "light lines on a transparent layer"
    INVERTED = "light lines on dark paper"
    PENCIL = "pencil on paper"
    SCAN = "a scan or photograph of a drawing"
    COLORED = "colored already"
    TONED = "gray-toned already"
    UNKNOWN = "of no certain kind"


TO_CLEAN = (Kind.LAYER, Kind.INVERTED, Kind.PENCIL, Kind.SCAN)
PAINTED = (Kind.COLORED, Kind.TONED)

# A page is measured on every nth pixel, so that a square one has at most so many a side; none that
# is left with fewer than the other is judged.
_SAMPLE, _LEAST = 640, 24

# === A transparent layer ===
# Light lines are lighter than this level; darker ones show on white.
_LIGHT_TONE = 180

# === Color and tones ===
# The share of another color than the paper's and the lines', ...
_COLOR = 0.03
# ... or of another than the paper's where there are two hues: one may be the lines'.
_CHROMA, _HUES = 0.05, 2
# Sharp borders between tones and the number of tones. A drawing may have one gray.
_SHARP, _TONES = 0.04, 2

# === Light lines on dark paper ===
# In levels; shares of light pixels, of the dark border, and of sharp borders.
_CONTRAST, _LEAST_LIGHT, _MOST_LIGHT, _DARK_BORDER, _MOST_SHARP = 24, 0.004, 0.3, 0.95, 0.025
# The share of the light in long things: stars and windows at night are dots.
_LEAST_LONG = 0.6
# In % of the side, thin lines are no wider, on average and anywhere: parts of a light figure
# before a dark backdrop are.
_WIDTH, _WIDEST = 1.6, 3.3
# Broad ones enclose areas that are wider than they are. The black lines in a light figure do not.
_ENCLOSED = 0.04
# Or lines have one width, in % of the side: the quartiles' ratio, and the share that is so wide.
# The light parts of a figure before solid black have many widths.
_EVENNESS, _EVEN_WIDTH, _STROKED = 1.35, 2.6, 0.25
# Squares in a middle tone, a share of the light pixels, are parts of a picture.
_MIDDLE = 0.1
# What has none and no color is a sketch with much solid black.
_NO_MIDDLE = 0.0005

# === Paper that is not white ===
# Its brightest level and its share of white pixels, ...
_BRIGHTEST, _WHITE = 250, 0.03
# ... or the standard deviation of its grain, in levels, and share of white pixels, ...
_GRAIN, _MOST_GRAIN, _GRAINY_WHITE = 0.7, 12, 0.75
# ... or a shadow along a side, a share of the light.
_SHADOW = 0.08
# Lines on it: the share of color and sharp borders that may be noise, and the share of ink.
_NO_COLOR, _NOT_SHARP, _LEAST_INK, _MOST_INK = 0.01, 0.03, 0.002, 0.4
# All ink has one color but for so much: colored clothes beside black lines are none of a sketch.
_MIXED = 0.025
# The contrast of pencil is less, in levels.
_PENCIL = 110


def find_kind(picture: np.ndarray) -> Kind:
    """Finds out what kind of page a picture is, in a few milliseconds whatever its size.

    Args:
        picture: uint8 gray `(H, W)`, RGB `(H, W, 3)` or RGBA `(H, W, 4)`, at least one pixel.
    """
    height, width = picture.shape[:2]
    step = math.ceil(math.sqrt(height * width) / _SAMPLE)
    page = np.ascontiguousarray(picture[::step, ::step])
    if min(page.shape[:2]) < _LEAST:
        return Kind.UNKNOWN
    if page.shape[2:] == (4,):
        if _is_light_layer(page):
            return Kind.LAYER
        page = over_white(page)
    rgb = page if page.ndim == 3 else cv2.cvtColor(page, cv2.COLOR_GRAY2RGB)
    gray = to_gray(rgb)
    measures = measure(rgb)
    if np.median(gray[::2, ::2]) <= WHITE / 2:
        return _judge_dark(measures, measure_strokes(gray))
    return _judge_light(measures)


def _is_light_layer(rgba: np.ndarray) -> bool:
    """Whether the page is mostly transparent and all that is on it is light."""
    alpha = rgba[..., 3]
    painted = alpha >= max(1, int(alpha.max()) // 2)
    if alpha.mean() >= WHITE / 2 or not painted.any():
        return False
    tones = to_gray(np.ascontiguousarray(rgba[..., :3]))[painted]
    return bool(np.percentile(tones, 2) > _LIGHT_TONE)


def _judge_dark(measures: Measures, strokes: Strokes) -> Kind:
    is_drawn = (
        strokes.contrast >= _CONTRAST
        and _LEAST_LIGHT <= strokes.light <= _MOST_LIGHT
        and strokes.long >= _LEAST_LONG
        and strokes.border >= _DARK_BORDER
        and strokes.sharp <= _MOST_SHARP
        and strokes.tones <= _MIDDLE * strokes.light
    )
    is_thin = strokes.width <= _WIDTH and strokes.widest <= _WIDEST
    encloses = strokes.inner >= _ENCLOSED and strokes.inner_width >= strokes.width
    is_even = (
        strokes.evenness <= _EVENNESS
        and strokes.middle_width <= _EVEN_WIDTH
        and strokes.stroked >= _STROKED
    )
    if is_drawn and (is_thin or encloses or is_even):
        return Kind.INVERTED
    painted = _judge_painted(measures)
    has_tones = measures.tones > 0 or strokes.tones > _NO_MIDDLE or measures.chroma > _NO_COLOR
    return painted or (Kind.UNKNOWN if has_tones or strokes.contrast < _CONTRAST else Kind.SKETCH)


def _judge_light(measures: Measures) -> Kind:
    painted = _judge_painted(measures)
    is_grainy = _GRAIN <= measures.noise <= _MOST_GRAIN and measures.white < _GRAINY_WHITE
    is_dim = measures.brightest <= _BRIGHTEST and measures.white < _WHITE
    if not (is_grainy or is_dim or measures.shadow >= _SHADOW):
        return painted or Kind.SKETCH
    is_drawn = (
        measures.color < _NO_COLOR
        and measures.hues < _HUES
        and measures.mixed <= _MIXED
        and measures.sharp < _NOT_SHARP
        and measures.contrast >= _CONTRAST
        and _LEAST_INK < measures.ink < _MOST_INK
    )
    if not is_drawn or painted is Kind.COLORED:
        return painted or Kind.UNKNOWN
    return Kind.PENCIL if is_grainy and measures.contrast < _PENCIL else Kind.SCAN


def _judge_painted(measures: Measures) -> Kind | None:
    """`COLORED` or `TONED` where that is certain."""
    if measures.color >= _COLOR or (measures.hues >= _HUES and measures.chroma >= _CHROMA):
        return Kind.COLORED
    if measures.tones >= _TONES and measures.sharp >= _SHARP:
        return Kind.TONED
    return None
