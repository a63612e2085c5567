"""Lines taken out of a picture's colors: against OpenCV's XDoG, and what they leave open."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.data.extracted_lines import SHARE, extract, paint_over, redraw_from_colors
from tf_deeppaint.line_art.styles import draw_styles

SIDE = 96


@pytest.fixture(scope="module")
def drawing() -> tuple[np.ndarray, np.ndarray]:
    """Two colors of one gray beside each other, a third below, all parted by black lines."""
    sketch = np.full((SIDE, SIDE, 1), 255, np.uint8)
    for box in ((10, 10, 47, 47), (48, 10, 85, 47), (10, 48, 85, 85)):
        cv2.rectangle(sketch, box[:2], box[2:], 0, 2)
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    picture[10:48, 10:48], picture[10:48, 48:86] = (200, 100, 100), (100, 150, 106)
    picture[48:86, 10:86] = (40, 40, 120)
    picture[sketch[..., 0] == 0] = 0
    return sketch, picture


def redraw(drawing, kept: float, width: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    lines, picture = redraw_from_colors(
        *map(tf.constant, drawing), tf.constant(kept), tf.constant(width)
    )
    return lines.numpy(), picture.numpy()


def test_with_all_of_its_lines_a_picture_is_drawn_as_the_style_draws_it(drawing):
    lines, _ = redraw(drawing, kept=1.0)
    expected = draw_styles(["soft"], [None], [drawing[1]])[0][0]
    # The style rounds gray levels first; its kernels are cut off earlier.
    assert np.abs(lines[..., 0].astype(int) - expected).mean() < 1
    assert np.corrcoef(lines.ravel(), expected.ravel())[0, 1] > 0.995


def test_colors_of_one_gray_are_open_to_each_other_and_others_are_not(drawing):
    lines, picture = redraw(drawing, kept=0.0)
    assert lines[25:35, 44:52].min() > 240  # nothing between the upper two
    assert (lines[44:52, 20:30].min(axis=0) < 160).all()  # a line above the third
    assert (picture[30, 40] == (200, 100, 100)).all() and (picture[30, 56] == (100, 150, 106)).all()
    assert (lines[:4] == 255).all() and (picture[:4] == 255).all()


def test_the_more_of_its_lines_stays_the_darker_they_are(drawing):
    means = [redraw(drawing, kept)[0][25:35, 44:52].mean() for kept in (0.1, 0.3, 0.6, 1.0)]
    assert np.all(np.diff(means) < 0)


def test_lines_are_painted_over_with_the_nearest_color_and_wide_black_is_not():
    picture = np.zeros((32, 32, 3), np.float32)
    picture[:, :8], picture[:, 10:16] = (200, 0, 0), (0, 200, 0)
    known = np.zeros((32, 32, 1), bool)
    known[:, :8] = known[:, 10:16] = True
    over = paint_over(tf.constant(picture), tf.constant(known), 4).numpy()
    expected = picture.copy()
    expected[:, 8], expected[:, [9, *range(16, 20)]] = (200, 0, 0), (0, 200, 0)
    np.testing.assert_allclose(over, expected, atol=0.01)
    assert np.array_equal(over[known[..., 0]], picture[known[..., 0]])


def test_a_third_of_the_records_is_drawn_anew(drawing):
    sketch, picture = map(tf.constant, drawing)
    graph = tf.function(extract, autograph=False)
    drawn = [graph(sketch, picture, tf.constant([3, n]))[0].numpy() for n in range(200)]
    changed = np.mean([not np.array_equal(lines, drawing[0]) for lines in drawn])
    assert abs(changed - SHARE) < 0.1
    assert len({lines.tobytes() for lines in drawn}) > 20  # each in its own way
