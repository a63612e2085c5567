"""Sizes: a picture onto a white square canvas and back, and resizing by one rule."""

import math
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.utils.errors import DeepPaintError

# How a picture fits a canvas of another aspect ratio.
FITS = ("pad", "crop")


class Placement(NamedTuple):
    """Where a fitted picture lies on its canvas, and its size before; in pixels."""

    top: int
    left: int
    height: int
    width: int
    original_height: int
    original_width: int


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
        What was cut off is lost. The picture is shrunk by area averaging and enlarged by cubic
        interpolation.

    Raises:
        DeepPaintError: no such fit, or an enlargement below 1.
    """
    if fit not in FITS:
        raise DeepPaintError(f"fit={fit!r}: choose one of {', '.join(FITS)}")
    if not max_enlargement >= 1:
        raise DeepPaintError(f"max_enlargement={max_enlargement}: at least 1, for no enlargement")
    original = picture.shape[:2]
    scale = min(size / (max if fit == "pad" else min)(original), max_enlargement)
    # Cut before it is resized: a strip of 1 x 5000 would grow to millions of pixels first.
    shown = math.ceil(round(size / scale, 6))  # a whole number may come out a hair above itself
    picture = _center(picture, *(min(side, shown) for side in original))
    height, width = (min(size, max(1, round(side * scale))) for side in picture.shape[:2])
    placement = Placement((size - height) // 2, (size - width) // 2, height, width, *original)
    canvas = np.full((size, size, *picture.shape[2:]), WHITE, np.uint8)
    canvas[_area(placement)] = resize(picture, height, width)
    return canvas, placement


def unfit_from_canvas(canvas: np.ndarray, placement: Placement) -> np.ndarray:
    """Cuts a padded picture out of its canvas and resizes it to its original size."""
    return resize(canvas[_area(placement)], placement.original_height, placement.original_width)


def _area(placement: Placement) -> tuple[slice, slice]:
    rows = slice(placement.top, placement.top + placement.height)
    return rows, slice(placement.left, placement.left + placement.width)


def _center(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


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
