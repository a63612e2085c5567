"""Color codes -> palette: `#rrggbb` parsed, and the colors distributed over the bands.

One rule distributes n colors, listed from the top of the picture to its bottom, over m bands:

* Band b of 0 .. m - 1 begins with color `b * n // m`.
* Up to four colors are in every band: after its first come the others in the order of the list.
* More are divided: each band has those from its first to the one with which the next band begins.
* Remaining places of a band repeat its first color.
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tf_deeppaint.palette.rules import BANDS, COLORS
from tf_deeppaint.utils.errors import DeepPaintError

# Colors of a palette.
MOST = BANDS * COLORS

_CODE = re.compile("#(?:[0-9a-fA-F]{3}){1,2}")


class ColorChoice(NamedTuple):
    """Colors that replace a palette, or some of its bands."""

    colors: np.ndarray | None  # uint8 `(n, 3)`; None where the palette stays as it is
    bands: list[int] | None  # numbers of the bands that get them; None for a whole new palette

    @classmethod
    def parse(cls, colors: str | None, bands: str | None, has_palette: bool) -> "ColorChoice":
        """Parses the values of `--colors` and `--bands`, None where a flag is not given.

        Raises:
            DeepPaintError: a value cannot be parsed, the bands do not hold as many colors, or
                `--bands` is given without both a palette and `--colors`, or missing with both.
        """
        if (has_palette and colors is not None) != (bands is not None):
            raise DeepPaintError(
                "--bands names the bands of a picture's palette that --colors replaces: give all "
                "three, or --colors without a picture or palette for colors alone"
            )
        parsed_colors = None if colors is None else parse_colors(colors)
        choice = cls(parsed_colors, None if bands is None else parse_bands(bands))
        choice.apply(np.zeros((BANDS, COLORS, 3), np.uint8))  # raises where there are too many
        return choice

    def apply(self, palette: np.ndarray | None) -> np.ndarray:
        """The chosen palette, uint8 `(4, 4, 3)`, made from one of a picture or file, or None."""
        if self.colors is None:
            return palette
        if self.bands is None:
            return palette_from_colors(self.colors)
        return replace_bands(palette, self.colors, self.bands)


def parse_colors(text: str) -> np.ndarray:
    """Parses a list of color codes.

    Args:
        text: 1 to 16 codes `#rgb` (short for `#rrggbb` with each digit doubled) or `#rrggbb`,
            comma-separated, in either case, with or without spaces around them; DeepPaintError is
            raised where it is anything else.

    Returns:
        uint8 `(n, 3)`, RGB.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > MOST:
        raise DeepPaintError(f"colors: {len(parts)} colors; a palette holds 1 to {MOST}")
    for number, part in enumerate(parts, start=1):
        if not part:
            raise DeepPaintError(f"colors: the {number}. color is missing; write #f4c7a1,#3b5dc9")
        if not _CODE.fullmatch(part):
            raise DeepPaintError(f"colors: {part!r} is no color; write #rgb or #rrggbb, as #f4c7a1")
    codes = [part if len(part) == 7 else "#" + "".join(2 * c for c in part[1:]) for part in parts]
    return np.array([list(bytes.fromhex(code[1:])) for code in codes], np.uint8)


def parse_word_or_color(text: str, name: str, words: Sequence[str]) -> str | np.ndarray:
    """Parses one of some words, or else one color code.

    Args:
        text: The word or code.
        name: What it is the value of, for the error.
        words: The words.

    Returns:
        The word, or the color, uint8 `(3,)`.

    Raises:
        DeepPaintError: it is neither.
    """
    if text in words:
        return text
    if not isinstance(text, str) or not _CODE.fullmatch(text):
        choice = f"choose {', '.join(words)} or" if words else "write"
        raise DeepPaintError(f"{name}={text!r}: {choice} a color as #f4c7a1")
    return parse_colors(text)[0]


def parse_bands(text: str) -> list[int]:
    """Parses comma-separated numbers of bands, 1 to 4; raises DeepPaintError at any other part."""
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if part not in map(str, range(1, BANDS + 1)):
            raise DeepPaintError(f"bands: {part!r} is no band; write 1 to {BANDS}, such as 1,4")
    return [int(part) for part in parts]


def color_code(color: np.ndarray) -> str:
    """The code of a color, uint8 `(3,)`, as `#rrggbb`."""
    return f"#{bytes(color).hex()}"


def palette_from_colors(colors: np.ndarray, bands: int = BANDS) -> np.ndarray:
    """Distributes colors over the bands of a palette, by the rule above.

    Args:
        colors: uint8 `(n, 3)`, from the top of the picture to its bottom; DeepPaintError is raised
            where there are none, or more than 4 for each band.
        bands: Number of bands of the result, uint8 `(bands, 4, 3)`.
    """
    count = len(colors)
    if not 1 <= count <= COLORS * bands:
        room = f"{bands} band" if bands == 1 else f"{bands} bands"
        raise DeepPaintError(f"colors: {count} colors; {room} can hold 1 to {COLORS * bands}")
    starts = [band * count // bands for band in range(bands + 1)]
    rows = []
    for start, end in itertools.pairwise(starts):
        listed = range(start, end) if count > COLORS else range(count)
        order = [start, *(number for number in listed if number != start)]
        rows.append(order + [start] * (COLORS - len(order)))
    return colors[np.array(rows)]


def replace_bands(palette: np.ndarray, colors: np.ndarray, bands: Iterable[int]) -> np.ndarray:
    """Replaces the colors of some bands, distributed over them by the rule above.

    Args:
        palette: uint8 `(4, 4, 3)`; a changed copy is returned.
        colors: uint8 `(n, 3)`, from the top to the bottom; at most 4 for each of the bands.
        bands: Numbers of the bands, 1 to 4 from the top, in any order; repeats do not count.

    Raises:
        DeepPaintError: no bands, one out of range, or no colors or too many for the bands.
    """
    chosen = sorted(set(bands))
    if not chosen or not set(chosen) <= set(range(1, BANDS + 1)):
        raise DeepPaintError(f"bands={chosen}: name some of 1 to {BANDS}, counted from the top")
    replaced = palette.copy()
    replaced[np.array(chosen) - 1] = palette_from_colors(colors, len(chosen))
    return replaced
