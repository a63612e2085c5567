"""The flats of a painting: which colors or regions have a layer of their own, and their names.

Where regions are evened out, each has one flat color: that which it is mixed of, before the shade.
A layer of a color of the palette holds all regions that are mixed mostly of it.
"""

import numpy as np

from tf_deeppaint.images.canvas import Placement
from tf_deeppaint.images.pixels import WHITE, row_slices
from tf_deeppaint.line_art.regions import LINE_REACH, PAGE, grow
from tf_deeppaint.painting.layers.separation import Flats
from tf_deeppaint.painting.prediction import Prediction
from tf_deeppaint.painting.region_colors import RegionMixtures, leading_slot, merge_equal
from tf_deeppaint.painting.upsampling import cell_factor, fill_lines, upsample_labels
from tf_deeppaint.palette.mixing import SLOTS, slot_colors
from tf_deeppaint.palette.named_colors import color_code
from tf_deeppaint.palette.rules import BANDS, COLORS
from tf_deeppaint.utils.errors import DeepPaintError

# What has a layer of its own; `UNIQUE` adds a hidden one in which no two regions are of one color.
BY_COLOR, BY_REGION, UNIQUE = "color", "region", "unique"
FLATS = (BY_COLOR, BY_REGION, UNIQUE)
# Black's place among the colors of a mixture.
BLACK_SLOT = BANDS * COLORS + 1
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
    palette = prediction.palette
    if regions is None:
        if kind != BY_COLOR:
            raise DeepPaintError(f"flats={kind!r} need a painting whose regions are evened out")
        colors = slot_colors(palette)
        leading = leading_slot(prediction.weights, merge_equal(colors))[..., None]
        leading = fill_lines(leading, prediction.canvas)[..., 0][placement.area]
        names = {slot: _name(slot, color_code(color)) for slot, color in enumerate(colors)}
        return Flats(upsample_labels(leading, sketch), colors, np.arange(len(colors)), names)
    working = grow(regions.labels, LINE_REACH).astype(np.uint16)
    labels = upsample_labels(working, sketch, cell_factor(sketch.shape, working.shape))
    colors = np.rint(np.clip(regions.mixed(palette), 0, WHITE)).astype(np.uint8)
    if kind == BY_REGION:
        return _by_region(labels, colors)
    slots = regions.slots(palette)
    layers = leading_slot(regions.mixtures, merge_equal(slots))
    layers[0] = BLACK_SLOT  # what no region reaches is wide and dark
    names = {slot: _name(slot, color_code(color)) for slot, color in enumerate(slots)}
    return Flats(labels, colors, layers, names, hidden=labels if kind == UNIQUE else None)


def _name(slot: int, code: str) -> str:
    if slot >= SLOTS:
        return f"hint {code}"
    if slot >= BANDS * COLORS:
        return ("white", "black")[slot - BANDS * COLORS]
    band, rank = divmod(slot, COLORS)
    return f"{band + 1}.{rank + 1} {code}"


def _by_region(labels: np.ndarray, colors: np.ndarray) -> Flats:
    """The flats of regions, the largest first; all others share a layer.

    `labels`: uint16 `(H, W)`; `colors`: the color of each, uint8 `(N, 3)`.
    """
    counts = np.zeros(len(colors), np.int64)
    for rows in row_slices(len(labels)):
        counts += np.bincount(labels[rows].ravel(), minlength=len(counts))
    counts[: PAGE + 1] = 0
    order = np.argsort(-counts, kind="stable")[:MOST_FLATS]
    layers = np.zeros(len(colors), int)
    layers[order] = np.arange(1, len(order) + 1)
    names = {
        number: f"region {number} {color_code(colors[label])}"
        for number, label in enumerate(order, start=1)
    }
    return Flats(labels, colors, layers, {0: "small regions"} | names)
