"""The formats of picture files that are read: how each is recognized, opened and found whole.

Pillow's format classes are opened directly instead of by `Image.open`, which alone applies its bomb
limit: that is a global variable and warns where ours still allows.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.WebPImagePlugin import WebPImageFile

from tf_deeppaint.images.encoding import PNG_END
from tf_deeppaint.images.formats.heif import is_whole_heif, open_avif, open_heic
from tf_deeppaint.images.formats.jpeg import SCAN, Jpeg, is_whole_jpeg
from tf_deeppaint.images.formats.limits import BoundedReader
from tf_deeppaint.images.formats.png import open_png
from tf_deeppaint.images.formats.psd import is_whole_psd, open_psd
from tf_deeppaint.images.formats.tiff import is_whole_tiff, open_tiff
from tf_deeppaint.images.suffixes import FORMATS
from tf_deeppaint.utils.errors import DeepPaintError

# Parts that a decoder unpacks, joins or repeats its work for, and how many of each are taken. Each
# scan of a JPEG goes over the whole picture; encoders write some ten.
MAX_SCANS = 256
# Pixels that a JPEG's scans go over in all: sixteen scans of 8192 x 8192 pixels, some ten seconds.
MAX_SCANNED = 2**30


class Format(NamedTuple):
    """A format of picture files.

    Attributes:
        name: As errors call it.
        beginning: Matches the beginning of a file.
        opens: Reads the header and later the pixels, given a reader and the file's name.
        is_whole: Whether a file has its end; Pillow does not always ask.
        costly_parts: The first bytes of parts of which there may be `MAX_SCANS`.
    """

    name: str
    beginning: re.Pattern
    opens: Callable[[BoundedReader, str], ImageFile]
    is_whole: Callable[[bytes], bool]
    costly_parts: tuple[bytes, ...] = ()


def _little_endian(data: bytes) -> int:
    return int.from_bytes(data, "little")


_ALL = (
    Format(
        "PNG",
        re.compile(rb"\x89PNG\r\n\x1a\n"),
        open_png,
        lambda d: PNG_END in d,
        (b"iCCP",),
    ),
    Format(
        "JPEG",
        re.compile(rb"\xff\xd8"),
        lambda reader, _: Jpeg(reader),
        is_whole_jpeg,
        (SCAN, b"Exif\0\0"),
    ),
    Format(
        "GIF",
        re.compile(rb"GIF8[79]a"),
        lambda reader, _: GifImageFile(reader),
        lambda d: d.rstrip(b"\0")[-1:] == b";",
    ),
    Format(
        "BMP",
        re.compile(rb"BM"),
        lambda reader, _: BmpImageFile(reader),
        lambda d: _little_endian(d[2:6]) <= len(d),
    ),
    Format(
        "WebP",
        re.compile(rb"(?s)RIFF....WEBP"),
        lambda reader, _: WebPImageFile(reader),
        lambda d: _little_endian(d[4:8]) + 8 <= len(d),
    ),
    Format("TIFF", re.compile(rb"II[*+]\0|MM\0[*+]"), open_tiff, is_whole_tiff),
    # Both have a list of four letters each; that of an AVIF may hold those of a HEIC too.
    Format("AVIF", re.compile(rb"(?s).{4}ftyp(?:.{4}){0,32}?avi[fs]"), open_avif, is_whole_heif),
    Format(
        "HEIC",
        re.compile(rb"(?s).{4}ftyp(?:.{4}){0,32}?(?:hei[cxms]|hev[cx]|mif1|msf1)"),
        open_heic,
        is_whole_heif,
    ),
    Format("PSD", re.compile(rb"8BPS"), open_psd, is_whole_psd),
)


def format_of(data: bytes, name: str) -> Format:
    """The format of a picture file, by its first bytes.

    Raises:
        DeepPaintError: it is none of these.
    """
    for form in _ALL:
        if form.beginning.match(data):
            return form
    raise DeepPaintError(f"{name}: not a {FORMATS} picture", "not a picture")
