"""A scanned, photographed or transparent drawing -> a sketch: black lines on white paper.

Paper and lines are told apart by width. What is wide, or changes slowly, is paper, whatever its
color and the light on it; what is narrow is a line. Every channel is divided by its paper, noise
becomes white, the darkest lines black, and what is too little to be a line goes.
"""

import cv2
import numpy as np

from tf_deeppaint.images.canvas import shrink
from tf_deeppaint.images.pixels import WHITE, over_white, to_gray
from tf_deeppaint.utils.errors import DeepPaintError

# === Transparency ===
# Paint of one tone on a layer that is mostly transparent is lines alone.
_ONE_TONE = 64

# === Light lines on dark paper ===
# With so many pixels on the longer side, lines are narrower than half of such a window and differ
# from what is around by more levels than this.
_INVERTED_LOOK, _INVERTED_WINDOW, _INVERTED_STEP = 512, 31, 8

# === The map of the paper ===
# With so many pixels on the longer side, a cell of the map is a square of so many.
_LOOK, _CELL = 1024, 4
_LINE = 0.03  # Half the width of the broadest lines, as a share of the longer side.
# Wide areas are ink too if they are darker than this share of the paper around them, ...
_INK = 0.45
# ... or than this one on paper that is white of itself, as in a drawing made on a computer; ...
_TONE, _WHITE_PAPER = 0.97, 250
# ... and if so much of the fall to them lies within so many cells, as in no shadow.
_FALL, _SHARP = 0.6, 5
_EVEN = 247  # Paper that is nowhere darker is left as it is.

# === Noise ===
_FLAT = 224  # The level given to paper first, with room above it to measure its noise.
# Measured in squares of so many pixels, of which those in a window of so many cells agree.
_NOISE_CELL, _NOISE_WINDOW = 24, 5
_NOISY = 1.5  # Standard deviation in levels, from which on noise is smoothed.
_DEVIATIONS = 2.5  # Paper is what is lighter than its level less so many.
_NEARLY_WHITE = 250  # What compression leaves beside lines is lighter than this.

# === Black ===
_INK_SHARE = 0.1  # The darkest tenth of the lines becomes black, ...
_LEAST_CONTRAST, _CONTRAST_TO_NOISE = 32, 10  # ... if it differs from paper by so much, ...
_BLACK_ENOUGH = 32  # ... and is not as dark as this already.

# === Specks ===
_SPECK = 1 / 256  # Less ink than so many black pixels, for each pixel of the longer side, ...
_FAINT, _FAINT_TIMES = 160, 6  # ... and of nothing but faint pixels, less than six times that.


def clean(picture: np.ndarray) -> np.ndarray:
    """Turns a picture of a drawing into the sketch that a painter wants.

    It takes scans and photographs in uneven light, tinted paper, pencil, colored lines, light
    lines on dark paper, and lines on a transparent layer, whose opacity is the ink whatever their
    color. Of a sketch that is black on white already no pixel changes by more than 5 levels, but
    for specks. A picture without lines becomes white.

    Lines are at most 6% of the longer side wide. Wider areas stay if they are solid black; gray
    ones stay only where the paper is white of itself, since elsewhere they may be shadow.

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
    """Gray `(H, W)` from the opacity of a layer of lines; another picture `(H, W, 3)` over white.

    Over white, light lines would vanish. But a figure cut out of its background is opaque too.
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
    """Whether the picture is dark, and what is narrow in it lighter than what is around."""
    gray = shrink(picture, _INVERTED_LOOK)
    gray = to_gray(gray) if gray.ndim == 3 else gray
    if np.median(gray) > WHITE / 2:
        return False
    off = gray.astype(np.int16) - cv2.medianBlur(gray, _INVERTED_WINDOW)
    lighter, darker = (np.maximum(sign * off - _INVERTED_STEP, 0).sum() for sign in (1, -1))
    return bool(lighter > darker)


# --- paper --------------------------------------------------------------------------------------


def _flatten(picture: np.ndarray) -> np.ndarray:
    """Divides each channel by its paper, and takes the darkest, so that lines of any color show.

    Returns:
        Gray `(H, W)`; paper is at `_FLAT`, or white as it was.
    """
    channels = [picture] if picture.ndim == 2 else cv2.split(picture)
    papers = [_map_paper(channel) for channel in channels]
    darkest = None
    for channel, paper in zip(channels, papers, strict=True):
        if min(p.min() for p in papers) < _EVEN:
            paper = cv2.resize(paper, channel.shape[::-1])
            # Black is taken for 1, so that black paper becomes white too.
            channel, paper = np.maximum(channel, 1), np.maximum(paper, 1)
            channel = cv2.divide(channel, paper, scale=_FLAT)
        darkest = channel if darkest is None else cv2.min(darkest, channel)
    return darkest


def _map_paper(channel: np.ndarray) -> np.ndarray:
    """The level of the paper in every cell of a channel, as if nothing were drawn on it."""
    small = shrink(channel, _LOOK)
    level = _cells(small, _CELL, [75])[0].astype(np.uint8)
    reach = max(1, round(_LINE * max(level.shape)))
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    paper = cv2.min(cv2.morphologyEx(level, cv2.MORPH_CLOSE, window), _from_edges(level, reach))
    return _without_solids(paper, _TONE if np.median(small) >= _WHITE_PAPER else _INK)


def _from_edges(level: np.ndarray, reach: int) -> np.ndarray:
    """A bound for the paper: the lightest between each cell and the nearer edges, lines left out.

    Closing alone takes the paper at an edge for as light as it is some way inside; but there the
    shadow of a book's fold is darkest.
    """
    bound = np.full_like(level, WHITE)
    for turned, limit in ((level, bound), (level.T, bound.T)):
        window = np.ones((1, 2 * reach + 1), np.uint8)
        along = cv2.morphologyEx(np.ascontiguousarray(turned), cv2.MORPH_CLOSE, window)
        for one, way in ((along, limit), (along[::-1], limit[::-1])):
            np.minimum(way, np.maximum.accumulate(one, axis=0), out=way)
    return bound


def _without_solids(paper: np.ndarray, share: float) -> np.ndarray:
    """The map with areas of ink filled from around them.

    Args:
        paper: The map, uint8.
        share: What is darker than this share of the lightest paper near it may be ink, and is, if
            its border is sharp.
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
    """Smooths noise, and makes white what is as light as paper with what noise is left.

    Returns:
        Gray `(H, W)`, and the standard deviation of the noise that was left where there was most.
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

    In a normal distribution the percentiles 60 and 90 are 1.03 standard deviations apart. Lines
    are darker than either, and too few to matter. Where they are many they look like noise; so the
    darkest and the noisiest twentieth of the cells are made like the next.
    """
    step = max(1, max(gray.shape) // _LOOK)  # not shrunk, which would smooth the noise
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
    """Stretches the levels until the darkest lines are black; those that are nearly so stay.

    Args:
        gray: Paper is white.
        contrast: How far from white the level is at least that becomes black.
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
    """Makes white what hangs together and is too little, or too little and faint, for a line."""
    marked = gray < WHITE
    count, marks = cv2.connectedComponents(marked.astype(np.uint8))
    ink = np.bincount(marks[marked], WHITE - gray[marked].astype(np.float64), count) / WHITE
    faint = np.bincount(marks[gray < _FAINT], minlength=count) == 0
    least = _SPECK * max(gray.shape)
    kept = ink >= np.where(faint, _FAINT_TIMES * least, least)
    return np.where(kept[marks], gray, WHITE).astype(np.uint8)
