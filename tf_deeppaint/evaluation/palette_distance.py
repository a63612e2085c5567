"""Palette fidelity: how far the colors of a picture lie from those it was to be painted in."""

import itertools

import numpy as np

from tf_deeppaint.evaluation.metrics import to_lab
from tf_deeppaint.palette.extraction import COLORS
from tf_deeppaint.palette.graph import extract_palettes

_ORDERS = np.array(list(itertools.permutations(range(COLORS))))


def palette_distance(painted: np.ndarray, palettes: np.ndarray, background: str) -> np.ndarray:
    """Earth mover's distance in CIELAB between given palettes and those of painted pictures.

    A band at a time, the mean of all four. The colors of a band weigh alike, so the distance
    (Rubner, Tomasi, Guibas, IJCV 40, 2000; CIE76 as ground distance) is that of the best
    assignment of one band's four colors to the other's.

    Args:
        painted: uint8 `(N, H, W, 3)`.
        palettes: uint8 `(N, 4, 4, 3)`, what the pictures were to be painted in.
        background: The rule by which both palettes are found; see `palette.extract_palette`.

    Returns:
        float64 `(N,)`; 0 where both palettes hold the same colors.
    """
    found = to_lab(extract_palettes(painted, background).numpy()).astype(np.float64)
    given = to_lab(palettes).astype(np.float64)
    apart = np.linalg.norm(found[:, :, :, None] - given[:, :, None], axis=-1)
    moved = apart[:, :, np.arange(COLORS), _ORDERS].mean(axis=-1)
    return moved.min(axis=-1).mean(axis=-1)
