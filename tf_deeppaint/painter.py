"""The Painter: the one path from a sketch and colours to a picture.

Sketch -> canvas of the size the network was trained on -> picture -> the sketch's own size.
"""

import os
import threading

import keras
import numpy as np
import tensorflow as tf

from tf_deeppaint import images, palette
from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.generator import Generator
from tf_deeppaint.generator_files import in_precision, read_generator
from tf_deeppaint.mixture import Mixture, mix
from tf_deeppaint.palette_ops import palettes_to_histograms
from tf_deeppaint.regions import closed_areas, even_out
from tf_deeppaint.unet import UNet

# A palette of a large photograph needs no more pixels than this on its longer side.
REFERENCE_SIDE = 512


class Painter:
    """Colours sketches of any size in the colours of a reference.

    Painting is deterministic: dropout is off, BatchNorm uses its moving statistics, and the
    arithmetic is float32 whatever precision the network was trained in. One painter serves any
    number of threads.

    Args:
        generator: A trained generator.
        even_areas: Whether each area that lines close off gets one mix of colours, the mean of
            its pixels'; shading stays. It takes the mixture head, and is the rule there.

    Raises:
        DeepPaintError: Areas are to be evened out, and the generator has another head.

    Example:
    >>> painter = Painter.load()
    >>> picture = painter.paint("sketch.png", reference="reference.png")
    """

    def __init__(self, generator: Generator | UNet, even_areas: bool | None = None):
        self.generator = in_precision(generator, "float32")
        self.mixes = getattr(generator, "head_kind", None) == "mixture"
        if even_areas and not self.mixes:
            raise DeepPaintError("areas can be evened out only where the model's head is mixture")
        self.even_areas = self.mixes if even_areas is None else even_areas
        self.size = generator.size
        self.background = generator.background
        self._lock = threading.Lock()  # tracing twice at once would only waste time
        self._network = tf.function(
            self._forward,
            input_signature=[
                tf.TensorSpec((None, self.size, self.size), tf.uint8, "sketches"),
                tf.TensorSpec((None, palette.BANDS, palette.COLOURS, 3), tf.uint8, "palettes"),
            ],
        )

    @classmethod
    def load(
        cls, path: str | os.PathLike | None = None, even_areas: bool | None = None
    ) -> "Painter":
        """Loads a painter from a run directory or a `.keras` file of a generator.

        Without a path it is the model that comes with the package.

        Raises:
            DeepPaintError: nothing there, damaged, or a model of another kind.
        """
        return cls(read_generator(path), even_areas)

    def paint(
        self,
        sketch: str | os.PathLike | np.ndarray,
        reference: str | os.PathLike | np.ndarray | None = None,
        colours: np.ndarray | None = None,
    ) -> np.ndarray:
        """Colours one sketch.

        Args:
            sketch: A picture file, or uint8 grey `(H, W)` or RGB `(H, W, 3)`; dark lines on light
                paper, any size and aspect ratio.
            reference: The picture to take the colours from, file or uint8 RGB `(H, W, 3)`.
            colours: A palette, uint8 `(4, 4, 3)`, instead of a reference.

        Returns:
            The coloured picture at the sketch's own size, uint8 RGB `(H, W, 3)`.

        Raises:
            DeepPaintError: a file that is no picture, or not exactly one of the two given.
        """
        if (reference is None) == (colours is None):
            raise DeepPaintError("give the colours either as a reference or as a palette")
        lines, place = images.fit_to_canvas(_as_sketch(sketch), self.size)
        if colours is None:
            colours = self.palette_of(reference)
        painted = self.paint_canvases(lines[None], colours[None])[0]
        return images.unfit_from_canvas(painted, place)

    def palette_of(self, reference: str | os.PathLike | np.ndarray) -> np.ndarray:
        """The palette that a reference gives, by the rule the network was trained with.

        Args:
            reference: A picture file or uint8 RGB `(H, W, 3)`.

        Returns:
            uint8 `(4, 4, 3)`.
        """
        if not isinstance(reference, np.ndarray):
            reference = images.read_picture(reference)
        height, width = reference.shape[:2]
        if (scale := REFERENCE_SIDE / max(height, width)) < 1:
            shrunk = max(1, round(height * scale)), max(1, round(width * scale))
            reference = images.resize(reference, *shrunk)
        return palette.extract_palette(reference, self.background)

    def paint_canvases(self, sketches: np.ndarray, palettes: np.ndarray) -> np.ndarray:
        """Colours a batch of sketches that have the network's size already.

        Args:
            sketches: uint8 grey `(N, size, size)`.
            palettes: uint8 `(N, 4, 4, 3)`.

        Returns:
            uint8 RGB `(N, size, size, 3)`.
        """
        with self._lock:
            network = self._network.get_concrete_function()
        painted = network(tf.constant(sketches, tf.uint8), tf.constant(palettes, tf.uint8))
        if self.even_areas:
            painted = mix(_even_out(painted, sketches), _scaled(tf.constant(palettes)))
        return images.from_unit_range(painted.numpy())

    def attention_canvases(self, sketches: np.ndarray, palettes: np.ndarray) -> list[np.ndarray]:
        """The attention maps behind `paint_canvases`, of the same arguments.

        Returns:
            float32 `(N, h, w)` in (0, 1), the deepest gate's first; none where there are no gates.
        """
        inputs = self._inputs(tf.constant(sketches, tf.uint8), tf.constant(palettes, tf.uint8))
        _, maps = self.generator(inputs, return_attention=True)
        return [keras.ops.convert_to_numpy(level)[..., 0] for level in maps]

    def _forward(self, sketches: tf.Tensor, palettes: tf.Tensor) -> tf.Tensor | Mixture:
        inputs = self._inputs(sketches, palettes)
        if self.even_areas:
            return self.generator.decompose(inputs)
        return self.generator(inputs, training=False)

    def _inputs(self, sketches: tf.Tensor, palettes: tf.Tensor) -> dict[str, tf.Tensor]:
        grey = _scaled(sketches)[..., None]
        histogram = palettes_to_histograms(_scaled(palettes), self.size, self.size)
        return {"sketch": tf.repeat(grey, 3, axis=-1), "histogram": histogram}


def _as_sketch(sketch: str | os.PathLike | np.ndarray) -> np.ndarray:
    if not isinstance(sketch, np.ndarray):
        sketch = images.read_picture(sketch)
    return images.to_grey(sketch) if sketch.ndim == 3 else sketch


def _scaled(pixels: tf.Tensor) -> tf.Tensor:
    return tf.cast(pixels, tf.float32) / 127.5 - 1.0


def _even_out(mixture: Mixture, sketches: np.ndarray) -> Mixture:
    """The mixture with each closed area's mean weights in all of the area."""
    both = zip(mixture.weights.numpy(), sketches, strict=True)
    weights = np.stack([even_out(found, closed_areas(sketch)) for found, sketch in both])
    return mixture._replace(weights=tf.constant(weights))
