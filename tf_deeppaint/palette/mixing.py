"""A picture as a mix of its palette's colors, in NumPy: other colors need no network.

`mixture` holds the network's head that makes such mixtures, and the formula.
"""

from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.palette.extraction import BANDS, COLORS

# The colors of a palette, then white and black.
SLOTS = BANDS * COLORS + 2


class Mixture(NamedTuple):
    """How pictures are mixed; float32 arrays, or tensors in a network.

    Attributes:
        weights: `(N, H, W, 18)`, in [0, 1], 1 together: the palette's colors band by band, then
            white and black.
        shade: `(N, H, W, 1)`, from 0.7 to 1.3.
        ink: `(N, H, W, 1)` in [0, 1]: how much of the line on it a pixel shows.
    """

    weights: object
    shade: object
    ink: object


def mix(mixture: Mixture, palettes: np.ndarray) -> np.ndarray:
    """Mixes pictures with their lines.

    Args:
        mixture: Of N pictures.
        palettes: uint8 `(N, 4, 4, 3)`.

    Returns:
        uint8 RGB `(N, H, W, 3)`.
    """
    return _to_pixels(_shown(mixture, palettes) * (1 - mixture.ink))


def mix_color(mixture: Mixture, palettes: np.ndarray) -> np.ndarray:
    """Mixes what lies under the lines; otherwise as `mix`."""
    return _to_pixels(_shown(mixture, palettes))


def _shown(mixture: Mixture, palettes: np.ndarray) -> np.ndarray:
    count, height, width, _ = mixture.weights.shape
    colors = np.empty((count, SLOTS, 3), np.float32)
    colors[:, :-2] = palettes.reshape(count, -1, 3)
    colors[:, -2], colors[:, -1] = WHITE, 0
    mixed = np.matmul(mixture.weights.reshape(count, -1, SLOTS), colors)
    return np.clip(mixed.reshape(count, height, width, 3) * mixture.shade, 0, WHITE)


def _to_pixels(values: np.ndarray) -> np.ndarray:
    return np.rint(values).astype(np.uint8)
