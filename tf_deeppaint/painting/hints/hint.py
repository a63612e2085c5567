"""A hint: a dot or a stroke of one color on a sketch."""

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.images.strips import MAX_LENGTH
from tf_deeppaint.palette.named_colors import parse_word_or_color
from tf_deeppaint.utils.errors import DeepPaintError

# The most corners of a stroke, and the most pixels that its line runs through.
MOST_CORNERS, MOST_PIXELS = 1 << 14, 1 << 20


class Hint(NamedTuple):
    """A dot or a stroke; hints compare by what they are, and can be keys.

    Attributes:
        points: The pixels of the sketch that it marks, `(x, y)` each: of a dot one.
        color: Red, green and blue, 0 to 255.
        everywhere: Whether everything that has the color of the marked regions changes with them.
    """

    points: tuple[tuple[int, int], ...]
    color: tuple[int, int, int]
    everywhere: bool = False

    @classmethod
    def dot(cls, x: float, y: float, color: "str | Sequence[int]", everywhere: bool = False):
        """A hint of one point, `x` pixels from the left and `y` from the top."""
        return cls.stroke([(x, y)], color, everywhere)

    @classmethod
    def stroke(
        cls,
        corners: Iterable[tuple[float, float]],
        color: "str | Sequence[int]",
        everywhere: bool = False,
    ) -> "Hint":
        """A hint along straight lines from corner to corner.

        Args:
            corners: `(x, y)` each, in pixels from the left and the top.
            color: A code `#rrggbb`, or red, green and blue, 0 to 255.
            everywhere: As in the class.

        Raises:
            DeepPaintError: no corners, too many or no numbers; or no color.
        """
        corners = list(corners)
        if not 1 <= len(corners) <= MOST_CORNERS:
            raise DeepPaintError(
                f"a hint of {len(corners)} points; a dot has one, a stroke up to {MOST_CORNERS}"
            )
        return cls(_trace(list(map(_check_point, corners))), check_color(color), bool(everywhere))


def check_color(color: "str | Sequence[int]") -> tuple[int, int, int]:
    """The levels of a color `#rrggbb`, or of three levels; raises DeepPaintError for others."""
    if isinstance(color, str):
        return tuple(parse_word_or_color(color, "color", ()).tolist())
    levels = color.tolist() if isinstance(color, np.ndarray) else color
    is_listed = isinstance(levels, list | tuple) and len(levels) == 3
    if not is_listed or not all(type(v) is int and 0 <= v <= WHITE for v in levels):
        raise DeepPaintError(f"color={color!r}: give #rrggbb, or three whole numbers of 0 to 255")
    return tuple(levels)


def _check_point(point: tuple[float, float]) -> tuple[int, int]:
    values = point.tolist() if isinstance(point, np.ndarray) else point
    is_pair = isinstance(values, list | tuple) and len(values) == 2
    # Compared before rounding, which raises for NaN.
    if not is_pair or not all(isinstance(v, Real) and 0 <= v < MAX_LENGTH for v in values):
        raise DeepPaintError(
            f"{str(point)[:60]} is no point of a sketch; give x and y in pixels from the left and "
            "the top"
        )
    return int(values[0]), int(values[1])


def trace_length(corners: Sequence[tuple[float, float]]) -> int:
    """How many pixels straight lines from corner to corner run over."""
    steps = np.abs(np.diff(np.array(corners, float), axis=0)).max(axis=1, initial=0)
    return int(steps.sum()) + 1


def _trace(corners: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The pixels of straight lines from corner to corner, each once, in order."""
    if trace_length(corners) > MOST_PIXELS:
        raise DeepPaintError(f"a stroke of over {MOST_PIXELS} pixels; draw it as several")
    ends = np.array(corners)
    lengths = np.abs(np.diff(ends, axis=0)).max(axis=1, initial=0)
    pixels = [corners[0]]
    for start, end, length in zip(ends[:-1], ends[1:], lengths, strict=True):
        steps = np.arange(1, length + 1)[:, None]
        line = start + (2 * steps * (end - start) + length) // (2 * max(length, 1))
        pixels += map(tuple, line.tolist())
    return tuple(dict.fromkeys(pixels))
