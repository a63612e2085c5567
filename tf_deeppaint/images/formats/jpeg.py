"""JPEG files: EXIF is left alone, and one that only lacks its end is read.

Some programs lose the last two bytes, the marker of the end, and every viewer shows such a file.
A file that was cut inside its pixels looks the same from outside, so it is decoded several times:
with the end put behind it, and with other bits in between. Where pixels are missing, the decoder
takes these bits for them, and the pictures differ.
"""

import re

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from tf_deeppaint.images.formats.limits import PIXEL_READS, BoundedReader

END = b"\xff\xd9"
SCAN = b"\xff\xda"
# Bytes that may come next; 0xFF would begin a marker.
OTHER_BYTES = (b"\x55", b"\xaa", b"\xfe")
# More bytes than the blocks of two minimum coded units can take: ten of 64 codes of 26 bits each.
MCU_BYTES = 2**13
# Zeros at the end of a file that are pixels, or room that was never written: then fewer do as well.
ZEROS = bytes(16)
# Coefficients of a block: ITU-T T.81, A.3.3.
_COEFFICIENTS = 64


class Jpeg(JpegImageFile):
    """A JPEG; see the module."""

    _ending: bytes | None = None  # what is put behind the file, once

    def _open(self) -> None:
        super()._open()
        self._pixels_start = self.fp.tell()

    def _read_dpi_from_exif(self) -> None:
        """Leaves the EXIF alone: Pillow would read all of it, a copy of it for each entry."""

    def load_read(self, read_bytes: int) -> bytes:
        """Reads on, and then what is put behind the file."""
        data = self.fp.read(read_bytes)
        if not data and self._ending is not None:
            data, self._ending = self._ending, None
        return data

    def load(self):
        """Decodes the pixels; raises OSError where some are missing."""
        if not self.tile:
            return super().load()
        tiles, data = self.tile, self.fp.getvalue()
        if data.find(END, self._pixels_start) < 0:
            spare = data.endswith(ZEROS) and data[: -len(ZEROS)]
            is_whole = self._has_all_scans(data) and self._has_all_pixels(data, tiles)
            if not is_whole or (spare and self._has_all_pixels(spare, tiles)):
                raise OSError("the file is truncated")
            self._load_with(END, data, tiles)
        return super().load()

    def _has_all_pixels(self, data: bytes, tiles: list) -> bool:
        """Decodes the pixels of a file that lacks its end; whether all are there."""
        decoded = self._load_with(END, data, tiles)
        return all(
            np.array_equal(self._load_with(_continuation(data, byte), data, tiles), decoded)
            for byte in OTHER_BYTES
        )

    def _load_with(self, ending: bytes, data: bytes, tiles: list) -> np.ndarray:
        """Decodes the pixels with something behind the file."""
        self.fp, self.tile, self._ending = BoundedReader(data), tiles, ending
        self.fp.reads_left = PIXEL_READS
        super().load()
        return np.array(self)

    def _has_all_scans(self, data: bytes) -> bool:
        """Whether the scans that begin in the file hold every bit of every coefficient."""
        exactness = np.full((256, _COEFFICIENTS), -1)  # the last bit sent of each component
        first = data.rfind(SCAN, 0, self._pixels_start)
        for scan in re.compile(rb"(?s)\xff\xda..([\1-\4])").finditer(data, first):
            count = scan[1][0]
            header = data[scan.end() : scan.end() + 2 * count + 3]
            if len(header) < 2 * count + 3:
                return False
            start, end, bits = header[-3:]
            exactness[list(header[: 2 * count : 2]), start : end + 1] = bits & 15
        return all((exactness[layer[0]] == 0).all() for layer in self.layer)


def is_whole_jpeg(data: bytes) -> bool:
    """Whether a scan begins in the file; only decoding tells whether it ends there."""
    scan = data.find(SCAN)
    length = int.from_bytes(data[scan + 2 : scan + 4], "big")
    return 0 <= scan < len(data) - 2 - max(length, 8)


def _continuation(data: bytes, byte: bytes) -> bytes:
    """What may come behind a file that is cut in a scan, made of a byte, and the end.

    Restart markers go on from the last one: ITU-T T.81, B.1.1.3.
    """
    half = b"\0" if data.endswith(b"\xff") else b""  # of the end, or of a marker
    restarts = len(re.findall(rb"\xff[\xd0-\xd7]", data[data.rfind(SCAN) :]))
    markers = (bytes([0xFF, 0xD0 + number % 8]) for number in range(restarts, restarts + 8))
    return half + b"".join(MCU_BYTES * byte + marker for marker in markers) + END
