"""The palette rule `figure`: counts what is drawn, not what it is drawn on.

Paper, or any plain backdrop that is connected to the border, is left out; transparency counts as
white paper. Enclosed white is a color like any other. Thin outlines are left out. Near shades of
one color are merged, so that their places go to further colors. The four bands divide the height of
the figure.

Every number is an integer, so that `figure_graph` returns the same palettes in a TensorFlow graph.
Colors are compared in a table of 32 x 32 x 32 shades, whose features are CIELAB with compressed
chroma (the chroma weighting of CIE94, `S_C = 1 + 0.045 C`, integrated as in DIN99) and with
lightness at 0.4 of its weight, because shading changes lightness most.
"""

import functools

import numpy as np

from tf_deeppaint.palette.rules import BANDS, COLORS

# Levels of a channel in the table of shades.
SHADES = 32
SHADE_COUNT = SHADES**3
# Units of the features for one unit of CIELAB.
UNIT = 8
# Lightness counts this much beside chroma.
LIGHTNESS_WEIGHT = 0.4
# Colors closer than 7.5 units of the features are shades of one color. Pale skin, cream and white
# are 8 and more apart; a cel shadow of 0.8 times the color is 6 away from it.
SAME_COLOR = (UNIT * 15 // 2) ** 2
# The backdrop takes colors within 6 units of the most frequent one on the border.
SAME_BACKDROP = (UNIT * 6) ** 2
# A backdrop covers at least a third of the border, and two of the four corners.
BORDER_PART, CORNERS = 3, 2
# A window is flat where no channel varies by more levels.
FLAT = 24
# A pixel in a flat window of 1/64 of the longer side counts 16 times as much as one in a flat
# window of 3 pixels: lines and edges have no such wide window.
WIDE_PART, WIDE_WEIGHT, NARROW = 64, 16, 3
# Pixels darker than this count only in flat windows of twice the width: outlines are dark.
DARK = 64
# On larger pictures every second pixel of every second row is counted.
COUNTED_SIDE = 256
# Colors told apart in one picture; a palette has places for 16.
MAX_COLORS = 48


@functools.cache
def shade_features() -> np.ndarray:
    """The features of every shade, int32 `(32768, 3)`: lightness and compressed chroma."""
    levels = np.linspace(0, 1, SHADES)
    rgb = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 3)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    # IEC 61966-2-1 (sRGB, D65).
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    ratio = linear @ np.transpose(to_xyz) / (0.9505, 1.0, 1.0890)
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    lightness, a, b = 116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])
    chroma = np.hypot(a, b)
    compressed = np.log1p(0.045 * chroma) / 0.045 / np.maximum(chroma, 1e-9)
    features = np.stack([LIGHTNESS_WEIGHT * lightness, a * compressed, b * compressed], axis=-1)
    return np.rint(UNIT * features).astype(np.int32)


def extract_figure_palette(picture: np.ndarray) -> np.ndarray:
    """Finds the leading colors of each band of the figure in a picture.

    A band lists its colors by the number of their pixels, most first; ties keep the order of the
    whole figure. A band with fewer than four colors goes on with the most frequent ones of the
    whole figure. A color's value is the mean, rounded down, of its most frequent shade.

    Args:
        picture: uint8 RGB `(H, W, 3)`, at least one pixel.

    Returns:
        The palette, uint8 `(4, 4, 3)`: band from the top, rank, RGB.
    """
    shades = _shades_of(picture)  # (H, W)
    ground = find_backdrop(shades)  # (H, W)
    if ground.all():
        ground = np.zeros_like(ground)
    weights = _weigh(picture, ground)  # (H, W)
    if not weights.any():
        weights = (~ground).astype(np.int32)
    rows = np.flatnonzero((~ground).any(axis=1))
    top, height = rows[0], rows[-1] + 1 - rows[0]

    step = 2 if max(shades.shape) > COUNTED_SIDE and weights[::2, ::2].any() else 1
    band = np.clip((np.arange(0, len(shades), step) - top) * BANDS // height, 0, BANDS - 1)
    grid = np.s_[::step, ::step]
    counted = weights[grid] > 0  # (h, w)
    weight, shade = weights[grid][counted], shades[grid][counted]  # (P,)
    place = np.broadcast_to(band[:, None], counted.shape)[counted] * SHADE_COUNT + shade
    counts = np.bincount(place, weight, BANDS * SHADE_COUNT).astype(np.int64)
    counts = counts.reshape(BANDS, SHADE_COUNT)
    sums = [np.bincount(shade, weight * c, SHADE_COUNT) for c in picture[grid][counted].T]
    return _rank(counts, np.stack(sums, -1).astype(np.int64))


def find_backdrop(shades: np.ndarray) -> np.ndarray:
    """Finds the plain backdrop that is connected to the border, bool `(H, W)`.

    Args:
        shades: int32 `(H, W)`, as in the table of shades.
    """
    border = np.concatenate([shades[0], shades[-1], shades[:, 0], shades[:, -1]])
    counts = np.bincount(border, minlength=SHADE_COUNT)
    features = shade_features()
    alike = _distances(features, counts.argmax()) <= SAME_BACKDROP
    corners = shades[[0, 0, -1, -1], [0, -1, 0, -1]]
    if BORDER_PART * counts[alike].sum() < border.size or alike[corners].sum() < CORNERS:
        alike[:] = False
    ground = alike[shades]
    import cv2

    # One fill from a frame around the picture reaches all that is connected to the border.
    framed = cv2.copyMakeBorder(ground.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(framed, None, (0, 0), 2)
    connected = (framed == 2).astype(np.uint8)
    # Noise leaves holes.
    window = np.ones((NARROW, NARROW), np.uint8)
    closed = cv2.morphologyEx(connected, cv2.MORPH_CLOSE, window, borderValue=1)
    return closed[1:-1, 1:-1] > 0


def _distances(features: np.ndarray, lead: int) -> np.ndarray:
    """Squared distances of features, int32 `(S, 3)`, to those of one shade, int32 `(S,)`."""
    apart = features - features[lead]
    return np.einsum("ij,ij->i", apart, apart)


def _shades_of(picture: np.ndarray) -> np.ndarray:
    """The number of every pixel's shade, int32 `(H, W)`."""
    import cv2

    red, green, blue = (channel.astype(np.int32) >> 3 for channel in cv2.split(picture))
    return (red * SHADES + green) * SHADES + blue


def _weigh(picture: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """How much each pixel counts, int32 `(H, W)`."""
    import cv2

    red, green, blue = cv2.split(picture)
    is_light = cv2.max(cv2.max(red, green), blue) >= DARK
    side = wide_side(*ground.shape)
    weights = WIDE_WEIGHT * _is_flat(picture, side).view(np.uint8)
    weights += _is_flat(picture, NARROW).view(np.uint8)
    weights *= (is_light | _is_flat(picture, 2 * side + 1)).view(np.uint8)
    weights[ground] = 0
    return weights.astype(np.int32)


def wide_side(height: int, width: int) -> int:
    """The side of the wide window, an odd number of pixels."""
    return max(NARROW, max(height, width) // WIDE_PART | 1)


def _is_flat(picture: np.ndarray, side: int) -> np.ndarray:
    """Whether no channel varies by more than `FLAT` in the square window around a pixel."""
    import cv2

    window = np.ones((side, side), np.uint8)
    spread = cv2.subtract(cv2.dilate(picture, window), cv2.erode(picture, window))
    red, green, blue = cv2.split(spread)
    return cv2.max(cv2.max(red, green), blue) <= FLAT


def _rank(counts: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Merges shades into colors and ranks them in each band.

    Args:
        counts: int64 `(4, 32768)`, weighted pixels of each shade in each band.
        sums: int64 `(32768, 3)`, weighted sums of their channels over the whole figure.

    Returns:
        uint8 `(4, 4, 3)`.
    """
    shades = np.flatnonzero(counts.any(axis=0))  # (S,)
    counts, features = counts[:, shades], shade_features()[shades]
    left, color_of = counts.sum(axis=0), np.full(len(shades), -1)
    leads: list[int] = []
    # Greedy: the most frequent shade takes all near ones that are left. Ties: the lower number.
    while len(leads) < MAX_COLORS and left.any():
        lead = int(left.argmax())
        near = _distances(features, lead) <= SAME_COLOR
        near &= color_of < 0
        color_of[near], left[near] = len(leads), 0
        leads.append(lead)

    merged = color_of >= 0
    in_band = np.stack([np.bincount(color_of[merged], c[merged], len(leads)) for c in counts])
    in_band = in_band.astype(np.int64)  # (4, K)
    total = in_band.sum(axis=0)
    # Colors of the band come first, then those of the figure.
    keys = np.where(in_band > 0, in_band + total.sum() + 1, total)
    order = np.argsort(-keys, axis=1, kind="stable")[:, :COLORS]  # (4, up to 4)
    order = np.pad(order, ((0, 0), (0, COLORS - order.shape[1])), mode="wrap")
    lead_shades = shades[leads]
    lead_counts = counts[:, leads].sum(axis=0)
    return (sums[lead_shades] // lead_counts[:, None])[order].astype(np.uint8)
