"""Sketches whose lines part two colors, and the canvases a network would paint."""

import cv2
import numpy as np

RED, BLUE, GREEN = (230, 40, 20), (10, 60, 250), (20, 200, 90)


def blank(*shape: int) -> np.ndarray:
    return np.full(shape, 255, np.uint8)


def to_canvas(picture: np.ndarray, factor: int) -> np.ndarray:
    """Averages squares of `factor` pixels, as a network sees colors that meet under a line."""
    height, width = (side // factor for side in picture.shape[:2])
    cells = picture.reshape(height, factor, width, factor, 3)
    return np.rint(cells.mean((1, 3))).astype(np.uint8)


def difference(one: np.ndarray, other) -> np.ndarray:
    return np.abs(one.astype(int) - other).max(-1)


SIDE, FACTOR = 320, 16
ROWS, COLUMNS = np.indices((SIDE, SIDE))


def split(line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A sketch with a thin line, and the picture that is red on one side of it and blue beyond."""
    sketch = blank(SIDE, SIDE)
    sketch[line] = 0
    _, pieces = cv2.connectedComponents((sketch > 0).astype(np.uint8), connectivity=4)
    assert pieces.max() == 2
    return sketch, np.where((pieces == pieces[0, 0])[..., None], RED, BLUE).astype(np.uint8)


LINES = {
    "upright": COLUMNS == 100,
    "level": ROWS == 219,
    "slanting": 2 * COLUMNS // 3 + 40 == ROWS,
    "diagonal": COLUMNS + ROWS == 300,
    "wavy": (160 + 25 * np.sin(ROWS / 30)).astype(int) == COLUMNS,
}


def busy_sketch(side: int) -> np.ndarray:
    rng, sketch = np.random.default_rng(4), blank(side, side)
    for _ in range(30):
        center, axes = rng.integers(0, side, 2).tolist(), rng.integers(5, side // 3, 2).tolist()
        thickness = int(rng.integers(1, 9))
        cv2.ellipse(sketch, center, axes, 30, 0, 330, 0, thickness, cv2.LINE_AA)
    sketch[side // 2 :, : side // 3] = 0
    return sketch
