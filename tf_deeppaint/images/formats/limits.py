"""Limits on picture files that hold before they are decoded: their size, and how they are read."""

import io

from tf_deeppaint.images.pixels import MAX_SIDE
from tf_deeppaint.images.strips import MAX_LENGTH, is_strip
from tf_deeppaint.utils.errors import DeepPaintError

# Reads by which Pillow gets to the first pixel, two to four for each part of a file, and from there
# to the end; a scan of 8192 x 8192 in PNG chunks of 2 kB takes 400,000.
HEADER_READS, PIXEL_READS = 2**13, 2**20


class BoundedReader(io.BytesIO):
    """The bytes of a file; `read` fails when it has been called `reads_left` times."""

    reads_left = HEADER_READS

    def read(self, size: int | None = -1) -> bytes:
        self.reads_left -= 1
        if self.reads_left < 0:
            raise ValueError("more parts than any encoder writes")
        return super().read(size)


def check_size(width: int, height: int, name: str, strips: bool = True) -> None:
    """Raises DeepPaintError where a side of the picture called `name` is over the limit.

    `strips`: strips may have more on the longer side, as sketches do.
    """
    may_be_long = strips and is_strip(height, width)
    if min(width, height) > MAX_SIDE or max(width, height) > (
        MAX_LENGTH if may_be_long else MAX_SIDE
    ):
        limit = f"a strip may have {MAX_SIDE} x {MAX_LENGTH}"
        if not may_be_long:
            limit = f"a side may have 1 to {MAX_SIDE}"
        raise DeepPaintError(
            f"{name}: {width} x {height} pixels; {limit}: scale it down", "too large"
        )
