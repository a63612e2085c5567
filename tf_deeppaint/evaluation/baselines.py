"""Methods that need no model: what a model must beat, and the true picture, which it cannot."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tf_deeppaint.evaluation.held_out_records import Records
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.line_art.regions import fill_flat


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


def _fill_flat(records: Records, palettes: np.ndarray) -> np.ndarray:
    pairs = zip(records.sketches, palettes, strict=True)
    return np.stack([fill_flat(sketch, palette) for sketch, palette in pairs])


TRUE_PICTURE = Method("true picture", lambda records, _: records.truth, False)
BASELINES = (
    Method("flat fill", _fill_flat, True),
    Method("sketch", lambda records, _: np.repeat(records.sketches[..., None], 3, axis=-1), False),
    Method("white page", lambda records, _: np.full_like(records.truth, WHITE), False),
)
