"""Bytes of picture files to pixels, by Pillow; everything is bounded before it is decoded.

Pillow walks the parts of a file in Python and keeps all metadata, so a file of a few megabytes can
take minutes or all memory. Hence the limits below: on size, on reads, on parts that are unpacked
or joined, on EXIF and ICC profiles. Pillow's own bomb limit is a global variable and warns where
ours still allows; its format classes are opened directly instead of by `Image.open`, which alone
applies it.
"""

import io
import os
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from tf_deeppaint.images.canvas import resize
from tf_deeppaint.images.encoding import PNG_END
from tf_deeppaint.images.pixels import MAX_SIDE, WHITE, over_white
from tf_deeppaint.images.resolution import Dpi, read_dpi
from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.files import read_bytes


class _Png(PngImageFile):
    def load_end(self) -> None:
        """Reads what stands behind the pixels, as many parts as in front of them."""
        self.fp.reads_left = _HEADER_READS
        super().load_end()


class _Jpeg(JpegImageFile):
    def _read_dpi_from_exif(self) -> None:
        """Leaves the EXIF alone: Pillow would read all of it, a copy of it for each entry."""


class _Format(NamedTuple):
    beginning: re.Pattern  # of a file
    opens: Callable[[io.BytesIO], ImageFile.ImageFile]  # reads the header and later the pixels
    is_whole: Callable[[bytes], bool]  # whether a file has its end; Pillow does not always ask


def _little_endian(data: bytes) -> int:
    return int.from_bytes(data, "little")


_FORMATS = {
    "PNG": _Format(re.compile(rb"\x89PNG\r\n\x1a\n"), _Png, lambda d: PNG_END in d),
    "JPEG": _Format(
        re.compile(rb"\xff\xd8"), _Jpeg, lambda d: d.rfind(b"\xff\xd9") > d.find(b"\xff\xda")
    ),
    "GIF": _Format(re.compile(rb"GIF8[79]a"), GifImageFile, lambda d: d.rstrip(b"\0")[-1:] == b";"),
    "BMP": _Format(re.compile(rb"BM"), BmpImageFile, lambda d: _little_endian(d[2:6]) <= len(d)),
    "WebP": _Format(
        re.compile(rb"(?s)RIFF....WEBP"),
        WebPImageFile,
        lambda d: _little_endian(d[4:8]) + 8 <= len(d),
    ),
}
# Parts that a decoder unpacks, joins or repeats its work for, and how many of each are taken. Each
# scan of a JPEG goes over the whole picture; encoders write some ten.
MAX_SCANS = 256
_COSTLY_PARTS = {"PNG": (b"zTXt", b"iTXt", b"iCCP"), "JPEG": (b"\xff\xda", b"Exif\0\0")}
# Reads by which Pillow gets to the first pixel, two to four for each part of a file, and from there
# to the end; a scan of 8192 x 8192 in PNG chunks of 2 kB takes 400,000.
_HEADER_READS, _PIXEL_READS = 2**13, 2**20
# Bytes of EXIF, as many as one JPEG segment holds, and of an ICC profile; those of CMYK printers
# have 3 MB.
_MAX_EXIF, _MAX_ICC = 2**16, 2**23
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
_GRAY_MODES = ("1", "L", "LA")
_PNG_BITS = 24  # where in a PNG file the bits a channel stand


class PictureHeader(NamedTuple):
    """Format and size in pixels, as stored: not yet turned by EXIF."""

    format: str
    height: int
    width: int


class Decoded(NamedTuple):
    """All that is read of a picture file, upright.

    Attributes:
        rgb: uint8 sRGB `(H, W, 3)`, as stored: not laid over white.
        alpha: Opacity, uint8 `(H, W)`; None where the file has no transparency.
        dpi: Horizontal and vertical pixels an inch; None where the file tells none.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None
    dpi: Dpi | None

    def over_white(self) -> np.ndarray:
        """The picture over white paper, uint8 RGB `(H, W, 3)`."""
        return self.rgb if self.alpha is None else over_white(np.dstack([self.rgb, self.alpha]))


class _BoundedReader(io.BytesIO):
    """The bytes of a file, for a limited number of reads."""

    reads_left = _HEADER_READS

    def read(self, size: int | None = -1) -> bytes:
        self.reads_left -= 1
        if self.reads_left < 0:
            raise ValueError("more parts than any encoder writes")
        return super().read(size)


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """Reads a PNG, JPEG, GIF (first frame), BMP or WebP file as uint8 RGB `(H, W, 3)`.

    The picture is turned upright by its EXIF orientation and into sRGB by its ICC profile. 16 bits
    are reduced to 8, gray and CMYK become RGB, transparency is laid over white.

    Raises:
        DeepPaintError: no such file, not a picture, cut off, damaged, or over the limits on size.
    """
    return decode_picture(read_bytes(path), str(path))


def read_rgba(path: str | os.PathLike) -> np.ndarray:
    """Reads a picture file with its transparency as uint8 RGBA `(H, W, 4)`; see `read_picture`."""
    return decode_rgba(read_bytes(path), str(path))


def read_decoded(path: str | os.PathLike) -> Decoded:
    """Reads a picture file with its transparency and its resolution; see `read_picture`."""
    return decode(read_bytes(path), str(path))


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
    rgb, alpha, _ = decode(data, name)
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
    picture.draft(None, (side, side))
    pixels = _decode(picture, data, name).over_white()
    if _orientation(picture) >= 5:
        height, width = width, height
    scale = min(1.0, side / min(height, width))
    small = resize(pixels, max(1, round(height * scale)), max(1, round(width * scale)))
    return small, height, width


def _open(data: bytes, name: str) -> ImageFile.ImageFile:
    """Reads and checks the header; no pixel is decoded."""
    if not data:
        raise DeepPaintError(f"{name}: the file is empty", "empty")
    format_name = next((n for n, f in _FORMATS.items() if f.beginning.match(data)), None)
    if format_name is None:
        raise DeepPaintError(f"{name}: not a PNG, JPEG, GIF, BMP or WebP picture", "not a picture")
    try:
        if any(data.count(part) > MAX_SCANS for part in _COSTLY_PARTS.get(format_name, ())):
            raise ValueError("more parts than any encoder writes")
        picture = _FORMATS[format_name].opens(_BoundedReader(data))
    except Exception as error:  # Pillow raises whatever its parts raise
        raise _unreadable(data, name, format_name, error) from error
    picture.format = format_name
    if max(picture.size) > MAX_SIDE:
        raise DeepPaintError(
            f"{name}: {picture.width} x {picture.height} pixels; a side may have 1 to {MAX_SIDE}: "
            "scale it down",
            "too large",
        )
    return picture


def _decode(picture: ImageFile.ImageFile, data: bytes, name: str) -> Decoded:
    try:
        if not _FORMATS[picture.format].is_whole(data):
            raise EOFError
        picture.fp.reads_left = _PIXEL_READS
        picture.load()
        if picture.format == "PNG":
            _scale_transparent_color(picture, data[_PNG_BITS])
        orientation = _orientation(picture)
        dpi = read_dpi(picture)
        if orientation >= 5 and dpi is not None:
            dpi = dpi[::-1]
        if orientation in _TRANSPOSITIONS:
            picture = picture.transpose(_TRANSPOSITIONS[orientation])
        return Decoded(*_to_channels(picture), dpi)
    except Exception as error:  # Pillow raises whatever its parts raise
        raise _unreadable(data, name, picture.format, error) from error


def _unreadable(data: bytes, name: str, format_name: str, error: Exception) -> DeepPaintError:
    if not _FORMATS[format_name].is_whole(data) or "truncated" in str(error).lower():
        kind, state = "cut off", "cut off"
    else:
        kind, state = "damaged", f"damaged ({one_line(error)})"
    message = f"{name}: the {format_name} file is {state}; fetch or save it again"
    return DeepPaintError(message, kind)


def _orientation(picture: ImageFile.ImageFile) -> int:
    """Reads EXIF's orientation of a decoded picture, 1 to 8; 1, upright, where it is damaged."""
    if "exif" in picture.info:
        picture.info["exif"] = picture.info["exif"][:_MAX_EXIF]
    try:
        orientation = picture.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # Pillow raises whatever reading TIFF raises
        return 1
    return orientation if orientation in range(1, 9) else 1


def _scale_transparent_color(picture: ImageFile.ImageFile, bits: int) -> None:
    """Brings a PNG's transparent color to the 8 bits to which Pillow brings the pixels alone."""
    color = picture.info.get("transparency")
    if picture.mode == "L" and bits in (2, 4) and color is not None:
        picture.info["transparency"] = color * 255 // (2**bits - 1)
    elif picture.mode == "RGB" and bits == 16 and color is not None:
        picture.info["transparency"] = tuple(level >> 8 for level in color)


def _to_channels(picture: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    alpha, colors = None, picture
    if picture.mode.startswith("I"):  # gray of 16 bits
        levels = np.asarray(picture)
        if "transparency" in picture.info:
            alpha = np.where(levels == picture.info["transparency"], 0, WHITE).astype(np.uint8)
        colors = Image.fromarray((levels >> 8).astype(np.uint8))
    elif picture.has_transparency_data:
        colors = picture.convert("RGBA")
        alpha = np.array(colors.getchannel("A"))
        colors = picture.convert("L") if picture.mode in _GRAY_MODES else colors.convert("RGB")
    return np.array(_to_srgb(colors, picture.info.get("icc_profile"))), alpha


def _to_srgb(colors: Image.Image, profile: bytes | None) -> Image.Image:
    """Turns an opaque picture into sRGB by an ICC profile; without one, by the plain formulas."""
    if profile and len(profile) <= _MAX_ICC:
        if colors.mode not in ("L", "RGB", "CMYK"):
            colors = colors.convert("L" if colors.mode in _GRAY_MODES else "RGB")
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "sRGB" not in ImageCms.getProfileDescription(source):
                target = ImageCms.createProfile("sRGB")
                return ImageCms.profileToProfile(colors, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # damaged, or of another kind of picture: such a profile is passed over
    return colors if colors.mode == "RGB" else colors.convert("RGB")
