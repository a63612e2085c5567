"""AVIF and HEIC files: checked here, opened by Pillow and pillow-heif.

Both hold coded pictures in the same container. What a file claims of their sizes is compared with
the limits before a decoder sees it. libheif refuses a picture that is larger than claimed; libavif
would scale it down, so the AV1 streams themselves are looked at.
"""

from PIL.AvifImagePlugin import AvifImageFile
from PIL.ImageFile import ImageFile

from tf_deeppaint.images.formats.av1 import decoded_pixels
from tf_deeppaint.images.formats.boxes import Container
from tf_deeppaint.images.formats.limits import BoundedReader, check_size
from tf_deeppaint.images.pixels import MAX_SIDE
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.extras import import_extra

# Pixels that are decoded for one picture: itself, its opacity, its thumbnail.
_MOST_PIXELS = 4 * MAX_SIDE**2
# Kinds of items: a coded picture, the first of a track, pictures laid over one another.
_AV1, _OVERLAY = (b"av01", b"trak"), b"iovl"


def open_avif(reader: BoundedReader, name: str) -> ImageFile:
    """Opens an AVIF; see `registry.Format.opens`."""
    pixels = 0
    for item in Container(reader.getvalue()).items():
        check_size(item.width, item.height, name)
        if item.kind in _AV1:
            side, decoded = decoded_pixels(item.data)
            check_size(side, side, name)
            pixels += decoded
    _check_pixels(pixels)
    return AvifImageFile(reader)


def open_heic(reader: BoundedReader, name: str) -> ImageFile:
    """Opens a HEIC; see `registry.Format.opens`.

    Raises:
        DeepPaintError: the extra `heic` is not installed.
    """
    try:
        plugin = import_extra("pillow_heif.as_plugin", "heic")
    except DeepPaintError as error:
        raise DeepPaintError(f"{name}: to read HEIC, {error}", "unsupported") from error
    pixels = 0
    for item in Container(reader.getvalue()).items():
        check_size(item.width, item.height, name)
        if item.kind == _OVERLAY:
            raise DeepPaintError(
                f"{name}: a HEIC of pictures laid over one another; save it as PNG", "unsupported"
            )
        pixels += item.width * item.height
    _check_pixels(pixels)
    return plugin.HeifImageFile(reader)


def is_whole_heif(data: bytes) -> bool:
    """Whether an AVIF or HEIC file ends where its last box ends."""
    try:
        return Container(data).is_whole()
    except ValueError:
        return True


def _check_pixels(pixels: int) -> None:
    if pixels > _MOST_PIXELS:
        raise ValueError(f"{pixels} pixels in all")
