"""Gaps in lines: how wide they are, and which contacts of regions are at one."""

from tf_deeppaint.line_art.ink import working_factor
from tf_deeppaint.utils.errors import DeepPaintError

# The widest gap that is closed, in thousandths of the longer side: 2 %, and more for ragged ends.
GAP = 25
# Regions touch at a gap if at least a part of 1 / AHEAD of their contact lies ahead of an end.
AHEAD = 4
# What people write for gaps of `GAP`.
AUTO = "auto"


def parse_gap(text: str) -> int | None:
    """Parses the widest gap that is closed: a number of pixels, or `AUTO`, which is None.

    Raises:
        DeepPaintError: neither.
    """
    if text == AUTO:
        return None
    if not (text.isascii() and text.isdigit()):
        raise DeepPaintError(f"gap={text}: write a number of pixels, 0 for none, or {AUTO}")
    return int(text[:9])


def working_gap(gap: int | None, height: int, width: int) -> int | None:
    """A gap in pixels of a sketch of some size, in pixels of its working size, rounded up."""
    return gap if gap is None else -(-gap // working_factor(height, width))


def ball_radii(height: int, width: int, gap: int | None = None) -> list[int]:
    """The radii of the balls in pixels, falling; the first does not fit through the widest gap.

    A gap is at most a tenth of the longer side.
    """
    if gap == 0:
        return []
    side = max(height, width)
    gap = GAP * side // 1000 if gap is None else min(gap, side // 10)
    largest = max(1, (gap + 1) // 2)
    return [largest, max(1, (largest + 1) // 2), 1]


def is_no_gap(contact, ahead, area, radius):
    """Which contacts of regions are no gap; NumPy's or TensorFlow's numbers.

    Args:
        contact: Sides of pixels along which two regions touch.
        ahead: Those of them ahead of the end of a line.
        area: Pixels of the smaller region.
        radius: Of the largest ball.
    """
    is_wide = (2 * contact > 3 * (2 * radius + 1)) & (4 * contact**2 >= area)
    return (AHEAD * ahead < contact) | is_wide


def is_nook(contact, _, area, radius):
    """Which contacts are those of nooks, smaller than a ball, as letters have; see `is_no_gap`."""
    return (4 * contact**2 >= area) & (area <= (2 * radius + 1) ** 2)
