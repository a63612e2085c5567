"""Sizes: a picture onto a white square canvas, and resizing by one rule."""

import math
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.utils.errors import DeepPaintError

# How a picture fits a canvas of another aspect ratio.
FITS = ("pad", "crop")


class Placement(NamedTuple):
    """Where a fitted picture lies on its canvas, in pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def area(self) -> tuple[slice, slice]:
        """The rows and columns of the canvas."""
        rows = slice(self.top, self.top + self.height)
        return rows, slice(self.left, self.left + self.width)


def fit_to_canvas(
    picture: np.ndarray, size: int, fit: str = "pad", max_enlargement: float = math.inf
) -> tuple[np.ndarray, Placement]:
    """Fits a picture onto a white square canvas: aspect kept, centered.

    Args:
        picture: uint8 `(H, W)` or `(H, W, 3)`, any size and aspect ratio.
        size: Side of the canvas in pixels.
        fit: `"pad"`: the longer side fills the canvas and nothing is cut off; `"crop"`: the
            shorter side does, and what hangs over is cut off at both ends alike.
        max_enlargement: The picture grows by at most this factor, 1 or more, except for rounding
            to whole pixels; what it then does not fill is white.

    Returns:
        The canvas, `(size, size)` or `(size, size, 3)`, and the placement of the picture on it.

    Raises:
        DeepPaintError: no such fit, or an enlargement below 1.
    """
    if fit not in FITS:
        raise DeepPaintError(f"fit={fit!r}: choose one of {', '.join(FITS)}")
    if not max_enlargement >= 1:
        raise DeepPaintError(f"max_enlargement={max_enlargement}: at least 1, for no enlargement")
    scale = min(size / (max if fit == "pad" else min)(picture.shape[:2]), max_enlargement)
    # Cut before it is resized: a strip of 1 x 5000 would grow to millions of pixels first.
    shown = math.ceil(round(size / scale, 6))  # a whole number may come out a hair above itself
    top, left = (max(0, side - shown) // 2 for side in picture.shape[:2])
    picture = picture[top : top + shown, left : left + shown]
    height, width = (min(size, max(1, round(side * scale))) for side in picture.shape[:2])
    placement = Placement((size - height) // 2, (size - width) // 2, height, width)
    canvas = np.full((size, size, *picture.shape[2:]), WHITE, np.uint8)
    canvas[placement.area] = resize(picture, height, width)
    return canvas, placement


def resize(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes uint8 or float32 pixels: area averaging where it shrinks, else cubic."""
    import cv2

    if picture.shape[:2] == (height, width):
        return picture
    shrinks = height <= picture.shape[0] and width <= picture.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=interpolation)


def shrink(picture: np.ndarray, side: int) -> np.ndarray:
    """Shrinks uint8 or float32 pixels until the longer side has `side` pixels; never enlarges."""
    height, width = picture.shape[:2]
    scale = min(1.0, side / max(height, width, 1))
    return resize(picture, max(1, round(height * scale)), max(1, round(width * scale)))


def reduce_blocks(reduce: np.ufunc, pixels: np.ndarray, side: int) -> np.ndarray:
    """Reduces each block of `side` by `side` pixels to one value, the last ones maybe smaller.

    Args:
        reduce: `np.minimum` or the like.
        pixels: `(H, W)`.
        side: In pixels.

    Returns:
        Of the same type, `(ceil(H / side), ceil(W / side))`; `pixels` itself where `side` is 1.
    """
    if side == 1:
        return pixels
    whole = len(pixels) // side * side
    rows = reduce.reduce(pixels[:whole].reshape(-1, side, pixels.shape[1]), axis=1)
    if whole < len(pixels):
        rows = np.concatenate([rows, reduce.reduce(pixels[whole:], axis=0, keepdims=True)])
    # NumPy's own reduction along short rows takes ten times as long.
    reduced = rows[:, ::side].copy()
    for first in range(1, side):
        column = rows[:, first::side]
        part = reduced[:, : column.shape[1]]
        reduce(part, column, out=part)
    return reduced
