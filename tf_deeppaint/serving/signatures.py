"""The exported signatures: encoded pictures in, encoded pictures out, all in the TensorFlow graph.

They paint what `Painter.paint` does, within a level of rounding. Requests come from strangers: the
size of every picture is checked before it is decoded, pictures are worked on one after another so
that memory is bounded, and what is wrong is answered with an `InvalidArgumentError` that names the
input and the picture's number in the batch.

An error stops a graph, but not operations that do not depend on the check, and some of TensorFlow's
abort the whole process where they are given nothing. So every check hands on what it has checked.
"""

from typing import NamedTuple

import tensorflow as tf

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.images.sizes import STRIDE
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.heads import mix_color
from tf_deeppaint.networks.inputs import HISTOGRAM_CHANNELS, SKETCH_CHANNELS
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.palette.extraction import BANDS, COLORS
from tf_deeppaint.serving import canvas as canvas_ops
from tf_deeppaint.serving import decoding
from tf_deeppaint.serving.regions import even_out, find_regions
from tf_deeppaint.serving.upsampling import fill_lines, paint_under_lines

# A sheet of 4096 x 4096.
MAX_PIXELS = 1 << 24
# The most pictures of a batch, and the pixels of all its sketches, as a multiple of one's.
MAX_BATCH = 64
BATCH_PIXELS = 4
# The most pixels of a batch of tensors: four canvases of 512, or sixteen of 256.
TENSOR_PIXELS = 1 << 20

# The network works on so many pixels at a time.
_CANVAS_PIXELS = 1 << 18
_PALETTE = (BANDS, COLORS, 3)
# Before and after the network there are many small steps, which a GPU would only wait for.
_HOST = "/device:CPU:0"
# Of zlib's 1 to 9: beyond, line art takes much longer and is hardly smaller.
_COMPRESSION = 3


class _Sketches(NamedTuple):
    """Sketches of a batch: as they came, on their canvases, and where they lie there.

    Attributes:
        originals: A `TensorArray` of uint8 `(H, W)`, each of its own size.
        canvases: uint8 `(N, size, size)`.
        placements: A `canvas.Placement` of int32 `(N,)`.
    """

    originals: tf.TensorArray
    canvases: tf.Tensor
    placements: canvas_ops.Placement


class ServedGenerator(tf.Module):
    """A generator with the signatures of a SavedModel; loading it needs TensorFlow alone.

    Args:
        generator: A trained generator, of any precision.
        max_pixels: The most pixels of a picture.
    """

    def __init__(self, generator: PaintingNetwork, max_pixels: int = MAX_PIXELS):
        super().__init__()
        self._backend = KerasBackend(generator)
        self._max_pixels = max_pixels
        # What a SavedModel keeps is found here.
        self.weights = [weight.value for weight in self._backend.generator.variables]

    def signatures(self) -> dict:
        """The signatures by name, as `tf.saved_model.save` takes them."""
        files = {name: tf.TensorSpec((None,), tf.string, name) for name in _FILES}
        palette = tf.TensorSpec((None, *_PALETTE), tf.uint8, "palette")
        shape = (None, None, None)
        sketch = tf.TensorSpec((*shape, SKETCH_CHANNELS), tf.float32, "sketch")
        histogram = tf.TensorSpec((*shape, HISTOGRAM_CHANNELS), tf.float32, "histogram")
        inputs = {
            "serving_default": (self.paint, [files["sketch_bytes"], files["reference_bytes"]]),
            "paint_palette": (self.paint_palette, [files["sketch_bytes"], palette]),
            "palette": (self.palette, [files["reference_bytes"]]),
            "tensors": (self.tensors, [sketch, histogram]),
        }
        return {
            name: tf.function(
                method, input_signature=given, autograph=False
            ).get_concrete_function()
            for name, (method, given) in inputs.items()
        }

    def paint(self, sketch_bytes: tf.Tensor, reference_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encoded sketches and references, string `(N,)` both -> `image_bytes`, PNG `(N,)`."""
        with tf.device(_HOST):
            sketches = _files(sketch_bytes, "sketch_bytes")
            references = _files(reference_bytes, "reference_bytes")
            sketches, references = _as_many(sketches, "sketch_bytes", references, "reference_bytes")
            files = tf.concat([sketches, references], axis=0)
            names = [_names(sketches, "sketch_bytes"), _names(references, "reference_bytes")]
            names = tf.concat(names, axis=0)
            count = tf.size(sketches)
            take = self._decoded(files, names, count)
            found = self._sketches(take, count)
            palettes = self._palettes(lambda index: take(count + index), count)
            return self._painted(found, palettes)

    def paint_palette(self, sketch_bytes: tf.Tensor, palette: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encoded sketches, string `(N,)`, and palettes, uint8 `(N, 4, 4, 3)` -> as `paint`."""
        with tf.device(_HOST):
            sketches = _files(sketch_bytes, "sketch_bytes")
            palettes = _checked(palette, "palette", "N", *_PALETTE)
            sketches, palettes = _as_many(sketches, "sketch_bytes", palettes, "palette")
            count = tf.size(sketches)
            take = self._decoded(sketches, _names(sketches, "sketch_bytes"), count)
            return self._painted(self._sketches(take, count), palettes)

    def palette(self, reference_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encoded references, string `(N,)` -> `palette`, uint8 `(N, 4, 4, 3)`."""
        with tf.device(_HOST):
            references = _files(reference_bytes, "reference_bytes")
            names = _names(references, "reference_bytes")
            take = self._decoded(references, names, tf.constant(0))
            return {"palette": self._palettes(take, tf.size(references))}

    def tensors(self, sketch: tf.Tensor, histogram: tf.Tensor) -> dict[str, tf.Tensor]:
        """What the network itself takes and gives; see `Generator`.

        Args:
            sketch: float32 `(N, H, W, 3)` in [-1, 1], H and W multiples of 64.
            histogram: float32 `(N, H, W, 12)` in [-1, 1].

        Returns:
            `image`, float32 `(N, H, W, 3)` in [-1, 1], and where there are gates their maps
            `attention_0`, .. from the deepest level, `(N, h, w, 1)`.
        """
        sketch = _checked(sketch, "sketch", "N", "H", "W", SKETCH_CHANNELS)
        histogram = _checked(histogram, "histogram", "N", "H", "W", HISTOGRAM_CHANNELS)
        shape, other = tf.shape(sketch), tf.shape(histogram)
        # Some kernels cannot work on nothing, so there is always one picture.
        extra = tf.maximum(1 - shape[0], 0)
        area = tf.reduce_prod(tf.cast(tf.maximum(shape[:3], 1), tf.int64))
        alike = tf.reduce_all(shape[:3] == other[:3])
        sides = tf.reduce_all(tf.logical_and(shape[1:3] > 0, shape[1:3] % STRIDE == 0))
        for sound, words in (
            (alike, "sketch and histogram: N, H and W differ"),
            (sides, f"sketch: H and W must be multiples of {STRIDE}"),
            (area <= TENSOR_PIXELS, f"sketch: at most {TENSOR_PIXELS} pixels a batch are taken"),
        ):
            sketch = _require(sound, sketch, words)
        inputs = {"sketch": sketch, "histogram": histogram}
        for name, given in inputs.items():
            inputs[name] = tf.pad(given, [[0, extra], [0, 0], [0, 0], [0, 0]])
        image, maps = self._backend.generator(inputs, training=False, return_attention=True)
        found = {"image": image} | {f"attention_{level}": gate for level, gate in enumerate(maps)}
        return {name: part[: shape[0]] for name, part in found.items()}

    def _decoded(self, files: tf.Tensor, names: tf.Tensor, sketches: tf.Tensor):
        """Checks files, of which the first are sketches; see `decoding.decoded`."""
        headers = decoding.read_headers(files, names, self._max_pixels)
        together = tf.reduce_sum((headers.height * headers.width)[:sketches])
        most = BATCH_PIXELS * self._max_pixels
        words = f"sketch_bytes: at most {most} pixels a batch are taken"
        files = _require(together <= most, files, words)
        return decoding.decoded(files, names, headers)

    def _sketches(self, take, count: tf.Tensor) -> _Sketches:
        """Decodes sketches and fits them onto their canvases."""
        size = self._backend.size

        def add(index, originals, canvases, placements):
            sketch = decoding.to_gray(take(index))
            canvas, placement = canvas_ops.fit_to_canvas(sketch, size)
            originals = originals.write(index, sketch)
            return (
                index + 1,
                originals,
                canvases.write(index, canvas),
                placements.write(index, placement),
            )

        empty = (
            tf.TensorArray(tf.uint8, count, infer_shape=False, element_shape=(None, None)),
            tf.TensorArray(tf.uint8, count, element_shape=(size, size)),
            tf.TensorArray(tf.int32, count, element_shape=(4,)),
        )
        _, originals, canvases, placements = tf.while_loop(
            lambda index, *_: index < count, add, (tf.constant(0), *empty), parallel_iterations=1
        )
        placements = canvas_ops.Placement(*tf.unstack(placements.stack(), axis=-1))
        return _Sketches(originals, canvases.stack(), placements)

    def _palettes(self, take, count: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(
            lambda index: canvas_ops.reference_palette(take(index), self._backend.background),
            tf.range(count),
            parallel_iterations=1,
            fn_output_signature=tf.TensorSpec(_PALETTE, tf.uint8),
        )

    def _painted(self, sketches: _Sketches, palettes: tf.Tensor) -> dict[str, tf.Tensor]:
        colors = self._colors(sketches.canvases, palettes)

        def encode(index: tf.Tensor) -> tf.Tensor:
            top, left, height, width = (side[index] for side in sketches.placements)
            color = fill_lines(colors[index], sketches.canvases[index])
            color = color[top : top + height, left : left + width]
            picture = paint_under_lines(color, sketches.originals.read(index))
            return tf.io.encode_png(picture, _COMPRESSION)

        count = tf.shape(sketches.canvases)[0]
        pictures = tf.map_fn(
            encode,
            tf.range(count),
            parallel_iterations=1,
            fn_output_signature=tf.TensorSpec((), tf.string),
        )
        return {"image_bytes": pictures}

    def _colors(self, canvases: tf.Tensor, palettes: tf.Tensor) -> tf.Tensor:
        """The color under the canvases' lines, uint8 `(N, size, size, 3)`."""
        size = self._backend.size
        count, step = tf.shape(canvases)[0], max(1, _CANVAS_PIXELS // size**2)

        def run(start, done):
            part = slice(start, tf.minimum(start + step, count))
            colors = self._mix(canvases[part], palettes[part])
            return start + step, done.scatter(tf.range(part.start, part.stop), colors)

        done = tf.TensorArray(tf.uint8, count, element_shape=(size, size, 3))
        _, done = tf.while_loop(
            lambda start, _: start < count, run, (tf.constant(0), done), parallel_iterations=1
        )
        return done.stack()

    def _mix(self, canvases: tf.Tensor, palettes: tf.Tensor) -> tf.Tensor:
        with tf.device(None):
            found = self._backend.forward(canvases, palettes)
        if not self._backend.mixes:
            painted = tf.clip_by_value(tf.round((found + 1) * (WHITE / 2)), 0, WHITE)
            lines = tf.cast(tf.maximum(canvases, 1), tf.float32)[..., None]
            return tf.cast(tf.minimum(tf.round(painted * WHITE / lines), WHITE), tf.uint8)
        even = tf.map_fn(
            lambda pair: even_out(pair[0], find_regions(pair[1])),
            (found.weights, canvases),
            parallel_iterations=1,
            fn_output_signature=tf.TensorSpec(found.weights.shape[1:], tf.float32),
        )
        color = mix_color(found._replace(weights=even), tf.cast(palettes, tf.float32) / 127.5 - 1)
        return tf.cast(tf.round(WHITE * color), tf.uint8)


_FILES = ("sketch_bytes", "reference_bytes")


def _names(files: tf.Tensor, name: str) -> tf.Tensor:
    """What the pictures of an input are called in an error, string `(N,)`."""
    return tf.strings.join([f"{name}[", tf.as_string(tf.range(tf.size(files))), "]"])


def _as_many(one: tf.Tensor, name: str, other: tf.Tensor, other_name: str) -> list[tf.Tensor]:
    counts = [tf.shape(tensor)[0] for tensor in (one, other)]
    words = ["as many ", name, " as ", other_name, " are needed, not ", *map(tf.as_string, counts)]
    words.insert(-1, " and ")
    return [_require(counts[0] == counts[1], tensor, *words) for tensor in (one, other)]


def _files(files: tf.Tensor, name: str) -> tf.Tensor:
    """Encoded pictures, string `(N,)`, if they are that, and not too many."""
    files = _checked(files, name, "N")
    words = f"{name}: at most {MAX_BATCH} pictures a batch are taken"
    return _require(tf.size(files) <= MAX_BATCH, files, words)


def _checked(tensor: tf.Tensor, name: str, *shape: int | str) -> tf.Tensor:
    """A tensor, if it has the shape that its signature says; sides with a name are free.

    TensorFlow Serving does not compare them, and what a signature says TensorFlow believes: so it
    is made to forget, or it would leave the comparison out.
    """
    tensor = tf.raw_ops.PlaceholderWithDefault(input=tensor, shape=tf.TensorShape(None))
    found = tf.concat([tf.shape(tensor), tf.fill([len(shape)], -1)], axis=0)[: len(shape)]
    known = [(place, side) for place, side in enumerate(shape) if isinstance(side, int)]
    fits = [found[place] == side for place, side in known]
    sound = tf.reduce_all([tf.equal(tf.size(tf.shape(tensor)), len(shape)), *fits])
    words = f"{name}: shape ({', '.join(map(str, shape))}) is needed"
    static = [side if isinstance(side, int) else None for side in shape]
    return tf.ensure_shape(_require(sound, tensor, words), static)


def _require(condition: tf.Tensor, tensor: tf.Tensor, *words) -> tf.Tensor:
    """Hands on a tensor; fails with these words where the condition does not hold."""
    stop = tf.debugging.Assert(condition, [tf.strings.join(list(words))])
    with tf.control_dependencies([stop]):
        return tf.identity(tensor)
