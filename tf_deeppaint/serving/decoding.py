"""PNG and JPEG files -> pixels in the TensorFlow graph.

The pixels are those of `images.decoding`: upright, 16 bits reduced to 8, gray and CMYK as RGB,
transparency over white. `picture_headers` checks a file first.
"""

from collections.abc import Callable

import tensorflow as tf

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.serving import picture_headers
from tf_deeppaint.serving.picture_headers import Header

PIXELS = tf.TensorSpec((None, None, 3), tf.uint8)

# Integers of four bytes are made of so many pixels at a time.
AT_A_TIME = 1 << 20
# BT.601 as OpenCV has it: in 2**15ths, rounded.
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
    first = tf.reshape(tf.where(bad), [-1])[:1]
    parts = [tf.gather(names, first), ": ", tf.gather(headers.error, first)]
    stop = tf.debugging.Assert(tf.logical_not(tf.reduce_any(bad)), [tf.strings.join(parts)])
    with tf.control_dependencies([stop] if stop is not None else []):
        return Header(*map(tf.identity, headers))


def decoded(files: tf.Tensor, names: tf.Tensor, headers: Header) -> Callable[[], tf.Tensor]:
    """Prepares to decode a batch of files, one after the other.

    A decoder's error does not say which file of a batch it met, so the files go through a data set
    that leaves out those with errors.

    Args:
        files: string `(N,)`.
        names: string `(N,)`, what to call them in an error.
        headers: As `read_headers` found them.

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
        words = tf.strings.join([names[index], ": the picture is damaged"])
        stop = tf.debugging.Assert(tf.equal(number, index), [words])
        with tf.control_dependencies([stop] if stop is not None else []):
            return tf.ensure_shape(tf.identity(pixels), PIXELS.shape)

    return take


@tf.function(autograph=False)
def decode(data: tf.Tensor, header: Header) -> tf.Tensor:
    """Decodes one file to upright RGB over white, uint8 `(H, W, 3)`.

    Args:
        data: The file, a string scalar.
        header: What `picture_headers` read of it, without an error.
    """
    pixels = tf.cond(
        header.jpeg, lambda: _decode_jpeg(data, header), lambda: _decode_png(data, header.alpha)
    )
    return _upright(pixels, header.orientation)


def _decode_png(data: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
    return tf.cond(
        alpha,
        lambda: _over_white(tf.io.decode_png(data, channels=4)),
        lambda: tf.io.decode_png(data, channels=3),
    )


def _decode_jpeg(data: tf.Tensor, header: Header) -> tf.Tensor:
    """Decodes a JPEG, if the decoder too finds in it the size that was checked."""
    size = tf.cast(tf.image.extract_jpeg_shape(data)[:2], tf.int64)
    alike = tf.reduce_all(size == tf.stack([header.height, header.width]))
    with tf.control_dependencies([tf.debugging.Assert(alike, ["two sizes"])]):
        data = tf.identity(data)
    return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")


def _over_white(rgba: tf.Tensor) -> tf.Tensor:
    """See `images.over_white`."""
    shape = tf.shape(rgba)

    def lay(start: tf.Tensor, stop: tf.Tensor) -> tf.Tensor:
        pixels = tf.cast(rgba[start:stop], tf.int32)
        alpha = pixels[..., 3:]
        blended = pixels[..., :3] * alpha + WHITE * (WHITE - alpha)
        return tf.cast((blended + WHITE // 2) // WHITE, tf.uint8)

    return tf.reshape(by_strips(lay, shape[0], shape[1], AT_A_TIME), [shape[0], shape[1], 3])


def to_gray(picture: tf.Tensor) -> tf.Tensor:
    """RGB uint8 `(H, W, 3)` -> gray uint8 `(H, W)`; equal to `images.to_gray`."""
    shape = tf.shape(picture)

    def weigh(start: tf.Tensor, stop: tf.Tensor) -> tf.Tensor:
        gray = 1 << _GRAY_BITS - 1
        for channel, weight in enumerate(_GRAY_WEIGHTS):
            gray += weight * tf.cast(picture[start:stop, :, channel], tf.int32)
        return tf.cast(tf.bitwise.right_shift(gray, _GRAY_BITS), tf.uint8)

    return tf.reshape(by_strips(weigh, shape[0], shape[1], AT_A_TIME), shape[:2])


def by_strips(work: Callable, height: tf.Tensor, width: tf.Tensor, pixels: int) -> tf.Tensor:
    """Works on strips of a picture one after another, which keeps memory small.

    Args:
        work: Takes the first row and that behind the last, and returns uint8 of any shape.
        height: Of the picture.
        width: Of the picture.
        pixels: About so many at a time.

    Returns:
        What came out, one after the other, uint8 `(values,)`.
    """
    step = tf.maximum(1, pixels // width)
    count = (height + step - 1) // step
    strips = tf.TensorArray(tf.uint8, count, infer_shape=False, element_shape=(None,))

    def go_on(strip: tf.Tensor, done: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
        made = work(strip * step, tf.minimum((strip + 1) * step, height))
        return strip + 1, done.write(strip, tf.reshape(made, [-1]))

    loop = (tf.constant(0), strips)
    _, strips = tf.while_loop(lambda strip, _: strip < count, go_on, loop, parallel_iterations=1)
    return strips.concat()


def _upright(pixels: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns `(H, W, C)` upright; see `images`."""
    turned = tf.cond(
        orientation >= 5, lambda: tf.transpose(pixels, [1, 0, 2]), lambda: tf.identity(pixels)
    )
    for axis, orientations in ((0, (3, 4, 7, 8)), (1, (2, 3, 6, 7))):
        mirrored = tf.reduce_any(orientation == list(orientations))
        turned = tf.cond(
            mirrored, lambda t=turned, a=axis: tf.reverse(t, [a]), lambda t=turned: tf.identity(t)
        )
    return turned
