"""The bytes of picture files -> pixels in the TensorFlow graph, for exported models.

The counterpart of `images.decode_picture`, with the same pixels: upright, 16 bits reduced to 8,
gray and CMYK as RGB, transparency over white. `header_ops` looks at a file before.
"""

from collections.abc import Callable

import tensorflow as tf

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.serving import picture_headers
from tf_deeppaint.serving.picture_headers import Header, number

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
    bad = headers.trouble != ""
    first = tf.reshape(tf.where(bad), [-1])[:1]
    parts = [tf.gather(names, first), ": ", tf.gather(headers.trouble, first)]
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
        found = iterator.get_next_as_optional()
        nothing = lambda: (tf.constant(-1), tf.zeros((1, 1, 3), tf.uint8))  # noqa: E731
        number, pixels = tf.cond(found.has_value(), found.get_value, nothing)
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
        header: What `header_ops` read of it, without trouble.
    """
    decoders = [
        lambda: tf.zeros((1, 1, 3), tf.uint8),
        lambda: _decode_png(data, header.alpha),
        lambda: _decode_jpeg(data, header),
        lambda: _decode_gif(data, header),
        lambda: _decode_bmp(picture_headers.to_bytes(data), header.height, header.width),
    ]
    return _upright(tf.switch_case(header.format, decoders), header.orientation)


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


def _decode_gif(data: tf.Tensor, header: Header) -> tf.Tensor:
    """Decodes the first frame alone, since TensorFlow's decoder unpacks all.

    It knows neither transparency nor frames smaller than the screen. So it gets a file in which
    the transparent color is white, and the screen is what the frame covers.
    """
    raw = picture_headers.to_bytes(data)
    start = header.start
    table = 13 + picture_headers.gif_colors(raw[10])
    own = picture_headers.gif_colors(raw[start + 9])
    left, top, width, height = (number(raw, start + place, 2) for place in (1, 3, 5, 7))
    parts = [
        tf.strings.substr(data, 0, 6),
        _encoded(raw[start + 5 : start + 9]),
        _encoded(raw[10:13]),
        _encoded(_whitened(raw[13:table], header.transparent)),
        b",\0\0\0\0",
        _encoded(raw[start + 5 : start + 10]),
        _encoded(_whitened(raw[start + 10 : start + 10 + own], header.transparent)),
        tf.strings.substr(data, start + 10 + own, header.end - start - 10 - own),
        b";",
    ]
    frame = tf.io.decode_gif(tf.strings.join(parts))[0]
    around = [[top, header.height - top - height], [left, header.width - left - width], [0, 0]]
    return tf.pad(frame, around, constant_values=tf.constant(WHITE, tf.uint8))


def _whitened(table: tf.Tensor, transparent: tf.Tensor) -> tf.Tensor:
    """A table of colors, uint8 `(3 colors,)`, with one of them white."""
    color = tf.range(tf.size(table)) // 3
    return tf.where(color == transparent, tf.constant(WHITE, tf.uint8), table)


# Every byte as a string of one: TensorFlow has no op that is the opposite of decode_raw.
_BYTES = [bytes([value]) for value in range(256)]


def _encoded(raw: tf.Tensor) -> tf.Tensor:
    return tf.strings.reduce_join(tf.gather(tf.constant(_BYTES), tf.cast(raw, tf.int32)))


def _decode_bmp(raw: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Reads uncompressed pixels; TensorFlow's own decoder takes indices of colors for gray."""
    bits = picture_headers.bmp_bits(raw)
    stride = picture_headers.bmp_stride(width, bits)
    start = number(raw, 10, 4)
    rows = tf.reshape(raw[start : start + height * stride], [height, stride])

    def true_color() -> tf.Tensor:
        pixels = tf.reshape(rows[:, : width * bits // 8], [height, width, bits // 8])
        return pixels[..., :3]

    pixels = tf.cond(bits >= 24, true_color, lambda: _bmp_colors(raw, rows, width, bits))
    short = number(raw, 14, 4) == 12
    from_below = tf.logical_or(short, number(raw, 22, 4) < 1 << 31)
    upright = tf.cond(from_below, lambda: tf.reverse(pixels, [0]), lambda: pixels)
    return tf.reverse(upright, [-1])


def _bmp_colors(raw: tf.Tensor, rows: tf.Tensor, width: tf.Tensor, bits: tf.Tensor) -> tf.Tensor:
    """Indices of 1, 4 or 8 bits, packed in rows -> their colors, uint8 BGR `(H, W, 3)`."""
    bits, column = tf.cast(bits, tf.int32), tf.range(tf.cast(width, tf.int32))
    shift = tf.cast(8 - bits - column * bits % 8, tf.uint8)
    packed = tf.gather(rows, column * bits // 8, axis=1)
    most = tf.cast(tf.bitwise.left_shift(1, bits) - 1, tf.uint8)
    indices = tf.bitwise.bitwise_and(tf.bitwise.right_shift(packed, shift), most)
    short = number(raw, 14, 4) == 12
    entry = tf.where(short, 3, 4)
    table = 14 + number(raw, 14, 4)
    places = tf.cast(table, tf.int32) + entry * tf.range(256)[:, None] + tf.range(3)
    colors = tf.gather(raw, tf.minimum(places, tf.size(raw) - 1))
    return tf.gather(colors, tf.cast(indices, tf.int32))


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
