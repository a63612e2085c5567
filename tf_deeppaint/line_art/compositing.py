"""Line art laid over color."""

import cv2
import numpy as np

from tf_deeppaint.images.pixels import WHITE

# Rows composited at a time, which bounds the memory beside the pictures.
_STRIP = 256


def lay_lines(color: np.ndarray, sketch: np.ndarray) -> np.ndarray:
    """Multiplies color by the sketch. White color shows the sketch itself.

    Args:
        color: uint8 RGB `(H, W, 3)`.
        sketch: uint8 `(H, W)`, 0 = line, 255 = paper.

    Returns:
        uint8 RGB `(H, W, 3)`: `color * sketch / 255`, rounded half up.
    """
    composite = np.empty_like(color)
    for top in range(0, len(sketch), _STRIP):
        rows = slice(top, top + _STRIP)
        lines = cv2.cvtColor(sketch[rows], cv2.COLOR_GRAY2RGB)
        composite[rows] = cv2.multiply(color[rows], lines, scale=1 / WHITE)
    return composite
