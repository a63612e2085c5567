"""Bytes of picture files to pixels, by Pillow; everything is bounded before it is decoded.

Pillow walks the parts of a file in Python and keeps all metadata, so a file of a few megabytes can
take minutes or all memory. Hence limits: on size, on reads, on parts that are unpacked or joined,
on EXIF and ICC profiles; see `limits`, `formats` and the modules of single formats.
"""

import os
from typing import NamedTuple

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from tf_deeppaint.images.canvas import resize
from tf_deeppaint.images.formats import jpeg
from tf_deeppaint.images.formats.limits import PIXEL_READS, BoundedReader, check_size
from tf_deeppaint.images.formats.registry import MAX_SCANNED, MAX_SCANS, Format, format_of
from tf_deeppaint.images.pixels import WHITE, over_white, to_gray
from tf_deeppaint.images.profiles import GRAY_MODES, to_srgb
from tf_deeppaint.images.resolution import Dpi, read_dpi
from tf_deeppaint.images.strips import is_large
from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.files import read_bytes

# Bytes of EXIF, as many as one JPEG segment holds.
_MAX_EXIF = 2**16
_ORIENTATION_TAG = 0x0112
# By EXIF's orientation: CIPA DC-008, tag 0x0112, where row 0 and column 0 belong.
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PNG_BITS = 24  # where in a PNG file the bits a channel stand
# Rows of a large picture converted at a time.
_ROWS = 64


class PictureHeader(NamedTuple):
    """Format and size in pixels, as stored: not yet turned by EXIF."""

    format: str
    height: int
    width: int


class Decoded(NamedTuple):
    """All that is read of a picture file, upright.

    Attributes:
        rgb: uint8 sRGB `(H, W, 3)`, as stored: not laid over white; or, where that is told, gray
            `(H, W)` over white.
        alpha: Opacity, uint8 `(H, W)`; None where the file has no transparency.
        dpi: Horizontal and vertical pixels an inch; None where the file tells none.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None
    dpi: Dpi | None

    def over_white(self) -> np.ndarray:
        """The picture over white paper, uint8 RGB `(H, W, 3)`."""
        return self.rgb if self.alpha is None else over_white(np.dstack([self.rgb, self.alpha]))


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """Reads a picture file of one of `formats` as uint8 RGB `(H, W, 3)`.

    Of several frames or pages the first counts. The picture is turned upright by its orientation
    and into sRGB by its ICC profile. 16 bits are reduced to 8, gray, CMYK and CIELAB become RGB,
    transparency is laid over white.

    Raises:
        DeepPaintError: no such file, not a picture, of a kind not read, cut off, damaged, or over
            the limits on size.
    """
    return decode_picture(read_bytes(path), str(path))


def read_rgba(path: str | os.PathLike) -> np.ndarray:
    """Reads a picture file with its transparency as uint8 RGBA `(H, W, 4)`; see `read_picture`."""
    return decode_rgba(read_bytes(path), str(path))


def read_resolution(path: str | os.PathLike) -> Dpi | None:
    """Reads the resolution of a picture file, as `Decoded.dpi`, without decoding its pixels.

    EXIF behind the pixels of a PNG is not found.

    Raises:
        DeepPaintError: see `read_picture`.
    """
    picture = _open(read_bytes(path), str(path), strips=True)
    return _upright_dpi(picture, _orientation(picture))


def read_sketch_pixels(path: str | os.PathLike) -> np.ndarray:
    """Reads a picture file as a sketch is read: strips may be long, see `strips`.

    Returns:
        uint8 RGB or RGBA `(H, W, 3 or 4)`; of large strips, to save memory, gray `(H, W)` over
        white.

    Raises:
        DeepPaintError: see `read_picture`.
    """
    data, name = read_bytes(path), str(path)
    picture = _open(data, name, strips=True)
    rgb, alpha, _ = _decode(picture, data, name, is_large(*picture.size))
    return rgb if alpha is None else np.dstack([rgb, alpha])


def is_large_file(path: str | os.PathLike) -> bool:
    """Whether a picture file is large, see `strips`, by its header; see `read_picture`."""
    return is_large(*_open(read_bytes(path), str(path), strips=True).size)


def read_size(data: bytes, name: str) -> tuple[int, int]:
    """Reads height and width of a picture file, upright, without decoding its pixels.

    It may be a strip, see `strips`; see `read_picture` for the errors.
    """
    picture = _open(data, name, strips=True)
    return picture.size if _orientation(picture) >= 5 else picture.size[::-1]


def decode_strip_rgba(data: bytes, name: str) -> np.ndarray:
    """Decodes a picture file that may be a strip to uint8 RGBA `(H, W, 4)`; see `read_picture`."""
    return _to_rgba(_decode(_open(data, name, strips=True), data, name))


def read_header(data: bytes) -> PictureHeader | None:
    """Reads the header of a picture file; None where it is not a picture or has no sound header."""
    try:
        picture = _open(data, "")
    except DeepPaintError:
        return None
    return PictureHeader(picture.format, picture.height, picture.width)


def decode(data: bytes, name: str) -> Decoded:
    """Decodes the bytes of a picture file; see `decode_picture`."""
    return _decode(_open(data, name), data, name)


def decode_picture(data: bytes, name: str) -> np.ndarray:
    """Decodes the bytes of a picture file to uint8 RGB `(H, W, 3)`; see `read_picture`.

    Errors call the picture `name`.
    """
    return decode(data, name).over_white()


def decode_rgba(data: bytes, name: str) -> np.ndarray:
    """Decodes the bytes of a picture file to uint8 RGBA `(H, W, 4)`; see `decode_picture`."""
    return _to_rgba(decode(data, name))


def _to_rgba(decoded: Decoded) -> np.ndarray:
    rgb, alpha, _ = decoded
    return np.dstack([rgb, np.full(rgb.shape[:2], WHITE, np.uint8) if alpha is None else alpha])


def decode_small(data: bytes, name: str, side: int) -> tuple[np.ndarray, int, int]:
    """Decodes a picture and shrinks it by area until its shorter side has `side` pixels.

    A JPEG is decoded at a half, a quarter or an eighth of its size where that is enough, in a
    fraction of the time; other formats are decoded in full.

    A smaller picture is not enlarged. See `decode_picture` for the errors.

    Returns:
        uint8 RGB `(h, w, 3)` over white, and the height and width of the whole picture.
    """
    picture = _open(data, name)
    height, width = picture.height, picture.width
    if picture.format == "JPEG":
        picture.draft(None, (side, side))
    pixels = _decode(picture, data, name).over_white()
    if _orientation(picture) >= 5:
        height, width = width, height
    scale = min(1.0, side / min(height, width))
    small = resize(pixels, max(1, round(height * scale)), max(1, round(width * scale)))
    return small, height, width


def split_channels(picture: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """Splits a Pillow image of any mode and ICC profile into colors and opacity.

    Returns:
        uint8 sRGB `(H, W, 3)`, not laid over white, and uint8 `(H, W)`; None where it is opaque.
    """
    alpha, colors = None, picture
    if picture.mode.startswith("I"):  # gray of 16 bits
        levels = np.asarray(picture)
        if "transparency" in picture.info:
            alpha = np.where(levels == picture.info["transparency"], 0, WHITE).astype(np.uint8)
        colors = Image.fromarray((levels >> 8).astype(np.uint8))
    elif picture.has_transparency_data:
        colors = picture.convert("RGBA")
        alpha = np.array(colors.getchannel("A"))
        colors = picture.convert("L") if picture.mode in GRAY_MODES else colors.convert("RGB")
    return np.array(to_srgb(colors, picture.info.get("icc_profile"))), alpha


def _open(data: bytes, name: str, strips: bool = False) -> ImageFile:
    """Reads and checks the header; no pixel is decoded. `strips`: as `check_size` takes it."""
    if not data:
        raise DeepPaintError(f"{name}: the file is empty", "empty")
    form = format_of(data, name)
    try:
        if any(data.count(part) > MAX_SCANS for part in form.costly_parts):
            raise ValueError("more parts than any encoder writes")
        picture = form.opens(BoundedReader(data), name)
    except DeepPaintError:
        raise
    except Exception as error:  # Pillow raises whatever its parts raise
        raise _unreadable(data, name, form, error) from error
    picture.format = form.name
    check_size(*picture.size, name, strips)
    pixels = picture.width * picture.height
    if form.name == "JPEG" and data.count(jpeg.SCAN) * pixels > MAX_SCANNED:
        raise _unreadable(data, name, form, ValueError("more scans than any encoder writes"))
    return picture


def _decode(picture: ImageFile, data: bytes, name: str, as_gray: bool = False) -> Decoded:
    """Decodes the pixels; `as_gray`: to gray `(H, W)` over white, in little memory beside."""
    form = format_of(data, name)
    try:
        if not form.is_whole(data):
            raise EOFError
        picture.fp.reads_left = PIXEL_READS
        picture.load()
        if form.name == "PNG":
            _scale_transparent_color(picture, data[_PNG_BITS])
        orientation = _orientation(picture)
        dpi = _upright_dpi(picture, orientation)
        turn = _TRANSPOSITIONS.get(orientation)
        if as_gray:
            gray = _gray_over_white(picture)
            picture.close()  # or its pixels would stay until the garbage is collected
            turned = gray if turn is None else np.asarray(Image.fromarray(gray).transpose(turn))
            return Decoded(turned, None, dpi)
        upright = picture if turn is None else picture.transpose(turn)
        return Decoded(*split_channels(upright), dpi)
    except Exception as error:  # Pillow raises whatever its parts raise
        raise _unreadable(data, name, form, error) from error


def _gray_over_white(picture: Image.Image) -> np.ndarray:
    gray = np.empty((picture.height, picture.width), np.uint8)
    for top in range(0, picture.height, _ROWS):
        bottom = min(top + _ROWS, picture.height)
        channels = split_channels(picture.crop((0, top, picture.width, bottom)))
        gray[top:bottom] = to_gray(Decoded(*channels, None).over_white())
    return gray


def _unreadable(data: bytes, name: str, form: Format, error: Exception) -> DeepPaintError:
    if not form.is_whole(data) or "truncated" in str(error).lower():
        kind, state = "cut off", "cut off"
    else:
        kind, state = "damaged", f"damaged ({one_line(error)})"
    message = f"{name}: the {form.name} file is {state}; fetch or save it again"
    return DeepPaintError(message, kind)


def _upright_dpi(picture: Image.Image, orientation: int) -> Dpi | None:
    dpi = read_dpi(picture)
    return dpi[::-1] if dpi is not None and orientation >= 5 else dpi


def _orientation(picture: ImageFile) -> int:
    """Reads EXIF's orientation of a decoded picture, 1 to 8; 1, upright, where it is damaged."""
    if exif := picture.info.pop("exif", None):
        picture.info["exif"] = exif[:_MAX_EXIF]
    try:
        orientation = picture.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # Pillow raises whatever reading TIFF raises
        return 1
    return orientation if orientation in range(1, 9) else 1


def _scale_transparent_color(picture: ImageFile, bits: int) -> None:
    """Brings a PNG's transparent color to the 8 bits to which Pillow brings the pixels alone."""
    color = picture.info.get("transparency")
    if picture.mode == "L" and bits in (2, 4) and color is not None:
        picture.info["transparency"] = color * 255 // (2**bits - 1)
    elif picture.mode == "RGB" and bits == 16 and color is not None:
        picture.info["transparency"] = tuple(level >> 8 for level in color)
