"""The pixel convention: uint8 levels, gray and transparency, and the range [-1, 1] of networks."""

from collections.abc import Iterator
from typing import TypeVar

import numpy as np

# The longest side taken, in pixels: a scan of 8192 x 8192 decodes to 192 MiB of RGB.
MAX_SIDE = 8192
WHITE = 255
# Rows of a picture worked on at a time, which bounds the memory beside it.
ROWS = 256

Levels = TypeVar("Levels")


def to_signed_unit_range(levels: Levels) -> Levels:
    """Maps levels 0..255 to [-1, 1], any shape: `v / 127.5 - 1`.

    A NumPy array of any type becomes float32; a tensor of floats keeps its type.
    """
    if isinstance(levels, np.ndarray):
        levels = levels.astype(np.float32)
    return levels / 127.5 - 1.0


def from_signed_unit_range(values: np.ndarray) -> np.ndarray:
    """Maps floats in [-1, 1] to uint8 0..255, rounded and clipped, any shape."""
    scaled = np.rint((np.asarray(values, np.float32) + 1.0) * 127.5)
    return np.clip(scaled, 0, 255).astype(np.uint8)


def over_white(rgba: np.ndarray) -> np.ndarray:
    """Lays uint8 RGBA `(H, W, 4)` over white paper: uint8 RGB `(H, W, 3)`, rounded."""
    laid = np.empty((*rgba.shape[:2], 3), np.uint8)
    for rows in row_slices(len(rgba)):
        alpha = rgba[rows, :, 3:].astype(np.uint16)
        blended = rgba[rows, :, :3] * alpha + WHITE * (255 - alpha)
        laid[rows] = (blended + 127) // 255
    return laid


def row_slices(height: int) -> Iterator[slice]:
    """The rows of a picture of `height` pixels, at most `ROWS` at a time, from the top."""
    return (slice(top, min(top + ROWS, height)) for top in range(0, height, ROWS))


def to_gray(picture: np.ndarray) -> np.ndarray:
    """Turns uint8 RGB `(H, W, 3)` into gray `(H, W)` by ITU-R BT.601, as OpenCV rounds it."""
    import cv2

    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
