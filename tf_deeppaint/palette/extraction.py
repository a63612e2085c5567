"""Picture -> palette, uint8 `(4, 4, 3)` -> histogram images `(H, W, 12)`, in NumPy.

Colors are counted in 64 bins by the integer arithmetic of PyPI's `colorgram.py` 1.2.0: the two top
bits each of luminance, hue and lightness. The value of a color is the mean of its bin, rounded
down. OpenCV is imported inside functions, so that `--help` of the programs answers at once.
"""

import numpy as np

from tf_deeppaint.images.pixels import to_signed_unit_range
from tf_deeppaint.palette.figure import extract_figure_palette
from tf_deeppaint.palette.rules import BANDS, COLORS, FIGURE, LEAVES_OUT, check_background
from tf_deeppaint.utils.errors import DeepPaintError

BINS = 64

# Level from which on every channel must be for a color to be near white.
NEAR_WHITE = 230
# Longest side in pixels to which a reference is shrunk before its colors are counted; more pixels
# change the palette of a photograph hardly at all.
REFERENCE_SIDE = 512

# colorgram's luminance is int(0.2126 R + 0.7152 G + 0.0722 B) in float64. Its top two bits equal
# those of the integer (2126 R + 7152 G + 722 B) / 10000 for all 2**24 colors but 13. For these the
# exact sum is a multiple of 64 and float64 rounds to just below it. Each of the 13 has another red
# level, and none of the 40 further colors on such a multiple has one of these levels. So one
# subtracted for these reds makes the integer formula equal everywhere.
_ROUNDED_DOWN_REDS = (12, 15, 33, 59, 81, 110, 141, 145, 146, 159, 162, 176, 240)
RED_LUMINANCE = 2126 * np.arange(256, dtype=np.int32)
RED_LUMINANCE[list(_ROUNDED_DOWN_REDS)] -= 1
GREEN_LUMINANCE, BLUE_LUMINANCE = 7152, 722
_GREEN_TABLE, _BLUE_TABLE = (k * np.arange(256) for k in (GREEN_LUMINANCE, BLUE_LUMINANCE))
LUMINANCE_STEP = 64 * 10000


def extract_palette(picture: np.ndarray, background: str = "drop") -> np.ndarray:
    """Finds the leading colors of each of a picture's four bands.

    Colors are ranked by pixel count from rank 0, ties by bin. The background rule may leave rank 0
    out; the next four ranks are the band's colors. A band of fewer colors repeats its rank 0 in the
    remaining places.

    Args:
        picture: uint8 RGB `(H, W, 3)`, at least one pixel; see `split_bands` for its bands.
        background: The rule for rank 0, one of `rules.LEAVES_OUT`, `"drop"` being the published
            one; or `"figure"`, another algorithm: see `figure.extract_figure_palette`.

    Returns:
        The palette, uint8 `(4, 4, 3)`: band from the top, rank, RGB.

    Raises:
        DeepPaintError: the picture has another dtype or shape, or there is no such rule.
    """
    check_background(background)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        kind = f"{picture.dtype} {picture.shape}"
        raise DeepPaintError(f"a palette is taken from a uint8 picture (H, W, 3), not {kind}")
    if background == FIGURE:
        return extract_figure_palette(picture)
    # One band at a time, so that its arrays stay in the processor's cache.
    return np.stack([_leading_colors(band, background) for band in split_bands(picture)])


def reference_palette(picture: np.ndarray, background: str) -> np.ndarray:
    """`extract_palette` of a reference of any size, shrunk to `REFERENCE_SIDE` first."""
    from tf_deeppaint.images.canvas import shrink

    return extract_palette(shrink(picture, REFERENCE_SIDE), background)


def split_bands(picture: np.ndarray) -> np.ndarray:
    """Splits a picture into its four bands from the top, uint8 `(4, H // 4, W, 3)`.

    Rows below the fourth band are left out. A picture of fewer than four rows is stretched to four
    times its height first.
    """
    if picture.shape[0] < BANDS:
        picture = np.repeat(picture, BANDS, axis=0)
    height = picture.shape[0] // BANDS
    return picture[: BANDS * height].reshape(BANDS, height, *picture.shape[1:])


def color_bins(pixels: np.ndarray) -> np.ndarray:
    """The bins of colors uint8 `(..., 3)`: uint8 0..63 = luminance << 4 | hue << 2 | lightness."""
    red, green, blue = (pixels[..., channel].copy() for channel in range(3))
    most = np.maximum(np.maximum(red, green), blue)
    least = np.minimum(np.minimum(red, green), blue)
    luminance = _look_up(RED_LUMINANCE, red)
    luminance += _look_up(_GREEN_TABLE, green)
    luminance += _look_up(_BLUE_TABLE, blue)
    steps = sum((luminance >= k * LUMINANCE_STEP).view(np.uint8) for k in (1, 2, 3))
    lightness = (np.add(most, least, dtype=np.uint16) >> 7).astype(np.uint8)
    return steps << 4 | _hue_quarter(red, green, blue, most, least) << 2 | lightness


def _hue_quarter(red, green, blue, most, least) -> np.ndarray:
    """The top two bits of colorgram's integer hue, 0..3, by comparisons instead of divisions.

    The hue is `((x * 255) // spread + offset) // 6`. The offset is 0 (1530 where x is negative)
    where red is the largest channel, 510 for green, 1020 for blue; a quarter of the circle is 384
    before the division by six. So green enters the second quarter at `255 (b - r) >= -126 spread`,
    and blue the third and fourth at `255 (r - g) >= -252 spread` and `132 spread`. All are divided
    by three here, to fit int16. Products of uint8 select, since `np.where` takes ten times as long.
    """
    r, g, b = (channel.astype(np.int16) for channel in (red, green, blue))
    spread = most.astype(np.int16) - least
    red_leads = (most == red).view(np.uint8)
    green_leads = (most == green).view(np.uint8) * (1 - red_leads)
    of_red = 3 * (green < blue).view(np.uint8)
    of_green = (85 * (b - r) >= -42 * spread).view(np.uint8)
    slope = 85 * (r - g)
    of_blue = 1 + sum((slope >= bound * spread).view(np.uint8) for bound in (-84, 44))
    blue_leads = 1 - red_leads - green_leads
    return red_leads * of_red + green_leads * of_green + blue_leads * of_blue


def _look_up(table: np.ndarray, levels: np.ndarray) -> np.ndarray:
    import cv2

    # float32 is exact for integers below 2**24. OpenCV takes a fifth of the time of `np.take`.
    return cv2.LUT(levels.reshape(1, -1), table.astype(np.float32)).reshape(levels.shape)


def _leading_colors(band: np.ndarray, background: str) -> np.ndarray:
    """The four colors of one band, uint8 `(h, W, 3)` -> `(4, 3)`."""
    pixels, lengths = _runs(band)
    bins = color_bins(pixels)
    # Weighted sums are float64, which is exact for integers up to 2**53.
    counts = np.bincount(bins, lengths, BINS)
    sums = np.stack([np.bincount(bins, lengths * level, BINS) for level in pixels.T], axis=-1)
    order = np.argsort(-counts, kind="stable")[: COLORS + 1]
    order = order[counts[order] > 0]
    colors = sums[order] // counts[order, None]
    first = int(LEAVES_OUT[background]((colors[0] >= NEAR_WHITE).all()))
    ranked = [*colors[first:], *COLORS * [colors[0]]]
    return np.array(ranked[:COLORS], np.uint8)


def _runs(band: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs of equal pixels, which drawings have many of: colors uint8 `(R, 3)`, lengths `(R,)`."""
    import cv2

    packed = cv2.cvtColor(band.reshape(1, -1, 3), cv2.COLOR_RGB2RGBA).view(np.uint32).ravel()
    starts = np.concatenate([[0], np.flatnonzero(packed[1:] != packed[:-1]) + 1])
    pixels = packed[starts].view(np.uint8).reshape(-1, 4)[:, :3]
    return pixels, np.diff(starts, append=packed.size)


def palette_to_histogram(palette: np.ndarray, height: int, width: int) -> np.ndarray:
    """Draws a palette as four histogram images, one a rank, stacked by channel.

    Band borders lie at multiples of `height // 4`; rows below belong to the last band.

    Returns:
        float32 `(height, width, 12)` in [-1, 1]; channels `3 i .. 3 i + 2` are image `i`.
    """
    band = np.minimum(np.arange(height) // max(1, height // BANDS), BANDS - 1)
    rows = to_signed_unit_range(palette.reshape(BANDS, 3 * COLORS)[band])
    return np.ascontiguousarray(np.broadcast_to(rows[:, None], (height, width, 3 * COLORS)))
