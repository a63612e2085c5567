"""Pixels to PNG: as bytes, and as files that are written in row blocks."""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator

import numpy as np

from tf_deeppaint.images.pixels import row_slices
from tf_deeppaint.images.resolution import Dpi
from tf_deeppaint.utils.files import open_aside

# The last chunk, and so the last bytes, of a PNG file.
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
# Bytes of a PNG file in front of its second chunk: signature and IHDR.
_PNG_START = 33
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# PNG's color types by the number of channels, and the filter "Sub": less the pixel to the left.
_COLOR_TYPES = {1: 0, 3: 2, 4: 6}
_SUB = 1
# Flat color compresses well whatever the level; a higher one takes twice the time for 5 %.
_LEVEL = 1
_PERCEPTUAL = b"\0"  # the rendering intent that sRGB's chunk tells
_INCH = 0.0254  # in meters


def encode_png(picture: np.ndarray, dpi: Dpi | None = None) -> bytes:
    """Encodes uint8 gray `(H, W)`, RGB `(H, W, 3)` or RGBA `(H, W, 4)` as PNG.

    Equal arguments give equal bytes.

    Args:
        picture: The pixels.
        dpi: Horizontal and vertical pixels an inch, written as pHYs; None: not written.
    """
    import cv2

    pixels = np.ascontiguousarray(picture)
    if picture.ndim == 3:
        code = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
        pixels = cv2.cvtColor(pixels, code)
    data = cv2.imencode(".png", pixels)[1].tobytes()
    return data[:_PNG_START] + _resolution(dpi) + data[_PNG_START:]


def stream_png(
    height: int,
    width: int,
    parts: Iterable[np.ndarray],
    dpi: Dpi | None = None,
    is_srgb: bool = False,
) -> Iterator[bytes]:
    """Encodes a picture that comes in row blocks; equal pixels give equal bytes.

    It takes the memory of a few row blocks.

    Args:
        height: Height of the picture in pixels.
        width: Its width.
        parts: The rows from the top, uint8 `(h, W)`, `(h, W, 3)` or `(h, W, 4)`, all of one kind.
        dpi: As `encode_png` takes it.
        is_srgb: Whether the file says so.

    Yields:
        The bytes of a PNG file, piece by piece.
    """
    compressor, is_first = zlib.compressobj(_LEVEL), True
    for block in parts:
        channels = block.shape[2] if block.ndim == 3 else 1
        if is_first:
            header = struct.pack(">2I5B", width, height, 8, _COLOR_TYPES[channels], 0, 0, 0)
            srgb = _chunk(b"sRGB", _PERCEPTUAL) if is_srgb else b""
            yield _SIGNATURE + _chunk(b"IHDR", header) + srgb + _resolution(dpi)
            is_first = False
        rows = block.reshape(len(block), width * channels)
        filtered = np.empty((len(rows), 1 + width * channels), np.uint8)
        filtered[:, 0] = _SUB
        filtered[:, 1 : 1 + channels] = rows[:, :channels]
        np.subtract(rows[:, channels:], rows[:, :-channels], out=filtered[:, 1 + channels :])
        if data := compressor.compress(filtered):
            yield _chunk(b"IDAT", data)
    yield _chunk(b"IDAT", compressor.flush()) + PNG_END


def write_picture(
    path: str | os.PathLike, picture: np.ndarray, dpi: Dpi | None = None, is_lasting: bool = True
) -> None:
    """Writes a PNG file as `files.open_aside` does, strip by strip; see `encode_png`."""
    parts = (picture[rows] for rows in row_slices(len(picture)))
    write_parts(path, *picture.shape[:2], parts, dpi, is_lasting)


def write_parts(
    path: str | os.PathLike,
    height: int,
    width: int,
    parts: Iterable[np.ndarray],
    dpi: Dpi | None = None,
    is_lasting: bool = True,
) -> None:
    """Writes a PNG file of strips as `files.open_aside` does; see `stream_png`."""
    with open_aside(path, is_lasting) as file:
        for data in stream_png(height, width, parts, dpi):
            file.write(data)


def _resolution(dpi: Dpi | None) -> bytes:
    """The chunk pHYs, pixels a meter."""
    if dpi is None:
        return b""
    return _chunk(b"pHYs", struct.pack(">2IB", *(round(value / _INCH) for value in dpi), 1))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
