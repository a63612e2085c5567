"""Reads format, size and orientation of a PNG or JPEG file in the TensorFlow graph.

The file comes from a stranger and is not decoded yet. So every walk through it is bounded, and what
lies behind its end reads as zeros. The walk through a JPEG's segments finds its EXIF orientation
and how many scans it has; `decoding` compares the size found here with
`tf.image.extract_jpeg_shape`, and finds out whether a JPEG without an end is whole.
"""

from typing import NamedTuple

import tensorflow as tf

from tf_deeppaint.images.formats.registry import MAX_SCANNED, MAX_SCANS
from tf_deeppaint.images.pixels import MAX_SIDE

# The most bytes of a file: four a pixel, as uncompressed pixels take, and more for the headers.
_BYTES_PER_PIXEL, _HEADER_BYTES = 4, 1 << 16
# The most chunks, segments or EXIF entries that are followed. Usual files have a dozen.
_MOST_PARTS = 1000
# Zeros put behind a file, as many as the reads below may reach over its end.
_PADDING = 1024

_PNG_MAGIC, _JPEG_MAGIC = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_START_OF_SCAN, _END_OF_IMAGE, _FIRST_RESTART, _PROGRESSIVE = 0xDA, 0xD9, 0xD0, 0xC2
_BIG_ENDIAN, _LITTLE_ENDIAN = 0x4D4D002A, 0x49492A00
_IHDR, _IDAT, _TRNS, _EXIF_CHUNK, _EXIF_SEGMENT = (
    int.from_bytes(name, "big") for name in (b"IHDR", b"IDAT", b"tRNS", b"eXIf", b"Exif")
)


class Header(NamedTuple):
    """The header of a file as tensors; scalars, or `(N,)` of many files."""

    jpeg: tf.Tensor  # bool; otherwise it is a PNG
    height: tf.Tensor  # int64, as stored
    width: tf.Tensor  # int64, as stored
    orientation: tf.Tensor  # int32, EXIF's 1 (upright) to 8
    alpha: tf.Tensor  # bool, whether there may be transparency
    unended: tf.Tensor  # bool, whether it is a JPEG that lacks its end, if not more
    restarts: tf.Tensor  # int64, restart markers of a JPEG
    error: tf.Tensor  # string, what is wrong; empty where nothing is


_DTYPES = (tf.bool, tf.int64, tf.int64, tf.int32, tf.bool, tf.bool, tf.int64, tf.string)
SIGNATURE = Header(*(tf.TensorSpec((), dtype) for dtype in _DTYPES))


@tf.function
def read_header(data: tf.Tensor, max_pixels: int) -> Header:
    """Reads the header of one file and says what is wrong with it, if anything.

    Args:
        data: The file, a string scalar.
        max_pixels: The most pixels it may have. A side has at most `MAX_SIDE`.
    """
    most_bytes = _BYTES_PER_PIXEL * max_pixels + _HEADER_BYTES
    length = tf.strings.length(data)
    raw = tf.io.decode_raw(tf.strings.substr(data, 0, most_bytes), tf.uint8)
    raw = tf.pad(raw, [[0, _PADDING]])
    if tf.strings.substr(data, 0, len(_PNG_MAGIC)) == _PNG_MAGIC:
        header = _read_png(raw)
    elif tf.strings.substr(data, 0, len(_JPEG_MAGIC)) == _JPEG_MAGIC:
        header = _read_jpeg(raw)
    else:
        side, no = tf.ones([], tf.int64), tf.constant(False)
        error = "not a PNG or JPEG picture"
        header = Header(no, side, side, tf.constant(1), no, no, tf.zeros([], tf.int64), error)
    width, height = header.width, header.height
    size = tf.strings.join([tf.as_string(width), " x ", tf.as_string(height), " pixels; "])
    rules = [
        (length == 0, "the file is empty"),
        (length > most_bytes, f"the file is over {most_bytes} bytes"),
        (header.error != "", header.error),
        (tf.minimum(height, width) < 1, size + "a side has at least 1"),
        (tf.maximum(height, width) > MAX_SIDE, size + f"a side may have at most {MAX_SIDE}"),
        (height * width > max_pixels, size + f"at most {max_pixels} are taken"),
    ]
    error = tf.constant("")
    for wrong, message in reversed(rules):
        error = tf.where(wrong, message, error)
    return header._replace(error=error)


def _read_png(raw: tf.Tensor) -> Header:
    position, orientation = tf.constant(8, tf.int64), tf.constant(1)
    # A color type of gray or RGB with alpha, or a chunk of transparent colors.
    alpha = (raw[25] & 4) > 0
    kind, parts = tf.constant(0, tf.int64), 0
    while kind != _IDAT and position < _file_end(raw) and parts < _MOST_PARTS:
        length, kind = _number(raw, position, 4), _number(raw, position + 4, 4)
        alpha = alpha or kind == _TRNS
        if kind == _EXIF_CHUNK:
            orientation = _orientation(raw, position + 8)
        position += 12 + length
        parts += 1
    error = tf.where(kind == _IDAT, "", "the PNG file is cut off")
    error = tf.where(_number(raw, 12, 4) == _IHDR, error, "not a PNG picture")
    height, width = _number(raw, 20, 4), _number(raw, 16, 4)
    no = tf.constant(False)
    return Header(no, height, width, orientation, alpha, no, tf.zeros([], tf.int64), error)


def _read_jpeg(raw: tf.Tensor) -> Header:
    position, parts, marker = tf.constant(2, tf.int64), 0, tf.constant(0, tf.int64)
    height, width = tf.constant(0, tf.int64), tf.constant(0, tf.int64)
    orientation = tf.constant(0)
    progressive = tf.constant(False)
    sound = True
    while sound and marker != _START_OF_SCAN and position < _file_end(raw) and parts < _MOST_PARTS:
        parts += 1
        marker = _number(raw, position + 1, 1)
        sound = _number(raw, position, 1) == 0xFF
        if marker == 0xFF:  # a fill byte
            position += 1
        elif marker == 0x01 or (marker >= 0xD0 and marker <= 0xD7):  # without a length
            position += 2
        else:
            # C0..CF start a frame, but for DHT (C4), JPG (C8) and DAC (CC).
            if marker == 0xC0 or (marker > 0xC0 and marker <= 0xCF and marker & 3 != 0):
                height, width = _number(raw, position + 5, 2), _number(raw, position + 7, 2)
                progressive = marker == _PROGRESSIVE
            is_exif = marker == 0xE1 and _number(raw, position + 4, 4) == _EXIF_SEGMENT
            if is_exif and orientation == 0:  # the first counts
                orientation = _orientation(raw, position + 4)
            position += 2 + _number(raw, position + 2, 2)
    # Behind the first scan's header there are no lengths to follow.
    is_marker, kinds = raw[position:-1] == 0xFF, raw[position + 1 :]
    unended = not tf.reduce_any(is_marker & (kinds == _END_OF_IMAGE))
    scans = tf.math.count_nonzero(is_marker & (kinds == _START_OF_SCAN))
    restarts = tf.math.count_nonzero(is_marker & (kinds & 0xF8 == _FIRST_RESTART))
    # The scans of a progressive picture refine one another: some may be missing.
    cut = marker != _START_OF_SCAN or (unended and progressive)
    error = tf.where(cut, "the JPEG file is cut off", "")
    few_scans = scans < MAX_SCANS and scans * height * width <= MAX_SCANNED
    error = tf.where(sound and few_scans, error, "the JPEG file is damaged")
    orientation, yes, no = tf.maximum(orientation, 1), tf.constant(True), tf.constant(False)
    return Header(yes, height, width, orientation, no, unended, restarts, error)


def _orientation(raw: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """Reads tag 0x0112 of the first directory of EXIF (CIPA DC-008) at `start`: int32 1 to 8."""
    start += 6 * tf.cast(_number(raw, start, 4) == _EXIF_SEGMENT, tf.int64)  # "Exif", 0, 0
    order = _number(raw, start, 4)
    big = order == _BIG_ENDIAN
    directory = start + _number(raw, start + 4, 4, big)
    first = tf.minimum(directory + 2, _file_end(raw))
    count = tf.minimum(_number(raw, directory, 2, big), _MOST_PARTS)
    count = tf.minimum(count, (tf.size(raw, tf.int64) - first) // 12)
    entries = tf.cast(tf.reshape(raw[first : first + 12 * count], [-1, 12]), tf.int32)
    # Tag, type and value are two bytes each, in either order.
    even, odd = entries[:, 0:10:2], entries[:, 1:10:2]
    pairs = tf.where(big, 256 * even + odd, 256 * odd + even)
    tags, kinds, values = pairs[:, 0], pairs[:, 1], pairs[:, 4]
    orientations = tf.boolean_mask(values, tf.logical_and(tags == 0x0112, kinds == 3))
    value = tf.concat([orientations, [1]], axis=0)[0]
    is_exif = tf.reduce_any(order == [_BIG_ENDIAN, _LITTLE_ENDIAN])
    return tf.where(is_exif and value >= 1 and value <= 8, value, 1)


def _number(raw: tf.Tensor, position, size: int, big: tf.Tensor | bool = True) -> tf.Tensor:
    """The integer of `size` bytes at a position, int64, big-endian or little-endian."""
    position = tf.clip_by_value(tf.cast(position, tf.int64), 0, _file_end(raw))
    values = tf.cast(raw[position : position + size], tf.int64)
    weights = tf.constant([1 << 8 * byte for byte in range(size)], tf.int64)
    return tf.reduce_sum(values * tf.where(big, weights[::-1], weights))


def _file_end(raw: tf.Tensor) -> tf.Tensor:
    return tf.size(raw, tf.int64) - _PADDING
