"""One sketch of one picture."""

import numpy as np

from tf_deeppaint.line_art.styles import draw_styles


def draw_sketch(
    picture: np.ndarray, style: str, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Draws uint8 RGB `(H, W, 3)` as a sketch, uint8 `(H, W)`, in a style without a network."""
    return draw_styles([style], [rng], [picture])[0][0]
