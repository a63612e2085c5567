"""What happens to one drawing: the look before planning, and its way into a record.

`LookTask` and `PrepareTask` are what workers run, on this machine and on others: picklable, and
equal input gives equal results in any process.
"""

import functools
import hashlib
import multiprocessing
from typing import NamedTuple

import numpy as np

from tf_deeppaint.data import records
from tf_deeppaint.data.build import near_duplicates
from tf_deeppaint.data.build.plan import Planned, Seen
from tf_deeppaint.data.sources.registry import Example, LoadedExample, Skipped, Source
from tf_deeppaint.images.canvas import FITS, fit_to_canvas
from tf_deeppaint.images.pixels import MAX_SIDE
from tf_deeppaint.line_art.sketch_keras import SketchKeras
from tf_deeppaint.line_art.styles import CHOICES, MIXTURE, draw_styles
from tf_deeppaint.palette.extraction import check_background, extract_palette
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

OWN = "own"
# The kind of error that spoils a whole build, not one drawing.
CHANGED = "changed"


class BuildConfig(NamedTuple):
    """How drawings become records.

    Attributes:
        size: Side of the canvas in pixels, a multiple of 64.
        background: Palette rule; see `extract_palette`.
        sketch: Styles of the sketches a record holds, in order; see `CHOICES`.
        network: File of the sketchKeras network; needed by its styles alone.
        fit: How pictures that are not square are fitted; see `fit_to_canvas`.
        max_enlargement: Smaller pictures are enlarged by this factor at most.
        min_size: Pictures whose shorter side has fewer pixels are left out, where the pictures
            are looked at.
        drop_copies: Whether one of several equal and nearly equal pictures is enough.
    """

    size: int
    background: str
    sketch: tuple[str, ...] = (OWN,)
    network: str = ""
    fit: str = "pad"
    max_enlargement: float = 2.0
    min_size: int = 64
    drop_copies: bool = False

    def options(self) -> dict:
        """The recipe as the manifest holds it: the network by the SHA-256 of its file."""
        network = files.sha256(self.network) if self.network else ""
        return self._asdict() | {"sketch": list(self.sketch), "network": network}


def check_config(recipe: BuildConfig) -> None:
    """Raises DeepPaintError where a recipe cannot be followed."""
    if recipe.size < 64 or recipe.size % 64 or recipe.size > MAX_SIDE:
        raise DeepPaintError(f"size={recipe.size}: a multiple of 64 from 64 to {MAX_SIDE}")
    check_background(recipe.background)
    unknown = [style for style in recipe.sketch if style not in CHOICES]
    if unknown or not recipe.sketch:
        choices = ", ".join(CHOICES)
        raise DeepPaintError(f"sketch={','.join(unknown)!r}: choose one or more of {choices}")
    if len(set(recipe.sketch)) < len(recipe.sketch):
        raise DeepPaintError(f"sketch={','.join(recipe.sketch)}: names a style twice")
    if recipe.fit not in FITS:
        raise DeepPaintError(f"fit={recipe.fit!r}: choose one of {', '.join(FITS)}")
    if not recipe.max_enlargement >= 1:
        raise DeepPaintError(f"max_enlargement={recipe.max_enlargement}: a number from 1 on")
    if any(style.startswith("sketchkeras") for style in recipe.sketch) and not recipe.network:
        raise DeepPaintError(
            "sketch=sketchkeras needs --network=FILE, sketchKeras's mod.h5 or a .keras file of it"
        )
    if recipe.network:
        SketchKeras.load(recipe.network)


class LookTask(NamedTuple):
    """Looks at drawings: `[(number, drawing), ...] -> [(number, Seen), ...]`.

    Attributes:
        source: Where they come from.
        min_size: See `BuildConfig`.
        strict: Whether the first that cannot be read raises.
    """

    source: Source
    min_size: int
    strict: bool

    def __call__(self, numbered: list[tuple[int, Example]]) -> list[tuple[int, Seen]]:
        return [(number, self._look(drawing)) for number, drawing in numbered]

    def _look(self, drawing: Example) -> Seen:
        try:
            look = self.source.look(drawing)
        except DeepPaintError as error:
            if self.strict:
                raise
            return Seen(left_out=error.kind or "unreadable", complaint=str(error))
        if isinstance(look, Skipped):
            return Seen(left_out=look.why)
        if min(look.height, look.width) < self.min_size:
            return Seen(left_out=f"smaller than {self.min_size} pixels")
        return Seen(look.digest, near_duplicates.likeness(look.picture))


class Prepared(NamedTuple):
    """What came of one drawing: a record, or why there is none and the line to report."""

    record: records.Record | None
    left_out: str = ""
    complaint: str = ""


class PrepareTask(NamedTuple):
    """Makes records: `[Planned, ...] -> [Prepared, ...]`, the sketches in one batch.

    Attributes:
        source: Where the drawings come from.
        recipe: How they are prepared.
        strict: Whether the first that cannot be read raises.
    """

    source: Source
    recipe: BuildConfig
    strict: bool

    def __call__(self, planned: list[Planned]) -> list[Prepared]:
        found = [self._load(plan) for plan in planned]
        readable = [i for i, item in enumerate(found) if isinstance(item, LoadedExample)]
        made = prepare(
            self.source.origin.name,
            [planned[i].drawing for i in readable],
            [found[i] for i in readable],
            self.recipe,
        )
        for i, record in zip(readable, made, strict=True):
            found[i] = Prepared(record)
        return found

    def _load(self, plan: Planned) -> LoadedExample | Prepared:
        drawing, digest = plan
        try:
            artwork = self.source.load(drawing, self.recipe.size)
        except DeepPaintError as error:
            if digest and error.kind == "missing":
                raise _changed(drawing) from error
            if self.strict:
                raise
            return Prepared(None, error.kind or "unreadable", str(error))
        if digest and artwork.digest != digest:
            raise _changed(drawing)
        return artwork


def prepare(
    source: str, drawings: list[Example], artworks: list[LoadedExample], recipe: BuildConfig
) -> list[records.Record]:
    """Fits artworks to the canvas, finds their lines and palettes, and encodes the records.

    Args:
        source: The source's name; a record's name is that and the drawing's, and decides the
            random choices among sketch styles.
        drawings: What was loaded, their groups known.
        artworks: What it was loaded as.
        recipe: How.
    """
    names = [f"{source}/{drawing.name}" for drawing in drawings]
    pictures = [_fit(artwork.picture, recipe) for artwork in artworks]
    own = [None if a.sketch is None else _fit(a.sketch, recipe) for a in artworks]
    sketches = _sketches(pictures, own, names, recipe)
    palettes = [_palette(a, p, recipe) for a, p in zip(artworks, pictures, strict=True)]
    groups = [drawing.group for drawing in drawings]
    fields = zip(names, groups, sketches, pictures, palettes, strict=True)
    return [records.make_record(*of_one) for of_one in fields]


def _fit(pixels: np.ndarray, recipe: BuildConfig) -> np.ndarray:
    canvas, _ = fit_to_canvas(pixels, recipe.size, recipe.fit, recipe.max_enlargement)
    return canvas


def _palette(artwork: LoadedExample, canvas: np.ndarray, recipe: BuildConfig) -> np.ndarray:
    height, width = artwork.picture.shape[:2]
    # A palette given for the whole picture says nothing of a part of it, nor by another rule.
    is_whole = recipe.fit == "pad" or height == width
    if artwork.palette is not None and recipe.background == "drop" and is_whole:
        return artwork.palette
    return extract_palette(canvas, recipe.background)


def _sketches(
    pictures: list[np.ndarray], own: list[np.ndarray | None], names: list[str], recipe: BuildConfig
) -> list[list[np.ndarray]]:
    """For each picture its sketches in the recipe's styles, its own lines where it has any."""
    sketches: list[list[np.ndarray]] = [[] for _ in pictures]
    for has_lines in (False, True):
        chosen = [i for i, lines in enumerate(own) if (lines is not None) == has_lines]
        if not chosen:
            continue
        styles = [s if s != OWN else MIXTURE for s in recipe.sketch]
        place = recipe.sketch.index(OWN) if has_lines and OWN in recipe.sketch else None
        if place is not None:
            del styles[place]
        drawn = draw_styles(
            styles,
            [_rng(names[i]) for i in chosen],
            [pictures[i] for i in chosen],
            _network(recipe.network) if recipe.network else None,
        )
        for i, lines in zip(chosen, drawn, strict=True):
            sketches[i] = list(lines)
            if place is not None:
                sketches[i].insert(place, own[i])
    return sketches


def _rng(name: str) -> np.random.Generator:
    digest = hashlib.sha256(name.encode(errors="surrogateescape")).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


@functools.cache
def _network(path: str) -> SketchKeras:
    """The network of this process, loaded when it is first needed."""
    if multiprocessing.parent_process() is not None:
        import tensorflow as tf

        # One process a core is threads enough.
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    return SketchKeras.load(path)


def _changed(drawing: Example) -> DeepPaintError:
    return DeepPaintError(
        f"{drawing.name}: has changed since this build began; bring it back, or remove the "
        "output folder and build again",
        CHANGED,
    )
