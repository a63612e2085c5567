"""Pixels to PNG: as bytes and as files."""

import io
import os
import struct

import numpy as np

from tf_deeppaint.images.resolution import Dpi
from tf_deeppaint.utils.files import write_bytes

# The last chunk, and so the last bytes, of a PNG file.
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
# Bytes of a PNG file in front of its second chunk: signature and IHDR.
_PNG_START = 33
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
    return data if dpi is None else _with_resolution(data, dpi)


def write_picture(path: str | os.PathLike, picture: np.ndarray, dpi: Dpi | None = None) -> None:
    """Writes a PNG file by `files.write_bytes`; see `encode_png`."""
    write_bytes(path, encode_png(picture, dpi))


def _with_resolution(png: bytes, dpi: Dpi) -> bytes:
    """Puts pHYs, pixels a meter, behind the header; OpenCV writes none."""
    from PIL.PngImagePlugin import putchunk

    chunk = io.BytesIO()
    per_meter = [round(value / _INCH) for value in dpi]
    putchunk(chunk, b"pHYs", struct.pack(">IIB", *per_meter, 1))
    return png[:_PNG_START] + chunk.getvalue() + png[_PNG_START:]
