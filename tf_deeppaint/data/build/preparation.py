"""The work on one example: its inspection before planning, and the making of its record.

`InspectTask` and `PrepareTask` are what workers run, on this machine and on others: picklable, and
equal input gives equal results in any process.
"""

import functools
import multiprocessing
from typing import NamedTuple

import numpy as np

from tf_deeppaint.data import records
from tf_deeppaint.data.build.backdrops import add_backdrop
from tf_deeppaint.data.build.config import BuildConfig
from tf_deeppaint.data.build.plan import InspectionResult, PlannedExample
from tf_deeppaint.data.sources.base import Example, LoadedExample, Skipped, Source
from tf_deeppaint.images.canvas import fit_to_canvas
from tf_deeppaint.images.perceptual_hash import perceptual_hash
from tf_deeppaint.line_art.sketch_keras import SketchKeras
from tf_deeppaint.line_art.styles import MIXTURE, OWN, draw_styles
from tf_deeppaint.palette.extraction import extract_palette
from tf_deeppaint.utils.errors import DeepPaintError

# The kind of error that spoils a whole build, not one example.
CHANGED = "changed"


class InspectTask(NamedTuple):
    """Inspects examples: `[(number, example), ...] -> [(number, InspectionResult), ...]`.

    If `strict`, the first that cannot be read raises.
    """

    source: Source
    min_size: int
    strict: bool

    def __call__(self, numbered: list[tuple[int, Example]]) -> list[tuple[int, InspectionResult]]:
        return [(number, self._inspect(example)) for number, example in numbered]

    def _inspect(self, example: Example) -> InspectionResult:
        try:
            inspection = self.source.inspect(example)
        except DeepPaintError as error:
            if self.strict:
                raise
            return InspectionResult(skipped=error.kind or "unreadable", complaint=str(error))
        if isinstance(inspection, Skipped):
            return InspectionResult(skipped=inspection.reason)
        if min(inspection.height, inspection.width) < self.min_size:
            return InspectionResult(skipped=f"smaller than {self.min_size} pixels")
        return InspectionResult(inspection.digest, perceptual_hash(inspection.picture))


class Prepared(NamedTuple):
    """The record of an example; or why there is none, and the line to report."""

    record: records.Values | None
    skipped: str = ""
    complaint: str = ""


class PrepareTask(NamedTuple):
    """Makes records: `[PlannedExample, ...] -> [Prepared, ...]`, the sketches in one batch.

    If `strict`, the first example that cannot be read raises.
    """

    source: Source
    config: BuildConfig
    strict: bool

    def __call__(self, planned: list[PlannedExample]) -> list[Prepared]:
        results = [self._load(planned_example) for planned_example in planned]
        readable = [i for i, result in enumerate(results) if isinstance(result, LoadedExample)]
        made = prepare(
            self.source.origin.name,
            [planned[i].example for i in readable],
            [results[i] for i in readable],
            self.config,
        )
        for i, record in zip(readable, made, strict=True):
            results[i] = Prepared(record)
        return results

    def _load(self, planned: PlannedExample) -> LoadedExample | Prepared:
        example, digest = planned
        try:
            loaded = self.source.load(example, self.config.size)
        except DeepPaintError as error:
            if digest and error.kind == "missing":
                raise _changed_error(example) from error
            if self.strict:
                raise
            return Prepared(None, error.kind or "unreadable", str(error))
        if digest and loaded.digest != digest:
            raise _changed_error(example)
        return loaded


def prepare(
    source: str, examples: list[Example], loaded: list[LoadedExample], config: BuildConfig
) -> list[records.Values]:
    """Fits loaded examples to the canvas, extracts their lines and palettes, encodes the records.

    A record's name, `SOURCE/EXAMPLE`, decides the random choices among sketch styles.
    """
    names = [f"{source}/{example.name}" for example in examples]
    pictures = [_fit(item.picture, config) for item in loaded]
    own_lines = [None if item.sketch is None else _fit(item.sketch, config) for item in loaded]
    sketches = _make_sketches(pictures, own_lines, names, config)
    palettes = [_palette(*pair, config) for pair in zip(loaded, pictures, strict=True)]
    groups = [example.group for example in examples]
    partners = [_partner_palettes(*pair, config) for pair in zip(names, loaded, strict=True)]
    parts = [item.parts for item in loaded]
    columns = (names, groups, sketches, pictures, palettes, partners, parts)
    return [records.make_record(*values) for values in zip(*columns, strict=True)]


def _partner_palettes(name: str, loaded: LoadedExample, config: BuildConfig) -> list[np.ndarray]:
    """The palettes of an example's partners, some of them in front of a backdrop."""
    digest = records.name_digest(f"{name}/backdrops")
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    palettes = []
    for partner in loaded.partners:
        canvas = _fit(partner, config)
        if rng.random() < config.backdrops:
            canvas = add_backdrop(canvas, rng)
        palettes.append(extract_palette(canvas, config.background))
    return palettes


def _fit(pixels: np.ndarray, config: BuildConfig) -> np.ndarray:
    canvas, _ = fit_to_canvas(pixels, config.size, config.fit, config.max_enlargement)
    return canvas


def _palette(loaded: LoadedExample, canvas: np.ndarray, config: BuildConfig) -> np.ndarray:
    height, width = loaded.picture.shape[:2]
    # A palette given for the whole picture is not that of a part of it, nor that of another rule.
    is_whole = config.fit == "pad" or height == width
    if loaded.palette is not None and config.background == "drop" and is_whole:
        return loaded.palette
    return extract_palette(canvas, config.background)


def _make_sketches(
    pictures: list[np.ndarray],
    own_lines: list[np.ndarray | None],
    names: list[str],
    config: BuildConfig,
) -> list[list[np.ndarray]]:
    """For each picture its sketches in the styles of the config, own lines where it has any."""
    digests = list(map(records.name_digest, names))
    sketches: list[list[np.ndarray]] = [[] for _ in pictures]
    for has_lines in (False, True):
        chosen = [i for i, lines in enumerate(own_lines) if (lines is not None) == has_lines]
        if not chosen:
            continue
        styles = [style if style != OWN else MIXTURE for style in config.sketch]
        own_position = config.sketch.index(OWN) if has_lines and OWN in config.sketch else None
        if own_position is not None:
            del styles[own_position]
        drawn = draw_styles(
            styles,
            [np.random.default_rng(int.from_bytes(digests[i][:8], "big")) for i in chosen],
            [pictures[i] for i in chosen],
            _load_network(config.network) if config.network else None,
        )
        for i, lines in zip(chosen, drawn, strict=True):
            sketches[i] = list(lines)
            if own_position is not None:
                sketches[i].insert(own_position, own_lines[i])
    return sketches


@functools.cache
def _load_network(path: str) -> SketchKeras:
    """The network of this process, loaded when it is first needed."""
    if multiprocessing.parent_process() is not None:
        import tensorflow as tf

        # With one process a core, one thread each is enough.
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    return SketchKeras.load(path)


def _changed_error(example: Example) -> DeepPaintError:
    return DeepPaintError(
        f"{example.name}: has changed since this build began; restore it, or remove the output "
        "folder and build again",
        CHANGED,
    )
