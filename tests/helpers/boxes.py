"""Sketches of boxes."""

import numpy as np

SIDE = 64


def blank(side: int = SIDE) -> np.ndarray:
    return np.full((side, side), 255, np.uint8)


def draw_box(sketch: np.ndarray, top: int, left: int, bottom: int, right: int) -> np.ndarray:
    """Frames the rows and columns from `top`, `left` to `bottom`, `right`, these included."""
    sketch[[top, bottom], left : right + 1] = 0
    sketch[top : bottom + 1, [left, right]] = 0
    return sketch
