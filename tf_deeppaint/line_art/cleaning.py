"""Cleans a scanned, photographed or transparent drawing: black lines on white paper come out.

Width separates paper from lines. What is wide, or changes slowly, is paper, whatever its color and
the light on it; what is narrow is a line. Every channel is divided by the level of its paper, noise
becomes white, the darkest lines black, and specks are removed.
"""

import functools

import cv2
import numpy as np

from tf_deeppaint.images.canvas import shrink
from tf_deeppaint.images.pixels import WHITE, over_white, to_gray
from tf_deeppaint.utils.errors import DeepPaintError

# === Transparency ===
# A mostly transparent layer holds lines alone if its tones differ by less, in levels.
_ONE_TONE = 64

# === Light lines on dark paper ===
# The longer side that the picture is shrunk to, the side of the median's window, more than twice
# the width of lines, both in pixels; and the least contrast of lines, in levels.
_INVERTED_SIDE, _INVERTED_WINDOW, _INVERTED_STEP = 512, 31, 8

# === The map of the paper ===
# The longer side that the picture is shrunk to, and the side of a cell of the map, in pixels.
_MAP_SIDE, _CELL = 1024, 4
_LINE = 0.03  # Half the width of the broadest lines, as a share of the longer side.
# A wide area is ink if it is darker than this share of the paper around it, or than the other where
# the paper is at least `_WHITE_PAPER`, as in a drawing made on a computer.
_INK, _TONE, _WHITE_PAPER = 0.45, 0.97, 250
# And if its border is sharper than that of a shadow: such a share of the step within such a width,
# in cells.
_FALL, _SHARP = 0.6, 5
_EVEN = 247  # Paper that is nowhere darker is left as it is.

# === Noise ===
_FLAT = 224  # The level of flattened paper; the room above it serves to measure noise.
# The side of the squares that noise is measured in, in pixels, and of the median over these.
_NOISE_CELL, _NOISE_WINDOW = 24, 5
_NOISY = 1.5  # The least standard deviation of noise that is smoothed, in levels.
_DEVIATIONS = 2.5  # Paper is lighter than its level less so many standard deviations.
_NEARLY_WHITE = 250  # Compression artifacts beside lines are lighter than this.

# === Black ===
_INK_SHARE = 0.1  # The darkest share of the lines, which becomes black.
# Its least contrast to the paper, in levels and in standard deviations of noise.
_LEAST_CONTRAST, _CONTRAST_TO_NOISE = 32, 10
_BLACK_ENOUGH = 32  # Lines of this level or below stay as they are.

# === Specks ===
_SPECK = 1 / 256  # The ink of a speck is less, in black pixels per pixel of the longer side, ...
_FAINT, _FAINT_TIMES = 160, 6  # ... or less than six times that if no pixel is below this level.


def clean(picture: np.ndarray) -> np.ndarray:
    """Turns a picture of a drawing into a sketch.

    It takes scans and photographs in uneven light, tinted paper, pencil, colored lines, light lines
    on dark paper, and lines on a transparent layer, whose opacity is the ink whatever their color.
    In a sketch that is black on white already no pixel changes by more than 5 levels, except for
    specks. A picture without lines becomes white.

    Lines are at most 6% of the longer side wide. Wider areas stay if they are solid black; gray
    ones only on white paper, since elsewhere they may be shadow.

    Args:
        picture: uint8 gray `(H, W)`, RGB `(H, W, 3)` or RGBA `(H, W, 4)`, at least one pixel.

    Returns:
        uint8 gray `(H, W)`, 0 = line, 255 = paper. The same pixels give the same sketch.

    Raises:
        DeepPaintError: another dtype or shape.
    """
    kind = picture.dtype, picture.ndim, *picture.shape[2:]
    if kind not in ((np.uint8, 2), (np.uint8, 3, 3), (np.uint8, 3, 4)) or not picture.size:
        raise DeepPaintError(
            "a sketch is cleaned from uint8 (H, W), (H, W, 3) or (H, W, 4), "
            f"not {picture.dtype} {picture.shape}"
        )
    if kind[2:] == (4,):
        picture = _without_transparency(picture)
    if _is_inverted(picture):
        picture = WHITE - picture
    gray, noise = _whiten(_flatten(picture))
    return _without_specks(_blacken(gray, max(_LEAST_CONTRAST, _CONTRAST_TO_NOISE * noise)))


def _without_transparency(rgba: np.ndarray) -> np.ndarray:
    """Gray `(H, W)` from the opacity of a layer of lines; any other picture over white.

    Over white, light lines would vanish. A figure cut out of its background has many tones.
    """
    alpha = rgba[..., 3]
    if alpha.min() == WHITE:
        return np.ascontiguousarray(rgba[..., :3])
    painted = alpha >= max(1, alpha.max() // 2)
    if alpha.mean() < WHITE / 2 and painted.any():
        tones = to_gray(np.ascontiguousarray(rgba[..., :3]))[painted]
        darkest, lightest = np.percentile(tones, [2, 98])
        if lightest - darkest < _ONE_TONE:
            return WHITE - alpha
    return over_white(rgba)


def _is_inverted(picture: np.ndarray) -> bool:
    """Whether the picture is dark, and what is narrow in it is lighter than its surroundings."""
    gray = shrink(picture, _INVERTED_SIDE)
    gray = to_gray(gray) if gray.ndim == 3 else gray
    if np.median(gray) > WHITE / 2:
        return False
    off = gray.astype(np.int16) - cv2.medianBlur(gray, _INVERTED_WINDOW)
    lighter, darker = (np.maximum(sign * off - _INVERTED_STEP, 0).sum() for sign in (1, -1))
    return bool(lighter > darker)


# --- paper --------------------------------------------------------------------------------------


def _flatten(picture: np.ndarray) -> np.ndarray:
    """Divides each channel by its paper and takes the darkest, so that lines of any color show.

    Returns gray `(H, W)`; paper is at `_FLAT`, or white as it was.
    """
    channels = [picture] if picture.ndim == 2 else cv2.split(picture)
    papers = [_map_paper(channel) for channel in channels]
    if min(paper.min() for paper in papers) < _EVEN:
        # Black counts as 1, so that black paper becomes white too.
        channels = (
            cv2.divide(np.maximum(c, 1), np.maximum(cv2.resize(p, c.shape[::-1]), 1), scale=_FLAT)
            for c, p in zip(channels, papers, strict=True)
        )
    return functools.reduce(cv2.min, channels)


def _map_paper(channel: np.ndarray) -> np.ndarray:
    """The level of the paper under the drawing in every cell of a channel, uint8."""
    small = shrink(channel, _MAP_SIDE)
    level = _cells(small, _CELL, [75])[0].astype(np.uint8)
    reach = max(1, round(_LINE * max(level.shape)))
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    paper = cv2.min(cv2.morphologyEx(level, cv2.MORPH_CLOSE, window), _from_edges(level, reach))
    return _without_solids(paper, _TONE if np.median(small) >= _WHITE_PAPER else _INK)


def _from_edges(level: np.ndarray, reach: int) -> np.ndarray:
    """An upper bound of the paper: the lightest level between a cell and the nearer edge.

    Closing alone makes the paper at an edge as light as it is some way inside; but the shadow of a
    book's fold is darkest there.
    """
    bound = np.full_like(level, WHITE)
    for turned, limit in ((level, bound), (level.T, bound.T)):
        window = np.ones((1, 2 * reach + 1), np.uint8)
        along = cv2.morphologyEx(np.ascontiguousarray(turned), cv2.MORPH_CLOSE, window)
        for levels, bounds in ((along, limit), (along[::-1], limit[::-1])):
            np.minimum(bounds, np.maximum.accumulate(levels, axis=0), out=bounds)
    return bound


def _without_solids(paper: np.ndarray, share: float) -> np.ndarray:
    """Fills areas of ink in the map from around them.

    They are darker than `share` of the lightest paper near them and have a sharp border.
    """
    around = cv2.dilate(paper, _square(2 * (max(paper.shape) // 4) + 1))
    dark = (paper < share * around).astype(np.uint8)
    if not dark.any():
        return paper
    count, areas = cv2.connectedComponents(dark)
    border = dark > cv2.erode(dark, _square(3))
    lightest, darkest = cv2.dilate(paper, _square(_SHARP)), cv2.erode(paper, _square(_SHARP))
    falls = cv2.subtract(lightest, darkest) / np.maximum(1.0, cv2.subtract(around, darkest))
    pixels = np.bincount(areas[border], minlength=count)
    sharpness = np.bincount(areas[border], falls[border], count) / np.maximum(1, pixels)
    ink = cv2.dilate((sharpness >= _FALL)[areas].astype(np.uint8), _square(3))
    return cv2.inpaint(paper, ink, 3, cv2.INPAINT_TELEA) if ink.any() else paper


def _cells(gray: np.ndarray, side: int, percentiles: list[float]) -> np.ndarray:
    """Percentiles of the levels in each square of `side` pixels: float `(P, rows, columns)`."""
    rows, columns = (-length % side for length in gray.shape)
    gray = cv2.copyMakeBorder(gray, 0, rows, 0, columns, cv2.BORDER_REPLICATE)
    cells = gray.reshape(gray.shape[0] // side, side, -1, side).swapaxes(1, 2)
    return np.percentile(cells.reshape(*cells.shape[:2], -1), percentiles, axis=-1)


def _square(side: int) -> np.ndarray:
    return np.ones((side, side), np.uint8)


# --- white and black ----------------------------------------------------------------------------


def _whiten(gray: np.ndarray) -> tuple[np.ndarray, float]:
    """Smooths noise, and makes white what is as light as paper with the remaining noise.

    Returns gray `(H, W)`, and the greatest standard deviation of the remaining noise.
    """
    level, noise = _measure_noise(gray)
    if noise.max() > _NOISY:
        gray = cv2.bilateralFilter(gray, 7, 3 * float(noise.max()), 2)
        level, noise = _measure_noise(gray)
    white = np.minimum(level - _DEVIATIONS * noise, level * (_NEARLY_WHITE / WHITE))
    white = cv2.GaussianBlur(np.maximum(white, 1), (0, 0), 1)
    white = cv2.resize(np.rint(white).astype(np.uint8), gray.shape[::-1])
    return cv2.divide(gray, white, scale=WHITE), float(noise.max())


def _measure_noise(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The level of paper and the standard deviation of its noise, cell by cell, float32.

    In a normal distribution the percentiles 60 and 90 are 1.03 standard deviations apart. Lines are
    darker than either, and usually too few to matter. Many lines look like noise; so the darkest
    and the noisiest twentieth of the cells are clipped.
    """
    step = max(1, max(gray.shape) // _MAP_SIDE)  # not shrunk, which would smooth the noise
    low, high = _cells(np.ascontiguousarray(gray[::step, ::step]), _NOISE_CELL, [60, 90])
    usual = np.median(low)
    paper = low >= 0.9 * usual
    level = np.where(paper, low, usual).astype(np.uint8)
    noise = np.where(paper, high - low, np.median((high - low)[paper]))
    eighths = np.minimum(8 * noise, WHITE).astype(np.uint8)
    level, eighths = (cv2.medianBlur(grid, _NOISE_WINDOW) for grid in (level, eighths))
    level = np.maximum(level, np.percentile(level, 5))
    noise = np.minimum(eighths, np.percentile(eighths, 95)) / 8
    return level.astype(np.float32), noise.astype(np.float32)


def _blacken(gray: np.ndarray, contrast: float) -> np.ndarray:
    """Stretches the levels until the darkest lines are black; lines nearly black stay.

    The level that becomes black is at least `contrast` below white.
    """
    counts = cv2.calcHist([gray], [0], None, [WHITE + 1], [0, WHITE + 1]).ravel()[:_NEARLY_WHITE]
    if not counts.any():
        return np.full_like(gray, WHITE)
    darkest = int(np.searchsorted(np.cumsum(counts), _INK_SHARE * counts.sum()))
    darkest = max(0, min(darkest, WHITE - contrast))
    black = min(max(0, 2 * (darkest - _BLACK_ENOUGH)), darkest)
    levels = (np.arange(WHITE + 1) - black) * (WHITE / (WHITE - black))
    return cv2.LUT(gray, np.clip(np.rint(levels), 0, WHITE).astype(np.uint8))


def _without_specks(gray: np.ndarray) -> np.ndarray:
    """Makes connected components with too little ink for a line white."""
    marked = gray < WHITE
    count, marks = cv2.connectedComponents(marked.astype(np.uint8))
    ink = np.bincount(marks[marked], WHITE - gray[marked].astype(np.float64), count) / WHITE
    faint = np.bincount(marks[gray < _FAINT], minlength=count) == 0
    least = _SPECK * max(gray.shape)
    kept = ink >= np.where(faint, _FAINT_TIMES * least, least)
    return np.where(kept[marks], gray, WHITE).astype(np.uint8)
