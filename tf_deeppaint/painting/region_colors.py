"""The colors of regions at the working size: one each, shaded as on the canvas.

On the network's canvas a slit, an eye or a finger may be thinner than a pixel. Its region has a
color of its own all the same, because colors are mixed at the working size, where regions are
found. `serving.region_colors` is the same in the TensorFlow graph.
"""

from typing import NamedTuple

import cv2
import numpy as np

from tf_deeppaint.images.canvas import Placement, resize
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.line_art.regions import (
    CANVAS_REACH,
    LINE_REACH,
    PAGE,
    even_out,
    grow,
    regions_to_canvas,
    scale_index,
)
from tf_deeppaint.painting.prediction import MixturePrediction, Prediction
from tf_deeppaint.painting.upsampling import fill_lines
from tf_deeppaint.palette.mixing import slot_colors

# The least level of every channel of paper that nobody painted.
_BARE = 250


class RegionMixtures(NamedTuple):
    """The regions of a sketch, and what each is mixed of.

    Attributes:
        labels: int32 `(h, w)` at the working size, as `regions.find_regions` returns them.
        mixtures: float32 `(labels + 1, 18)`, as `regions.even_out` returns them.
    """

    labels: np.ndarray
    mixtures: np.ndarray


def even_out_regions(
    prediction: Prediction, labels: np.ndarray, placement: Placement
) -> tuple[RegionMixtures, Prediction]:
    """Evens out each region to one color.

    Args:
        prediction: A prediction that mixes colors.
        labels: int32 `(h, w)`, as `regions.find_regions` returns them.
        placement: Where the sketch lies on the canvas.

    Returns:
        The mixtures, and the prediction with them on its canvas.
    """
    mixtures = even_out(prediction.weights, labels, placement, prediction.palette)
    grown = grow(regions_to_canvas(labels, placement, prediction.canvas.shape), CANVAS_REACH)
    weights = mixtures[grown]
    weights[grown == 0] = prediction.weights[grown == 0]
    return RegionMixtures(labels, mixtures), prediction.with_weights(weights)


def color_regions(
    regions: RegionMixtures, prediction: MixturePrediction, placement: Placement
) -> np.ndarray:
    """Mixes the color of every pixel at the working size.

    A region's color reaches into the lines around it. The page is white. What no region reaches,
    inside wide black areas, has the color of the canvas.

    Returns:
        uint8 RGB `(h, w, 3)`.
    """
    height, width = regions.labels.shape
    grown = grow(regions.labels, LINE_REACH)
    shade = fill_lines(prediction.mixture.shade, prediction.canvas)[placement.area]
    shade = _enlarge(shade, height, width).reshape(height, width, 1)
    mixed = regions.mixtures @ slot_colors(prediction.palette).astype(np.float32)  # (labels + 1, 3)
    color = np.rint(np.clip(mixed[grown] * shade, 0, WHITE)).astype(np.uint8)
    color[grown == PAGE] = WHITE
    beside = grown == 0
    if beside.any():
        color[beside] = _enlarge(prediction.colors()[placement.area], height, width)[beside]
    return color


def with_bare_backdrop(regions: RegionMixtures, prediction: MixturePrediction) -> np.ndarray:
    """The labels, in which a backdrop that nobody painted belongs to the page.

    Where a figure is cut off by the sketch's edge, the paper around it does not touch all four
    sides, and so is a region. It is bare if it has a top corner of the sketch and comes out white.

    Returns:
        int32 `(h, w)`.
    """
    mixed = regions.mixtures @ slot_colors(prediction.palette).astype(np.float32)
    corners = regions.labels[0, [0, -1]]
    bare = [label for label in corners if label > PAGE and mixed[label].min() >= _BARE]
    return np.where(np.isin(regions.labels, bare), PAGE, regions.labels)


def leading_slots(
    regions: RegionMixtures, weights: np.ndarray, merged: np.ndarray, placement: Placement
) -> np.ndarray:
    """For each pixel at the working size the color that most of it is mixed of.

    Args:
        regions: The regions.
        weights: Of the canvas, for what no region reaches, float32 `(S, S, 18)`.
        merged: Where a color counts, int `(18,)`: equal colors count together.
        placement: Where the sketch lies on the canvas.

    Returns:
        uint8 `(h, w)`, a place in `mixing.slot_colors`.
    """
    grown = grow(regions.labels, LINE_REACH)
    leading = leading_slot(regions.mixtures, merged)[grown]
    rows = placement.top + scale_index(grown.shape[0], placement.height)
    columns = placement.left + scale_index(grown.shape[1], placement.width)
    return np.where(grown > 0, leading, leading_slot(weights, merged)[np.ix_(rows, columns)])


def leading_slot(weights: np.ndarray, merged: np.ndarray) -> np.ndarray:
    """The place with the greatest weight, uint8 `(...)`; weights are float32 `(..., 18)`."""
    together = np.zeros_like(weights)
    for slot, place in enumerate(merged):
        together[..., place] += weights[..., slot]
    return together.argmax(axis=-1).astype(np.uint8)


def _enlarge(values: np.ndarray, height: int, width: int) -> np.ndarray:
    small = resize(values, min(height, values.shape[0]), min(width, values.shape[1]))
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
