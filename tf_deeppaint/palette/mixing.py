"""A picture as a mix of its palette's colors, in NumPy: other colors need no network.

    picture = clip(sum_k weight_k color_k * shade, 0, 255) * (1 - ink)      (white is 255, black 0)

`networks.heads` has the head that makes mixtures, and the same formula in `keras.ops`.
"""

from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.palette.rules import BANDS, COLORS

# The colors of a palette, then white and black.
SLOTS = BANDS * COLORS + 2
# The place of white.
WHITE_SLOT = BANDS * COLORS


class Mixture(NamedTuple):
    """How a picture is mixed: float32 arrays of one picture, or tensors `(N, ...)` in a network.

    Attributes:
        weights: `(H, W, 18)`, in [0, 1], of sum 1: shares of the palette's colors band by band,
            then of white and black.
        shade: `(H, W, 1)`, 0.7 to 1.3: what a mixed color is multiplied by.
        ink: `(H, W, 1)` in [0, 1]: how dark the line on a pixel is.
    """

    weights: object
    shade: object
    ink: object


def mix(mixture: Mixture, palette: np.ndarray) -> np.ndarray:
    """Mixes one picture with its lines, uint8 RGB `(H, W, 3)`; the palette is uint8 `(4, 4, 3)`."""
    return np.rint(_mix(mixture, palette) * (1 - mixture.ink)).astype(np.uint8)


def mix_color(mixture: Mixture, palette: np.ndarray) -> np.ndarray:
    """Mixes the color under the lines; otherwise as `mix`."""
    return np.rint(_mix(mixture, palette)).astype(np.uint8)


def slot_colors(palette: np.ndarray) -> np.ndarray:
    """The colors of a mixture's 18 weights, uint8 `(18, 3)`."""
    return np.concatenate([palette.reshape(-1, 3), np.uint8([[WHITE] * 3, [0] * 3])])


def _mix(mixture: Mixture, palette: np.ndarray) -> np.ndarray:
    height, width, _ = mixture.weights.shape
    colors = slot_colors(palette).astype(np.float32)
    mixed = mixture.weights.reshape(-1, SLOTS) @ colors
    return np.clip(mixed.reshape(height, width, 3) * mixture.shade, 0, WHITE)
