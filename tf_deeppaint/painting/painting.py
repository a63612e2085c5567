"""A painting: a sketch and its prediction, from which pictures and layers are made."""

import copy
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tf_deeppaint.images.canvas import Placement, resize
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.images.pixels import MAX_SIDE, WHITE
from tf_deeppaint.images.resolution import Dpi
from tf_deeppaint.images.strips import is_large
from tf_deeppaint.line_art.compositing import is_white, lay_lines
from tf_deeppaint.line_art.ink import to_working_size, working_factor
from tf_deeppaint.line_art.pens import KEEP, Sketch, choose_pen
from tf_deeppaint.line_art.regions import find_open_paper, find_working_regions
from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.painting.hints.marking import apply_hint
from tf_deeppaint.painting.hints.redrawing import redraw
from tf_deeppaint.painting.layers.flats import BY_COLOR, FLATS, make_flats
from tf_deeppaint.painting.layers.layer import Layer
from tf_deeppaint.painting.layers.separation import make_layers
from tf_deeppaint.painting.prediction import Prediction
from tf_deeppaint.painting.region_colors import (
    RegionMixtures,
    color_canvas,
    color_regions,
    with_bare_backdrop,
)
from tf_deeppaint.painting.upsampling import (
    MARGIN,
    cell_factor,
    fill_lines,
    upsample_color,
    upsample_labels,
)
from tf_deeppaint.palette.named_colors import parse_word_or_color
from tf_deeppaint.utils.errors import DeepPaintError

LINES = ("original", "network")
# What stands where nothing is painted: as in the sketch, transparent or white; or else a color.
AUTO_PAPER, WHITE_PAPER, TRANSPARENT = "auto", "white", "transparent"
PAPERS = (AUTO_PAPER, WHITE_PAPER, TRANSPARENT)
# About how many pixels of a large picture are made at a time.
PART = 1 << 24


class Picture(np.ndarray):
    """A painted picture that can be saved: uint8 RGB `(H, W, 3)` or RGBA `(H, W, 4)`.

    Attributes:
        dpi: Horizontal and vertical pixels an inch of the sketch; None where they are not known.
            Arrays made of this one have none.
    """

    dpi: Dpi | None = None

    def save(self, path: str | os.PathLike) -> None:
        """Writes a PNG, with the resolution, aside and renames it.

        Raises:
            DeepPaintError: the name does not end in `.png`, or it cannot be written there.
        """
        if not os.fspath(path).lower().endswith(".png"):
            raise DeepPaintError(f"{path}: pictures are written as .png")
        write_picture(path, self, self.dpi)


class Painting:
    """A sketch of any size and the network's prediction for its canvas.

    Args:
        sketch: uint8 gray `(H, W)`; of a `Sketch` the color of the lines and the transparency can
            be kept.
        placement: Where on the canvas the sketch lies.
        prediction: The network's prediction for the canvas.
        regions: The regions of the sketch and their mixtures; None leaves the colors of the canvas
            as they are.

    Attributes:
        hints: The hints, in the order in which they were given.
    """

    def __init__(
        self,
        sketch: np.ndarray,
        placement: Placement,
        prediction: Prediction,
        regions: RegionMixtures | None = None,
    ):
        self.sketch = sketch
        self.placement = placement
        self.prediction = prediction
        self.regions = regions
        self.hints: tuple[Hint, ...] = ()
        self._painted = regions  # without hints
        self._color: np.ndarray | None = None
        self._cells: np.ndarray | None = None

    def with_color(self, like: "Painting | None" = None) -> "Painting":
        """The painting with its color made once, for all pictures and layers that are made of it.

        It keeps 3 bytes a pixel, a large one nothing. `like`: a painting of the same sketch with
        its color; only what differs from it is made.
        """
        drawn = self._copy()
        if self.regions is None:
            drawn._color = self.color()
        elif not is_large(*self.sketch.shape):
            drawn._cells = color_regions(self.regions, self.prediction, self.placement)
            factor = cell_factor(self.sketch.shape, self.regions.labels.shape)
            known = None if like is None or like._cells is None else (like._cells, like._color)
            drawn._color = redraw(drawn._cells, self.sketch, factor, known)
        return drawn

    def _copy(self) -> "Painting":
        copied = copy.copy(self)
        copied._color = copied._cells = None
        return copied

    def recolor(self, palette: np.ndarray) -> "Painting":
        """The painting in another palette, uint8 `(4, 4, 3)`, without running the network.

        Raises:
            DeepPaintError: The model's head is not mixture, or this is no palette.
        """
        recolored = self._copy()
        recolored.prediction = self.prediction.recolor(check_palettes(palette[None])[0])
        return recolored

    def hint(
        self, x: float, y: float, color: str | Sequence[int], everywhere: bool = False
    ) -> "Painting":
        """The painting with the region at a point in another color; shading and lines stay.

        No network runs. The region is the one that painting fills: gaps in its lines are closed. On
        a line it is the nearest. A later hint goes over an earlier one. Hints stay in `recolor`.

        Args:
            x: Pixels from the left edge of the sketch.
            y: Pixels from its top edge.
            color: A code `#rrggbb`, or red, green and blue, 0 to 255.
            everywhere: Whether everything that has the region's color gets the new one.

        Raises:
            DeepPaintError: the point lies beside the picture or where no region is, this is no
                color, or regions are not evened out.
        """
        return self.add_hints([Hint.dot(x, y, color, everywhere)])

    def hint_stroke(
        self,
        points: Iterable[tuple[float, float]],
        color: str | Sequence[int],
        everywhere: bool = False,
    ) -> "Painting":
        """The painting with the regions along a stroke in another color; else as `hint`.

        Regions that the stroke only grazes keep their color; see `hints.marking`.

        Args:
            points: `(x, y)` each; straight lines join them.
            color: As `hint` takes it.
            everywhere: Likewise.
        """
        return self.add_hints([Hint.stroke(points, color, everywhere)])

    def add_hints(self, hints: Iterable[Hint], name: str | None = None) -> "Painting":
        """The painting with further hints; raises as `hint`.

        Args:
            hints: The hints; later ones go over earlier ones.
            name: The name of the file they stand in, which errors name.
        """
        hinted = self._copy()
        for hint in hints:
            if hinted.regions is None:
                raise DeepPaintError("hints need a model of the mixture head, its regions evened")
            try:
                hinted.regions = apply_hint(
                    hinted.regions, hint, self.prediction.palette, self.sketch.shape
                )
            except DeepPaintError as error:
                raise DeepPaintError(f"{name}: {error}" if name else str(error)) from error
            hinted.hints += (hint,)
        return hinted

    def with_hints(self, hints: Iterable[Hint]) -> "Painting":
        """The painting with these hints instead of all it has, as to remove some; raises as `hint`.

        Example:
        >>> without_the_last = painting.with_hints(painting.hints[:-1])
        """
        bare = self._copy()
        bare.regions, bare.hints = self._painted, ()
        return bare.add_hints(hints)

    def picture(
        self, lines: str = "original", line_color: str = KEEP, paper: str = WHITE_PAPER
    ) -> Picture:
        """The picture at the sketch's own size.

        Args:
            lines: `"original"`: the color, enlarged so that none crosses a line, under the
                sketch's own lines; `"network"`: all as the network painted it, enlarged, whatever
                the other two say.
            line_color: The color of the sketch's own lines: `"keep"`, `"black"` or `"#rrggbb"`.
            paper: What stands where the sketch is open to its edge: `"white"`, `"transparent"`,
                `"#rrggbb"`, or `"auto"`: transparent where the sketch is, otherwise white.

        Returns:
            uint8 RGB `(H, W, 3)`; on transparent paper RGBA `(H, W, 4)`.
        """
        return self._join(self.parts(lines, line_color, paper)).view(Picture)

    def parts(
        self, lines: str = "original", line_color: str = KEEP, paper: str = WHITE_PAPER
    ) -> Iterator[np.ndarray]:
        """The rows of `picture`, from the top down; of a large one some at a time.

        That takes little memory where regions are evened out and lines are the sketch's own.
        """
        if lines not in LINES:
            raise DeepPaintError(f"lines={lines!r}: choose one of {', '.join(LINES)}")
        pen, sheet = choose_pen(line_color, self.sketch), self._choose_paper(paper)
        if lines == "network":
            canvas = self.prediction.picture()
            if self.hints:
                canvas = color_canvas(self.regions, self.prediction, self.placement)
            yield resize(self.cut(canvas), *self.sketch.shape)
            return
        is_paper, top = None if is_white(sheet) else self._open_paper(), 0
        for color in self._color_parts():
            rows = slice(top, top + len(color))
            # The colors of lines are those of a whole sketch; large ones have none.
            sketch = self.sketch if len(color) == len(self.sketch) else self.sketch[rows]
            here = None if is_paper is None else is_paper[rows]
            yield lay_lines(color, sketch, pen, sheet, here)
            top += len(color)

    def color(self) -> np.ndarray:
        """The color under the lines at the sketch's own size, uint8 RGB `(H, W, 3)`."""
        return self._join(self._color_parts())

    def _join(self, parts: Iterator[np.ndarray]) -> np.ndarray:
        first = next(parts)
        if len(first) == len(self.sketch):
            return first
        joined, top = np.empty((*self.sketch.shape, first.shape[2]), np.uint8), 0
        for part in itertools.chain([first], parts):
            joined[top : top + len(part)] = part
            top += len(part)
        return joined

    def _color_parts(self) -> Iterator[np.ndarray]:
        if self._color is not None:
            yield self._color
            return
        if self.regions is None:
            color = fill_lines(self.prediction.colors(), self.prediction.canvas)
            yield upsample_color(self.cut(color), self.sketch)
            return
        color = color_regions(self.regions, self.prediction, self.placement)
        factor = cell_factor(self.sketch.shape, self.regions.labels.shape)
        if factor is None or not is_large(*self.sketch.shape):
            yield upsample_color(color, self.sketch, factor)
            return
        step = max(MARGIN, PART // (self.sketch.shape[1] * factor))
        for first in range(0, len(color), step):
            top, bottom = max(0, first - MARGIN), first + step + MARGIN
            sketch = self.sketch[top * factor : bottom * factor]
            part = upsample_color(color[top:bottom], sketch, factor)
            yield part[(first - top) * factor :][: step * factor]

    def cut(self, canvas: np.ndarray) -> np.ndarray:
        """The part of a canvas `(S, S)` or `(S, S, C)` that the sketch lies on."""
        return canvas[self.placement.area]

    def layers(
        self, line_color: str = KEEP, paper: str = WHITE_PAPER, flats: str = BY_COLOR
    ) -> list[Layer]:
        """Paper, flats, shading, highlights and lines, from the bottom up; see `painting.layers`.

        Where the model does not mix colors, the color is one layer.

        Args:
            line_color: As `picture` takes it.
            paper: Likewise.
            flats: `"color"`: a flat for each color of the palette and of hints, of what is mixed
                mostly of it; `"region"`: one for each region, of many for the largest; `"unique"`:
                as `"color"`, and a hidden layer in which each region has a color that no other has,
                to be selected by.

        Raises:
            DeepPaintError: the sketch is large, see `strips`; or there are no such flats.
        """
        if flats not in FLATS:
            raise DeepPaintError(f"flats={flats!r}: choose one of {', '.join(FLATS)}")
        if is_large(*self.sketch.shape):
            raise DeepPaintError(
                f"over {MAX_SIDE} x {MAX_SIDE} pixels, too large for layers; leave them out, or "
                "scale the sketch down"
            )
        pen, sheet = choose_pen(line_color, self.sketch), self._choose_paper(paper)
        is_paper = None if is_white(sheet) else self._open_paper()
        chosen = None
        if self.prediction.weights is not None:
            chosen = make_flats(flats, self.sketch, self.prediction, self.placement, self.regions)
        return make_layers(self.color(), self.sketch, chosen, pen, sheet, is_paper)

    def _choose_paper(self, paper: str) -> np.ndarray | None:
        """The color of the paper, uint8 `(3,)`; None: it is transparent."""
        parsed = parse_paper(paper)
        if isinstance(parsed, np.ndarray):
            return parsed
        keeps = parsed == AUTO_PAPER and isinstance(self.sketch, Sketch)
        is_transparent = parsed == TRANSPARENT or (keeps and self.sketch.is_transparent)
        return None if is_transparent else np.full(3, WHITE, np.uint8)

    def _open_paper(self) -> np.ndarray:
        """Where the sketch is open to its edge, uint8 `(H, W)`, 0 or 1."""
        if self.regions is None:
            shape = self.sketch.shape
            labels = find_working_regions(
                shape, to_working_size(self.sketch, working_factor(*shape))
            )
        else:
            labels = with_bare_backdrop(self.regions, self.prediction)
        is_open = find_open_paper(labels).astype(np.uint8)
        return upsample_labels(is_open, self.sketch, cell_factor(self.sketch.shape, labels.shape))


def parse_paper(paper: str) -> str | np.ndarray:
    """One of `PAPERS`, or a color, uint8 `(3,)`; raises DeepPaintError for others."""
    return parse_word_or_color(paper, "paper", PAPERS)


def check_palettes(palettes: np.ndarray) -> np.ndarray:
    """Returns the palettes; raises DeepPaintError if they are not uint8 `(N, 4, 4, 3)`."""
    if palettes.dtype != np.uint8 or palettes.shape[1:] != (4, 4, 3):
        raise DeepPaintError(
            f"a palette is uint8 (4, 4, 3), not {palettes.dtype} {palettes.shape[1:]}"
        )
    return palettes
