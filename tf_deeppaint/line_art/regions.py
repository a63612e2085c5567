"""The areas that a sketch's lines close off, and what may be measured or filled in them."""

import cv2
import numpy as np

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.palette.extraction import BANDS

# Darker than this is line.
PAPER = 200
# Smaller areas, as a share of the sketch, are gaps between strokes.
LEAST_AREA = 5e-4


def closed_areas(sketch: np.ndarray) -> np.ndarray:
    """Numbers the areas of paper that lines close off.

    Lines count as a pixel thicker on each side than they are: soft edges belong to no area, and
    gaps of up to two pixels are closed. What touches the sketch's edge is open.

    Args:
        sketch: uint8 `(H, W)`, dark lines on light paper.

    Returns:
        int32 `(H, W)`: 0 for lines, open and tiny areas; 1, 2, .. for the others, no number left
        out.
    """
    paper = cv2.erode((sketch >= PAPER).astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(paper, connectivity=4)
    kept = np.bincount(labels.ravel(), minlength=count) >= LEAST_AREA * sketch.size
    kept[0] = False
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        kept[edge] = False
    return np.where(kept, np.cumsum(kept), 0)[labels].astype(np.int32)


def area_spread(lab: np.ndarray, areas: np.ndarray) -> float:
    """How much colors differ inside the closed areas: 0 where each is of one color.

    Args:
        lab: A picture in CIELAB, `(H, W, 3)`.
        areas: As `closed_areas` numbers them.

    Returns:
        The mean over all pixels of all areas of the distance (CIE76) to their area's mean color;
        NaN where there is no area.
    """
    inside = areas > 0
    if not inside.any():
        return float("nan")
    colors, number = lab[inside], areas[inside]
    count = np.maximum(np.bincount(number), 1)
    means = np.stack([np.bincount(number, channel) / count for channel in colors.T], axis=-1)
    return float(np.linalg.norm(colors - means[number], axis=-1).mean())


def even_out(values: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Gives every pixel of a closed area, and of the edge around it, the area's mean.

    Args:
        values: float32 `(H, W, C)`.
        areas: As `closed_areas` numbers them.

    Returns:
        float32 `(H, W, C)`; equal to `values` outside the areas.
    """
    flat, number = values.reshape(-1, values.shape[-1]), areas.ravel()
    sums = np.stack([np.bincount(number, channel) for channel in flat.T], axis=-1)
    means = (sums / np.maximum(np.bincount(number), 1)[:, None]).astype(values.dtype)
    grown = _grow(areas)
    return np.where((grown > 0)[..., None], means[grown], values)


def fill_flat(sketch: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Colors a sketch without having learned anything: the answer that a painter must beat.

    Each closed area gets the first color of the band in which its middle row lies; what is open
    stays white, and lines stay.

    Args:
        sketch: uint8 `(H, W)`.
        palette: uint8 `(4, 4, 3)`.

    Returns:
        uint8 RGB `(H, W, 3)`.
    """
    areas = closed_areas(sketch)
    rows = np.broadcast_to(np.arange(len(sketch))[:, None], areas.shape)
    middle = np.bincount(areas.ravel(), rows.ravel()) / np.maximum(np.bincount(areas.ravel()), 1)
    band = np.minimum((middle * BANDS / len(sketch)).astype(int), BANDS - 1)
    colors = palette[band, 0].astype(np.float32)
    colors[0] = WHITE
    filled = colors[_grow(areas)] * (sketch[..., None] / WHITE)
    return np.rint(filled).astype(np.uint8)


def _grow(areas: np.ndarray) -> np.ndarray:
    """The areas up to the middle of thin lines: `closed_areas` keeps clear of their soft edges."""
    return cv2.dilate(areas.astype(np.float32), np.ones((5, 5), np.uint8)).astype(np.int32)
