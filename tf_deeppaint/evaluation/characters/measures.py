"""Measures of a painted figure: is the right color in the right place, and none elsewhere."""

import numpy as np
from skimage.color import deltaE_ciede2000

from tf_deeppaint.evaluation.characters.drawings import SAME_COLOR
from tf_deeppaint.evaluation.metrics import to_lab
from tf_deeppaint.line_art.ink import INK
from tf_deeppaint.line_art.regions import find_sketch_regions, region_spread
from tf_deeppaint.palette.extraction import NEAR_WHITE

RIGHT, DIFFERENCE, LEAK, WHITE_LEFT, SPREAD = (
    "right color",
    "CIEDE2000",
    "leak",
    "left white",
    "region spread",
)


class FigureMeasures:
    """Measures pictures of one drawing.

    Args:
        sketch: uint8 gray `(S, S)`.
        truth: The true picture, uint8 RGB `(S, S, 3)`.
        figure: Where neither paper nor line is, bool `(S, S)`.
    """

    def __init__(self, sketch: np.ndarray, truth: np.ndarray, figure: np.ndarray):
        self.figure = figure
        self.regions = find_sketch_regions(sketch)
        self._lab = to_lab(truth[figure])
        self._paper = (sketch >= INK) & ~figure
        # What is white in the true picture is not left white by mistake.
        self._colored = ~_is_near_white(truth[figure])

    def __call__(self, painted: np.ndarray) -> dict[str, float]:
        """The measures of a painted picture, uint8 RGB `(S, S, 3)`; NaN where nothing is measured.

        `right color`: share of the figure within CIEDE2000 10 of the true color. `CIEDE2000`: mean
        over the figure. `leak`: share of the bare paper that is not near white. `left white`:
        share of the figure's colored pixels that are near white and not right. `region spread`:
        see `regions.region_spread`.
        """
        lab = to_lab(painted)
        differences = deltaE_ciede2000(self._lab, lab[self.figure])
        is_right = differences <= SAME_COLOR
        white = _is_near_white(painted)
        return {
            RIGHT: _mean(is_right),
            DIFFERENCE: _mean(differences),
            LEAK: _mean(~white[self._paper]),
            WHITE_LEFT: _mean((white[self.figure] & ~is_right)[self._colored]),
            SPREAD: region_spread(lab, self.regions),
        }


def _is_near_white(picture: np.ndarray) -> np.ndarray:
    return (picture >= NEAR_WHITE).all(axis=-1)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
