"""Regions: paper closed off by a sketch's lines, their evening out and their flat colors.

`find_regions` is the one definition of a region. Everything that needs regions takes the labels it
returns. `serving.regions` is the same function in the TensorFlow graph.
"""

import cv2
import numpy as np

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.palette.extraction import BANDS

# The lowest gray level of paper. A darker pixel is line.
PAPER = 200
# The smallest region, as a share of the sketch's pixels. A smaller one is a gap between strokes.
LEAST_REGION = 5e-4


def find_regions(sketch: np.ndarray) -> np.ndarray:
    """Labels the regions of a sketch.

    Lines are grown by a pixel on each side first. So soft edges belong to no region, and gaps of up
    to two pixels are closed. Paper that touches the sketch's edge is open and no region.

    Args:
        sketch: uint8 `(H, W)`, dark lines on light paper.

    Returns:
        int32 `(H, W)`: 0 for lines, open paper and tiny regions; 1, 2, .. for the regions, without
        a gap, in reading order of their first pixels.
    """
    paper = cv2.erode((sketch >= PAPER).astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(paper, connectivity=4)
    kept = np.bincount(labels.ravel(), minlength=count) >= LEAST_REGION * sketch.size
    kept[0] = False
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        kept[edge] = False
    return np.where(kept, np.cumsum(kept), 0)[labels].astype(np.int32)


def region_spread(lab: np.ndarray, regions: np.ndarray) -> float:
    """Measures how much colors differ within regions: 0 where each has one color.

    Args:
        lab: A picture in CIELAB, `(H, W, 3)`.
        regions: As `find_regions` returns them.

    Returns:
        The mean over all pixels of all regions of the distance (CIE76) to the region's mean color;
        NaN where there is no region.
    """
    inside = regions > 0
    if not inside.any():
        return float("nan")
    colors, labels = lab[inside], regions[inside]
    counts = np.maximum(np.bincount(labels), 1)
    means = np.stack([np.bincount(labels, channel) / counts for channel in colors.T], axis=-1)
    return float(np.linalg.norm(colors - means[labels], axis=-1).mean())


def even_out(values: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Gives every pixel of a region, and of the edge around it, the region's mean.

    Args:
        values: float32 `(H, W, C)`.
        regions: As `find_regions` returns them.

    Returns:
        float32 `(H, W, C)`; equal to `values` outside the regions.
    """
    flat, labels = values.reshape(-1, values.shape[-1]), regions.ravel()
    sums = np.stack([np.bincount(labels, channel) for channel in flat.T], axis=-1)
    means = (sums / np.maximum(np.bincount(labels), 1)[:, None]).astype(values.dtype)
    grown = _grow(regions)
    return np.where((grown > 0)[..., None], means[grown], values)


def fill_flat(sketch: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Colors a sketch without a network: the baseline that a model must beat.

    Each region gets the first color of the band in which its mean row lies. Open paper stays
    white, and lines stay.

    Args:
        sketch: uint8 `(H, W)`.
        palette: uint8 `(4, 4, 3)`.

    Returns:
        uint8 RGB `(H, W, 3)`.
    """
    regions = find_regions(sketch)
    rows = np.broadcast_to(np.arange(len(sketch))[:, None], regions.shape)
    counts = np.maximum(np.bincount(regions.ravel()), 1)
    mean_row = np.bincount(regions.ravel(), rows.ravel()) / counts
    band = np.minimum((mean_row * BANDS / len(sketch)).astype(int), BANDS - 1)
    colors = palette[band, 0].astype(np.float32)
    colors[0] = WHITE
    filled = colors[_grow(regions)] * (sketch[..., None] / WHITE)
    return np.rint(filled).astype(np.uint8)


def _grow(regions: np.ndarray) -> np.ndarray:
    """Grows regions by two pixels, up to the middle of thin lines."""
    return cv2.dilate(regions.astype(np.float32), np.ones((5, 5), np.uint8)).astype(np.int32)
