"""Pictures: bytes <-> uint8 RGB <-> [-1, 1], and any picture onto a square canvas and back.

The pixel convention of the whole project stands here, once:

* Outside the networks a picture is `uint8` RGB, `(H, W, 3)`; a sketch is `uint8` grey, `(H, W)`,
  0 = line, 255 = paper. Transparency is laid over white.
* Inside them it is `float32` in [-1, 1]: `x = v / 127.5 - 1`, white = 1, batched `(N, H, W, C)`.
* OpenCV's BGR order never leaves this file.
"""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.picture_headers import PictureHeader, read_header

# A scan of 8192 x 8192 is the largest picture taken; at 3 bytes a pixel it decodes to 192 MiB.
MAX_SIDE = 8192
MAX_BYTES = 256 * 2**20
WHITE = 255


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """Reads a PNG, JPEG, GIF (first frame), BMP or WebP file as uint8 RGB `(H, W, 3)`.

    EXIF rotation is applied to pictures without transparency, 16-bit is reduced to 8, grey and
    CMYK become RGB, transparency is laid over white.

    Raises:
        DeepPaintError: no such file, not a picture, cut off, or over the limits on size.
    """
    return decode_picture(_read_bytes(Path(path)), str(path))


def read_rgba(path: str | os.PathLike) -> np.ndarray:
    """Reads a picture file with its transparency as uint8 RGBA `(H, W, 4)`; see `read_picture`."""
    return decode_rgba(_read_bytes(Path(path)), str(path))


def decode_picture(data: bytes, name: str) -> np.ndarray:
    """Decodes the bytes of a picture file to uint8 RGB `(H, W, 3)`; see `read_picture`.

    Args:
        data: The file's bytes, from anywhere: they are checked before a decoder sees them.
        name: What to call the picture in an error.
    """
    header = _checked_header(data, name)
    if header.alpha:
        return over_white(decode_rgba(data, name))
    import cv2

    return np.ascontiguousarray(_decode(data, name, cv2.IMREAD_COLOR)[..., ::-1])


def decode_rgba(data: bytes, name: str) -> np.ndarray:
    """Decodes the bytes of a picture file to uint8 RGBA `(H, W, 4)`; see `decode_picture`."""
    import cv2

    header = _checked_header(data, name)
    if not header.alpha:
        rgb = decode_picture(data, name)
        return np.dstack([rgb, np.full(rgb.shape[:2], WHITE, np.uint8)])
    pixels = _decode(data, name, cv2.IMREAD_UNCHANGED)
    if pixels.ndim == 2:
        opaque = np.where(pixels == header.transparent_grey, 0, np.iinfo(pixels.dtype).max)
        pixels = np.dstack([pixels, pixels, pixels, opaque.astype(pixels.dtype)])
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    code = cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGBA
    return cv2.cvtColor(pixels, code)


def over_white(rgba: np.ndarray) -> np.ndarray:
    """Lays uint8 RGBA `(H, W, 4)` over white paper: uint8 RGB `(H, W, 3)`, rounded."""
    alpha = rgba[..., 3:].astype(np.uint16)
    blended = rgba[..., :3] * alpha + WHITE * (255 - alpha)
    return ((blended + 127) // 255).astype(np.uint8)


def to_grey(picture: np.ndarray) -> np.ndarray:
    """RGB uint8 `(H, W, 3)` -> grey uint8 `(H, W)` (ITU-R BT.601, as OpenCV has it)."""
    import cv2

    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def encode_png(picture: np.ndarray) -> bytes:
    """Encodes uint8 grey `(H, W)` or RGB `(H, W, 3)` as PNG. Equal pixels give equal bytes."""
    import cv2

    pixels = picture[..., ::-1] if picture.ndim == 3 else picture
    return cv2.imencode(".png", np.ascontiguousarray(pixels))[1].tobytes()


def write_picture(path: str | os.PathLike, picture: np.ndarray) -> None:
    """Writes a PNG aside and renames it, so that no half-written picture bears the name.

    Raises:
        DeepPaintError: the file cannot be written there.
    """
    write_bytes(path, encode_png(picture))


def write_bytes(path: str | os.PathLike, data: bytes) -> None:
    """Writes a whole file aside and renames it into place; folders above it are made.

    Raises:
        DeepPaintError: the file cannot be written there.
    """
    path = Path(path)
    if not path.name:
        raise DeepPaintError(f"{path}: is a folder; name a file to write")
    aside = path.with_name(f".{path.name}.{os.getpid()}.incomplete")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(data)
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise DeepPaintError(f"{path}: cannot be written ({error.strerror})") from error


def to_unit_range(pixels: np.ndarray) -> np.ndarray:
    """uint8 0..255 -> float32 in [-1, 1], any shape."""
    return pixels.astype(np.float32) / 127.5 - 1.0


def from_unit_range(values: np.ndarray) -> np.ndarray:
    """Floats in [-1, 1] -> uint8 0..255, rounded and clipped, any shape."""
    scaled = np.rint((np.asarray(values, np.float32) + 1.0) * 127.5)
    return np.clip(scaled, 0, 255).astype(np.uint8)


class Placement(NamedTuple):
    """Where a picture lies on its canvas, and how large it was: all that undoing needs."""

    top: int
    left: int
    height: int
    width: int
    original_height: int
    original_width: int


def fit_to_canvas(picture: np.ndarray, size: int) -> tuple[np.ndarray, Placement]:
    """Fits a picture onto a white square canvas: aspect kept, centred, nothing cut off.

    Args:
        picture: uint8 `(H, W)` or `(H, W, 3)`, any size and aspect ratio.
        size: Side of the canvas in pixels.

    Returns:
        The canvas, `(size, size)` or `(size, size, 3)`, and where on it the picture lies. It is
        shrunk by area averaging and enlarged by cubic interpolation.
    """
    height, width = picture.shape[:2]
    scale = size / max(height, width)
    new_height = min(size, max(1, round(height * scale)))
    new_width = min(size, max(1, round(width * scale)))
    place = Placement(
        (size - new_height) // 2, (size - new_width) // 2, new_height, new_width, height, width
    )
    canvas = np.full((size, size, *picture.shape[2:]), WHITE, np.uint8)
    rows = slice(place.top, place.top + new_height)
    columns = slice(place.left, place.left + new_width)
    canvas[rows, columns] = resize(picture, new_height, new_width)
    return canvas, place


def unfit_from_canvas(canvas: np.ndarray, place: Placement) -> np.ndarray:
    """Cuts a picture out of its canvas and brings it back to the size it came with."""
    rows = slice(place.top, place.top + place.height)
    columns = slice(place.left, place.left + place.width)
    return resize(canvas[rows, columns], place.original_height, place.original_width)


def resize(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes uint8 pixels: averaging areas where it shrinks, cubic where it grows."""
    import cv2

    if picture.shape[:2] == (height, width):
        return picture
    shrinks = height <= picture.shape[0] and width <= picture.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=interpolation)


def _read_bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise DeepPaintError(f"{path}: {what}; a picture file is needed here")
        if path.stat().st_size > MAX_BYTES:
            raise DeepPaintError(f"{path}: over {MAX_BYTES >> 20} MiB; save it smaller")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise DeepPaintError(f"{path}: cannot be read ({error})") from error


def _checked_header(data: bytes, name: str) -> PictureHeader:
    if not data:
        raise DeepPaintError(f"{name}: the file is empty")
    header = read_header(data)
    if header is None:
        raise DeepPaintError(f"{name}: not a PNG, JPEG, GIF, BMP or WebP picture")
    if not (0 < header.height <= MAX_SIDE and 0 < header.width <= MAX_SIDE):
        raise DeepPaintError(
            f"{name}: {header.width} x {header.height} pixels; "
            f"a side may have 1 to {MAX_SIDE}: scale it down"
        )
    if not header.complete:
        raise DeepPaintError(f"{name}: the {header.format} file is cut off; fetch or save it again")
    return header


def _decode(data: bytes, name: str, flags: int) -> np.ndarray:
    import cv2

    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise DeepPaintError(f"{name}: cannot be decoded ({error.err})") from error
    if pixels is None:
        raise DeepPaintError(f"{name}: cannot be decoded; the picture is damaged")
    return pixels
