"""PNG and JPEG files -> pixels in the TensorFlow graph.

The pixels are those of `images.decoding`: upright, 16 bits reduced to 8, gray and CMYK as RGB,
transparency over white. `picture_headers` checks a file first.
"""

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

    A decoder's error does not say which file of a batch it met, so the files go through a data set
    that leaves out those with errors.

    Returns:
        A function that takes a file's number; called with 0, 1, .. in this order it returns the
        pixels, uint8 RGB `(H, W, 3)`. It fails with an `InvalidArgumentError` that names the file
        if this cannot be decoded.
    """
    numbered = tf.data.Dataset.from_tensor_slices((tf.range(tf.size(files)), files, headers))
    pictures = numbered.map(lambda index, data, header: (index, decode(data, header)))
    options = tf.data.Options()
    # What these would improve takes less time than they do.
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    iterator = iter(pictures.ignore_errors().with_options(options))

    def take(index: tf.Tensor) -> tf.Tensor:
        entry = iterator.get_next_as_optional()
        nothing = lambda: (tf.constant(-1), tf.zeros((1, 1, 3), tf.uint8))  # noqa: E731
        number, pixels = tf.cond(entry.has_value(), entry.get_value, nothing)
        pixels = require(tf.equal(number, index), pixels, names[index], ": the picture is damaged")
        return tf.ensure_shape(pixels, (None, None, 3))

    return take


@tf.function(autograph=False)
def decode(data: tf.Tensor, header: Header) -> tf.Tensor:
    """Decodes one file to upright RGB over white, uint8 `(H, W, 3)`.

    Args:
        data: The file, a string scalar.
        header: What `picture_headers` read of it, without an error.
    """
    kind = tf.where(header.jpeg, 0, tf.where(header.alpha, 1, 2))
    pixels = tf.switch_case(
        kind,
        [
            lambda: _decode_jpeg(data, header),
            lambda: _over_white(tf.io.decode_png(drop_texts(data), channels=4)),
            lambda: tf.io.decode_png(drop_texts(data), channels=3),
        ],
    )
    return _upright(pixels, header.orientation)


def _decode_jpeg(data: tf.Tensor, header: Header) -> tf.Tensor:
    """Decodes a JPEG, if the decoder too finds in it the size that was checked."""
    size = tf.cast(tf.image.extract_jpeg_shape(data)[:2], tf.int64)
    alike = tf.reduce_all(size == tf.stack([header.height, header.width]))
    data = require(alike, data, "two sizes")
    return tf.cond(header.unended, lambda: _decode_unended(data, header), lambda: _jpeg(data))


def _jpeg(data: tf.Tensor) -> tf.Tensor:
    return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")


def _decode_unended(data: tf.Tensor, header: Header) -> tf.Tensor:
    """Decodes a JPEG that lacks its end, if no pixel is missing; see `images.formats.jpeg`."""
    length = tf.maximum(tf.strings.length(data) - len(jpeg.ZEROS), 0)
    spare = tf.strings.substr(data, 0, length)
    is_padded = tf.cond(
        data == spare + jpeg.ZEROS,
        lambda: _has_all_pixels(spare, _jpeg(spare + jpeg.END), header.restarts),
        lambda: False,
    )
    pixels = _jpeg(data + jpeg.END)
    is_whole = _has_all_pixels(data, pixels, header.restarts)
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
