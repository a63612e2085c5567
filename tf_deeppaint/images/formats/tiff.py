"""TIFF files: the first page, checked before Pillow and libtiff read it.

Both trust the directory: Pillow copies what every entry points to, libtiff every strip and tile.
So all that a directory claims is summed up first, and must fit into the file. The format is that of
TIFF 6.0 (Adobe, 1992): https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
"""

import contextlib
import ctypes
import functools
import struct

import numpy as np
from PIL import Image, ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from tf_deeppaint.images.formats.limits import BoundedReader, check_size
from tf_deeppaint.images.pixels import MAX_SIDE
from tf_deeppaint.utils.errors import DeepPaintError

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _PLANES = 256, 257, 258, 259, 262, 284
_STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES = 273, 279, 324, 325
_TILE_WIDTH, _TILE_HEIGHT, _ORIENTATION, _RESOLUTIONS = 322, 323, 274, (282, 283)
# struct's letters of the types of whole numbers, and the bytes of a value of every type.
_INTEGERS = {1: "B", 3: "H", 4: "I"}
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_TYPE_BYTES |= {16: 8, 17: 8, 18: 8}
_BYTE_TYPES = (1, 2, 6, 7)
# Uncompressed, CCITT, LZW, JPEG, Deflate (twice) and PackBits. Of the others some claim gigabytes
# of memory, and JPEG as TIFF had it before 1995 is guessed at.
_COMPRESSIONS = (1, 2, 3, 4, 5, 7, 8, 32946, 32773)
_JPEG, _WHITE_IS_ZERO, _YCBCR, _SEPARATE = 7, 0, 6, 2
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "LAB", "I;16", "I;16B")
# The most values of an entry: strips or tiles, those of 8192 x 8192 pixels in tiles of 16 x 16; the
# palette of 16 bits has 196,608.
_MOST_VALUES, _LEAST_TILE = 2**18, 16
# How often each byte of a file may be in a strip or tile, and how many scans of JPEG in each of
# these, on average.
_SHARED, _SCANS = 4, 4
_HOW_TO_SAVE = "save it as RGB, gray or CMYK of 8 or 16 bits with LZW compression"


class _Directory:
    """The first directory of a TIFF: what its entries claim.

    Raises:
        EOFError: something of it lies behind the end of the file.
        ValueError: it claims more than a file can hold.
    """

    def __init__(self, data: bytes):
        self.data = data
        self.order = "<" if data[:2] == b"II" else ">"
        (start,) = self._unpack("I", 4, 1)
        (count,) = self._unpack("H", start, 1)
        self._unpack("I", start + 2 + 12 * count, 1)  # the next directory, the end of this one
        self.entries: dict[int, tuple[int, int, int]] = {}  # type, count and position by tag
        claimed = 0
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = self._unpack("H", entry, 2)
            values, offset = self._unpack("I", entry + 4, 2)
            size = values * _TYPE_BYTES.get(kind, 0)
            position = entry + 8 if size <= 4 else offset
            if position + size > len(data):
                raise EOFError
            claimed += size if size > 4 else 0
            is_long = values > _MOST_VALUES and kind not in _BYTE_TYPES
            if is_long or claimed > len(data) or tag in self.entries:
                raise ValueError("more entries than any encoder writes")
            self.entries[tag] = kind, values, position

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The whole numbers of an entry; none where there is no such entry."""
        if tag not in self.entries:
            return ()
        kind, count, position = self.entries[tag]
        if kind not in _INTEGERS:
            raise ValueError(f"entry {tag} is no whole number")
        return self._unpack(_INTEGERS[kind], position, count)

    def number(self, tag: int, default: int = 0) -> int:
        """The first number of an entry."""
        return next(iter(self.numbers(tag)), default)

    def parts(self) -> list[tuple[int, int]]:
        """Start and size, in bytes, of all strips or tiles whose sizes are told."""
        starts = self.numbers(_STRIPS) or self.numbers(_TILES)
        sizes = self.numbers(_STRIP_BYTES) or self.numbers(_TILE_BYTES)
        return list(zip(starts, sizes, strict=False))

    def _unpack(self, letter: str, position: int, count: int) -> tuple:
        try:
            return struct.unpack_from(f"{self.order}{count}{letter}", self.data, position)
        except struct.error as error:
            raise EOFError from error


@functools.cache
def _silence_libtiff() -> None:
    """Stops Pillow's libtiff from writing to stderr what it raises errors for anyway."""
    with contextlib.suppress(AttributeError, OSError):  # not a library of its own here
        pillow = ctypes.CDLL(Image.core.__file__)
        pillow.TIFFSetErrorHandler(None)
        pillow.TIFFSetWarningHandler(None)


class _Tiff(TiffImageFile):
    orientation = 1

    def getexif(self) -> Image.Exif:
        """The orientation alone: Pillow would read all EXIF, however often it claims the file."""
        exif = Image.Exif()
        exif[_ORIENTATION] = self.orientation
        return exif

    def load_end(self) -> None:
        """Leaves the page as it is stored; Pillow would turn it here."""
        self._size = self.im.size
        if self.mode == "I;16" and self.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
            # Pillow inverts other depths, but not this one.
            self.im = Image.fromarray(0xFFFF - np.array(self)).im


def open_tiff(reader: BoundedReader, name: str) -> ImageFile.ImageFile:
    """Opens the first page of a TIFF; see `registry.Format.opens`."""
    data = reader.getvalue()
    if b"\x2b" in data[2:4]:
        raise DeepPaintError(f"{name}: a BigTIFF; save it as an ordinary TIFF", "unsupported")
    directory = _Directory(data)
    width, height = directory.number(_WIDTH), directory.number(_HEIGHT)
    check_size(width, height, name)
    _check_supported(directory, name)
    _check_parts(directory)
    _silence_libtiff()
    try:
        picture = _Tiff(reader)
    except SyntaxError as error:
        if "unknown" not in str(error):
            raise
        raise _unsupported(directory, name) from error
    if picture.mode not in _MODES:
        raise _unsupported(directory, name)
    picture._size = width, height  # as it is stored
    picture.orientation = directory.number(_ORIENTATION, 1)
    if not all(tag in directory.entries for tag in _RESOLUTIONS):
        picture.info.pop("dpi", None)  # Pillow's default, 1
    return picture


def is_whole_tiff(data: bytes) -> bool:
    """Whether the directory and all strips or tiles lie inside the file."""
    try:
        return all(start + size <= len(data) for start, size in _Directory(data).parts())
    except EOFError:
        return False
    except ValueError:  # damaged, not cut off
        return True


def _check_supported(directory: _Directory, name: str) -> None:
    compression = directory.number(_COMPRESSION, 1)
    bits = directory.numbers(_BITS)
    is_unsupported = (
        compression not in _COMPRESSIONS
        or 12 in bits
        # Pillow takes these for other pixels.
        or (directory.number(_PHOTOMETRIC) == _YCBCR and compression != _JPEG)
        or (directory.number(_PLANES) == _SEPARATE and 16 in bits)
    )
    if is_unsupported:
        raise _unsupported(directory, name)


def _check_parts(directory: _Directory) -> None:
    """Raises ValueError where decoding the strips or tiles would cost more than they hold."""
    sides = directory.numbers(_TILE_WIDTH)[:1] + directory.numbers(_TILE_HEIGHT)[:1]
    if not all(_LEAST_TILE <= side <= MAX_SIDE for side in sides):
        raise ValueError(f"tiles of {' x '.join(map(str, sides))} pixels")
    parts = directory.parts()
    if sum(size for _, size in parts) > _SHARED * len(directory.data):
        raise ValueError("strips that hold more than the file")
    if directory.number(_COMPRESSION) == _JPEG:
        data = directory.data
        scans = sum(data.count(b"\xff\xda", start, start + size) for start, size in parts)
        if scans > _SCANS * len(parts):
            raise ValueError("more scans than any encoder writes")


def _unsupported(directory: _Directory, name: str) -> DeepPaintError:
    bits = "/".join(map(str, directory.numbers(_BITS))) or "1"
    kind = f"compression {directory.number(_COMPRESSION, 1)}, {bits} bits"
    kind += f", color model {directory.number(_PHOTOMETRIC)}"
    return DeepPaintError(
        f"{name}: a TIFF of a kind not read ({kind}); {_HOW_TO_SAVE}", "unsupported"
    )
