"""Measures of a page that tell its kind: its paper, lines, colors, tones, noise and shadows.

Wide areas are told from lines by closing: a bright surface over whatever is narrow and dark. On a
sketch that surface is white; on a scan it is the paper, whose light changes slowly; in a picture it
has colors, and tones with sharp borders.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np

from tf_deeppaint.images.pixels import WHITE, to_gray

# The side of the cells of wide areas, and of the squares of noise and tones, in pixels of a sample.
_CELL, _SQUARE = 4, 8
# The side of the window that closes lines, twice the broadest pen's, as a share of the page's: that
# of a square as large.
_WINDOW = 0.06
_GRAY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601

# The level from which a pixel is white, and to which a wide area is paper of light and color.
_WHITE, _LIGHT, _PLAIN = 250, 0.94, 0.85
# Chroma, the greatest less the smallest channel over the paper's, from which an area has a color.
_CHROMA = 0.12
# The least contrast of ink, in levels.
_INK = 24
# Two colors are alike if the cosine of what they take of the light is more, or of that less its
# gray; and a line has a color of its own if the latter's length is more.
_ALIKE, _TINT_ALIKE, _TINTED = 0.97, 0.95, 0.12
# Lines have two colors if so many of them differ, and a color counts if so many have it.
_SECOND, _LEAST_SHARE = 0.03, 0.35
# A cell has ink if it takes more than this of the light, and another than most if the cosine is
# less.
_INKED, _OTHER = 0.25, 0.92
# What is darker than this share of the paper is ink, or than the lines plus so much.
_DARK, _AS_LINES = 0.35, 0.1
# The step of a sharp border, a share of the paper's level.
_STEP = 0.06
# The standard deviation in an even square, in levels, and the least area of a tone or a hue.
_EVEN, _LEAST_AREA = 8, 0.004
_TONES, _HUES = 22, 12  # bins
# What is as long as this, a share of the side, is no dot.
_LONG = 0.08
# A shadow along a side: how far in it reaches, its least fall and how steady it is.
_REACH, _FALL, _STEADY = 0.3, 0.08, 0.02


class Measures(NamedTuple):
    """Measures of a page with dark lines, if it has any; shares are of its area."""

    white: float  # share of white pixels
    brightest: float  # level of the brightest wide areas, in the darkest channel
    noise: float  # standard deviation in its most even squares, in levels
    contrast: float  # of the darkest lines to what is around them, in levels
    ink: float  # share of lines
    mixed: float  # share of what is narrow and dark in another color than most of it
    chroma: float  # share of wide areas in another color than the paper's
    color: float  # share of wide areas in another color than the paper's and the lines'
    hues: int  # distinct hues of wide areas
    sharp: float  # share of sharp borders between tones
    tones: int  # distinct tones that are neither paper nor black
    shadow: float  # what a shadow along a side takes of the light, a share


class Strokes(NamedTuple):
    """Measures of a dark page with light lines, if it has any; widths in % of the side."""

    contrast: float  # of lines to paper, in levels
    light: float  # share of light pixels
    border: float  # share of the border that is dark
    width: float  # mean width of what is light
    widest: float  # greatest width of what is light
    middle_width: float  # median width along the middle of what is light
    evenness: float  # quartiles of these widths, the greater by the smaller
    stroked: float  # share of what is light that is no wider than a half more than the greater
    long: float  # share of what is light that belongs to long things, not to dots
    inner: float  # share of dark areas that light ones enclose
    inner_width: float  # mean width of these
    sharp: float  # share of sharp borders between dark tones
    tones: float  # share of even squares that are neither light nor dark


def measure(rgb: np.ndarray) -> Measures:
    """Measures a page, uint8 RGB `(H, W, 3)`, a sample of about 640 x 640 pixels."""
    planes = np.stack(cv2.split(rgb))
    if (planes[1:] == planes[0]).all():
        surface = np.stack([_surface(planes[0])] * 3)
    else:
        surface = np.stack([_surface(plane) for plane in planes])
    paper = np.percentile(surface[:, ::2, ::2].reshape(3, -1), 80, axis=1)
    paper = np.maximum(1, paper).astype(np.float32)[:, None, None]
    relative = np.minimum(surface / paper, np.float32(1.3))
    light = np.tensordot(_GRAY, relative, 1)
    shaded, shadow = _find_shadow(light)
    chromatic = np.ptp(relative, axis=0) > _CHROMA
    plain = cv2.erode(((light > _PLAIN) & ~chromatic).astype(np.uint8), _window(3))
    contrast, ink, colors, darkness = _find_ink(planes, surface, paper, plain)
    absorbed = 1 - np.minimum(1, relative)
    like_lines = _find_like(absorbed, colors)
    chromatic &= ~shaded
    inked = (light < max(_DARK, darkness + _AS_LINES)) | (like_lines & chromatic)
    sharp = (_steps(light) > _STEP) & ~_grow(inked) & ~shaded
    noise, levels = _squares(to_gray(rgb))
    tones = levels[noise < _EVEN] / float(_GRAY @ paper.ravel())
    return Measures(
        white=float((planes.min(axis=0) >= _WHITE).mean()),
        brightest=float(np.percentile(surface[:, ::2, ::2].min(axis=0), 98)),
        noise=float(np.percentile(noise, 20)),
        contrast=contrast,
        ink=ink,
        mixed=_find_mixed(planes, surface),
        chroma=float(chromatic.mean()),
        color=float((chromatic & ~like_lines).mean()),
        hues=_count_hues(absorbed[:, chromatic], light.size),
        sharp=float(sharp.mean()),
        tones=_count_apart(np.histogram(tones, _TONES, (1 - _LIGHT, _LIGHT))[0], levels.size),
        shadow=shadow,
    )


def measure_strokes(gray: np.ndarray) -> Strokes:
    """Measures what is light on a dark page, uint8 gray `(H, W)`, a sample as above."""
    low, high = np.percentile(gray[::2, ::2], [10, 99.5])
    contrast = max(1.0, high - low)
    light = (gray > (low + high) / 2).astype(np.uint8)
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(1 - light, connectivity=4)
    far = boxes[:, :2] + boxes[:, 2:4]
    enclosed = (boxes[:, :2] > 0).all(axis=1) & (far < gray.shape[::-1]).all(axis=1)
    enclosed[0] = False  # what is light
    inner = enclosed[labels].astype(np.uint8)
    surface = WHITE - _surface(WHITE - gray).astype(np.float32)
    steps = _steps(surface / contrast)
    sharp = (steps > 2 * _STEP) & ~_grow(surface > low + 0.4 * contrast)
    noise, levels = _squares(gray)
    dark = cv2.resize(surface, levels.shape[::-1], interpolation=cv2.INTER_NEAREST)
    above, lightness = (levels - dark) / contrast, (levels - low) / contrast
    percent = _side(gray) / 100
    radius = cv2.distanceTransform(light, cv2.DIST_L2, 5)
    lower, median, upper = _widths(radius)
    broad = max(3, math.ceil(1.5 * upper))
    wide = cv2.morphologyEx(light, cv2.MORPH_OPEN, _window(broad)) if broad < len(light) else 0
    return Strokes(
        contrast=float(high - low),
        light=float(light.mean()),
        border=1 - float(border.mean()),
        width=_mean_width(light) / percent,
        widest=2 * float(radius.max()) / percent,
        middle_width=median / percent,
        evenness=upper / lower,
        long=_share_of_long(light),
        stroked=1 - float(np.sum(wide)) / max(1, int(light.sum())),
        inner=float(inner.mean()),
        inner_width=_mean_width(inner) / percent,
        sharp=float(sharp.mean()),
        tones=float(((noise < _EVEN) & (above > 0.25) & (lightness < 0.85)).mean()),
    )


# --- wide areas ---------------------------------------------------------------------------------


def _surface(plane: np.ndarray) -> np.ndarray:
    """The level of wide areas in each cell of a plane `(H, W)`: what is narrow and dark is gone."""
    smooth = cv2.blur(plane, (3, 3))  # or noise would raise it
    brightest = cv2.dilate(smooth, _window(_CELL), anchor=(0, 0))
    cells = np.ascontiguousarray(brightest[::_CELL, ::_CELL])
    side = max(3, round(_WINDOW * _side(cells))) | 1
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return cv2.morphologyEx(cells, cv2.MORPH_CLOSE, ellipse)


def _find_shadow(light: np.ndarray) -> tuple[np.ndarray, float]:
    """The cells in a shadow along a side, and how much of the light it takes.

    It grows steadily darker toward the side and is alike all along it, but for lines.
    """
    shaded = np.zeros(light.shape, bool)
    most = 0.0
    for turn in range(4):
        turned = np.rot90(light, turn)
        band = turned[: max(2, int(_REACH * len(turned)))]
        profile = np.median(band, axis=1)
        fall = float(profile.max() - profile[0])
        rises = np.maximum.accumulate(profile) - profile < _STEADY
        if fall < _FALL or not rises.all() or np.diff(profile).max() > 0.6 * fall:
            continue
        dark = profile < profile.max() - 0.03
        if np.abs(band[dark] - profile[dark, None]).mean() > _FALL:
            continue
        depth = int(np.argmax(profile >= profile.max() - _STEADY))
        np.rot90(shaded, turn)[:depth] = True
        most = max(most, fall)
    return shaded, most


def _steps(light: np.ndarray) -> np.ndarray:
    """The difference of the lightest and darkest of the nine cells around each."""
    return cv2.dilate(light, _window(3)) - cv2.erode(light, _window(3))


def _grow(cells: np.ndarray) -> np.ndarray:
    return cv2.dilate(cells.astype(np.uint8), _window(5)) > 0


# --- lines --------------------------------------------------------------------------------------


def _find_ink(
    planes: np.ndarray, surface: np.ndarray, paper: np.ndarray, plain: np.ndarray
) -> tuple[float, float, list[np.ndarray], float]:
    """Contrast and share of lines, the one or two colors of most, and the light they leave.

    A color is what lines take of the paper's light in each channel, of length 1. It is told from
    lines on plain paper if there are any: elsewhere what is narrow may be part of a picture.
    """
    pixels = planes[:, ::2, ::2]
    size = pixels.shape[:0:-1]
    above = [cv2.resize(cells, size, interpolation=cv2.INTER_NEAREST) for cells in surface]
    depth = cv2.subtract(np.stack(above), np.ascontiguousarray(pixels)).max(axis=0)
    contrast = float(np.percentile(depth[::2, ::2], 99.5))
    strong = depth >= max(_INK, contrast / 2)
    on_paper = strong & (cv2.resize(plain, size, interpolation=cv2.INTER_NEAREST) > 0)
    lines = on_paper if on_paper.sum() > 40 else strong
    share = float((depth >= _INK).mean())
    if not lines.any():
        return contrast, share, [], 0.0
    left = np.minimum(1, pixels[:, lines][:, :10000] / paper[..., 0])
    return contrast, share, _main_colors(1 - left), float(np.percentile(_GRAY @ left, 30))


def _main_colors(absorbed: np.ndarray) -> list[np.ndarray]:
    """One or two colors of lines `(3, N)`, by 2-means on the directions; rare ones are left out."""
    directions = absorbed / (np.linalg.norm(absorbed, axis=0) + 1e-6)
    first = _unit(directions.mean(axis=1))
    far = first @ directions < 0.95
    if far.mean() <= _SECOND:
        return [first]
    for _ in range(3):
        parts = [part for part in (~far, far) if part.any()]
        colors = [_unit(directions[:, part].mean(axis=1)) for part in parts]
        if len(colors) == 1:
            return colors
        far = colors[1] @ directions > colors[0] @ directions
    return [c for c, part in zip(colors, (~far, far), strict=True) if part.mean() > _LEAST_SHARE]


def _find_mixed(planes: np.ndarray, surface: np.ndarray) -> float:
    """The share of cells with narrow and dark things whose color is not that of most of them.

    Ink of one pen has one color, whatever the light and the noise: means of cells have little.
    """
    size = surface.shape[:0:-1]
    cells = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])
    absorbed = np.maximum(0, 1 - cells / np.maximum(1, surface.astype(np.float32)))
    length = np.linalg.norm(absorbed, axis=0)
    inked = length > _INKED
    if not inked.any():
        return 0.0
    directions = absorbed[:, inked] / length[inked]
    return float((_unit(np.median(directions, axis=1)) @ directions < _OTHER).mean())


def _find_like(absorbed: np.ndarray, colors: list[np.ndarray]) -> np.ndarray:
    """Which cells, `(3, h, w)`, have the color of lines, or at least their hue."""
    found = np.zeros(absorbed.shape[1:], bool)
    tints = absorbed - absorbed.mean(axis=0)
    length, tint_length = (np.linalg.norm(v, axis=0) + 1e-6 for v in (absorbed, tints))
    for color in colors:
        found |= np.tensordot(color, absorbed, 1) > _ALIKE * length
        tint = color - color.mean()
        if np.linalg.norm(tint) > _TINTED:
            found |= np.tensordot(_unit(tint), tints, 1) > _TINT_ALIKE * tint_length
    return found


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / (np.linalg.norm(vector) + 1e-6)).astype(np.float32)


def _mean_width(mask: np.ndarray) -> float:
    """Twice the area over the perimeter, in pixels; see `ink.widening`."""
    edge = int(mask.sum()) - int(cv2.erode(mask, _window(3)).sum())
    return 2 * int(mask.sum()) / max(1, edge)


def _share_of_long(light: np.ndarray) -> float:
    """The share of light pixels in things, a few pixels apart at most, that are `_LONG`."""
    joined = cv2.dilate(light, _window(5))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    is_long = boxes[:, 2:4].max(axis=1) >= _LONG * _side(light)
    return float((is_long[labels] & (light > 0)).sum()) / max(1, int(light.sum()))


def _widths(radius: np.ndarray) -> tuple[float, float, float]:
    """Quartiles of the widths along the middle of what is light, in pixels.

    Args:
        radius: float32 `(H, W)`, the distance to what is dark.
    """
    middle = (radius > 0) & (radius >= cv2.dilate(radius, _window(3)))
    if not middle.any():
        return 1.0, 1.0, 1.0
    lower, median, upper = 2 * np.percentile(radius[middle], [25, 50, 75])
    return float(lower), float(median), float(upper)


# --- hues, tones, noise -------------------------------------------------------------------------


def _squares(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviation and mean of the levels in each square, float32."""
    levels = gray.astype(np.float32)
    size = tuple(max(1, side // _SQUARE) for side in gray.shape[::-1])
    mean = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    power = cv2.resize(levels * levels, size, interpolation=cv2.INTER_AREA)
    return np.sqrt(np.maximum(0, power - mean * mean)), mean


def _count_hues(absorbed: np.ndarray, cells: int) -> int:
    """Distinct hues of colored cells `(3, N)`, of so many in all; the angle in the hexagon."""
    red, green, blue = absorbed
    angles = np.arctan2(np.sqrt(3) / 2 * (green - blue), red - (green + blue) / 2)
    counts = np.histogram(angles, _HUES, (-np.pi, np.pi))[0]
    if counts[0] and counts[-1]:  # one hue on either side of the cut
        counts = np.roll(counts, -int(np.argmin(counts)))
    return _count_apart(counts, cells)


def _count_apart(counts: np.ndarray, area: int) -> int:
    """How many bins are filled; of neighbors, which may share one value, every other counts."""
    apart, last = 0, -2
    for index in np.flatnonzero(counts > _LEAST_AREA * area):
        if index - last >= 2:
            apart, last = apart + 1, int(index)
    return apart


def _side(plane: np.ndarray) -> float:
    """The side of a square as large."""
    return math.sqrt(plane.size)


def _window(side: int) -> np.ndarray:
    return np.ones((side, side), np.uint8)
