"""Pixels to PNG: as bytes and as files."""

import os

import numpy as np

from tf_deeppaint.utils.files import write_bytes

# The last chunk, and so the last bytes, of a PNG file.
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


def encode_png(picture: np.ndarray) -> bytes:
    """Encodes uint8 gray `(H, W)`, RGB `(H, W, 3)` or RGBA `(H, W, 4)` as PNG.

    Equal pixels give equal bytes.
    """
    import cv2

    pixels = np.ascontiguousarray(picture)
    if picture.ndim == 3:
        code = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
        pixels = cv2.cvtColor(pixels, code)
    return cv2.imencode(".png", pixels)[1].tobytes()


def write_picture(path: str | os.PathLike, picture: np.ndarray) -> None:
    """Writes a PNG file by `files.write_bytes`."""
    write_bytes(path, encode_png(picture))
