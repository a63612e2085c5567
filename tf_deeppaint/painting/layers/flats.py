"""The flats of a painting: which colors or regions have a layer of their own, and their names."""

import numpy as np

from tf_deeppaint.images.canvas import Placement
from tf_deeppaint.images.pixels import WHITE, row_slices
from tf_deeppaint.line_art.regions import LINE_REACH, PAGE, grow
from tf_deeppaint.painting.layers.separation import Flats
from tf_deeppaint.painting.prediction import Prediction
from tf_deeppaint.painting.region_colors import (
    RegionMixtures,
    leading_slot,
    leading_slots,
    merge_equal,
)
from tf_deeppaint.painting.upsampling import cell_factor, fill_lines, upsample_labels
from tf_deeppaint.palette.mixing import SLOTS, slot_colors
from tf_deeppaint.palette.named_colors import color_code
from tf_deeppaint.palette.rules import BANDS, COLORS
from tf_deeppaint.utils.errors import DeepPaintError

# What has a layer of its own; `UNIQUE` adds a hidden one in which no two regions are of one color.
BY_COLOR, BY_REGION, UNIQUE = "color", "region", "unique"
FLATS = (BY_COLOR, BY_REGION, UNIQUE)
# The most regions that have a flat each.
MOST_FLATS = 200


def make_flats(
    kind: str,
    sketch: np.ndarray,
    prediction: Prediction,
    placement: Placement,
    regions: RegionMixtures | None,
) -> Flats:
    """Makes the flats of a prediction that mixes colors.

    Args:
        kind: One of `FLATS`.
        sketch: uint8 `(H, W)`.
        prediction: What the network said.
        placement: Where the sketch lies on the canvas.
        regions: The regions and their mixtures, if they are evened out.

    Raises:
        DeepPaintError: flats of regions where there are none.
    """
    if kind == BY_COLOR:
        return _by_color(sketch, prediction, placement, regions)
    if regions is None:
        raise DeepPaintError(f"flats={kind!r} need a painting whose regions are evened out")
    working = grow(regions.labels, LINE_REACH).astype(np.uint16)
    labels = upsample_labels(working, sketch, cell_factor(sketch.shape, working.shape))
    if kind == BY_REGION:
        return _by_region(labels, regions.mixed(prediction.palette))
    return _by_color(sketch, prediction, placement, regions)._replace(regions=labels)


def _by_color(
    sketch: np.ndarray,
    prediction: Prediction,
    placement: Placement,
    regions: RegionMixtures | None,
) -> Flats:
    """For each pixel of the sketch the color that most of it is mixed from."""
    palette, weights = prediction.palette, prediction.weights
    colors = slot_colors(palette) if regions is None else regions.slots(palette)
    merged = merge_equal(colors)
    if regions is None:
        leading = leading_slot(weights, merged)[..., None]
        leading = fill_lines(leading, prediction.canvas)[..., 0][placement.area]
        labels = upsample_labels(leading, sketch)
    else:
        leading = leading_slots(regions, weights, merged, placement)
        labels = upsample_labels(leading, sketch, cell_factor(sketch.shape, leading.shape))
    names = {slot: _name(slot, color_code(color)) for slot, color in enumerate(colors)}
    return Flats(labels, colors, names)


def _name(slot: int, code: str) -> str:
    if slot >= SLOTS:
        return f"hint {code}"
    if slot >= BANDS * COLORS:
        return ("white", "black")[slot - BANDS * COLORS]
    band, rank = divmod(slot, COLORS)
    return f"{band + 1}.{rank + 1} {code}"


def _by_region(labels: np.ndarray, colors: np.ndarray) -> Flats:
    """The flats of regions, the largest first; all others share a layer.

    `labels`: uint16 `(H, W)`; `colors`: the color of each, float32 `(N, 3)`, in levels.
    """
    flat = np.rint(np.clip(colors, 0, WHITE)).astype(np.uint8)
    counts = sum(
        np.bincount(labels[rows].ravel(), minlength=len(flat)) for rows in row_slices(len(labels))
    )
    counts[: PAGE + 1] = 0
    order = np.argsort(-counts, kind="stable")[:MOST_FLATS]
    names = {
        int(label): f"region {number} {color_code(flat[label])}"
        for number, label in enumerate(order, start=1)
    }
    return Flats(labels, flat, names, rest="small regions")
