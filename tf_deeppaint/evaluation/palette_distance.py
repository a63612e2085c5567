"""Palette distance: how far the palette of a picture is from the one it should be painted in."""

import itertools

import numpy as np

from tf_deeppaint.evaluation.metrics import to_lab
from tf_deeppaint.palette.graph import extract_palettes
from tf_deeppaint.palette.rules import COLORS

_ORDERS = np.array(list(itertools.permutations(range(COLORS))))


def palette_distance(painted: np.ndarray, palettes: np.ndarray, background: str) -> np.ndarray:
    """Earth mover's distance in CIELAB between palettes and those of painted pictures.

    The mean over the four bands. The colors of a band have equal weights, so the distance (Rubner,
    Tomasi, Guibas, IJCV 40, 2000; CIE76 as ground distance) is that of the best assignment of one
    band's four colors to the other's.

    Args:
        painted: uint8 `(N, H, W, 3)`.
        palettes: uint8 `(N, 4, 4, 3)`, which the pictures should be painted in.
        background: The rule of the palettes; see `extraction.extract_palette`.

    Returns:
        float64 `(N,)`; 0 where both palettes hold the same colors.
    """
    painted_colors = to_lab(extract_palettes(painted, background).numpy())
    colors = to_lab(palettes)
    differences = painted_colors[:, :, :, None] - colors[:, :, None]  # (N, 4, 4, 4, 3)
    distances = np.linalg.norm(differences, axis=-1)  # (N, 4, 4, 4)
    assignments = distances[:, :, np.arange(COLORS), _ORDERS].mean(axis=-1)  # (N, 4, 24)
    return assignments.min(axis=-1).mean(axis=-1)
