"""Methods that need no model: what a model must beat, and the true picture, which it cannot."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tf_deeppaint.evaluation.held_out_records import Records
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.line_art.regions import LINE_REACH, find_open, find_sketch_regions, grow
from tf_deeppaint.palette.rules import BANDS


class Method(NamedTuple):
    """A way to color sketches.

    Attributes:
        name: Names it in tables.
        color: Records and palettes, uint8 `(N, 4, 4, 3)` -> pictures, uint8 `(N, S, S, 3)`.
        uses_palette: Whether the pictures depend on the palette.
    """

    name: str
    color: Callable[[Records, np.ndarray], np.ndarray]
    uses_palette: bool


def fill_flat(sketch: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Colors a sketch without a network.

    Each closed region gets the first color of the band in which its mean row lies. Open paper stays
    white, and lines stay.

    Args:
        sketch: uint8 `(H, W)`.
        palette: uint8 `(4, 4, 3)`.

    Returns:
        uint8 RGB `(H, W, 3)`.
    """
    regions = find_sketch_regions(sketch)
    rows = np.broadcast_to(np.arange(len(sketch))[:, None], regions.shape)
    is_open = find_open(regions)
    counts = np.maximum(np.bincount(regions.ravel(), minlength=len(is_open)), 1)
    mean_row = np.bincount(regions.ravel(), rows.ravel(), len(is_open)) / counts
    band = np.minimum((mean_row * BANDS / len(sketch)).astype(int), BANDS - 1)
    colors = palette[band, 0].astype(np.float32)
    colors[is_open] = WHITE
    filled = colors[grow(regions, LINE_REACH)] * (sketch[..., None] / WHITE)
    return np.rint(filled).astype(np.uint8)


def _fill_flat(records: Records, palettes: np.ndarray) -> np.ndarray:
    pairs = zip(records.sketches, palettes, strict=True)
    return np.stack([fill_flat(sketch, palette) for sketch, palette in pairs])


TRUE_PICTURE = Method("true picture", lambda records, _: records.truth, False)
BASELINES = (
    Method("flat fill", _fill_flat, True),
    Method("sketch", lambda records, _: np.repeat(records.sketches[..., None], 3, axis=-1), False),
    Method("white page", lambda records, _: np.full_like(records.truth, WHITE), False),
)
