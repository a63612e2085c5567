"""What a picture file says of itself: format, size, orientation, whether all of it is there.

Pictures come from strangers. Their size must be known before a decoder allocates memory for it,
the decoders are silent about cut-off JPEGs, and which formats they turn by EXIF differs between
OpenCV's versions; so all of it is read here.
"""

import re
import struct
from typing import NamedTuple

# Parts of a file that are looked at in turn: a scan of 8192 x 8192 in chunks of 2 kB has half.
_MAX_PARTS = 2**18


class PictureHeader(NamedTuple):
    """Format, size in pixels, whether there may be transparency, whether the file is whole.

    `height` and `width` are as stored; `orientation` is EXIF's, 1 (upright) to 8, and from 5 on
    the two change places. `transparent_gray` is the level, of 8 or 16 bits, that a gray PNG
    without an alpha channel declares transparent; OpenCV passes over it.
    """

    format: str
    height: int
    width: int
    alpha: bool
    complete: bool
    transparent_gray: int | None = None
    orientation: int = 1

    @property
    def upright_size(self) -> tuple[int, int]:
        """Height and width once the picture is turned upright."""
        stored = (self.height, self.width)
        return stored[::-1] if self.orientation >= 5 else stored


def read_header(data: bytes) -> PictureHeader | None:
    """Reads the header of a PNG, JPEG, GIF, BMP or WebP file; None for anything else.

    A header that contradicts itself or breaks off gives None too: there is no size to be trusted
    in it. So does one of more parts than any encoder writes, which would keep a reader busy for
    ever. EXIF that does so is passed over, as decoders do: the picture is taken for upright.
    """
    for magic, read in _READERS.items():
        if data.startswith(magic):
            try:
                return read(data)
            except (struct.error, IndexError):
                return None
    return None


def _read_png(data: bytes) -> PictureHeader | None:
    if data[12:16] != b"IHDR":
        return None
    width, height, bits, color_type = struct.unpack_from(">IIBB", data, 16)
    position, alpha, complete, level, orientation = 8, color_type in (4, 6), False, None, 1
    for _ in range(_MAX_PARTS):
        if position + 12 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, position)
        alpha |= kind == b"tRNS"
        if kind == b"tRNS" and color_type == 0:
            (level,) = struct.unpack_from(">H", data, position + 8)
            if bits in (1, 2, 4):
                level = level * 255 // (2**bits - 1)  # decoders stretch these to 8 bits
        if kind == b"eXIf":
            orientation = _orientation(data, position + 8, length)
        position += 12 + length
        if kind == b"IEND":
            complete = position <= len(data)
            break
    return PictureHeader("PNG", height, width, alpha, complete, level, orientation)


# Start-of-frame markers: all of C0..CF but DHT (C4), JPG (C8) and DAC (CC).
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers without a length: what a decoder takes for markers behind them must not be skipped.
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# Each goes over the whole picture, and takes as little as ten bytes; encoders write some ten.
_JPEG_SCAN, MAX_SCANS = b"\xff\xda", 256
_FILL_BYTES = re.compile(rb"\xff+")
_JPEG_START_OF_SCAN, _JPEG_END = 0xDA, b"\xff\xd9"
_JPEG_APP1, _EXIF_MAGIC = 0xE1, b"Exif\0\0"


def _read_jpeg(data: bytes) -> PictureHeader | None:
    position, size, orientation = 2, None, None
    for _ in range(_MAX_PARTS):
        if data[position] != 0xFF:
            return None
        position = _FILL_BYTES.match(data, position).end() - 1
        marker = data[position + 1]
        if marker in _JPEG_ALONE:
            position += 2
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        if marker in _JPEG_FRAMES:
            size = struct.unpack_from(">HH", data, position + 5)
        exif = marker == _JPEG_APP1 and data.startswith(_EXIF_MAGIC, position + 4)
        if exif and orientation is None:  # the first counts, as with every decoder
            orientation = _orientation(data, position + 4, length - 2)
        if marker == _JPEG_START_OF_SCAN:
            break
        position += 2 + length
    else:
        return None
    if size is None:
        return None
    # Thumbnails have an end marker of their own, but stand before the scan.
    complete = data.find(_JPEG_END, position) >= 0
    if data.count(_JPEG_SCAN, position) > MAX_SCANS:
        return None
    return PictureHeader("JPEG", *size, False, complete, orientation=orientation or 1)


def _read_gif(data: bytes) -> PictureHeader | None:
    width, height = struct.unpack_from("<HH", data, 6)
    return PictureHeader("GIF", height, width, True, data.rstrip(b"\0").endswith(b";"))


def _read_bmp(data: bytes) -> PictureHeader | None:
    (file_size,) = struct.unpack_from("<I", data, 2)
    (header_size,) = struct.unpack_from("<I", data, 14)
    if header_size == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
    return PictureHeader("BMP", abs(height), abs(width), bits == 32, file_size <= len(data))


def _read_webp(data: bytes) -> PictureHeader | None:
    (riff_size,) = struct.unpack_from("<I", data, 4)
    complete = riff_size + 8 <= len(data)
    if data[8:12] != b"WEBP":
        return None
    chunk = data[12:16]
    if chunk == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
        alpha, exif = bool(data[20] & 0x10), data[20] & 0x08
        orientation = _webp_orientation(data) if exif else 1
        return PictureHeader("WebP", height, width, alpha, complete, orientation=orientation)
    if chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (v & 0x3FFF for v in struct.unpack_from("<HH", data, 26))
        return PictureHeader("WebP", height, width, False, complete)
    if chunk == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        return PictureHeader("WebP", height, width, bool(bits >> 28 & 1), complete)
    return None


def _webp_orientation(data: bytes) -> int:
    position = 12
    for _ in range(_MAX_PARTS):
        if position + 8 > len(data):
            break
        kind, length = struct.unpack_from("<4sI", data, position)
        if kind == b"EXIF":
            return _orientation(data, position + 8, length)
        position += 8 + length + length % 2
    return 1


_ORIENTATION_TAG, _TIFF_SHORT = 0x0112, 3


def _orientation(data: bytes, start: int, length: int) -> int:
    """Reads tag 0x0112 of the first directory of EXIF: CIPA DC-008, sections 4.5 and 4.6.

    Args:
        data: The file.
        start: Where in it the EXIF begins; JPEG has a magic before it, others may.
        length: Its length, as the file claims.

    Returns:
        1 to 8; 1 where there is no such tag or the EXIF is damaged.
    """
    exif = memoryview(data)[start : start + length]
    if exif[: len(_EXIF_MAGIC)] == _EXIF_MAGIC:
        exif = exif[len(_EXIF_MAGIC) :]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(exif[:4]))
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(order + "I", exif, 4)
        (entries,) = struct.unpack_from(order + "H", exif, directory)
        for entry in range(directory + 2, directory + 2 + 12 * entries, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, entry)
            if (tag, kind) == (_ORIENTATION_TAG, _TIFF_SHORT):
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


_READERS = {
    b"\x89PNG\r\n\x1a\n": _read_png,
    b"\xff\xd8": _read_jpeg,
    b"GIF87a": _read_gif,
    b"GIF89a": _read_gif,
    b"BM": _read_bmp,
    b"RIFF": _read_webp,
}
