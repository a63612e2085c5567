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
from tf_deeppaint.line_art.layout.twins import Parts, find_twins
from tf_deeppaint.line_art.regions import (
    CANVAS_REACH,
    LINE_REACH,
    PAGE,
    grow,
    regions_to_canvas,
    scale_index,
)
from tf_deeppaint.painting.prediction import MixturePrediction, Prediction
from tf_deeppaint.painting.upsampling import fill_lines
from tf_deeppaint.palette.mixing import SLOTS, WHITE_SLOT, slot_colors
from tf_deeppaint.palette.shades import count_votes, find_shades

# The least level of every channel of paper that nobody painted.
_BARE = 250


class RegionMixtures(NamedTuple):
    """The regions of a sketch, and what each is mixed of.

    Attributes:
        labels: int32 `(h, w)` at the working size, as `regions.find_regions` returns them; hints
            take parts of the page out of it.
        mixtures: float32 `(labels + 1, 18)`, as `vote_by_region` returns them; one column more
            for each color of `hinted`.
        pages: int32 `(h, w)`, the parts of the page as `regions.find_parts` returns them.
        hinted: The colors of hints, uint8 `(colors, 3)`.
    """

    labels: np.ndarray
    mixtures: np.ndarray
    pages: np.ndarray
    hinted: np.ndarray = np.zeros((0, 3), np.uint8)

    def slots(self, palette: np.ndarray) -> np.ndarray:
        """The colors that regions are mixed of: those of `mixing.slot_colors`, then of hints.

        Args:
            palette: uint8 `(4, 4, 3)`.

        Returns:
            uint8 `(18 + hinted, 3)`.
        """
        return np.concatenate([slot_colors(palette), self.hinted])

    def mixed(self, palette: np.ndarray) -> np.ndarray:
        """The color of each label before it is shaded, float32 `(labels + 1, 3)`."""
        return self.mixtures @ self.slots(palette).astype(np.float32)


def even_out_regions(
    prediction: Prediction, labels: np.ndarray, placement: Placement, pages: np.ndarray
) -> tuple[RegionMixtures, Prediction]:
    """Evens out each region to one color, whose shading is softened.

    Args:
        prediction: A prediction that mixes colors.
        labels: int32 `(h, w)`, as `regions.find_regions` returns them.
        placement: Where the sketch lies on the canvas.
        pages: The parts of the page, likewise `find_parts`.

    Returns:
        The mixtures, and the prediction with them on its canvas.
    """
    mixtures = vote_by_region(prediction.weights, labels, placement, prediction.palette)
    grown = grow(regions_to_canvas(labels, placement, prediction.canvas.shape), CANVAS_REACH)
    weights = mixtures[grown]
    weights[grown == 0] = prediction.weights[grown == 0]
    return RegionMixtures(labels, mixtures, pages), prediction.evened_out(weights)


def vote_by_region(
    weights: np.ndarray, labels: np.ndarray, placement: Placement, palette: np.ndarray
) -> np.ndarray:
    """Decides the color of each region: that which leads over its pixels, mixed with its shades.

    Other colors that are mixed in where the network is unsure would be right nowhere. White and
    black need more weight to lead than others. Twins, such as two legs, vote together. The pixels
    are those of the working size, so that regions that are thinner than a pixel of the canvas have
    a color too. The page is white.

    Args:
        weights: Shares of the colors of `mixing.slot_colors` on the canvas, float32 `(H, W, 18)`,
            1 together.
        labels: int32 `(h, w)`, as `regions.find_regions` returns them.
        placement: Where the sketch lies on the canvas.
        palette: uint8 `(4, 4, 3)`; `shades.find_shades` tells which colors may be mixed.

    Returns:
        float32 `(labels + 1, 18)`, 1 together; all 0 for a label without pixels.
    """
    rows = placement.top + scale_index(labels.shape[0], placement.height)
    columns = placement.left + scale_index(labels.shape[1], placement.width)
    count, cells = max(PAGE, int(labels.max())) + 1, weights.shape[0] * weights.shape[1]
    # Many pixels of a region lie in one pixel of the canvas. The page, the most, does not vote.
    pairs = labels.astype(np.int64) * cells + (rows[:, None] * weights.shape[1] + columns)
    pairs, pixels = _count(pairs[labels != PAGE])
    label, cell = np.divmod(pairs, cells)
    shares = weights.reshape(cells, -1).T
    sums = np.stack([np.bincount(label, share[cell] * pixels, count) for share in shares], axis=-1)
    cells_per_pixel = placement.height * placement.width / labels.size
    inside = label > PAGE
    parts = Parts(label[inside], cell[inside], pixels[inside], count, weights.shape[1])
    twins = find_twins(parts, cells_per_pixel)
    sums += np.where((twins == np.arange(count))[:, None], 0, sums[twins])
    leading = (sums * count_votes(palette)).argmax(axis=-1)
    chosen = np.where(find_shades(palette)[leading], sums, 0)
    mixtures = chosen / np.maximum(chosen.sum(axis=-1, keepdims=True), 1e-9)
    mixtures = mixtures.astype(np.float32)
    mixtures[PAGE] = np.arange(mixtures.shape[1]) == WHITE_SLOT
    return mixtures


def _count(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`np.unique` with counts of values from 0 of long runs, int `(N,)`: only runs are sorted."""
    starts = np.flatnonzero(np.diff(values, prepend=-1))
    values, lengths = values[starts], np.diff(starts, append=values.size)
    order = np.argsort(values, kind="stable")
    values = values[order]
    first = np.flatnonzero(np.diff(values, prepend=-1))
    return values[first], np.add.reduceat(lengths[order], first)


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
    shade = _enlarge(shade, height, width).reshape(height, width)
    shade = np.where(regions.pages > 0, np.float32(1), shade)  # a hint's color there is not shaded
    mixed = regions.mixed(prediction.palette)
    # Rounded and clipped by OpenCV, channel by channel: no float32 picture is made.
    page = (grown == PAGE) * np.uint8(WHITE)
    color = cv2.merge(
        [
            cv2.max(cv2.multiply(channel.take(grown), shade, dtype=cv2.CV_8U), page)
            for channel in mixed.T.copy()
        ]
    )
    beside = grown == 0
    if beside.any():
        color[beside] = _enlarge(prediction.colors()[placement.area], height, width)[beside]
    return color


def color_canvas(
    regions: RegionMixtures, prediction: MixturePrediction, placement: Placement
) -> np.ndarray:
    """The picture on the canvas, as the network painted it, with the colors of hints.

    Returns:
        uint8 RGB `(S, S, 3)`.
    """
    picture, mixture = prediction.picture(), prediction.mixture
    grown = grow(
        regions_to_canvas(regions.labels, placement, prediction.canvas.shape), CANVAS_REACH
    )
    is_hinted = regions.mixtures[:, SLOTS:].any(axis=1)[grown]
    is_page = regions_to_canvas(regions.pages, placement, prediction.canvas.shape) > 0
    shade = np.where(is_page[..., None], 1, mixture.shade)
    mixed = np.clip(regions.mixed(prediction.palette)[grown] * shade, 0, WHITE)
    inked = np.rint(mixed * (1 - mixture.ink)).astype(np.uint8)
    return np.where(is_hinted[..., None], inked, picture)


def with_bare_backdrop(regions: RegionMixtures, prediction: MixturePrediction) -> np.ndarray:
    """The labels, in which a backdrop that nobody painted belongs to the page.

    Where a figure is cut off by the sketch's edge, the paper around it does not touch all four
    sides, and so is a region. It is bare if it has a top corner of the sketch and comes out white.

    Returns:
        int32 `(h, w)`.
    """
    mixed = regions.mixed(prediction.palette)
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
        merged: Where a color of `regions.slots` counts, as `merge_equal` returns it.
        placement: Where the sketch lies on the canvas.

    Returns:
        uint8 `(h, w)`, a place in `regions.slots`.
    """
    grown = grow(regions.labels, LINE_REACH)
    leading = leading_slot(regions.mixtures, merged).take(grown)
    row, column = np.nonzero(grown == 0)
    if len(row):
        rows = placement.top + scale_index(grown.shape[0], placement.height)
        columns = placement.left + scale_index(grown.shape[1], placement.width)
        leading[row, column] = leading_slot(weights[rows[row], columns[column]], merged)
    return leading


def merge_equal(colors: np.ndarray) -> np.ndarray:
    """Where each of some colors, uint8 `(N, 3)`, counts: at the first equal to it, int `(N,)`."""
    return np.array([np.argmax((colors == color).all(axis=-1)) for color in colors])


def leading_slot(weights: np.ndarray, merged: np.ndarray) -> np.ndarray:
    """The place with the greatest weight, uint8 `(...)`; weights are float32 `(..., N)`.

    `merged`: where each counts, int `(N,)` or longer; see `merge_equal`.
    """
    together = np.zeros_like(weights)
    for slot, place in enumerate(merged[: weights.shape[-1]]):
        together[..., place] += weights[..., slot]
    return together.argmax(axis=-1).astype(np.uint8)


def _enlarge(values: np.ndarray, height: int, width: int) -> np.ndarray:
    small = resize(values, min(height, values.shape[0]), min(width, values.shape[1]))
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
