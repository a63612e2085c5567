"""A painting: a sketch and its prediction, from which pictures and layers are made."""

import os

import numpy as np

from tf_deeppaint.images.canvas import Placement, resize
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.images.resolution import Dpi
from tf_deeppaint.line_art.compositing import lay_lines
from tf_deeppaint.line_art.ink import shrink_factor
from tf_deeppaint.painting.layer_files import Layer, make_layers
from tf_deeppaint.painting.prediction import Prediction
from tf_deeppaint.painting.region_colors import (
    RegionMixtures,
    color_regions,
    leading_slot,
    leading_slots,
)
from tf_deeppaint.painting.upsampling import fill_lines, upsample_color, upsample_labels
from tf_deeppaint.palette.mixing import slot_colors
from tf_deeppaint.palette.named_colors import color_code
from tf_deeppaint.palette.rules import BANDS, COLORS
from tf_deeppaint.utils.errors import DeepPaintError

LINES = ("original", "network")


class Picture(np.ndarray):
    """A painted picture: a uint8 RGB array `(H, W, 3)` that can be saved.

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
        sketch: uint8 gray `(H, W)`.
        placement: Where on the canvas the sketch lies.
        prediction: The network's prediction for the canvas.
        regions: The regions of the sketch and their mixtures; None leaves the colors of the canvas
            as they are.
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

    def recolor(self, palette: np.ndarray) -> "Painting":
        """The painting in another palette, uint8 `(4, 4, 3)`, without running the network.

        Raises:
            DeepPaintError: The model's head is not mixture, or this is no palette.
        """
        prediction = self.prediction.recolor(check_palettes(palette[None])[0])
        return Painting(self.sketch, self.placement, prediction, self.regions)

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
        return resize(self.cut(self.prediction.picture()), *self.sketch.shape).view(Picture)

    def color(self) -> np.ndarray:
        """The color under the lines at the sketch's own size, uint8 RGB `(H, W, 3)`."""
        if self.regions is None:
            color = fill_lines(self.prediction.colors(), self.prediction.canvas)
            return upsample_color(self.cut(color), self.sketch)
        color = color_regions(self.regions, self.prediction, self.placement)
        return upsample_color(color, self.sketch, self._factor())

    def cut(self, canvas: np.ndarray) -> np.ndarray:
        """The part of a canvas `(S, S)` or `(S, S, C)` that the sketch lies on."""
        return canvas[self.placement.area]

    def layers(self) -> list[Layer]:
        """Paper, color and lines as layers, from the bottom up; see `make_layers`.

        Where the model mixes colors, each color of the palette has a layer: the pixels that are
        mixed mostly of it.
        """
        color = self.color()
        if self.prediction.weights is None:
            return make_layers(color, self.sketch)
        leading = self._leading_slots()
        groups = [(self._name(slot), leading == slot) for slot in np.unique(leading)]
        return make_layers(color, self.sketch, groups)

    def _factor(self) -> int | None:
        """Pixels of the sketch in one of the working size; None where they do not divide evenly."""
        factor = shrink_factor(*self.sketch.shape)
        sides = tuple(-(-side // factor) for side in self.sketch.shape)
        return factor if sides == self.regions.labels.shape else None

    def _leading_slots(self) -> np.ndarray:
        """For each pixel of the sketch the color most of it is mixed from, uint8 `(H, W)`."""
        colors, weights = slot_colors(self.prediction.palette), self.prediction.weights
        # Equal colors count together, at the first of them.
        merged = np.array([np.argmax((colors == color).all(axis=-1)) for color in colors])
        if self.regions is None:
            leading = leading_slot(weights, merged)[..., None]
            leading = self.cut(fill_lines(leading, self.prediction.canvas)[..., 0])
            return upsample_labels(leading, self.sketch)
        leading = leading_slots(self.regions, weights, merged, self.placement)
        return upsample_labels(leading, self.sketch, self._factor())

    def _name(self, slot: int) -> str:
        if slot >= BANDS * COLORS:
            return ("white", "black")[slot - BANDS * COLORS]
        band, rank = divmod(int(slot), COLORS)
        return f"{band + 1}.{rank + 1} {color_code(self.prediction.palette[band, rank])}"


def check_palettes(palettes: np.ndarray) -> np.ndarray:
    """Returns the palettes; raises DeepPaintError if they are not uint8 `(N, 4, 4, 3)`."""
    if palettes.dtype != np.uint8 or palettes.shape[1:] != (4, 4, 3):
        raise DeepPaintError(
            f"a palette is uint8 (4, 4, 3), not {palettes.dtype} {palettes.shape[1:]}"
        )
    return palettes
