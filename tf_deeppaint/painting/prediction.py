"""The prediction of a network for one canvas: a mixture of colors, or the picture itself."""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from tf_deeppaint.images.pixels import WHITE, from_signed_unit_range
from tf_deeppaint.line_art.ink import Window
from tf_deeppaint.palette.mixing import SLOTS, WHITE_SLOT, Mixture, mix, mix_color
from tf_deeppaint.palette.shades import soften
from tf_deeppaint.utils.errors import DeepPaintError


@dataclasses.dataclass(frozen=True)
class Prediction:
    """The prediction for one canvas. Only a mixture can be recolored.

    Attributes:
        canvas: The sketch as the network saw it, uint8 gray `(S, S)`; a strip's is longer.
        palette: uint8 `(4, 4, 3)`.
        weights: Shares of the colors of `mixing.slot_colors` in each pixel, float32 `(S, S, 18)`;
            None where the network does not mix colors.
    """

    canvas: np.ndarray
    palette: np.ndarray
    weights = None

    def outputs(self) -> dict[str, np.ndarray]:
        """What the network said: arrays `(S, S, C)` as `make_predictions` takes them, by name."""
        raise NotImplementedError

    def picture(self) -> np.ndarray:
        """The picture with its lines, uint8 RGB `(S, S, 3)`."""
        raise NotImplementedError

    def colors(self) -> np.ndarray:
        """The color under the lines, uint8 RGB `(S, S, 3)`."""
        raise NotImplementedError

    def recolor(self, palette: np.ndarray) -> "Prediction":
        """The prediction in another palette, uint8 `(4, 4, 3)`, without running the network.

        Raises:
            DeepPaintError: The network does not mix colors.
        """
        raise DeepPaintError(
            "only what a model with the mixture head painted can be recolored; paint it again"
        )


@dataclasses.dataclass(frozen=True)
class MixturePrediction(Prediction):
    """A mixture of the palette's colors; `mixture` is of one picture."""

    mixture: Mixture

    @property
    def weights(self) -> np.ndarray:
        return self.mixture.weights

    def outputs(self) -> dict[str, np.ndarray]:
        return self.mixture._asdict()

    def picture(self) -> np.ndarray:
        return mix(self.mixture, self.palette)

    def colors(self) -> np.ndarray:
        return mix_color(self.mixture, self.palette)

    def recolor(self, palette: np.ndarray) -> "MixturePrediction":
        return dataclasses.replace(self, palette=palette)

    def evened_out(self, weights: np.ndarray) -> "MixturePrediction":
        """The prediction with the weights of its regions, float32 `(S, S, 18)`, shaded softly."""
        shade = soften(self.mixture.shade)
        return dataclasses.replace(
            self, mixture=self.mixture._replace(weights=weights, shade=shade)
        )


@dataclasses.dataclass(frozen=True)
class PicturePrediction(Prediction):
    """A painted picture; `values` is float32 `(S, S, 3)` in [-1, 1]."""

    values: np.ndarray

    def outputs(self) -> dict[str, np.ndarray]:
        return {"image": self.values}

    def picture(self) -> np.ndarray:
        return from_signed_unit_range(self.values)

    def colors(self) -> np.ndarray:
        """The color that gives the picture when the canvas's lines are multiplied with it."""
        lines = cv2.cvtColor(np.maximum(self.canvas, 1), cv2.COLOR_GRAY2RGB)
        return cv2.divide(self.picture(), lines, scale=WHITE)


def make_predictions(
    outputs: dict[str, np.ndarray], canvases: np.ndarray, palettes: np.ndarray
) -> list[Prediction]:
    """Makes the predictions of a batch.

    Args:
        outputs: The three parts of a `Mixture` by name, or `image`; float32 `(N, S, S, C)`.
        canvases: uint8 gray `(N, S, S)`.
        palettes: uint8 `(N, 4, 4, 3)`.
    """
    if "image" in outputs:
        return list(map(PicturePrediction, canvases, palettes, outputs["image"]))
    parts = zip(*(outputs[name] for name in Mixture._fields), strict=True)
    mixtures = [Mixture(*part) for part in parts]
    return list(map(MixturePrediction, canvases, palettes, mixtures))


def lay_on_canvas(
    canvas: np.ndarray, predictions: Sequence[Prediction], windows: Sequence[Window]
) -> Prediction:
    """Lays the predictions for windows onto the canvas that they show parts of.

    Args:
        canvas: uint8 gray `(C, C)`.
        predictions: One for each window; of several, or of a part of the canvas, mixtures.
        windows: Where they lie; elsewhere the mixture is white, without shading and lines.
    """
    if windows[0].drawn.height == len(canvas):
        return predictions[0]
    blank = Mixture(np.arange(SLOTS) == WHITE_SLOT, [1], [0])
    whole = Mixture(*(np.tile(np.float32(part), (*canvas.shape, 1)) for part in blank))
    for prediction, window in zip(predictions, windows, strict=True):
        for laid, values in zip(whole, prediction.mixture, strict=True):
            laid[window.drawn.area] = values[window.inside]
    return dataclasses.replace(predictions[0], canvas=canvas, mixture=whole)
