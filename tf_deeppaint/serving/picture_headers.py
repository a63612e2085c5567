"""What a PNG or JPEG file says of itself, read in the TensorFlow graph before it is decoded.

The file comes from a stranger. So every walk through it is bounded, and what lies behind its end
reads as zeros. The walk through a JPEG's segments finds its EXIF orientation and how many scans it
has; `decoding` compares the size found here with `tf.image.extract_jpeg_shape`.
"""

from typing import NamedTuple

import tensorflow as tf

from tf_deeppaint.images.decoding import MAX_SCANS
from tf_deeppaint.images.pixels import MAX_SIDE

# No file needs more: uncompressed pixels take so many bytes each, with something for the headers.
_BYTES_PER_PIXEL, _HEADER_BYTES = 4, 1 << 16
# A file with more chunks or segments than this is refused. Usual ones have a dozen.
_MOST_PARTS = 1000
# That many zeros are put behind a file.
_BEYOND = 1024

_PNG_MAGIC, _JPEG_MAGIC = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_START_OF_SCAN = 0xDA
_BIG_EXIF, _LITTLE_EXIF = 0x4D4D002A, 0x49492A00


class Header(NamedTuple):
    """Tensors that describe a file; scalars, or `(N,)` of many files.

    Attributes:
        jpeg: bool, whether it is a JPEG; otherwise it is a PNG.
        height: int64, as stored.
        width: int64, as stored.
        orientation: int32, EXIF's 1 (upright) to 8.
        alpha: bool, whether there may be transparency.
        error: string, what is wrong; empty where nothing is.
    """

    jpeg: tf.Tensor
    height: tf.Tensor
    width: tf.Tensor
    orientation: tf.Tensor
    alpha: tf.Tensor
    error: tf.Tensor


SIGNATURE = Header(
    *(
        tf.TensorSpec((), dtype)
        for dtype in (tf.bool, tf.int64, tf.int64, tf.int32, tf.bool, tf.string)
    )
)


@tf.function
def read_header(data: tf.Tensor, max_pixels: int) -> Header:
    """Reads the header of one file and says what is wrong with it, if anything.

    Args:
        data: The file, a string scalar.
        max_pixels: The most pixels it may have. A side has at most `MAX_SIDE`.
    """
    most_bytes = _BYTES_PER_PIXEL * max_pixels + _HEADER_BYTES
    length = tf.strings.length(data)
    is_png, is_jpeg = (
        tf.strings.substr(data, 0, len(magic)) == magic for magic in (_PNG_MAGIC, _JPEG_MAGIC)
    )
    raw = tf.pad(tf.io.decode_raw(tf.strings.substr(data, 0, most_bytes), tf.uint8), [[0, _BEYOND]])
    if is_png:
        height, width, orientation, alpha, damage = _read_png(raw)
    elif is_jpeg:
        height, width, orientation, alpha, damage = _read_jpeg(raw)
    else:
        height, width, orientation = tf.ones([], tf.int64), tf.ones([], tf.int64), tf.constant(1)
        alpha, damage = tf.constant(False), tf.constant("not a PNG or JPEG picture")
    size = tf.strings.join([tf.as_string(width), " x ", tf.as_string(height), " pixels; "])
    sides = tf.stack([height, width])
    rules = [
        (length == 0, "the file is empty"),
        (length > most_bytes, f"the file is over {most_bytes} bytes"),
        (damage != "", damage),
        (tf.reduce_min(sides) < 1, size + "a side has at least 1"),
        (tf.reduce_max(sides) > MAX_SIDE, size + f"a side may have at most {MAX_SIDE}"),
        (height * width > max_pixels, size + f"at most {max_pixels} are taken"),
    ]
    error = tf.constant("")
    for wrong, words in reversed(rules):
        error = tf.where(wrong, words, error)
    return Header(is_jpeg, height, width, orientation, alpha, error)


def _read_png(raw: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Height, width, orientation, alpha and damage; the same of `_read_jpeg`."""
    position, orientation = tf.constant(8, tf.int64), tf.constant(1)
    # A color type of gray or RGB with alpha, or a chunk of transparent colors.
    alpha = (raw[25] & 4) > 0
    kind, parts = tf.constant(0, tf.int64), 0
    while kind != _chunk("IDAT") and position < _file_end(raw) and parts < _MOST_PARTS:
        length, kind = _number(raw, position, 4, big=True), _number(raw, position + 4, 4, big=True)
        alpha = alpha or kind == _chunk("tRNS")
        if kind == _chunk("eXIf"):
            orientation = _orientation(raw, position + 8)
        position += 12 + length
        parts += 1
    is_header = _number(raw, 12, 4, big=True) == _chunk("IHDR")
    damage = tf.where(kind == _chunk("IDAT"), "", "the PNG file is cut off")
    damage = tf.where(is_header, damage, "not a PNG picture")
    height, width = _number(raw, 20, 4, big=True), _number(raw, 16, 4, big=True)
    return height, width, orientation, alpha, damage


def _read_jpeg(raw: tf.Tensor) -> tuple[tf.Tensor, ...]:
    position, parts, marker = tf.constant(2, tf.int64), 0, tf.constant(0, tf.int64)
    height, width = tf.constant(0, tf.int64), tf.constant(0, tf.int64)
    orientation = tf.constant(0)
    sound = True
    while sound and marker != _START_OF_SCAN and position < _file_end(raw) and parts < _MOST_PARTS:
        parts += 1
        marker = _number(raw, position + 1, 1, big=True)
        sound = _number(raw, position, 1, big=True) == 0xFF
        if marker == 0xFF:  # a fill byte
            position += 1
        elif marker == 0x01 or (marker >= 0xD0 and marker <= 0xD7):  # these stand alone
            position += 2
        else:
            if _is_frame(marker):
                height = _number(raw, position + 5, 2, big=True)
                width = _number(raw, position + 7, 2, big=True)
            is_exif = marker == 0xE1 and _number(raw, position + 4, 4, big=True) == _chunk("Exif")
            if is_exif and orientation == 0:  # the first counts
                orientation = _orientation(raw, position + 4)
            position += 2 + _number(raw, position + 2, 2, big=True)
    # Behind the first scan's header there are no lengths to be followed.
    is_marker, kinds = raw[position:-1] == 0xFF, raw[position + 1 :]
    complete = marker == _START_OF_SCAN and tf.reduce_any(is_marker & (kinds == 0xD9))
    scans = tf.math.count_nonzero(is_marker & (kinds == _START_OF_SCAN))
    damage = tf.where(complete, "", "the JPEG file is cut off")
    damage = tf.where(sound and scans < MAX_SCANS, damage, "the JPEG file is damaged")
    return height, width, tf.maximum(orientation, 1), tf.constant(False), damage


def _is_frame(marker: tf.Tensor) -> tf.Tensor:
    """Whether a JPEG's marker starts a frame: C0..CF but DHT (C4), JPG (C8) and DAC (CC)."""
    return (marker >= 0xC0 and marker <= 0xCF and marker & 3 != 0) or marker == 0xC0


def _orientation(raw: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """Reads tag 0x0112 of the first directory of EXIF, int32 1 to 8; see `picture_headers`.

    Args:
        raw: uint8, the file and zeros behind it.
        start: int64, where it begins; JPEG has a magic before it.
    """
    start += 6 * _one(_number(raw, start, 4, big=True) == _chunk("Exif"))
    order = _number(raw, start, 4, big=True)
    big = order == _BIG_EXIF
    directory = start + _number(raw, start + 4, 4, big)
    count = tf.minimum(_number(raw, directory, 2, big), _MOST_PARTS)
    first = tf.minimum(directory + 2, _file_end(raw))
    count = tf.minimum(count, (tf.size(raw, tf.int64) - first) // 12)
    entries = tf.reshape(raw[first : first + 12 * count], [-1, 12])
    entries = tf.cast(entries, tf.int32)
    # Tag, type and value are two bytes each, either of which may come first.
    first, second = entries[:, 0:10:2], entries[:, 1:10:2]
    pairs = tf.where(big, 256 * first + second, 256 * second + first)
    tags, kinds, values = pairs[:, 0], pairs[:, 1], pairs[:, 4]
    orientations = tf.boolean_mask(values, tf.logical_and(tags == 0x0112, kinds == 3))
    value = tf.concat([orientations, [1]], axis=0)[0]
    known = tf.reduce_any(order == [_BIG_EXIF, _LITTLE_EXIF])
    return tf.where(known and value >= 1 and value <= 8, value, 1)


def _one(condition: tf.Tensor) -> tf.Tensor:
    """1 where a condition holds and else 0, int64."""
    return tf.cast(condition, tf.int64)


def _number(raw: tf.Tensor, position, size: int, big: tf.Tensor | bool) -> tf.Tensor:
    """The whole number of `size` bytes, 1 to 4, at a place in a file, int64; 0 behind its end.

    `big` says whether the first byte counts most.
    """
    position = tf.clip_by_value(tf.cast(position, tf.int64), 0, _file_end(raw))
    values = tf.cast(raw[position : position + size], tf.int64)
    weights = tf.constant([1 << 8 * place for place in range(size)], tf.int64)
    return tf.reduce_sum(values * tf.where(big, weights[::-1], weights))


def _file_end(raw: tf.Tensor) -> tf.Tensor:
    """The length of a file, int64."""
    return tf.size(raw, tf.int64) - _BEYOND


def _chunk(name: str) -> int:
    return int.from_bytes(name.encode(), "big")
