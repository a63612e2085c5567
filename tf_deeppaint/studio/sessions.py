"""What the studio does for its visitors, without a page: files and colors in, pictures out."""

import os
import secrets
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.pixels import decode_picture, decode_rgba, shrink, write_picture
from tf_deeppaint.painting.inputs import to_sketch
from tf_deeppaint.painting.layer_files import write_layers
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.painting.painting import Painting
from tf_deeppaint.palette.extraction import BANDS, COLORS
from tf_deeppaint.palette.named_colors import MOST, color_code, parse_colors
from tf_deeppaint.studio.examples import PALETTES, Example, draw_examples
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.visualization.heat_maps import draw_heat_map

# A file that is put on the page may have so many bytes.
MAX_BYTES = 32 * 2**20
# The page shows pictures at most this many pixels long; what is downloaded has them all.
SHOWN_SIDE = 1024

# A palette as the page has it: four rows of four codes, `#rrggbb`.
Codes = list[list[str]]


class Upload(NamedTuple):
    """A file that a visitor put on the page: where it lies, and what they call it."""

    path: str
    name: str


class Work(NamedTuple):
    """What one visitor has on the desk.

    Attributes:
        begun: The painting with the palette the network saw.
        painting: The same in the palette chosen since.
        small: The sketch as the page shows it, uint8 `(h, w)`.
        maps: The attention maps behind `begun`, once they have been looked at.
    """

    begun: Painting
    painting: Painting
    small: np.ndarray
    maps: list[np.ndarray] | None = None


class Desk:
    """Serves every visitor with one painter.

    Args:
        painter: Who paints.
        folder: Where files to be downloaded are written; each gets a folder of its own.

    Attributes:
        examples: The examples, drawn once.
        gates: How many attention maps there are to look at.
    """

    def __init__(self, painter: Painter, folder: str):
        self.painter = painter
        self.folder = folder
        self.examples: list[Example] = draw_examples()
        blank = np.full((1, painter.size, painter.size), 255, np.uint8)
        palette = next(iter(PALETTES.values()))
        self.gates = len(painter.attention_canvases(blank, palette[None]))

    def paint(self, sketch: np.ndarray, palette: np.ndarray) -> Work:
        """Runs the network on a sketch, uint8 `(H, W)`, with a palette, uint8 `(4, 4, 3)`."""
        begun = self.painter.begin([sketch], palette[None])[0]
        return Work(begun, begun, shrink(sketch, SHOWN_SIDE))

    def recolor(self, work: Work, palette: np.ndarray) -> Work:
        """Gives a painting another palette; the network runs only if its model cannot mix."""
        if not self.painter.backend.mixes:
            return self.paint(work.begun.sketch, palette)
        return work._replace(painting=work.begun.recolor(palette))

    def look_inside(self, work: Work) -> Work:
        """Finds the attention maps of a painting, unless they are there."""
        return work if work.maps else work._replace(maps=self.painter.attention(work.begun))

    def palette_of(self, upload: Upload | None) -> np.ndarray:
        """The palette of a reference, uint8 `(4, 4, 3)`.

        Raises:
            DeepPaintError: there is none, or it is no picture; see `images.decode_picture`.
        """
        if upload is None:
            raise DeepPaintError("there is no reference yet; drop one")
        return self.painter.palette_of(decode_picture(_read(upload), upload.name))

    def save_picture(self, work: Work, lines: str) -> str:
        """Writes the picture at the sketch's own size; returns the file's path."""
        path = self._new_path("painted.png")
        work.painting.picture(lines).save(path)
        return path

    def save_layers(self, work: Work) -> str:
        """Writes the layers as an OpenRaster file; returns its path."""
        path = self._new_path("painted.ora")
        write_layers(path, work.painting.layers())
        return path

    def save_example(self, number: int) -> tuple[str, str]:
        """Writes an example as a visitor would put it there: the paths of sketch and reference."""
        sketch, reference = self.examples[number]
        paths = self._new_path("sketch.png"), self._new_path("reference.png")
        write_picture(paths[0], sketch)
        write_picture(paths[1], reference)
        return paths

    def _new_path(self, name: str) -> str:
        return os.path.join(self.folder, secrets.token_hex(16), name)


def show(work: Work, lines: str, gate: int) -> np.ndarray:
    """What the page shows of a painting, uint8 RGB, at most `SHOWN_SIDE` pixels long.

    Args:
        work: The painting.
        lines: As `Painting.picture` takes it.
        gate: 0 for the picture; otherwise the number of an attention map, 1 the deepest, which
            `Desk.look_inside` has found.

    Raises:
        DeepPaintError: there is no such map.
    """
    if gate != 0:
        if gate not in range(1, 1 + len(work.maps or ())):
            raise DeepPaintError(f"there is no attention map {gate} in this model")
        return draw_heat_map(work.maps[gate - 1], work.small)
    painting, (height, width) = work.painting, work.small.shape
    place = painting.place._replace(original_height=height, original_width=width)
    small = Painting(work.small, painting.canvas, place, painting.palette, painting.found)
    return small.picture(lines)


def read_sketch(upload: Upload | None, clean: bool) -> np.ndarray:
    """Reads a sketch as uint8 `(H, W)`.

    Args:
        upload: The file.
        clean: Whether paper and lines are found in it first; see `cleaning.clean`.

    Raises:
        DeepPaintError: there is none, it is no picture, or it is too large.
    """
    if upload is None:
        raise DeepPaintError("there is no sketch yet; drop one, draw one, or choose an example")
    decode = decode_rgba if clean else decode_picture
    return to_sketch(decode(_read(upload), upload.name), clean)


def to_codes(palette: np.ndarray) -> Codes:
    """A palette, uint8 `(4, 4, 3)`, as the page has it."""
    return [[color_code(color) for color in band] for band in palette]


def from_codes(codes: Codes) -> np.ndarray:
    """The palette, uint8 `(4, 4, 3)`, of codes that came from a page, or from anybody.

    Raises:
        DeepPaintError: they are not four rows of four colors.
    """
    rows = codes if isinstance(codes, list) and len(codes) == BANDS else []
    flat = [code for row in rows if isinstance(row, list) for code in row]
    if len(flat) != MOST or not all(isinstance(code, str) for code in flat):
        raise DeepPaintError("a palette has four bands of four colors, #rrggbb each")
    return parse_colors(",".join(flat)).reshape(BANDS, COLORS, 3)


def _read(upload: Upload) -> bytes:
    if not files.is_file(upload.path):
        raise DeepPaintError(f"{upload.name}: was put here too long ago; drop it again")
    return files.read_bytes(upload.path, MAX_BYTES)
