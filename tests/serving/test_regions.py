"""Regions found in the graph: those that the library finds, number by number."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.line_art import regions
from tf_deeppaint.serving.regions import even_out, find_regions


def blank(side: int) -> np.ndarray:
    return np.full((side, side), 255, np.uint8)


def scribble(side: int, strokes: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    sketch = blank(side)
    for number in range(strokes):
        x, y, a, b = rng.integers(0, side, 4).tolist()
        if number % 2:
            cv2.ellipse(sketch, (x, y), (a // 3 + 2, b // 3 + 2), a, 0, 360, 0, 1, cv2.LINE_AA)
        else:
            cv2.line(sketch, (x, y), (a, b), 60, 1 + number % 3, cv2.LINE_AA)
    return sketch


def winding(side: int) -> np.ndarray:
    """A corridor that turns round at every fifth row, closed at both ends."""
    sketch = blank(side)
    sketch[[0, -1]] = sketch[:, [0, -1]] = 0
    for number, row in enumerate(range(5, side - 5, 5)):
        sketch[row] = 0
        gap = slice(1, 6) if number % 2 else slice(side - 6, side - 1)
        sketch[row, gap] = 255
    return sketch


SKETCHES = {
    "blank": blank(64),
    "black": 0 * blank(64),
    "framed": np.pad(blank(62), 1),
    "few": scribble(64, 6, 0),
    "many": scribble(128, 30, 1),
    "most": scribble(192, 60, 2),
    "winding": winding(101),
    "oblong": scribble(128, 30, 3)[:70],
    "noise": np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8),
}


@pytest.mark.parametrize("name", SKETCHES)
def test_regions_and_means_are_those_of_the_library(name):
    sketch = SKETCHES[name]
    expected = regions.find_regions(sketch)
    labels = find_regions(tf.constant(sketch))
    np.testing.assert_array_equal(labels, expected)
    values = np.random.default_rng(0).random((*sketch.shape, 5), np.float32)
    evened = even_out(tf.constant(values), labels)
    np.testing.assert_allclose(evened, regions.even_out(values, expected), atol=1e-6)


def test_the_sketches_here_have_regions():
    counts = {name: regions.find_regions(sketch).max() for name, sketch in SKETCHES.items()}
    assert counts["winding"] == counts["framed"] == 1
    assert counts["most"] > 20
