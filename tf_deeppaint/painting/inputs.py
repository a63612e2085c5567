"""What people give as a picture - a file, an array, a Pillow image - as pixels."""

import os
from typing import TYPE_CHECKING

import numpy as np

from tf_deeppaint.images.decoding import read_picture, read_rgba
from tf_deeppaint.images.pixels import MAX_SIDE, WHITE, over_white, to_gray
from tf_deeppaint.line_art import cleaning
from tf_deeppaint.utils.errors import DeepPaintError

if TYPE_CHECKING:
    from PIL.Image import Image

    Given = str | os.PathLike | np.ndarray | Image


def to_rgb(given: "Given") -> np.ndarray:
    """Turns a given picture into uint8 RGB `(H, W, 3)` over white.

    Args:
        given: A file as `images.read_picture` takes it; a uint8 array, gray `(H, W)` or
            `(H, W, 1)`, RGB or RGBA `(H, W, 3 or 4)`; or a Pillow image of any mode, which is
            turned upright as a file is.

    Raises:
        DeepPaintError: none of these, without pixels, or with more than 8192 on a side.
    """
    if isinstance(given, str | os.PathLike):
        return read_picture(given)
    pixels = _to_array(given)
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], 3, axis=-1)
    return over_white(pixels) if pixels.shape[2] == 4 else pixels


def to_sketch(given: "Given", clean: bool = False) -> np.ndarray:
    """Turns a given picture, see `to_rgb`, into a sketch, uint8 `(H, W)`.

    Args:
        given: The picture.
        clean: Whether paper and lines are found in it first; see `cleaning.clean`.
    """
    if clean:
        is_file = isinstance(given, str | os.PathLike)
        return cleaning.clean(read_rgba(given) if is_file else _to_array(given))
    pixels = to_rgb(given) if isinstance(given, str | os.PathLike) else _to_array(given)
    if pixels.ndim == 2:
        return pixels
    return to_gray(over_white(pixels) if pixels.shape[2] == 4 else pixels)


def _to_array(given: "np.ndarray | Image") -> np.ndarray:
    """uint8 gray `(H, W)`, RGB or RGBA `(H, W, 3 or 4)`."""
    pixels = given if isinstance(given, np.ndarray) else _from_pillow(given)
    sides, channels = pixels.shape[:2], pixels.shape[2:]
    if (
        pixels.dtype != np.uint8
        or len(sides) < 2
        or channels not in ((), (1,), (3,), (4,))
        or not all(1 <= side <= MAX_SIDE for side in sides)
    ):
        raise DeepPaintError(
            f"an array of {pixels.dtype} {pixels.shape} is no picture; give uint8 (H, W), "
            f"(H, W, 3) or (H, W, 4), each side of 1 to {MAX_SIDE} pixels"
        )
    return pixels[..., 0] if channels == (1,) else pixels


def _from_pillow(given: "Image") -> np.ndarray:
    if not (hasattr(given, "mode") and hasattr(given, "convert")):
        raise DeepPaintError(
            f"a {type(given).__name__} is no picture; give a path, an array or a Pillow image"
        )
    if max(given.size) > MAX_SIDE:  # before its pixels are decoded
        raise DeepPaintError(
            f"{given.size[0]} x {given.size[1]} pixels; a side may have 1 to {MAX_SIDE}: "
            "scale it down"
        )
    from PIL import ImageOps

    try:
        upright = ImageOps.exif_transpose(given)
        if given.mode.startswith("I"):  # 16 bits, of which Pillow would cut off what is above 255
            return (np.asarray(upright).astype(np.int64) >> 8).clip(0, WHITE).astype(np.uint8)
        return np.asarray(upright.convert("RGBA"))
    except (OSError, SyntaxError, ValueError) as error:
        raise DeepPaintError(f"the Pillow image cannot be decoded ({error})") from error
