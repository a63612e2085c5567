"""Picture -> palette `uint8 (4 bands, 4 colors, 3)` -> histogram images `(H, W, 12)`.

A palette lists, for each of four horizontal bands of a picture from the top, its four leading
colors. Colors are counted in bins by the integer arithmetic of PyPI's `colorgram.py` 1.2.0:
two top bits each of luminance, hue and lightness, so 64 bins, a color's value being the mean of
its bin rounded down. `palette_ops` holds the same for tensors, equal to the integer.
"""

import json
import os

import numpy as np

from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.files import read_bytes, write_bytes

BANDS = COLORS = 4
NO_PALETTE = "not a palette"  # the kind of error
BINS = 64
# Such a file has about 300 bytes.
MAX_PALETTE_BYTES = 64 * 2**10

# What becomes of a band's most frequent color, rank 0.
BACKGROUNDS = ("drop", "white", "keep")
# With "white", rank 0 is taken for paper where every channel reaches this value.
NEAR_WHITE = 230
# A palette of a large photograph needs no more pixels than this on its longer side.
REFERENCE_SIDE = 512

# The bins follow int(0.2126 R + 0.7152 G + 0.0722 B) in float64. Its top two bits equal those of
# the integer (2126 R + 7152 G + 722 B) / 10000 for all 2**24 colors but 13, where the sum is a
# multiple of 64 and float64 lands just below it. Those 13 differ in red from one another and from
# the 40 further colors on such a multiple: one subtracted for these reds makes the integer exact.
_ROUNDED_DOWN_REDS = (12, 15, 33, 59, 81, 110, 141, 145, 146, 159, 162, 176, 240)
RED_LUMINANCE = 2126 * np.arange(256, dtype=np.int32)
RED_LUMINANCE[list(_ROUNDED_DOWN_REDS)] -= 1
GREEN_LUMINANCE, BLUE_LUMINANCE = 7152, 722
_GREEN_TABLE, _BLUE_TABLE = (k * np.arange(256) for k in (GREEN_LUMINANCE, BLUE_LUMINANCE))
LUMINANCE_STEP = 64 * 10000


def extract_palette(picture: np.ndarray, background: str = "drop") -> np.ndarray:
    """Finds the leading colors of each of a picture's four bands.

    Bands are `H // 4` rows high and counted from the top; rows past the fourth are left out. A
    picture of fewer than four rows is stretched to four times its height first.

    Colors are ranked by pixel count, ties by bin. What the reference takes for the background is
    rank 0: `"drop"` leaves it out always (the reference's rule), `"white"` where it is near white,
    `"keep"` never. The next four ranks are the band's colors. A band with too few repeats its
    rank 0 in the places left over; so a band of one color holds four times that color.

    Args:
        picture: uint8 RGB `(H, W, 3)`, at least one pixel.
        background: `"drop"`, `"white"` or `"keep"`.

    Returns:
        The palette, uint8 `(4, 4, 3)`: band from the top, rank, RGB.

    Raises:
        DeepPaintError: another dtype or shape, or another rule.
    """
    check_background(background)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise DeepPaintError(
            f"a palette is taken from a uint8 picture (H, W, 3), not {picture.dtype} "
            f"{picture.shape}"
        )
    # Band by band, so that all stays in the processor's cache.
    return np.stack([_leading_colors(band, background) for band in split_bands(picture)])


def reference_palette(picture: np.ndarray, background: str) -> np.ndarray:
    """The palette of a reference of any size, shrunk first to what a palette needs.

    Args:
        picture: uint8 RGB `(H, W, 3)`, at least one pixel.
        background: As for `extract_palette`, also for the errors.

    Returns:
        uint8 `(4, 4, 3)`.
    """
    from tf_deeppaint.images.pixels import shrink

    return extract_palette(shrink(picture, REFERENCE_SIDE), background)


def split_bands(picture: np.ndarray) -> np.ndarray:
    """The four bands in which colors are counted, uint8 `(4, H // 4, W, 3)`, from the top.

    Rows past the fourth are left out; fewer than four rows are stretched to four times the height
    first.
    """
    if picture.shape[0] < BANDS:
        picture = np.repeat(picture, BANDS, axis=0)
    height = picture.shape[0] // BANDS
    return picture[: BANDS * height].reshape(BANDS, height, *picture.shape[1:])


def color_bins(pixels: np.ndarray) -> np.ndarray:
    """The bin of every color, uint8 0..63 = luminance << 4 | hue << 2 | lightness.

    Args:
        pixels: uint8 `(..., 3)`.
    """
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
    """The top two bits of the integer hue, its divisions turned into comparisons.

    colorgram's hue is `((x * 255) // spread + offset) // 6` with an offset of 0 (1530 below zero)
    where red leads, 510 where green does, 1020 where blue does; a quarter is 384 before the
    division by six. So green begins its second quarter at `255 (b - r) >= -126 spread`, blue at
    `255 (r - g) >= -252 spread` and `132 spread`; here by a third of that, to fit int16. Products
    of uint8 choose, since `np.where` takes ten times as long.
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
    """A number for each level, float32 of the levels' shape."""
    import cv2

    # Exact: luminances are integers below 2**24. OpenCV takes a fifth of the time of `np.take`.
    return cv2.LUT(levels.reshape(1, -1), table.astype(np.float32)).reshape(levels.shape)


def _leading_colors(band: np.ndarray, background: str) -> np.ndarray:
    """The four colors of one band, uint8 `(h, W, 3)` -> `(4, 3)`."""
    pixels, lengths = _runs(band)
    bins = color_bins(pixels)
    # Weighted sums are of float64, exact far beyond what a picture can have.
    counts = np.bincount(bins, lengths, BINS)
    sums = np.stack([np.bincount(bins, lengths * level, BINS) for level in pixels.T], axis=-1)
    order = np.argsort(-counts, kind="stable")[: COLORS + 1]
    colors = [sums[place] // max(counts[place], 1.0) for place in order]
    first = colors[0]
    is_paper = all(level >= NEAR_WHITE for level in first)
    left_out = {"drop": 1, "white": int(is_paper), "keep": 0}[background]
    present = [c for c, n in zip(colors, counts[order], strict=True) if n][left_out:]
    return np.array((present + COLORS * [first])[:COLORS], np.uint8)


def _runs(band: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs of equal pixels, of which drawings are made: uint8 `(R, 3)`, and how long they are."""
    import cv2

    packed = cv2.cvtColor(band.reshape(1, -1, 3), cv2.COLOR_RGB2RGBA).view(np.uint32).ravel()
    starts = np.flatnonzero(packed[1:] != packed[:-1]) + 1
    starts = np.concatenate([[0], starts])
    pixels = packed[starts].view(np.uint8).reshape(-1, 4)[:, :3]
    return pixels, np.diff(starts, append=packed.size)


def palette_to_histogram(palette: np.ndarray, height: int, width: int) -> np.ndarray:
    """Draws a palette as its four histogram images, one for each rank, stacked by channel.

    Args:
        palette: uint8 `(4, 4, 3)`.
        height: Height of the images; band borders lie at multiples of `height // 4`, rows past
            the fourth belong to the last band.
        width: Width of the images.

    Returns:
        float32 `(height, width, 12)` in [-1, 1]; channels `3 i .. 3 i + 2` are image `i`.
    """
    band = np.minimum(np.arange(height) // max(1, height // BANDS), BANDS - 1)
    rows = palette.reshape(BANDS, 3 * COLORS)[band].astype(np.float32) / 127.5 - 1.0
    return np.ascontiguousarray(np.broadcast_to(rows[:, None], (height, width, 3 * COLORS)))


def palette_to_json(palette: np.ndarray) -> str:
    """Writes a palette as the reference's JSON: band from "1", then rank from "1", then RGB."""
    bands = {
        str(band + 1): {str(rank + 1): palette[band, rank].tolist() for rank in range(COLORS)}
        for band in range(BANDS)
    }
    return json.dumps(bands)


def palette_from_json(text: str, name: str) -> np.ndarray:
    """Reads a palette from the reference's JSON.

    Args:
        text: As `palette_to_json` writes it.
        name: What to call it in an error, such as the file's path.

    Raises:
        DeepPaintError: not JSON, or not four bands of four colors of three integers 0..255.
    """
    try:
        bands = json.loads(text)
        colors = [[bands[str(b)][str(c)] for c in range(1, 5)] for b in range(1, 5)]
        values = np.array(colors, object)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise DeepPaintError(
            f'{name}: not a palette; expected {{"1": {{"1": [r, g, b], ...}}, ... "4": ...}}',
            NO_PALETTE,
        ) from error
    # By type: NumPy would take true for 1.
    if values.shape != (BANDS, COLORS, 3) or {type(level) for level in values.flat} != {int}:
        raise DeepPaintError(f"{name}: a palette has 4 bands of 4 colors of 3 integers", NO_PALETTE)
    if values.min() < 0 or values.max() > 255:
        raise DeepPaintError(f"{name}: the colors of a palette lie between 0 and 255", NO_PALETTE)
    return values.astype(np.uint8)


def read_palette(path: str | os.PathLike) -> np.ndarray:
    """Reads a palette from a JSON file in the reference's format; see `palette_from_json`."""
    data = read_bytes(path, MAX_PALETTE_BYTES)
    return palette_from_json(data.decode("utf-8", "replace"), str(path))


def write_palette(path: str | os.PathLike, palette: np.ndarray) -> None:
    """Writes a palette to a JSON file in the reference's format."""
    write_bytes(path, palette_to_json(palette).encode() + b"\n")


def check_background(background: str) -> None:
    """Raises DeepPaintError unless `background` names a rule for rank 0."""
    if background not in BACKGROUNDS:
        raise DeepPaintError(f"background={background!r}: choose one of {', '.join(BACKGROUNDS)}")
