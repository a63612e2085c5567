"""Color that is drawn again where it has changed: the same as all of it drawn anew."""

import cv2
import numpy as np
import pytest

from tf_deeppaint.painting.hints import redrawing
from tf_deeppaint.painting.hints.redrawing import redraw
from tf_deeppaint.painting.upsampling import upsample_color

CELLS = (110, 140)


def scribble(rng, height: int, width: int) -> np.ndarray:
    """Lines of many widths, closed and open, and black areas."""
    sketch = np.full((height, width), 255, np.uint8)
    for _ in range(25):
        points = rng.integers(0, (width, height), (rng.integers(2, 6), 2), np.int32)
        cv2.polylines(sketch, [points], bool(rng.integers(2)), 0, int(rng.integers(1, 9)))
    cv2.circle(sketch, (width // 3, height // 2), height // 8, 60, -1)
    return sketch


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_what_changed_is_drawn_as_all_of_it_would_be(factor, monkeypatch):
    rng = np.random.default_rng(factor)
    height, width = (side * factor - factor // 2 for side in CELLS)  # the last cells have fewer
    before = rng.integers(0, 256, (*CELLS, 3), np.uint8)
    sketch = scribble(rng, height, width)
    like = before, upsample_color(before, sketch, factor)
    drawn = []

    def upsample(color, sketch, factor):
        drawn.append(color.shape[:2])
        return upsample_color(color, sketch, factor)

    monkeypatch.setattr(redrawing, "upsample_color", upsample)
    corners = [(0, 0), (CELLS[0] - 1, CELLS[1] - 1), (0, 90), *rng.integers(0, CELLS, (5, 2))]
    for top, left in corners:
        after = before.copy()
        after[top : top + 6, left : left + 3] ^= 255
        expected = upsample_color(after, sketch, factor)
        assert (expected != like[1]).any()
        np.testing.assert_array_equal(redraw(after, sketch, factor, like), expected)
    assert len(drawn) == len(corners) and min(np.prod(drawn, axis=1)) < np.prod(CELLS) // 3
    assert redraw(before.copy(), sketch, factor, like) is like[1]


def test_without_another_or_whole_cells_all_is_drawn():
    rng = np.random.default_rng(7)
    color, sketch = rng.integers(0, 256, (40, 30, 3), np.uint8), scribble(rng, 119, 90)
    like = color ^ 255, upsample_color(color ^ 255, sketch)
    for factor, other in ((None, like), (3, None)):
        expected = upsample_color(color, sketch, factor)
        np.testing.assert_array_equal(redraw(color, sketch, factor, other), expected)
