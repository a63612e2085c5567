"""A short description of a picture that is alike for near-duplicates of it.

The hash is that of Zauner, "Implementation and benchmarking of perceptual image hash functions"
(2010), at 255 bits: the signs, about their median, of the lowest 16 x 16 coefficients of the
cosine transform of the picture in gray at 64 x 64. It sees shapes, hardly colors; so the mean
colors of 4 x 4 cells follow it.
"""

import numpy as np

from tf_deeppaint.images.canvas import resize
from tf_deeppaint.images.pixels import to_gray

SIDE, COEFFICIENTS = 64, 16
# The first bytes of a perceptual hash, those that describe shapes.
SHAPE_BYTES = COEFFICIENTS * COEFFICIENTS // 8
CELLS = 4


def perceptual_hash(picture: np.ndarray) -> bytes:
    """The perceptual hash of a picture: 255 bits of shape, then the mean colors of 4 x 4 cells.

    The picture is uint8 RGB `(H, W, 3)` of any size; a large and a small copy have like hashes.
    """
    import cv2

    gray = resize(to_gray(picture), SIDE, SIDE).astype(np.float32)
    # Rounded, so that a flat picture is the same on every machine: no bit depends on noise.
    low = np.rint(cv2.dct(gray))[:COEFFICIENTS, :COEFFICIENTS].ravel()
    low[0] = np.median(low[1:])  # the mean brightness is no shape
    bits = (low > low[0]).reshape(-1, COEFFICIENTS).T  # each row mixes low and high frequencies
    return np.packbits(bits).tobytes() + resize(picture, CELLS, CELLS).tobytes()


def count_differing_bits(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The number of bits that differ, int32, over the last axis of uint8 arrays `(..., bytes)`."""
    return np.bitwise_count(first ^ second).sum(axis=-1, dtype=np.int32)
