"""The Painter: sketch -> canvas of the network's size -> colors -> picture of the sketch's size."""

import functools
import itertools
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tf_deeppaint.images.canvas import Placement, resize
from tf_deeppaint.images.strips import is_strip
from tf_deeppaint.line_art.ink import (
    Fitted,
    to_working_size,
    working_factor,
    working_to_canvas,
    working_to_strip,
)
from tf_deeppaint.line_art.pens import KEEP
from tf_deeppaint.line_art.preparation import AUTO
from tf_deeppaint.line_art.regions import find_parts, find_working_parts
from tf_deeppaint.painting import litert_backend
from tf_deeppaint.painting.backend import Backend
from tf_deeppaint.painting.converted import onnx_backend
from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.painting.hints.joining import join_palette
from tf_deeppaint.painting.inputs import read_sketch, resolution_of, to_rgb
from tf_deeppaint.painting.litert_backend import BUNDLED_FILE, LiteRtBackend
from tf_deeppaint.painting.painting import WHITE_PAPER, Painting, Picture, check_palettes
from tf_deeppaint.painting.prediction import Prediction, lay_on_canvas, make_predictions
from tf_deeppaint.painting.region_colors import even_out_regions
from tf_deeppaint.painting.windows import BATCH, blend
from tf_deeppaint.palette.extraction import reference_palette
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

if TYPE_CHECKING:
    from tf_deeppaint.painting.inputs import PictureLike


class Painter:
    """Colors sketches of any size in the colors of a reference.

    Painting is deterministic, and float32 whatever precision the network was trained in. One
    painter serves any number of threads.

    Args:
        backend: Runs the network.
        even_regions: Whether each region is evened out to one color, that which
            leads in it. Shading stays. It needs the mixture head, and is the default there.

    Raises:
        DeepPaintError: `even_regions` without the mixture head.

    Example:
    >>> painter = Painter.load()
    >>> painter.paint("sketch.png", reference="reference.png").save("painted.png")
    """

    def __init__(self, backend: Backend, even_regions: bool | None = None):
        self.backend = backend
        if even_regions and not backend.mixes:
            raise DeepPaintError("one color for each region needs a model with the mixture head")
        self.even_regions = backend.mixes if even_regions is None else even_regions
        self.size = backend.size
        self.background = backend.background

    @classmethod
    def load(
        cls, path: str | os.PathLike | None = None, even_regions: bool | None = None
    ) -> "Painter":
        """Loads a painter from a run directory, or from a `.keras`, `.tflite` or `.onnx` file.

        Without a path it is the bundled model as a `.tflite` file. Such a file, written by
        `deeppaint export litert`, needs neither TensorFlow nor Keras, nor does an `.onnx` file,
        which needs ONNX Runtime. A run whose training is not finished gives its last generator.

        Raises:
            DeepPaintError: nothing there, damaged, or a model of another kind.
        """
        path = BUNDLED_FILE if path is None else path
        suffix = Path(path).suffix
        if suffix == litert_backend.SUFFIX:
            return cls(LiteRtBackend(path), even_regions)
        if suffix == onnx_backend.SUFFIX:
            return cls(onnx_backend.OnnxBackend(path), even_regions)
        if suffix != ".keras" and (what := _why_no_model(path)):
            raise DeepPaintError(
                f"{path}: {what}; give a run directory, or a .keras, .tflite or .onnx file"
            )
        import_tensorflow()
        from tf_deeppaint.networks.model_files import load_generator
        from tf_deeppaint.painting.keras_backend import KerasBackend

        return cls(KerasBackend(load_generator(path)), even_regions)

    def paint(
        self,
        sketch: "PictureLike",
        reference: "PictureLike | None" = None,
        colors: np.ndarray | None = None,
        lines: str = "original",
        clean: str | bool = AUTO,
        recolor: bool = False,
        gap: int | None = None,
        line_color: str = KEEP,
        paper: str = WHITE_PAPER,
        hints: Iterable[Hint] = (),
    ) -> Picture:
        """Colors one sketch.

        Python's `warnings` tell what was done to a page that is no plain sketch.

        Args:
            sketch: Dark lines on light paper, any aspect ratio: a picture file, a uint8 array
                `(H, W)` or `(H, W, 3 or 4)`, or a Pillow image. For its size see `strips`.
            reference: The picture to take the colors from, likewise.
            colors: A palette, uint8 `(4, 4, 3)`, instead of a reference.
            lines: The sketch's own lines (`"original"`) or the network's (`"network"`); see
                `Painting.picture`.
            clean: Whether the sketch is cleaned first: where that is certain to be right
                (`"auto"`), always or never; see `preparation.prepare`.
            recolor: Whether the lines are taken out of a picture that is colored already.
            gap: The widest gap in lines that is closed, in pixels of the sketch, at most a tenth
                of its longer side; 0 closes none, None those of 2 % of that.
            line_color: The color of the sketch's own lines: theirs (`"keep"`), `"black"` or
                `"#rrggbb"`.
            paper: What stands where the sketch is open to its edge: `"white"`, `"transparent"`,
                `"#rrggbb"`, or `"auto"`: transparent where the sketch is, otherwise white.
            hints: Colors that are put where they belong; see `Painting.hint`.

        Returns:
            The colored picture at the sketch's own size, uint8 RGB `(H, W, 3)`, or RGBA
            `(H, W, 4)` on transparent paper, with a method `save(path)`.

        Raises:
            DeepPaintError: a file that is no picture, or not exactly one of reference and colors.
        """
        if (reference is None) == (colors is None):
            raise DeepPaintError("give the colors either as a reference or as a palette")
        colors = self.palette_of(reference) if colors is None else colors
        prepared = read_sketch(sketch, clean, recolor, gap)
        if prepared.note:
            name = f"{sketch}: " if isinstance(sketch, str | os.PathLike) else ""
            warnings.warn(name + prepared.note, stacklevel=2)
        painting = self.make_paintings([prepared.sketch], colors[None], gap, [hints])[0]
        picture = painting.picture(lines, line_color, paper)
        picture.dpi = resolution_of(sketch)
        return picture

    def make_paintings(
        self,
        sketches: Sequence[np.ndarray],
        palettes: np.ndarray,
        gap: int | None = None,
        hints: Sequence[Iterable[Hint]] | None = None,
    ) -> list[Painting]:
        """Runs the network on sketches of any sizes, once, and on each strip window by window.

        Args:
            sketches: N sketches, uint8 `(H, W)` each.
            palettes: uint8 `(N, 4, 4, 3)`.
            gap: As `paint` takes it.
            hints: The hints of each sketch; their colors join its palette, so that the network can
                use them elsewhere too.

        Returns:
            N paintings, of which pictures and layers can be made.

        Raises:
            DeepPaintError: no palettes, or a hint that `Painting.hint` does not take.
        """
        # 1. Bring the sketches to the working size, where no line is lost.
        shapes = [sketch.shape for sketch in sketches]
        working = [to_working_size(sketch, working_factor(*sketch.shape)) for sketch in sketches]
        # 2. Fit them onto canvases, of which the network sees a window; strips onto longer ones.
        fitted = list(map(self._fit, shapes, working))
        placements = [fit.placement for fit in fitted]
        # 3. Find the regions at the working size, while the network runs on the joined palettes.
        hints = [tuple(given) for given in hints or [()] * len(shapes)]
        heights = [height for height, _ in shapes]
        joined = np.stack(list(map(join_palette, check_palettes(palettes), hints, heights)))
        with ThreadPoolExecutor() as workers:
            find = functools.partial(workers.submit, find_working_parts, gap=gap)
            finding = list(map(find, shapes, working)) if self.even_regions else []
            predictions = self._predict(fitted, joined)
            # 4. Even them out: one color each.
            regions = [None] * len(sketches)
            if self.even_regions:
                labels, pages = zip(*(found.result() for found in finding), strict=True)
                evened = workers.map(even_out_regions, predictions, labels, placements, pages)
                regions, predictions = zip(*evened, strict=True)
        paintings = map(Painting, sketches, placements, predictions, regions)
        return [painting.add_hints(given) for painting, given in zip(paintings, hints, strict=True)]

    def _fit(self, shape: tuple[int, int], working: np.ndarray) -> Fitted:
        """Fits a sketch of a shape, brought to its working size, onto a canvas."""
        if is_strip(*shape):
            return working_to_strip(working, self.size)
        # What the network does not see would be white in its own picture; regions have their color.
        return working_to_canvas(working, self.size, framed=self.even_regions)

    def _predict(self, fitted: Sequence[Fitted], palettes: np.ndarray) -> list[Prediction]:
        """Runs the network on what it sees of canvases, together, and on each strip."""
        seen = [(i, window) for i, fit in enumerate(fitted) for window in fit.windows or ()]
        # No more windows at a time than sketches: a sheet has up to sixteen.
        step = max(BATCH, len(fitted))

        def run(start: int) -> list[Prediction]:
            part = seen[start : start + step]
            views = np.stack([window.show(fitted[i].canvas) for i, window in part])
            return self.backend.run(views, palettes[[i for i, _ in part]])

        found = itertools.chain.from_iterable(map(run, range(0, len(seen), step)))
        predictions = []
        for (canvas, _, windows), palette in zip(fitted, palettes, strict=True):
            if windows is None:
                predictions.append(self._predict_strip(canvas, palette))
            else:
                parts = list(itertools.islice(found, len(windows)))
                predictions.append(lay_on_canvas(canvas, parts, windows))
        return predictions

    def _predict_strip(self, canvas: np.ndarray, palette: np.ndarray) -> Prediction:
        def run(windows: np.ndarray, palettes: np.ndarray) -> list[dict[str, np.ndarray]]:
            return [window.outputs() for window in self.backend.run(windows, palettes)]

        outputs = self._blend(canvas, palette, run)
        batch = {name: values[None] for name, values in outputs.items()}
        return make_predictions(batch, canvas[None], palette[None])[0]

    def _blend(
        self, canvas: np.ndarray, palette: np.ndarray, run: Callable[..., list]
    ) -> dict[str, np.ndarray]:
        """Blends what `run` returns for windows on a canvas, and for as many equal palettes."""
        return blend(
            canvas, self.size, lambda windows: run(windows, np.stack([palette] * len(windows)))
        )

    def attention(self, painting: Painting) -> list[np.ndarray]:
        """The attention maps behind a painting, the deepest gate's first.

        Returns:
            float32 `(h, w)` in [0, 1], cut like the sketch, 0 where the network did not look; none
            where there are no gates.
        """
        sketch, palette = painting.sketch, painting.prediction.palette
        factor = working_factor(*sketch.shape)
        canvas, _, windows = self._fit(sketch.shape, to_working_size(sketch, factor))

        def run(windows: np.ndarray, palettes: np.ndarray) -> list[dict[str, np.ndarray]]:
            levels = self.backend.attention(windows, palettes)
            return [
                {
                    str(i): resize(level[n], self.size, self.size)[..., None]
                    for i, level in enumerate(levels)
                }
                for n in range(len(windows))
            ]

        if windows is None:
            maps = self._blend(canvas, palette, run)
        else:
            views = np.stack([window.show(canvas) for window in windows])
            seen = run(views, np.stack([palette] * len(windows)))
            maps = {name: np.zeros((*canvas.shape, 1), np.float32) for name in seen[0]}
            for levels, window in zip(seen, windows, strict=True):
                for name, level in levels.items():
                    maps[name][window.drawn.area] = level[window.inside]
        return [painting.cut(level[..., 0]) for level in maps.values()]

    def palette_of(self, reference: "PictureLike") -> np.ndarray:
        """The palette of a reference, as `paint` takes it: uint8 `(4, 4, 3)`.

        It is extracted by the rule that the network was trained with.
        """
        return reference_palette(to_rgb(reference), self.background)

    def paint_canvases(self, sketches: np.ndarray, palettes: np.ndarray) -> np.ndarray:
        """Paints sketches of the network's size, with the network's own lines.

        Args:
            sketches: uint8 gray `(N, size, size)`.
            palettes: uint8 `(N, 4, 4, 3)`.

        Returns:
            uint8 RGB `(N, size, size, 3)`.
        """
        predictions = self.backend.run(sketches, palettes)
        if self.even_regions:
            whole = Placement(0, 0, self.size, self.size)
            parts = [find_parts(to_working_size(p.canvas)) for p in predictions]
            predictions = [
                even_out_regions(p, labels, whole, pages)[1]
                for p, (labels, pages) in zip(predictions, parts, strict=True)
            ]
        return np.stack([prediction.picture() for prediction in predictions])


def _why_no_model(path: str | os.PathLike) -> str | None:
    """What a path leads to instead of a run directory; None where that can be one."""
    if files.is_file(files.join(path, "saved_model.pb")):
        return "a SavedModel"
    if files.is_folder(path):
        return None
    return "not a model" if files.is_file(path) else "no such model"
