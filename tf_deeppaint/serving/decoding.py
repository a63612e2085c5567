"""PNG and JPEG files -> pixels in the TensorFlow graph.

The pixels are those of `images.decoding`: upright, 16 bits reduced to 8, gray and CMYK as RGB,
transparency over white. `picture_headers` checks a file first.
"""

import functools
from collections.abc import Callable

import tensorflow as tf

from tf_deeppaint.images.formats import jpeg
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.serving import picture_headers
from tf_deeppaint.serving.checks import require
from tf_deeppaint.serving.picture_headers import Header
from tf_deeppaint.serving.png_chunks import drop_texts

# Pixels worked on at a time where each takes integers of four bytes.
AT_A_TIME = 1 << 20
# ITU-R BT.601 as OpenCV has it: in 2**15ths, rounded.
_GRAY_WEIGHTS, _GRAY_BITS = (9798, 19235, 3735), 15


def read_headers(files: tf.Tensor, names: tf.Tensor, max_pixels: int) -> Header:
    """Reads the headers of a batch of files, and stops at the first that has anything wrong.

    Args:
        files: string `(N,)`.
        names: string `(N,)`, what to call them in an error.
        max_pixels: The most pixels each may have.

    Returns:
        A `Header` of tensors `(N,)`.

    Raises:
        tf.errors.InvalidArgumentError: when it runs; names the file and says what is wrong.
    """
    headers = tf.map_fn(
        lambda data: picture_headers.read_header(data, max_pixels),
        files,
        parallel_iterations=1,
        fn_output_signature=picture_headers.SIGNATURE,
    )
    bad = headers.error != ""
    errors = tf.boolean_mask(tf.strings.join([names, ": ", headers.error]), bad)
    first = tf.strings.reduce_join(errors[:1])
    return Header(*(require(tf.logical_not(tf.reduce_any(bad)), part, first) for part in headers))


def decoded(files: tf.Tensor, names: tf.Tensor, headers: Header) -> Callable[[], tf.Tensor]:
    """Prepares to decode a batch of files, one after the other; see `read_headers`.

    Returns:
        A function that takes a file's number and returns the pixels, uint8 RGB `(H, W, 3)`. It
        fails with an `InvalidArgumentError` that names the file if this cannot be decoded.
    """

    def take(index: tf.Tensor) -> tf.Tensor:
        return _decode(files[index], Header(*(part[index] for part in headers)), names[index])

    return take


@tf.function(autograph=False)
def _decode(data: tf.Tensor, header: Header, name: tf.Tensor) -> tf.Tensor:
    """Decodes one file to upright RGB over white, uint8 `(H, W, 3)`.

    Args:
        data: The file, a string scalar.
        header: What `picture_headers` read of it, without an error.
        name: What to call it in an error.
    """

    def try_jpeg(decode: Callable) -> tuple[tf.Tensor, tf.Tensor]:
        size = tf.stack([header.height, header.width])
        return _try(lambda data: decode(_check_size(data, size)), data)

    def try_png(channels: int) -> tuple[tf.Tensor, tf.Tensor]:
        decode = functools.partial(tf.io.decode_png, channels=channels)
        pixels, is_sound = _try(decode, drop_texts(data), channels)
        return (_over_white(pixels) if channels == 4 else pixels), is_sound

    kind = tf.where(header.jpeg, tf.where(header.unended, 1, 0), tf.where(header.alpha, 3, 2))
    pixels, is_sound = tf.switch_case(
        kind,
        [
            lambda: try_jpeg(_jpeg),
            lambda: try_jpeg(lambda data: _decode_unended(data, header.restarts)),
            lambda: try_png(3),
            lambda: try_png(4),
        ],
    )
    pixels = require(is_sound, pixels, name, ": the picture is damaged")
    return _upright(tf.ensure_shape(pixels, (None, None, 3)), header.orientation)


def _try(decode: Callable, data: tf.Tensor, channels: int = 3) -> tuple[tf.Tensor, tf.Tensor]:
    """The pixels that a decoder returns, or some others; and whether it failed at nothing.

    A decoder's error does not say which file it met, so the file goes through a data set that
    leaves out what fails. `decode` should be small: its graph is prepared for every file anew.
    """
    pixels = tf.data.Dataset.from_tensors(data).map(lambda data: (decode(data), True))
    nothing = tf.data.Dataset.from_tensors((tf.zeros((1, 1, channels), tf.uint8), False))
    return pixels.ignore_errors().concatenate(nothing).take(1).get_single_element()


def _check_size(data: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """A JPEG file, if the decoder too finds in it the size that was checked."""
    alike = tf.reduce_all(tf.cast(tf.image.extract_jpeg_shape(data)[:2], tf.int64) == size)
    return require(alike, data, "two sizes")


def _jpeg(data: tf.Tensor) -> tf.Tensor:
    return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")


def _decode_unended(data: tf.Tensor, restarts: tf.Tensor) -> tf.Tensor:
    """Decodes a JPEG that lacks its end, if no pixel is missing; see `images.formats.jpeg`."""
    length = tf.maximum(tf.strings.length(data) - len(jpeg.ZEROS), 0)
    spare = tf.strings.substr(data, 0, length)
    is_padded = tf.cond(
        data == spare + jpeg.ZEROS,
        lambda: _has_all_pixels(spare, _jpeg(spare + jpeg.END), restarts),
        lambda: False,
    )
    pixels = _jpeg(data + jpeg.END)
    is_whole = _has_all_pixels(data, pixels, restarts)
    is_whole = tf.logical_and(is_whole, tf.logical_not(is_padded))
    return require(is_whole, pixels, "the JPEG file is cut off")


def _has_all_pixels(data: tf.Tensor, pixels: tf.Tensor, restarts: tf.Tensor) -> tf.Tensor:
    """Whether a file shows these pixels, whatever bits come behind it: bool."""
    half = tf.where(tf.strings.substr(data, -1, 1) == b"\xff", b"\0", b"")
    markers = tf.constant([bytes([0xFF, 0xD0 + number]) for number in range(8)])
    markers = tf.gather(markers, (tf.range(8, dtype=tf.int64) + restarts) % 8)
    same = tf.constant(True)
    for byte in jpeg.OTHER_BYTES:
        bits = tf.strings.reduce_join(jpeg.MCU_BYTES * byte + markers)
        same &= tf.reduce_all(_jpeg(data + half + bits + jpeg.END) == pixels)
    return same


def _over_white(rgba: tf.Tensor) -> tf.Tensor:
    """See `images.pixels.over_white`."""
    height, width, _ = tf.unstack(tf.shape(rgba))

    def blend(start: tf.Tensor, stop: tf.Tensor) -> tf.Tensor:
        pixels = tf.cast(rgba[start:stop], tf.int32)
        alpha = pixels[..., 3:]
        blended = pixels[..., :3] * alpha + WHITE * (WHITE - alpha)
        return tf.cast((blended + WHITE // 2) // WHITE, tf.uint8)

    return tf.reshape(by_row_blocks(blend, height, width, AT_A_TIME), [height, width, 3])


def to_gray(picture: tf.Tensor) -> tf.Tensor:
    """RGB uint8 `(H, W, 3)` -> gray uint8 `(H, W)`; equal to `images.pixels.to_gray`."""
    height, width, _ = tf.unstack(tf.shape(picture))

    def weigh(start: tf.Tensor, stop: tf.Tensor) -> tf.Tensor:
        gray = 1 << _GRAY_BITS - 1
        for channel, weight in enumerate(_GRAY_WEIGHTS):
            gray += weight * tf.cast(picture[start:stop, :, channel], tf.int32)
        return tf.cast(tf.bitwise.right_shift(gray, _GRAY_BITS), tf.uint8)

    return tf.reshape(by_row_blocks(weigh, height, width, AT_A_TIME), [height, width])


def by_row_blocks(work: Callable, height: tf.Tensor, width: tf.Tensor, pixels: int) -> tf.Tensor:
    """Works on row blocks of about `pixels` pixels one after another, which bounds memory.

    `work` takes the first row of a block and that behind its last, and returns uint8 of any shape.
    The results come out one after the other, uint8 `(values,)`.
    """
    step = tf.maximum(1, pixels // width)
    blocks = tf.map_fn(
        lambda top: tf.reshape(work(top, tf.minimum(top + step, height)), [-1]),
        tf.range(0, height, step),
        parallel_iterations=1,
        fn_output_signature=tf.RaggedTensorSpec((None,), tf.uint8, ragged_rank=0),
    )
    return blocks.values


def _upright(pixels: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns `(H, W, C)` upright by EXIF's orientation; see `images.decoding`."""
    pixels = tf.cond(orientation >= 5, lambda: tf.transpose(pixels, [1, 0, 2]), lambda: pixels)
    for axis, orientations in ((0, (3, 4, 7, 8)), (1, (2, 3, 6, 7))):
        mirrored = tf.reduce_any(orientation == list(orientations))
        flip = lambda pixels=pixels, axis=axis: tf.reverse(pixels, [axis])  # noqa: E731
        pixels = tf.cond(mirrored, flip, lambda pixels=pixels: pixels)
    return pixels
