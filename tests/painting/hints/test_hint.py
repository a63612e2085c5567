"""Hints: which pixels they mark, and what is no hint."""

import numpy as np
import pytest
from skimage.draw import line

from tf_deeppaint.painting.hints.hint import MOST_CORNERS, Hint
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.mark.parametrize(
    "color", ["#c81e28", (200, 30, 40), [200, 30, 40], np.uint8([200, 30, 40])]
)
def test_a_dot_marks_the_pixel_that_a_point_lies_in(color):
    hint = Hint.dot(3.9, 7, color)
    assert hint == Hint(((3, 7),), (200, 30, 40), False)
    assert hint == Hint.dot(np.float32(3.2), np.int64(7), color) and len({hint, hint}) == 1
    assert Hint.dot(3, 7, "#0f0", everywhere=True) == Hint(((3, 7),), (0, 255, 0), True)


@pytest.mark.parametrize("end", [(30, 4), (4, 30), (9, 17), (2, 1), (5, 12), (5, 30)])
def test_a_stroke_marks_the_pixels_of_straight_lines(end):
    """Against Bresenham's line of scikit-image, at most a pixel beside."""
    points = np.array(Hint.stroke([(5, 12), end], "#000").points)
    rows, columns = line(12, 5, end[1], end[0])
    assert len(points) == len(rows) and np.abs(points - np.stack([columns, rows], 1)).max() <= 1
    assert (points[0] == (5, 12)).all() and (points[-1] == end).all()


def test_a_stroke_goes_on_from_corner_to_corner_and_counts_no_pixel_twice():
    points = Hint.stroke([(0, 0), (3, 0), (3, 2), (0, 0)], "#000").points
    assert points[:6] == ((0, 0), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2))
    assert len(set(points)) == len(points) == 8


@pytest.mark.parametrize(
    "point", [(-1, 0), (0, float("nan")), (float("inf"), 1), ("1", 2), (1,), 5, (70_000, 1), None]
)
def test_what_is_no_point_is_told(point):
    with pytest.raises(DeepPaintError, match="no point of a sketch"):
        Hint.stroke([(1, 1), point], "#000")


@pytest.mark.parametrize(
    "color", ["red", "#12", "", None, (1, 2), (1, 2, 256), (1, 2, 0.5), (True, 1, 1), 7]
)
def test_what_is_no_color_is_told(color):
    with pytest.raises(DeepPaintError, match=r"^color="):
        Hint.dot(1, 1, color)


def test_strokes_are_bounded():
    for corners in ([], [(0, 0)] * (MOST_CORNERS + 1)):
        with pytest.raises(DeepPaintError, match=r"a hint of .* points"):
            Hint.stroke(corners, "#000")
    with pytest.raises(DeepPaintError, match="a stroke of over"):
        Hint.stroke([(0, 0), (65_535, 0)] * 40, "#000")
