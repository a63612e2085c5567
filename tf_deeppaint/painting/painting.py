"""A painting: a sketch and what the network said of it, at the sketch's own size on demand."""

import os

import cv2
import numpy as np

from tf_deeppaint.images.canvas import Placement, unfit_from_canvas
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.images.pixels import WHITE, from_unit_range
from tf_deeppaint.line_art.compositing import lay_lines
from tf_deeppaint.line_art.regions import PAPER
from tf_deeppaint.painting.layer_files import Layer, make_layers
from tf_deeppaint.painting.upsampling import upsample_color
from tf_deeppaint.palette.extraction import BANDS, COLORS
from tf_deeppaint.palette.mixing import SLOTS, Mixture, mix, mix_color
from tf_deeppaint.palette.named_colors import color_code
from tf_deeppaint.utils.errors import DeepPaintError

LINES = ("original", "network")


class Picture(np.ndarray):
    """A painted picture: a uint8 RGB array `(H, W, 3)` that can be saved."""

    def save(self, path: str | os.PathLike) -> None:
        """Writes a PNG aside and renames it.

        Raises:
            DeepPaintError: the name does not end in `.png`, or it cannot be written there.
        """
        if not os.fspath(path).lower().endswith(".png"):
            raise DeepPaintError(f"{path}: pictures are written as .png")
        write_picture(path, self)


class Painting:
    """A sketch, and the colors that a network found for it on its canvas.

    Args:
        sketch: uint8 `(H, W)`, as it came.
        canvas: uint8 `(S, S)`, as the network saw it.
        place: Where on the canvas it lies.
        palette: uint8 `(4, 4, 3)`.
        found: What the network said of this one canvas: a `Mixture` with N = 1, or the picture,
            float32 `(1, S, S, 3)` in [-1, 1].
    """

    def __init__(
        self,
        sketch: np.ndarray,
        canvas: np.ndarray,
        place: Placement,
        palette: np.ndarray,
        found: Mixture | np.ndarray,
    ):
        self.sketch = sketch
        self.canvas = canvas
        self.place = place
        self.palette = palette
        self.found = found

    def recolor(self, palette: np.ndarray) -> "Painting":
        """The same painting in other colors, without the network.

        Args:
            palette: uint8 `(4, 4, 3)`.

        Raises:
            DeepPaintError: the model's head is not mixture, so that colors cannot be told apart;
                or this is no palette.
        """
        if not isinstance(self.found, Mixture):
            raise DeepPaintError(
                "only what a model with the mixture head painted can be recolored; paint it anew"
            )
        palette = check_palettes(palette[None])[0]
        return Painting(self.sketch, self.canvas, self.place, palette, self.found)

    def picture(self, lines: str = "original") -> Picture:
        """The picture at the sketch's own size.

        Args:
            lines: `"original"`: the color, enlarged so that none crosses a line, under the
                sketch's own lines; `"network"`: all as the network painted it, enlarged.

        Returns:
            uint8 RGB `(H, W, 3)`.
        """
        if lines not in LINES:
            raise DeepPaintError(f"lines={lines!r}: choose one of {', '.join(LINES)}")
        if lines == "original":
            return lay_lines(self.color(), self.sketch).view(Picture)
        return unfit_from_canvas(self._painted(), self.place).view(Picture)

    def color(self) -> np.ndarray:
        """The color under the lines at the sketch's own size, uint8 RGB `(H, W, 3)`."""
        if isinstance(self.found, Mixture):
            color = mix_color(self.found, self.palette[None])[0]
        else:
            color = _divide(self._painted(), self.canvas)
        return self._enlarge(color)

    def cut(self, canvas: np.ndarray) -> np.ndarray:
        """What of a canvas `(S, S)` or `(S, S, C)` the sketch lies on."""
        rows = slice(self.place.top, self.place.top + self.place.height)
        return canvas[rows, self.place.left : self.place.left + self.place.width]

    def layers(self) -> list[Layer]:
        """Paper, color and lines as layers, from the bottom up; see `make_layers`.

        Where the model mixes colors, the color is a layer for each color of the palette: what
        is mixed mostly of it.
        """
        color = self.color()
        if not isinstance(self.found, Mixture):
            return make_layers(color, self.sketch)
        leading = self._leading_slots()
        groups = [(self._name(slot), leading == slot) for slot in np.unique(leading)]
        return make_layers(color, self.sketch, groups)

    def _painted(self) -> np.ndarray:
        if isinstance(self.found, Mixture):
            return mix(self.found, self.palette[None])[0]
        return from_unit_range(self.found[0])

    def _enlarge(self, color: np.ndarray) -> np.ndarray:
        """A canvas of colors -> those of the sketch's pixels; on lines the nearest paper's."""
        return upsample_color(self.cut(_fill_lines(color, self.canvas)), self.sketch)

    def _leading_slots(self) -> np.ndarray:
        """For each pixel of the sketch the color most of it is mixed from, int `(H, W)`."""
        best = np.zeros(self.sketch.shape, np.uint8)
        leading = np.zeros(self.sketch.shape, np.uint8)
        parts = np.rint(_merge_alike(self.found.weights[0], self.palette) * WHITE).astype(np.uint8)
        for first in range(0, SLOTS, 3):
            # Enlarged like colors, three at a time.
            enlarged = self._enlarge(np.ascontiguousarray(parts[..., first : first + 3]))
            for slot in range(3):
                more = enlarged[..., slot] > best
                best[more] = enlarged[..., slot][more]
                leading[more] = first + slot
        return leading

    def _name(self, slot: int) -> str:
        if slot >= BANDS * COLORS:
            return ("white", "black")[slot - BANDS * COLORS]
        band, rank = divmod(int(slot), COLORS)
        return f"{band + 1}.{rank + 1} {color_code(self.palette[band, rank])}"


def check_palettes(palettes: np.ndarray) -> np.ndarray:
    """Returns palettes that are such.

    Raises:
        DeepPaintError: not uint8 `(N, 4, 4, 3)`.
    """
    if palettes.dtype != np.uint8 or palettes.shape[1:] != (4, 4, 3):
        raise DeepPaintError(
            f"a palette is uint8 (4, 4, 3), not {palettes.dtype} {palettes.shape[1:]}"
        )
    return palettes


def _divide(painted: np.ndarray, canvas: np.ndarray) -> np.ndarray:
    """The color that, under the canvas's lines, gives what is painted; at most white."""
    lines = cv2.cvtColor(np.maximum(canvas, 1), cv2.COLOR_GRAY2RGB)
    return cv2.divide(painted, lines, scale=WHITE)


def _fill_lines(color: np.ndarray, canvas: np.ndarray) -> np.ndarray:
    """Gives the canvas's lines the color of the nearest paper: what is under them is a guess."""
    lines = (canvas < PAPER).astype(np.uint8)
    if not lines.any() or lines.all():
        return color
    _, nearest = cv2.distanceTransformWithLabels(
        lines, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # Paper is numbered from 1 in reading order.
    return color.reshape(-1, 3)[np.flatnonzero(lines == 0)[nearest - 1]]


def _merge_alike(weights: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Weights `(S, S, 18)` with those of equal colors added to the first of them."""
    extremes = np.array([[WHITE] * 3, [0] * 3], np.uint8)
    colors = np.concatenate([palette.reshape(-1, 3), extremes])
    merged = np.zeros_like(weights)
    for slot, color in enumerate(colors):
        merged[..., np.argmax((colors == color).all(axis=-1))] += weights[..., slot]
    return merged
