"""What the studio does for its visitors, without a page: files and colors in, pictures out."""

import os
import secrets
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np

from tf_deeppaint.images.decoding import decode_picture
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.painting.inputs import decode_sketch, resolution_of, shrink_sketch
from tf_deeppaint.painting.layer_files import write_layers
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.painting.painting import AUTO_PAPER, KEEP, LINES, Painting
from tf_deeppaint.palette.named_colors import MOST, color_code, parse_colors
from tf_deeppaint.palette.rules import BANDS, COLORS
from tf_deeppaint.studio.examples import PALETTES, Example, draw_examples
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.visualization.heat_maps import draw_heat_map

# Largest file that a visitor may put on the page, in bytes.
MAX_BYTES = 32 * 2**20
# Bytes of all sketches and paintings that are kept, from which on none is begun; one takes 100 MB
# where its sketch is of the largest size.
MAX_PAINTINGS_BYTES = 2 * 2**30
# Longest side of a picture on the page, in pixels; downloads have the sketch's own size.
SHOWN_SIDE = 1024

# A palette on the page: four rows of four codes `#rrggbb`.
Codes = list[list[str]]
Kept = TypeVar("Kept")


class FullError(DeepPaintError):
    """There is no room for another painting now, but there may be later."""


class Upload(NamedTuple):
    """A file that a visitor put on the page: its path here, and the name the visitor gave it."""

    path: str
    name: str


class State(NamedTuple):
    """What the server keeps of one visitor between requests.

    Attributes:
        original: The painting in the palette that the network saw.
        painting: The same in the palette chosen since.
        small_sketch: The sketch as large as the page shows it, uint8 `(h, w)`.
        attention_maps: Those of `original`, or None before they are asked for.
        last: What the page showed last, with its color; only what differs from it is drawn anew.
    """

    original: Painting
    painting: Painting
    small_sketch: np.ndarray
    attention_maps: list[np.ndarray] | None = None
    last: Painting | None = None


class Sessions:
    """Serves the sessions of all visitors with one painter.

    Args:
        painter: The painter.
        folder: Where files to download are written, each in a folder of its own.

    Attributes:
        examples: The examples, drawn once.
        attention_maps: How many attention maps the model has.
        example_paths: Where `write_example` has written; any visitor may name these files.
        make_room: Forgets a painting that nobody is at work on; whether there was one.
    """

    def __init__(self, painter: Painter, folder: str):
        self.painter = painter
        self.folder = folder
        self.example_paths: set[str] = set()
        self._example_folder = secrets.token_hex(16)
        self.make_room: Callable[[], bool] = lambda: False
        self._kept: dict[int, int] = {}  # bytes of arrays, by their ids
        self._turn = threading.Lock()
        self.examples: list[Example] = draw_examples()
        blank = np.full((1, painter.size, painter.size), 255, np.uint8)
        palette = next(iter(PALETTES.values()))
        self.attention_maps = len(painter.backend.attention(blank, palette[None]))

    def paint(
        self,
        sketch: np.ndarray,
        palette: np.ndarray,
        gap: int | None = None,
        hints: tuple[Hint, ...] = (),
    ) -> State:
        """Runs the network on a sketch, uint8 `(H, W)`, with a palette, uint8 `(4, 4, 3)`.

        One picture is painted at a time, whoever asks for it.

        Args:
            sketch: The sketch.
            palette: The palette.
            gap: As `Painter.paint` takes it.
            hints: Likewise; those that do not fit the sketch are an error.

        Raises:
            FullError: the paintings of visitors at work take all memory.
            DeepPaintError: hints that do not fit.
        """
        self.check_room()
        with self._turn:
            painting = self.painter.make_paintings([sketch], palette[None], gap)[0]
        hinted = painting.add_hints(hints) if hints else painting
        return self.count(State(painting, hinted, shrink_sketch(sketch, SHOWN_SIDE)))

    def check_room(self) -> None:
        """Makes room for another sketch or painting; raises FullError where there is none."""
        while self.kept_bytes > MAX_PAINTINGS_BYTES:
            if not self.make_room():
                raise FullError(
                    "the studio holds as many paintings as it can; try again when others have left"
                )

    @property
    def kept_bytes(self) -> int:
        """What the sketches and paintings of all visitors take."""
        return sum(list(self._kept.values()))

    def count(self, kept: Kept) -> Kept:
        """Counts all arrays of a sketch or a state, each once, until it is gone; returns it."""
        for array in _arrays_of(kept):
            if id(array) not in self._kept:
                self._kept[id(array)] = array.nbytes
                weakref.finalize(array, self._kept.pop, id(array), None)
        return kept

    def recolor(
        self, state: State, palette: np.ndarray, hints: tuple[Hint, ...] | None = None
    ) -> State:
        """Changes the palette; the network runs again only if the model has no mixture head.

        Args:
            state: The state.
            palette: uint8 `(4, 4, 3)`.
            hints: Those that the painting has afterwards; None: those that it has.
        """
        hints = state.painting.hints if hints is None else hints
        if not self.painter.backend.mixes:
            if hints:
                raise DeepPaintError("this model paints no single regions; hints need another")
            return self.paint(state.original.sketch, palette)
        painting = state.original.recolor(palette)
        painting = painting.add_hints(hints) if hints else painting
        return self.count(state._replace(painting=painting))

    def with_attention(self, state: State) -> State:
        """Adds the attention maps of a painting, unless the state has them."""
        if state.attention_maps:
            return state
        return self.count(state._replace(attention_maps=self.painter.attention(state.original)))

    def palette_of(self, upload: Upload | None) -> np.ndarray:
        """The palette of a reference, uint8 `(4, 4, 3)`.

        Raises:
            DeepPaintError: there is none, or it is no picture; see `pixels.decode_picture`.
        """
        if upload is None:
            raise DeepPaintError("there is no reference yet; drop one")
        return self.painter.palette_of(decode_picture(read_upload(upload), upload.name))

    def write_picture(
        self, state: State, lines: str, line_color: str = KEEP, paper: str = AUTO_PAPER
    ) -> str:
        """Writes `Painting.picture` at the sketch's own size; returns the path."""
        path = self.new_path("painted.png")
        picture = state.painting.picture(lines, line_color, paper)
        picture.dpi = resolution_of(state.painting.sketch)
        picture.save(path)
        return path

    def write_layers(
        self,
        state: State,
        line_color: str = KEEP,
        paper: str = AUTO_PAPER,
        name: str = "painted.ora",
    ) -> str:
        """Writes the layers to a file, or a folder, of a name as `write_layers` takes it."""
        path, painting = self.new_path(name), state.painting.with_color()
        layers = painting.layers(line_color, paper)
        merged = painting.parts(LINES[0], line_color, paper)
        write_layers(path, layers, resolution_of(painting.sketch), merged)
        return path

    def warm_up(self) -> None:
        """Paints an example, so that no visitor waits for what is done only once."""
        state = self.paint(self.examples[0].sketch, next(iter(PALETTES.values())))
        render(state, LINES[0], 0)

    def write_example(self, number: int) -> tuple[str, str]:
        """Writes an example as if a visitor had put it there: paths of sketch and reference."""
        folder = os.path.join(self.folder, f"{self._example_folder}{number}")
        paths = os.path.join(folder, "sketch.png"), os.path.join(folder, "reference.png")
        for path, picture in zip(paths, self.examples[number], strict=True):
            write_picture(path, picture, is_lasting=False)
        self.example_paths.update(paths)
        return paths

    def new_path(self, name: str) -> str:
        """A path for a file to show or to download, in a folder of its own."""
        return os.path.join(self.folder, secrets.token_hex(16), name)


def render(
    state: State,
    lines: str,
    attention: int,
    line_color: str = KEEP,
    paper: str = AUTO_PAPER,
) -> np.ndarray:
    """Renders what the page shows, uint8 RGB or RGBA, at most `SHOWN_SIDE` pixels long.

    Args:
        state: The visitor's state.
        lines: As `Painting.picture` takes it.
        attention: 0 for the picture; otherwise the number of an attention map, 1 the deepest, which
            `Sessions.with_attention` has added.
        line_color: As `Painting.picture` takes it.
        paper: Likewise.

    Raises:
        DeepPaintError: there is no such map.
    """
    if attention != 0:
        if attention not in range(1, 1 + len(state.attention_maps or ())):
            raise DeepPaintError(f"there is no attention map {attention} in this model")
        return draw_heat_map(state.attention_maps[attention - 1], state.small_sketch)
    return draw(state).last.picture(lines, line_color, paper)


def draw(state: State) -> State:
    """The state with what the page shows of its painting."""
    painting, last = state.painting, state.last
    if last and last.prediction is painting.prediction and last.regions is painting.regions:
        return state
    small = Painting(state.small_sketch, painting.placement, painting.prediction, painting.regions)
    small.hints = painting.hints
    return state._replace(last=small.with_color(last))


def read_sketch(
    upload: Upload | None, clean: str | bool, recolor: bool = False, gap: int | None = None
) -> tuple[np.ndarray, str]:
    """Reads a sketch.

    Args:
        upload: The file.
        clean: Whether it is cleaned first: `"auto"`, `"on"` or `"off"`; see `preparation.prepare`.
        recolor: Whether the lines are taken out of a picture that is colored already; see there.
        gap: As `inputs.read_sketch` takes it.

    Returns:
        The sketch, uint8 `(H, W)`, and a line that tells what was done or what it is; empty where
        there is nothing to tell.

    Raises:
        DeepPaintError: there is none, it is no picture, or it is too large.
    """
    if upload is None:
        raise DeepPaintError("there is no sketch yet; drop one, draw one, or choose an example")
    prepared = decode_sketch(read_upload(upload), upload.name, clean, recolor, gap)
    return prepared.sketch, prepared.note


def palette_to_codes(palette: np.ndarray) -> Codes:
    """A palette, uint8 `(4, 4, 3)`, as the page has it."""
    return [[color_code(color) for color in band] for band in palette]


def codes_to_palette(codes: Codes) -> np.ndarray:
    """The palette, uint8 `(4, 4, 3)`, of codes that a browser sent.

    Raises:
        DeepPaintError: they are not four rows of four colors.
    """
    rows = codes if isinstance(codes, list) and len(codes) == BANDS else []
    flat = [code for row in rows if isinstance(row, list) for code in row]
    if len(flat) != MOST or not all(isinstance(code, str) for code in flat):
        raise DeepPaintError("a palette has four bands of four colors, #rrggbb each")
    return parse_colors(",".join(flat)).reshape(BANDS, COLORS, 3)


def read_upload(upload: Upload) -> bytes:
    """The bytes of a file, at most `MAX_BYTES`; raises DeepPaintError where it is gone."""
    if not files.is_file(upload.path):
        raise DeepPaintError(f"{upload.name}: the upload has expired; drop the file again")
    return files.read_bytes(upload.path, MAX_BYTES)


def _arrays_of(value: object) -> Iterator[np.ndarray]:
    """All arrays that a value leads to, each once."""
    left, seen = [value], set()
    while left:
        value = left.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, np.ndarray):
            yield value
        if isinstance(value, (tuple, list)):
            left += value
        left += getattr(value, "__dict__", {}).values()
