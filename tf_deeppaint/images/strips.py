"""Strips: pictures over twice as long as wide, as webtoons are; and the limits on their size."""

from tf_deeppaint.images.pixels import MAX_SIDE

# A picture is a strip if its longer side is more than so many times the shorter one.
ASPECT = 2
# The longest side of a sketch that is a strip, in pixels; the shorter one has up to `MAX_SIDE`.
MAX_LENGTH = 65_536
# A picture of more pixels is *large*: what takes several bytes a pixel is done part by part.
LARGE = MAX_SIDE**2


def is_strip(height: int, width: int) -> bool:
    """Whether a picture is over twice as long as wide, or as wide as long."""
    return max(height, width) > ASPECT * min(height, width)


def is_large(height: int, width: int) -> bool:
    """Whether a picture has more pixels than the largest that is no strip."""
    return height * width > LARGE


def frame_of(height: int, width: int) -> tuple[int, int]:
    """Height and width of which parts of a sketch are measured: a strip's short side, both ways."""
    side = min(height, width)
    return (side, side) if is_strip(height, width) else (height, width)
