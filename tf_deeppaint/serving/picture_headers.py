"""What a picture file says of itself, read in the TensorFlow graph before anything is decoded.

The counterpart of `picture_headers` and of the checks in `images` for exported models: PNG, JPEG,
GIF and BMP. A file is bytes from a stranger, so every walk through it is bounded, and what lies
behind its end reads as zeros.
"""

from typing import NamedTuple

import tensorflow as tf

from tf_deeppaint.images.decoding import MAX_SCANS
from tf_deeppaint.images.pixels import MAX_SIDE

FORMATS = ("", "PNG", "JPEG", "GIF", "BMP")
PNG, JPEG, GIF, BMP = range(1, len(FORMATS))

# No file needs more: uncompressed pixels take so many bytes each, with something for the headers.
_BYTES_PER_PIXEL, _HEADER_BYTES = 4, 1 << 16
# A walk over more parts than this is an attack: files have a dozen.
_MOST_PARTS = 1000
# That many zeros are put behind a file.
_BEYOND = 1024
_WINDOW = 1 << 15

_MAGIC = (
    (PNG, b"\x89PNG\r\n\x1a\n"),
    (JPEG, b"\xff\xd8"),
    (GIF, b"GIF87a"),
    (GIF, b"GIF89a"),
    (BMP, b"BM"),
)


class Header(NamedTuple):
    """Tensors that describe a file; scalars, or `(N,)` of many files.

    Attributes:
        format: int32, an index into `FORMATS`; 0 is none of them.
        height: int64, as stored.
        width: int64, as stored.
        orientation: int32, EXIF's 1 (upright) to 8.
        alpha: bool, whether there may be transparency.
        start: int64, of a GIF the place of the first frame's descriptor.
        end: int64, of a GIF the place behind that frame.
        transparent: int32, of a GIF the color of the first frame that is transparent, or -1.
        trouble: string, what is wrong in words; empty where nothing is.
    """

    format: tf.Tensor
    height: tf.Tensor
    width: tf.Tensor
    orientation: tf.Tensor
    alpha: tf.Tensor
    start: tf.Tensor
    end: tf.Tensor
    transparent: tf.Tensor
    trouble: tf.Tensor


SIGNATURE = Header(
    *(tf.TensorSpec((), dtype) for dtype in (tf.int32, tf.int64, tf.int64, tf.int32)),
    *(tf.TensorSpec((), dtype) for dtype in (tf.bool, tf.int64, tf.int64, tf.int32, tf.string)),
)


@tf.function
def read_header(data: tf.Tensor, max_pixels: int) -> Header:
    """Reads the header of one file and says what is wrong with it, if anything.

    Args:
        data: The file, a string scalar.
        max_pixels: The most pixels it may have. A side has at most `images.MAX_SIDE`.
    """
    most_bytes = _BYTES_PER_PIXEL * max_pixels + _HEADER_BYTES
    length = tf.strings.length(data)
    kind = _find_format(data)
    raw = to_bytes(tf.strings.substr(data, 0, most_bytes))
    readers = [_read_nothing, _read_png, _read_jpeg, _read_gif, _read_bmp]
    branches = [lambda read=read: _as_tensors(read(raw)) for read in readers]
    found = Header(kind, *tf.switch_case(kind, branches))
    height, width, trouble = found.height, found.width, found.trouble
    size = tf.strings.join([tf.as_string(width), " x ", tf.as_string(height), " pixels; "])
    sides = tf.stack([height, width])
    rules = [
        (length == 0, "the file is empty"),
        (kind == 0, "not a PNG, JPEG, GIF or BMP picture"),
        (length > most_bytes, f"the file is over {most_bytes} bytes"),
        (trouble != "", trouble),
        (tf.reduce_min(sides) < 1, size + "a side has at least 1"),
        (tf.reduce_max(sides) > MAX_SIDE, size + f"a side may have at most {MAX_SIDE}"),
        (height * width > max_pixels, size + f"at most {max_pixels} are taken"),
    ]
    trouble = tf.constant("")
    for wrong, words in reversed(rules):
        trouble = tf.where(wrong, words, trouble)
    return found._replace(trouble=trouble)


def to_bytes(data: tf.Tensor) -> tf.Tensor:
    """A string scalar -> its bytes, uint8, and zeros behind them."""
    return tf.pad(tf.io.decode_raw(data, tf.uint8), [[0, _BEYOND]])


def number(raw: tf.Tensor, position, size: int, big: bool = False) -> tf.Tensor:
    """The whole number of `size` bytes at a place in a file, int64; behind its end it is 0.

    Args:
        raw: As `to_bytes` makes it.
        position: int64; or int.
        size: 1 to 4.
        big: Whether the first byte counts most.
    """
    end = tf.size(raw, tf.int64)
    position = tf.clip_by_value(tf.cast(position, tf.int64), 0, end - _BEYOND)
    places = range(size)
    weights = [1 << 8 * (size - 1 - place if big else place) for place in places]
    values = tf.cast(raw[position : position + size], tf.int64)
    return tf.reduce_sum(values * tf.constant(weights, tf.int64))


def file_end(raw: tf.Tensor) -> tf.Tensor:
    """The length of a file, int64."""
    return tf.size(raw, tf.int64) - _BEYOND


def chain_end(raw: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
    """Follows a chain of a GIF's blocks to its end.

    A block is its length, then as many bytes; the chain ends with a block of none. Within a window
    all chains are followed at once, twice as far each time, since one step at a time would take
    minutes for a large file.

    Args:
        raw: As `to_bytes` makes it.
        position: int64, where the chain begins.

    Returns:
        int64, the place of the empty block; where the chain leaves the file, a place behind it.
    """
    while number(raw, position, 1) > 0:
        window = tf.cast(raw[position : position + _WINDOW], tf.int32)
        place = tf.range(tf.size(window))
        following = place + window + 1
        stays = tf.logical_or(window == 0, following >= tf.size(window))
        following = tf.where(stays, place, following)
        for _ in range(_WINDOW.bit_length()):
            following = tf.gather(following, following)
        position += tf.cast(following[0], tf.int64)
        step = number(raw, position, 1)
        position += step + _one(step > 0)
    return position


def _find_format(data: tf.Tensor) -> tf.Tensor:
    kind = tf.constant(0)
    for value, magic in _MAGIC:
        kind = tf.where(tf.strings.substr(data, 0, len(magic)) == magic, value, kind)
    return kind


def _as_tensors(found: tuple) -> tuple:
    return tuple(
        tf.cast(value, spec.dtype) if spec.dtype != tf.string else tf.convert_to_tensor(value)
        for value, spec in zip(found, SIGNATURE[1:], strict=True)
    )


def _read_nothing(_: tf.Tensor) -> tuple:
    return 1, 1, 1, False, 0, 0, -1, ""


def _read_png(raw: tf.Tensor) -> tuple:
    position, orientation = tf.constant(8, tf.int64), tf.constant(1)
    # A color type of gray or RGB with alpha, or a chunk of transparent colors.
    alpha = (raw[25] & 4) > 0
    kind, parts = tf.constant(0, tf.int64), 0
    while kind != _chunk("IDAT") and position < file_end(raw) and parts < _MOST_PARTS:
        length, kind = number(raw, position, 4, big=True), number(raw, position + 4, 4, big=True)
        alpha = alpha or kind == _chunk("tRNS")
        if kind == _chunk("eXIf"):
            orientation = _orientation(raw, position + 8)
        position += 12 + length
        parts += 1
    is_header = number(raw, 12, 4, big=True) == _chunk("IHDR")
    trouble = tf.where(kind == _chunk("IDAT"), "", _CUT_OFF["PNG"])
    trouble = tf.where(is_header, trouble, "not a PNG picture")
    height, width = number(raw, 20, 4, big=True), number(raw, 16, 4, big=True)
    return height, width, orientation, alpha, 0, 0, -1, trouble


def _read_jpeg(raw: tf.Tensor) -> tuple:
    position, parts, marker = tf.constant(2, tf.int64), 0, tf.constant(0, tf.int64)
    height, width, orientation = (tf.constant(0, tf.int64) for _ in range(3))
    sound = True
    while sound and marker != _START_OF_SCAN and position < file_end(raw) and parts < _MOST_PARTS:
        parts += 1
        marker = number(raw, position + 1, 1)
        sound = number(raw, position, 1) == 0xFF
        if marker == 0xFF:  # a fill byte
            position += 1
        elif marker == 0x01 or (marker >= 0xD0 and marker <= 0xD7):  # these stand alone
            position += 2
        else:
            if _is_frame(marker):
                height = number(raw, position + 5, 2, big=True)
                width = number(raw, position + 7, 2, big=True)
            is_exif = marker == 0xE1 and number(raw, position + 4, 4, big=True) == _chunk("Exif")
            if is_exif and orientation == 0:  # the first counts
                orientation = tf.cast(_orientation(raw, position + 4), tf.int64)
            position += 2 + number(raw, position + 2, 2, big=True)
    # Behind the first scan's header there are no lengths to be followed.
    is_marker, kinds = raw[position:-1] == 0xFF, raw[position + 1 :]
    complete = marker == _START_OF_SCAN and tf.reduce_any(is_marker & (kinds == 0xD9))
    scans = tf.math.count_nonzero(is_marker & (kinds == _START_OF_SCAN))
    trouble = tf.where(complete, "", _CUT_OFF["JPEG"])
    trouble = tf.where(sound and scans < MAX_SCANS, trouble, "the JPEG file is damaged")
    return height, width, tf.maximum(orientation, 1), False, 0, 0, -1, trouble


def _is_frame(marker: tf.Tensor) -> tf.Tensor:
    """Whether a JPEG's marker starts a frame: C0..CF but DHT (C4), JPG (C8) and DAC (CC)."""
    return (marker >= 0xC0 and marker <= 0xCF and marker & 3 != 0) or marker == 0xC0


def _read_gif(raw: tf.Tensor) -> tuple:
    height, width = number(raw, 8, 2), number(raw, 6, 2)
    position = 13 + gif_colors(raw[10])
    transparent, parts = tf.constant(-1, tf.int64), 0
    while number(raw, position, 1) == _GIF_EXTENSION and parts < _MOST_PARTS:
        is_control = number(raw, position + 1, 1) == 0xF9
        if is_control and number(raw, position + 3, 1) & 1 == 1:
            transparent = number(raw, position + 6, 1)
        position = chain_end(raw, position + 2) + 1
        parts += 1
    end = chain_end(raw, position + 10 + gif_colors(number(raw, position + 9, 1)) + 1)
    # Files end with a semicolon, and zeros that some programs put behind it.
    last = (
        tf.size(raw) - 1 - tf.cast(tf.argmax(tf.reverse(tf.cast(raw > 0, tf.uint8), [0])), tf.int32)
    )
    complete = end < file_end(raw) and raw[last] == ord(";")
    trouble = tf.where(complete, "", _CUT_OFF["GIF"])
    is_frame = number(raw, position, 1) == _GIF_FRAME or position >= file_end(raw)
    trouble = tf.where(is_frame, trouble, "the GIF file is damaged")
    frame = [number(raw, position + place, 2) for place in (3, 1, 7, 5)]  # top, left, height, width
    inside = frame[0] + frame[2] <= height and frame[1] + frame[3] <= width
    inside = inside and frame[2] > 0 and frame[3] > 0
    trouble = tf.where(inside or trouble != "", trouble, "the GIF's frame is not on its screen")
    return height, width, 1, True, position, end + 1, transparent, trouble


def gif_colors(flags: tf.Tensor) -> tf.Tensor:
    """How many bytes a GIF's table of colors has, by the flags before it; int64."""
    flags = tf.cast(flags, tf.int64)
    return 3 * _one(flags & 0x80 > 0) * tf.bitwise.left_shift(tf.constant(2, tf.int64), flags & 7)


def _read_bmp(raw: tf.Tensor) -> tuple:
    short = number(raw, 14, 4) == 12
    height = tf.where(short, number(raw, 20, 2), tf.abs(_signed(number(raw, 22, 4))))
    width = tf.where(short, number(raw, 18, 2), tf.abs(_signed(number(raw, 18, 4))))
    bits = bmp_bits(raw)
    packed = tf.where(short, tf.constant(0, tf.int64), number(raw, 30, 4))
    kept = tf.reduce_any(bits == [1, 4, 8, 24, 32]) and packed == 0
    complete = number(raw, 10, 4) + height * bmp_stride(width, bits) <= file_end(raw)
    complete = complete and number(raw, 2, 4) <= file_end(raw)
    trouble = tf.where(complete, "", _CUT_OFF["BMP"])
    trouble = tf.where(kept, trouble, "BMP files are read uncompressed, of 1, 4, 8, 24 or 32 bits")
    return height, width, 1, False, 0, 0, -1, trouble


def bmp_bits(raw: tf.Tensor) -> tf.Tensor:
    """A BMP's bits per pixel, int64."""
    return tf.where(number(raw, 14, 4) == 12, number(raw, 24, 2), number(raw, 28, 2))


def bmp_stride(width: tf.Tensor, bits: tf.Tensor) -> tf.Tensor:
    """The bytes of a row of a BMP, which ends at a multiple of four; int64."""
    return (width * bits + 31) // 32 * 4


def _signed(value: tf.Tensor) -> tf.Tensor:
    return tf.where(value < 1 << 31, value, value - (1 << 32))


def _orientation(raw: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """Reads tag 0x0112 of the first directory of EXIF, int32 1 to 8; see `picture_headers`.

    Args:
        raw: As `to_bytes` makes it.
        start: int64, where it begins; JPEG has a magic before it.
    """
    start += 6 * _one(number(raw, start, 4, big=True) == _chunk("Exif"))
    order = number(raw, start, 4, big=True)
    big = order == _BIG_EXIF
    directory = start + _number(raw, start + 4, 4, big)
    count = tf.minimum(_number(raw, directory, 2, big), _MOST_PARTS)
    first = tf.minimum(directory + 2, file_end(raw))
    count = tf.minimum(count, (tf.size(raw, tf.int64) - first) // 12)
    entries = tf.reshape(raw[first : first + 12 * count], [-1, 12])
    entries = tf.cast(entries, tf.int32)
    # Tag, type and value are two bytes each, either of which may come first.
    first, second = entries[:, 0:10:2], entries[:, 1:10:2]
    pairs = tf.where(big, 256 * first + second, 256 * second + first)
    tags, kinds, values = pairs[:, 0], pairs[:, 1], pairs[:, 4]
    found = tf.boolean_mask(values, tf.logical_and(tags == 0x0112, kinds == 3))
    value = tf.concat([found, [1]], axis=0)[0]
    known = tf.reduce_any(order == [_BIG_EXIF, _LITTLE_EXIF])
    return tf.where(known and value >= 1 and value <= 8, value, 1)


def _one(condition: tf.Tensor) -> tf.Tensor:
    """1 where a condition holds and else 0, int64."""
    return tf.cast(condition, tf.int64)


def _number(raw: tf.Tensor, position: tf.Tensor, size: int, big: tf.Tensor) -> tf.Tensor:
    return tf.where(big, number(raw, position, size, big=True), number(raw, position, size))


def _chunk(name: str) -> int:
    return int.from_bytes(name.encode(), "big")


_START_OF_SCAN = 0xDA
_GIF_EXTENSION, _GIF_FRAME = 0x21, 0x2C
_BIG_EXIF, _LITTLE_EXIF = 0x4D4D002A, 0x49492A00
_CUT_OFF = {kind: f"the {kind} file is cut off" for kind in FORMATS[1:]}
