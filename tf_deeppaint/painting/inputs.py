"""Pictures as callers pass them - a file, an array, a Pillow image - to pixels."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tf_deeppaint.images.canvas import shrink
from tf_deeppaint.images.decoding import (
    decode,
    read_picture,
    read_resolution,
    read_sketch_pixels,
    split_channels,
)
from tf_deeppaint.images.formats.limits import check_size
from tf_deeppaint.images.pixels import MAX_SIDE, WHITE, over_white
from tf_deeppaint.images.resolution import Dpi, read_dpi
from tf_deeppaint.images.strips import MAX_LENGTH, is_large, is_strip
from tf_deeppaint.line_art.gaps import tell_gap
from tf_deeppaint.line_art.kinds import Kind
from tf_deeppaint.line_art.pens import Sketch, find_ink, view_page
from tf_deeppaint.line_art.preparation import AUTO, ON, Prepared, prepare, to_plain_gray
from tf_deeppaint.utils.errors import DeepPaintError

if TYPE_CHECKING:
    from PIL.Image import Image

    PictureLike = str | os.PathLike | np.ndarray | Image


def to_rgb(picture: "PictureLike") -> np.ndarray:
    """Turns a picture into uint8 RGB `(H, W, 3)` over white.

    Args:
        picture: A file as `decoding.read_picture` takes it; a uint8 array, gray `(H, W)` or
            `(H, W, 1)`, RGB or RGBA `(H, W, 3 or 4)`; or a Pillow image of any mode, which is
            turned upright as a file is.

    Raises:
        DeepPaintError: none of these, without pixels, or with more than 8192 on a side.
    """
    pixels = _over_white(_to_array(picture, read_picture))
    return np.repeat(pixels[..., None], 3, axis=-1) if pixels.ndim == 2 else pixels


def to_sketch(
    picture: "PictureLike", clean: str | bool = AUTO, recolor: bool = False
) -> np.ndarray:
    """Turns a picture, see `to_rgb`, into a sketch, uint8 `(H, W)`; see `read_sketch`."""
    return read_sketch(picture, clean, recolor).sketch


def read_sketch(
    picture: "PictureLike",
    clean: str | bool = AUTO,
    recolor: bool = False,
    gap: int | None = None,
) -> Prepared:
    """Turns a picture, see `to_rgb`, into a sketch, and tells what was done.

    A strip may be long, see `strips`. One that is large is never cleaned.

    Args:
        picture: The picture.
        clean: Whether it is cleaned first; see `preparation.prepare`.
        recolor: Whether the lines are taken out of a picture that is colored already; see there.
        gap: The gap that is to be closed; the note tells where that is too wide.

    Raises:
        DeepPaintError: see `to_rgb`; or a large strip is to be cleaned or recolored.
    """
    pixels = _to_array(picture, read_sketch_pixels, strips=True)
    if not is_large(*pixels.shape[:2]):
        return _with_gap(prepare(pixels, clean, recolor), gap)
    if recolor or clean in (ON, True):
        name = picture if isinstance(picture, str | os.PathLike) else "the sketch"
        raise DeepPaintError(
            f"{name}: over {MAX_SIDE} x {MAX_SIDE} pixels, too large to be cleaned or recolored; "
            "leave that out, or scale it down"
        )
    return _with_gap(Prepared(to_plain_gray(pixels), Kind.UNKNOWN, ""), gap)


def decode_sketch(
    data: bytes,
    name: str,
    clean: str | bool = AUTO,
    recolor: bool = False,
    gap: int | None = None,
) -> Prepared:
    """Decodes the bytes of a picture file called `name`; see `read_sketch`.

    The sketch keeps its resolution.
    """
    rgb, alpha, dpi = decode(data, name)
    prepared = prepare(rgb if alpha is None else np.dstack([rgb, alpha]), clean, recolor)
    prepared = _with_gap(prepared, gap)
    if dpi is None:
        return prepared
    sketch = prepared.sketch
    sketch = sketch if isinstance(sketch, Sketch) else sketch.view(Sketch)
    sketch.dpi = dpi
    return prepared._replace(sketch=sketch)


def shrink_sketch(sketch: np.ndarray, side: int) -> np.ndarray:
    """Shrinks a sketch by area until the longer side has `side` pixels, with what it keeps."""
    small = shrink(np.asarray(sketch), side)
    if not isinstance(sketch, Sketch):
        return small
    small = small.view(Sketch)
    small.is_transparent = sketch.is_transparent
    if sketch.ink is not None:
        page, _ = view_page(sketch, slice(0, len(sketch)), sketch.ink)
        small.ink = find_ink(shrink(page, side), small)
    return small


def page_of(sketch: np.ndarray) -> np.ndarray:
    """A sketch in the color of its lines, uint8 RGB `(H, W, 3)`; `(H, W)` where they are gray."""
    if not isinstance(sketch, Sketch) or sketch.ink is None:
        return np.asarray(sketch)
    return view_page(sketch, slice(0, len(sketch)), sketch.ink)[0]


def resolution_of(picture: "PictureLike") -> Dpi | None:
    """Horizontal and vertical pixels an inch of a picture, see `to_rgb`.

    None of an array, unless it is a `Sketch` that knows them.
    """
    if isinstance(picture, str | os.PathLike):
        return read_resolution(picture)
    if isinstance(picture, Sketch):
        return picture.dpi
    return None if isinstance(picture, np.ndarray) else read_dpi(picture)


def parse_gap(text: str) -> int | None:
    """Parses the widest gap that is closed, in pixels of the sketch.

    Args:
        text: A number of at most nine digits; `"auto"`, or nothing, is None: the usual gaps.

    Raises:
        DeepPaintError: it is something else.
    """
    if text in ("", AUTO):
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise DeepPaintError(f"gap={text[:40]!r}: write a number of pixels, 0 for none, or {AUTO}")
    return int(text)


def _with_gap(prepared: Prepared, gap: int | None) -> Prepared:
    """A page whose note tells too where a wider gap is asked for than is closed in it."""
    told = filter(None, (prepared.note, tell_gap(gap, *prepared.sketch.shape)))
    return prepared._replace(note="; ".join(told))


def _over_white(pixels: np.ndarray) -> np.ndarray:
    return over_white(pixels) if pixels.shape[2:] == (4,) else pixels


def _to_array(
    picture: "PictureLike", read: Callable[[str | os.PathLike], np.ndarray], strips: bool = False
):
    """uint8 gray `(H, W)`, RGB or RGBA `(H, W, 3 or 4)`; files by `read`.

    `strips`: whether a strip may be long.
    """
    if isinstance(picture, str | os.PathLike):
        return read(picture)
    pixels = picture if isinstance(picture, np.ndarray) else _from_pillow(picture, strips)
    sides, channels = pixels.shape[:2], pixels.shape[2:]
    if (
        pixels.dtype != np.uint8
        or len(sides) < 2
        or channels not in ((), (1,), (3,), (4,))
        or not 1 <= min(sides) <= MAX_SIDE
        or max(sides) > (MAX_LENGTH if strips and is_strip(*sides) else MAX_SIDE)
    ):
        raise DeepPaintError(
            f"an array of {pixels.dtype} {pixels.shape} is no picture; give uint8 (H, W), "
            f"(H, W, 3) or (H, W, 4), each side of 1 to {MAX_SIDE} pixels"
            + f", or a strip of up to {MAX_SIDE} x {MAX_LENGTH}"
            * strips
        )
    return pixels[..., 0] if channels == (1,) else pixels


def _from_pillow(image: "Image", strips: bool) -> np.ndarray:
    if not (hasattr(image, "mode") and hasattr(image, "convert")):
        raise DeepPaintError(
            f"a {type(image).__name__} is no picture; give a path, an array or a Pillow image"
        )
    check_size(*image.size, "the Pillow image", strips)  # before its pixels are decoded
    from PIL import ImageOps

    try:
        upright = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):  # 16 bits, which Pillow would clip at 255
            return (np.asarray(upright).astype(np.int64) >> 8).clip(0, WHITE).astype(np.uint8)
        rgb, alpha = split_channels(upright)
        return rgb if alpha is None else np.dstack([rgb, alpha])
    except (OSError, SyntaxError, ValueError) as error:
        raise DeepPaintError(f"the Pillow image cannot be decoded ({error})") from error
