"""Colors named one by one -> palette: hex codes read, placed in the bands, and mixed with others.

One rule places n colors, listed from the top of the picture to its bottom, in m bands:

* Band b of 0 .. m - 1 begins with color `b * n // m`.
* Up to four colors are in every band: after its first come the others in the order of the list.
* Of more, each band has a part of its own, from its first to the one with which the next begins.
* Places left over in a band repeat its first color.
"""

import itertools
import re
from collections.abc import Iterable

import numpy as np

from tf_deeppaint.palette.extraction import BANDS, COLORS
from tf_deeppaint.utils.errors import DeepPaintError

MOST = BANDS * COLORS

_CODE = re.compile("#(?:[0-9a-fA-F]{3}){1,2}")


def parse_colors(text: str) -> np.ndarray:
    """Reads a list of colors.

    Args:
        text: 1 to 16 colors `#rgb` or `#rrggbb`, comma-separated; spaces around them and upper
            case are taken too. `#rgb` is short for `#rrggbb`.

    Returns:
        uint8 `(n, 3)`, RGB.

    Raises:
        DeepPaintError: what is not such a color, or too many of them.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > MOST:
        raise DeepPaintError(f"colors: {len(parts)} colors; a palette holds 1 to {MOST}")
    return np.array([_parse(part, number) for number, part in enumerate(parts, start=1)], np.uint8)


def parse_bands(text: str) -> list[int]:
    """Reads a list of bands, comma-separated numbers of 1 to 4.

    Raises:
        DeepPaintError: what is not such a number.
    """
    known = {str(band): band for band in range(1, BANDS + 1)}
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if part not in known:
            raise DeepPaintError(f"bands: {part!r} is no band; write 1 to {BANDS}, such as 1,4")
    return [known[part] for part in parts]


def color_code(color: np.ndarray) -> str:
    """Writes a color, uint8 `(3,)`, as `#rrggbb`."""
    return f"#{bytes(color).hex()}"


def palette_from_colors(colors: np.ndarray) -> np.ndarray:
    """Places colors in the four bands, by the rule above.

    Args:
        colors: uint8 `(n, 3)`, 1 to 16 of them, from the top of the picture to its bottom.

    Returns:
        uint8 `(4, 4, 3)`.

    Raises:
        DeepPaintError: none, or more than 16.
    """
    return _place(colors, BANDS)


def replace_bands(palette: np.ndarray, colors: np.ndarray, bands: Iterable[int]) -> np.ndarray:
    """Gives some bands of a palette other colors, placed in them by the rule above.

    Args:
        palette: uint8 `(4, 4, 3)`; it is left as it is.
        colors: uint8 `(n, 3)`, from the top to the bottom; 1 to 4 for each of the bands.
        bands: Their numbers, 1 to 4 from the top, in any order; twice is once.

    Returns:
        uint8 `(4, 4, 3)`.

    Raises:
        DeepPaintError: no bands, one that there is not, or too few or many colors for them.
    """
    chosen = sorted(set(bands))
    if not chosen or not set(chosen) <= set(range(1, BANDS + 1)):
        raise DeepPaintError(f"bands={chosen}: name some of 1 to {BANDS}, counted from the top")
    mixed = palette.copy()
    mixed[np.array(chosen) - 1] = _place(colors, len(chosen))
    return mixed


def choose_palette(
    palette: np.ndarray | None, colors: np.ndarray | None, bands: Iterable[int] | None
) -> np.ndarray:
    """The palette that somebody means who names a palette, colors, or both.

    Args:
        palette: uint8 `(4, 4, 3)`, of a reference or a file, or None.
        colors: uint8 `(n, 3)`, or None.
        bands: Given with both: the bands that get the colors.

    Returns:
        uint8 `(4, 4, 3)`.

    Raises:
        DeepPaintError: too many colors.
    """
    if colors is None:
        return palette
    return palette_from_colors(colors) if bands is None else replace_bands(palette, colors, bands)


def _parse(part: str, number: int) -> list[int]:
    if not part:
        raise DeepPaintError(f"colors: the {number}. color is missing; write #f4c7a1,#3b5dc9")
    if not _CODE.fullmatch(part):
        raise DeepPaintError(f"colors: {part!r} is no color; write #rgb or #rrggbb, as #f4c7a1")
    digits = part[1:] if len(part) == 7 else "".join(2 * digit for digit in part[1:])
    return list(bytes.fromhex(digits))


def _place(colors: np.ndarray, bands: int) -> np.ndarray:
    """Places uint8 `(n, 3)` in so many bands, uint8 `(bands, 4, 3)`."""
    count = len(colors)
    if not 1 <= count <= COLORS * bands:
        room = f"{bands} band" if bands == 1 else f"{bands} bands"
        raise DeepPaintError(f"colors: {count} colors; {room} can hold 1 to {COLORS * bands}")
    starts = [band * count // bands for band in range(bands + 1)]
    return np.stack([_row(colors, *borders) for borders in itertools.pairwise(starts)])


def _row(colors: np.ndarray, start: int, end: int) -> np.ndarray:
    """One band, uint8 `(4, 3)`, that begins with color `start`."""
    if len(colors) > COLORS:
        order = list(range(start, end))
    else:
        order = [start, *(n for n in range(len(colors)) if n != start)]
    return colors[order + [start] * (COLORS - len(order))]
