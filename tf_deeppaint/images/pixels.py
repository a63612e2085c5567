"""Pictures: bytes <-> uint8 RGB <-> [-1, 1], and any picture onto a square canvas and back.

The pixel convention of the whole project stands here, once:

* Outside the networks a picture is `uint8` RGB, `(H, W, 3)`; a sketch is `uint8` gray, `(H, W)`,
  0 = line, 255 = paper. Transparency is laid over white.
* Inside them it is `float32` in [-1, 1]: `x = v / 127.5 - 1`, white = 1, batched `(N, H, W, C)`.
* OpenCV's BGR order never leaves this file.
"""

import math
import os
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.picture_headers import PictureHeader, read_header
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.files import read_bytes, write_bytes

# A scan of 8192 x 8192 is the largest picture taken; at 3 bytes a pixel it decodes to 192 MiB.
MAX_SIDE = 8192
WHITE = 255
FITS = ("pad", "crop")

# By how much a JPEG decoder can shrink while it decodes.
_REDUCTIONS = (2, 4, 8)


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """Reads a PNG, JPEG, GIF (first frame), BMP or WebP file as uint8 RGB `(H, W, 3)`.

    It is turned upright by its EXIF orientation, 16-bit is reduced to 8, gray and CMYK become RGB,
    transparency is laid over white.

    Raises:
        DeepPaintError: no such file, not a picture, cut off, or over the limits on size.
    """
    return decode_picture(read_bytes(path), str(path))


def read_rgba(path: str | os.PathLike) -> np.ndarray:
    """Reads a picture file with its transparency as uint8 RGBA `(H, W, 4)`; see `read_picture`."""
    return decode_rgba(read_bytes(path), str(path))


def decode_picture(data: bytes, name: str) -> np.ndarray:
    """Decodes the bytes of a picture file to uint8 RGB `(H, W, 3)`; see `read_picture`.

    Args:
        data: The file's bytes, from anywhere: they are checked before a decoder sees them.
        name: What to call the picture in an error.
    """
    header = _checked_header(data, name)
    if header.alpha:
        return over_white(_decode_transparent(data, name, header))
    return _decode_opaque(data, name, header)


def decode_rgba(data: bytes, name: str) -> np.ndarray:
    """Decodes the bytes of a picture file to uint8 RGBA `(H, W, 4)`; see `decode_picture`."""
    header = _checked_header(data, name)
    if header.alpha:
        return _decode_transparent(data, name, header)
    rgb = _decode_opaque(data, name, header)
    return np.dstack([rgb, np.full(rgb.shape[:2], WHITE, np.uint8)])


def decode_small(data: bytes, name: str, side: int) -> tuple[np.ndarray, int, int]:
    """Decodes a picture for a look at it: shrunk by area until its shorter side is `side` pixels.

    A JPEG is decoded at a half, a quarter or an eighth of its size where that is enough, in a
    fraction of the time; other formats are decoded in full.

    Args:
        data: The file's bytes; see `decode_picture`, also for the errors.
        name: What to call the picture in an error.
        side: Least length of the shorter side in pixels. A picture is never enlarged, so one
            that is smaller comes as it is.

    Returns:
        uint8 RGB `(h, w, 3)` over white, and the height and width of the whole picture.
    """
    header = _checked_header(data, name)
    height, width = header.upright_size
    if header.format == "JPEG":
        enough = [factor for factor in _REDUCTIONS if min(height, width) >= factor * side]
        picture = _decode_opaque(data, name, header, max(enough, default=1))
    else:
        picture = decode_picture(data, name)
    scale = min(1.0, side / min(height, width))
    small = resize(picture, max(1, round(height * scale)), max(1, round(width * scale)))
    return small, height, width


def over_white(rgba: np.ndarray) -> np.ndarray:
    """Lays uint8 RGBA `(H, W, 4)` over white paper: uint8 RGB `(H, W, 3)`, rounded."""
    alpha = rgba[..., 3:].astype(np.uint16)
    blended = rgba[..., :3] * alpha + WHITE * (255 - alpha)
    return ((blended + 127) // 255).astype(np.uint8)


def to_gray(picture: np.ndarray) -> np.ndarray:
    """RGB uint8 `(H, W, 3)` -> gray uint8 `(H, W)` (ITU-R BT.601, as OpenCV has it)."""
    import cv2

    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


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
    """Writes a PNG aside and renames it, so that no half-written picture bears the name.

    Raises:
        DeepPaintError: the file cannot be written there.
    """
    write_bytes(path, encode_png(picture))


def heat_colors(levels: np.ndarray) -> np.ndarray:
    """uint8 levels `(H, W)` -> RGB `(H, W, 3)` of the map viridis: the higher, the lighter."""
    import cv2

    return cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB)


def to_unit_range(pixels: np.ndarray) -> np.ndarray:
    """uint8 0..255 -> float32 in [-1, 1], any shape."""
    return pixels.astype(np.float32) / 127.5 - 1.0


def from_unit_range(values: np.ndarray) -> np.ndarray:
    """Floats in [-1, 1] -> uint8 0..255, rounded and clipped, any shape."""
    scaled = np.rint((np.asarray(values, np.float32) + 1.0) * 127.5)
    return np.clip(scaled, 0, 255).astype(np.uint8)


class Placement(NamedTuple):
    """Where a padded picture lies on its canvas, and how large it was: all that undoing needs."""

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
        max_enlargement: The picture grows by at most this factor, 1 or more, but for rounding to
            whole pixels; what it then does not fill is white around it.

    Returns:
        The canvas, `(size, size)` or `(size, size, 3)`, and where on it the picture lies; what
        was cut off cannot be undone with it. The picture is shrunk by area averaging and enlarged
        by cubic interpolation.

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
    place = Placement((size - height) // 2, (size - width) // 2, height, width, *original)
    canvas = np.full((size, size, *picture.shape[2:]), WHITE, np.uint8)
    canvas[place.top : place.top + height, place.left : place.left + width] = resize(
        picture, height, width
    )
    return canvas, place


def unfit_from_canvas(canvas: np.ndarray, place: Placement) -> np.ndarray:
    """Cuts a padded picture out of its canvas and brings it back to the size it came with."""
    rows = slice(place.top, place.top + place.height)
    columns = slice(place.left, place.left + place.width)
    return resize(canvas[rows, columns], place.original_height, place.original_width)


def resize(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes uint8 or float32 pixels: averaging areas where it shrinks, cubic where it grows."""
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


def _center(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


def _checked_header(data: bytes, name: str) -> PictureHeader:
    if not data:
        raise DeepPaintError(f"{name}: the file is empty", "empty")
    header = read_header(data)
    if header is None:
        raise DeepPaintError(f"{name}: not a PNG, JPEG, GIF, BMP or WebP picture", "not a picture")
    if not (0 < header.height <= MAX_SIDE and 0 < header.width <= MAX_SIDE):
        raise DeepPaintError(
            f"{name}: {header.width} x {header.height} pixels; "
            f"a side may have 1 to {MAX_SIDE}: scale it down",
            "too large" if max(header.height, header.width) > MAX_SIDE else "damaged",
        )
    if not header.complete:
        raise DeepPaintError(
            f"{name}: the {header.format} file is cut off; fetch or save it again", "cut off"
        )
    return header


def _decode_opaque(data: bytes, name: str, header: PictureHeader, reduction: int = 1) -> np.ndarray:
    """Decodes to upright RGB; JPEG at a half, a quarter or an eighth of its size on demand."""
    import cv2

    flags = getattr(cv2, f"IMREAD_REDUCED_COLOR_{reduction}") if reduction > 1 else cv2.IMREAD_COLOR
    pixels = _decode(data, name, flags | cv2.IMREAD_IGNORE_ORIENTATION)
    return cv2.cvtColor(_upright(pixels, header.orientation), cv2.COLOR_BGR2RGB)


def _decode_transparent(data: bytes, name: str, header: PictureHeader) -> np.ndarray:
    """Decodes a picture that may be transparent to upright RGBA."""
    import cv2

    pixels = _decode(data, name, cv2.IMREAD_UNCHANGED)  # which ignores the orientation
    if pixels.ndim == 2:
        opaque = np.where(pixels == header.transparent_gray, 0, np.iinfo(pixels.dtype).max)
        pixels = np.dstack([pixels, pixels, pixels, opaque.astype(pixels.dtype)])
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    code = cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGBA
    return cv2.cvtColor(_upright(pixels, header.orientation), code)


def _decode(data: bytes, name: str, flags: int) -> np.ndarray:
    import cv2

    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise DeepPaintError(f"{name}: cannot be decoded ({error.err})", "damaged") from error
    if pixels is None:
        raise DeepPaintError(f"{name}: cannot be decoded; the picture is damaged", "damaged")
    return pixels


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turns `(H, W, C)` upright. CIPA DC-008, tag 0x0112: where row 0 and column 0 belong."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
