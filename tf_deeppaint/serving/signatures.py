"""The exported signatures: encoded pictures in, encoded pictures out, all in the TensorFlow graph.

They paint a plain gray sketch as `Painter.paint` does with `clean="off"`, `line_color="black"` and
nothing else chosen, within a level of rounding. Pages are not prepared, there are no hints, gaps,
pens, papers or layers, and neither strips nor figures that stand apart have windows of their own:
`docs/serving.md` lists what is left out.

Requests come from strangers: the size of every picture is checked before it is decoded, and
pictures are worked on one after another, so that memory is bounded. A wrong request is an
`InvalidArgumentError` that names the input and the picture's number in the batch.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.images.sizes import STRIDE
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.inputs import HISTOGRAM_CHANNELS, SKETCH_CHANNELS
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.palette.mixing import Mixture
from tf_deeppaint.palette.rules import BANDS, COLORS
from tf_deeppaint.serving import decoding
from tf_deeppaint.serving.canvas import (
    reference_palette,
    shrink_factor,
    to_working_size,
    working_to_canvas,
)
from tf_deeppaint.serving.checks import check_counts, check_files, check_shape, require
from tf_deeppaint.serving.layout.framing import lay_on_canvas
from tf_deeppaint.serving.region_colors import color_regions
from tf_deeppaint.serving.regions import find_regions
from tf_deeppaint.serving.upsampling import fill_lines, paint_under_lines

# A sheet of 4096 x 4096.
MAX_PIXELS = 1 << 24
# The most pixels of all sketches of a batch, as a multiple of one's.
BATCH_PIXELS = 4
# The most pixels of a batch of tensors: four canvases of 512, or sixteen of 256.
TENSOR_PIXELS = 1 << 20

# Pixels of canvases that go through the network together.
_CANVAS_PIXELS = 1 << 18
_PALETTE = (BANDS, COLORS, 3)
# Before and after the network there are many small steps, for which a GPU is no faster.
_HOST = "/device:CPU:0"
# Of zlib's 1 to 9: beyond, line art takes much longer and is hardly smaller.
_COMPRESSION = 3


class _Fitted(NamedTuple):
    """Sketches on their canvases: arrays of N tensors of different sizes, and tensors.

    Attributes:
        sketches: uint8 `(H, W)` each.
        labels: Their regions at the working size, int32 `(h, w)` each; `(1, 1)` where the network
            does not mix colors.
        canvases: uint8 `(C, C)` each.
        seen: What the network sees of them, uint8 `(N, size, size)`.
        placements: The sketches' places on the canvases, int32 `(N, 4)`.
        windows: The places of what is seen, likewise.
    """

    sketches: tf.TensorArray
    labels: tf.TensorArray
    canvases: tf.TensorArray
    seen: tf.Tensor
    placements: tf.Tensor
    windows: tf.Tensor


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
        # A SavedModel keeps the variables that attributes of the module name.
        self.weights = [weight.value for weight in self._backend.generator.variables]

    def signatures(self) -> dict:
        """The signatures by name, as `tf.saved_model.save` takes them."""
        sketches = tf.TensorSpec((None,), tf.string, "sketch_bytes")
        references = tf.TensorSpec((None,), tf.string, "reference_bytes")
        palette = tf.TensorSpec((None, *_PALETTE), tf.uint8, "palette")
        pixels = (None, None, None)
        sketch = tf.TensorSpec((*pixels, SKETCH_CHANNELS), tf.float32, "sketch")
        histogram = tf.TensorSpec((*pixels, HISTOGRAM_CHANNELS), tf.float32, "histogram")
        inputs = {
            "serving_default": (self.paint, [sketches, references]),
            "paint_palette": (self.paint_palette, [sketches, palette]),
            "palette": (self.palette, [references]),
            "tensors": (self.tensors, [sketch, histogram]),
        }
        return {
            name: tf.function(method, specs, autograph=False).get_concrete_function()
            for name, (method, specs) in inputs.items()
        }

    def paint(self, sketch_bytes: tf.Tensor, reference_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encoded sketches and references, string `(N,)` each -> `image_bytes`, PNG `(N,)`."""
        with tf.device(_HOST):
            sketches = check_files(sketch_bytes, "sketch_bytes")
            references = check_files(reference_bytes, "reference_bytes")
            sketches, references = check_counts(sketches, references, "reference_bytes")
            count = tf.size(sketches)
            take = self._decoded({"sketch_bytes": sketches, "reference_bytes": references})
            fitted = self._fit(take, count)
            palettes = self._palettes(lambda index: take(count + index), count)
            return self._paint(fitted, palettes)

    def paint_palette(self, sketch_bytes: tf.Tensor, palette: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encoded sketches, string `(N,)`, and palettes, uint8 `(N, 4, 4, 3)` -> as `paint`."""
        with tf.device(_HOST):
            sketches = check_files(sketch_bytes, "sketch_bytes")
            palettes = check_shape(palette, "palette", "N", *_PALETTE)
            sketches, palettes = check_counts(sketches, palettes, "palette")
            take = self._decoded({"sketch_bytes": sketches})
            return self._paint(self._fit(take, tf.size(sketches)), palettes)

    def palette(self, reference_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encoded references, string `(N,)` -> `palette`, uint8 `(N, 4, 4, 3)`."""
        with tf.device(_HOST):
            references = check_files(reference_bytes, "reference_bytes")
            take = self._decoded({"reference_bytes": references})
            return {"palette": self._palettes(take, tf.size(references))}

    def tensors(self, sketch: tf.Tensor, histogram: tf.Tensor) -> dict[str, tf.Tensor]:
        """The network itself; see `Generator`.

        Args:
            sketch: float32 `(N, H, W, 3)` in [-1, 1], H and W multiples of 64.
            histogram: float32 `(N, H, W, 12)` in [-1, 1].

        Returns:
            `image`, float32 `(N, H, W, 3)` in [-1, 1], and where there are gates their maps
            `attention_0`, .. from the deepest level, `(N, h, w, 1)`.
        """
        sketch = check_shape(sketch, "sketch", "N", "H", "W", SKETCH_CHANNELS)
        histogram = check_shape(histogram, "histogram", "N", "H", "W", HISTOGRAM_CHANNELS)
        shape = tf.shape(sketch)
        area = tf.reduce_prod(tf.cast(tf.maximum(shape[:3], 1), tf.int64))
        alike = tf.reduce_all(shape[:3] == tf.shape(histogram)[:3])
        sides = tf.reduce_all(tf.logical_and(shape[1:3] > 0, shape[1:3] % STRIDE == 0))
        for sound, message in (
            (alike, "sketch and histogram: N, H and W differ"),
            (sides, f"sketch: H and W must be multiples of {STRIDE}"),
            (area <= TENSOR_PIXELS, f"sketch: at most {TENSOR_PIXELS} pixels a batch are taken"),
        ):
            sketch = require(sound, sketch, message)
        # Some kernels fail on empty batches, so there is always one picture.
        padding = [[0, tf.maximum(1 - shape[0], 0)], [0, 0], [0, 0], [0, 0]]
        inputs = {"sketch": tf.pad(sketch, padding), "histogram": tf.pad(histogram, padding)}
        image, maps = self._backend.generator(inputs, training=False, return_attention=True)
        outputs = {"image": image} | {f"attention_{level}": gate for level, gate in enumerate(maps)}
        return {name: output[: shape[0]] for name, output in outputs.items()}

    def _decoded(self, inputs: dict[str, tf.Tensor]) -> Callable:
        """Checks files by the name of their input; see `decoding.decoded`."""
        files = tf.concat(list(inputs.values()), axis=0)
        numbers = [tf.as_string(tf.range(tf.size(part))) for part in inputs.values()]
        names = [tf.strings.join([n, "[", i, "]"]) for n, i in zip(inputs, numbers, strict=True)]
        names = tf.concat(names, axis=0)
        headers = decoding.read_headers(files, names, self._max_pixels)
        if "sketch_bytes" in inputs:
            sketches = tf.size(inputs["sketch_bytes"])
            together = tf.reduce_sum((headers.height * headers.width)[:sketches])
            most = BATCH_PIXELS * self._max_pixels
            message = f"sketch_bytes: at most {most} pixels a batch are taken"
            files = require(together <= most, files, message)
        return decoding.decoded(files, names, headers)

    def _fit(self, take: Callable, count: tf.Tensor) -> _Fitted:
        """Decodes sketches, finds their regions and fits them onto their canvases."""
        size = self._backend.size

        def add(index, *arrays):
            sketch = decoding.to_gray(take(index))
            working = to_working_size(sketch)
            canvas, placement, window = working_to_canvas(working, size, self._backend.mixes)
            seen = tf.slice(canvas, window[:2], window[2:])
            labels = find_regions(working) if self._backend.mixes else tf.zeros([1, 1], tf.int32)
            values = (sketch, labels, canvas, seen, placement, window)
            written = (array.write(index, v) for array, v in zip(arrays, values, strict=True))
            return index + 1, *written

        empty = (
            tf.TensorArray(tf.uint8, count, infer_shape=False, element_shape=(None, None)),
            tf.TensorArray(tf.int32, count, infer_shape=False, element_shape=(None, None)),
            tf.TensorArray(tf.uint8, count, infer_shape=False, element_shape=(None, None)),
            tf.TensorArray(tf.uint8, count, element_shape=(size, size)),
            tf.TensorArray(tf.int32, count, element_shape=(4,)),
            tf.TensorArray(tf.int32, count, element_shape=(4,)),
        )
        _, sketches, labels, canvases, *stacked = tf.while_loop(
            lambda index, *_: index < count, add, (tf.constant(0), *empty), parallel_iterations=1
        )
        return _Fitted(sketches, labels, canvases, *(array.stack() for array in stacked))

    def _palettes(self, take: Callable, count: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(
            lambda index: reference_palette(take(index), self._backend.background),
            tf.range(count),
            parallel_iterations=1,
            fn_output_signature=tf.TensorSpec(_PALETTE, tf.uint8),
        )

    def _paint(self, fitted: _Fitted, palettes: tf.Tensor) -> dict[str, tf.Tensor]:
        colors = self._colors(fitted, palettes)

        def encode(index: tf.Tensor) -> tf.Tensor:
            sketch = fitted.sketches.read(index)
            factor = shrink_factor(sketch) if self._backend.mixes else tf.constant(0)
            picture = paint_under_lines(colors.read(index), sketch, factor)
            return tf.io.encode_png(picture, _COMPRESSION)

        pictures = tf.map_fn(
            encode,
            tf.range(tf.shape(fitted.seen)[0]),
            parallel_iterations=1,
            fn_output_signature=tf.TensorSpec((), tf.string),
        )
        return {"image_bytes": pictures}

    def _colors(self, fitted: _Fitted, palettes: tf.Tensor) -> tf.TensorArray:
        """The color under the lines of each sketch, uint8 `(h, w, 3)`, cut like the sketch."""
        size = self._backend.size
        count, step = tf.shape(fitted.seen)[0], max(1, _CANVAS_PIXELS // size**2)

        def run(start, colors):
            part = slice(start, tf.minimum(start + step, count))
            with tf.device(None):
                output = self._backend.forward(fitted.seen[part], palettes[part])

            def add(index, colors):
                color = self._color(output, index - start, index, fitted, palettes[index])
                return index + 1, colors.write(index, color)

            return tf.while_loop(
                lambda index, _: index < part.stop, add, (start, colors), parallel_iterations=1
            )

        empty = tf.TensorArray(tf.uint8, count, infer_shape=False, element_shape=(None, None, 3))
        _, colors = tf.while_loop(
            lambda start, _: start < count, run, (tf.constant(0), empty), parallel_iterations=1
        )
        return colors

    def _color(
        self,
        output: tf.Tensor | Mixture,
        number: tf.Tensor,
        index: tf.Tensor,
        fitted: _Fitted,
        palette: tf.Tensor,
    ) -> tf.Tensor:
        """The color of sketch `index`, which is `number` in the network's output."""
        canvas, placement = fitted.canvases.read(index), fitted.placements[index]
        if self._backend.mixes:
            mixture = Mixture(*(part[number] for part in output))
            mixture = lay_on_canvas(mixture, fitted.windows[index], tf.shape(canvas)[0])
            return color_regions(mixture, canvas, fitted.labels.read(index), placement, palette)
        painted = tf.clip_by_value(tf.round((output[number] + 1) * (WHITE / 2)), 0, WHITE)
        lines = tf.cast(tf.maximum(canvas, 1), tf.float32)[..., None]
        color = tf.cast(tf.minimum(tf.round(painted * WHITE / lines), WHITE), tf.uint8)
        top, left, height, width = tf.unstack(placement)
        return fill_lines(color, canvas)[top : top + height, left : left + width]
