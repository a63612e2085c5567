"""Line ends in the graph: what the library finds, pixel by pixel."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.line_art import line_ends
from tf_deeppaint.serving.line_ends import find_ahead, thin_lines

MASK = tf.TensorSpec((None, None), tf.bool)
thin_in_graph = tf.function(thin_lines, [MASK], autograph=False)
find_in_graph = tf.function(find_ahead, [MASK, tf.TensorSpec((), tf.int32)], autograph=False)


def strokes(seed: int, shape: tuple, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    ink = np.zeros(shape, np.uint8)
    for _ in range(count):
        start, end = rng.integers(-20, max(shape) + 20, (2, 2)).tolist()
        cv2.line(ink, start, end, 1, int(rng.integers(1, 12)))
        cv2.circle(ink, end, int(rng.integers(1, 30)), 1, int(rng.integers(1, 4)))
    return ink > 0


DRAWINGS = {
    "few": strokes(0, (200, 200), 5),
    "oblong": strokes(1, (90, 300), 12),
    "many": strokes(2, (300, 250), 40),
    "hatched": np.random.default_rng(0).random((200, 200)) < 0.2,
    "empty": np.zeros((30, 30), bool),
    "black": np.ones((70, 3), bool),
}


@pytest.mark.parametrize("name", DRAWINGS)
@pytest.mark.parametrize("reach", [2, 12])
def test_it_is_what_the_library_finds(name, reach) -> None:
    ink = DRAWINGS[name]
    np.testing.assert_array_equal(thin_in_graph(ink), line_ends.thin_lines(ink))
    ahead = line_ends.find_ahead(ink, reach)
    np.testing.assert_array_equal(find_in_graph(ink, reach), ahead)
    assert ahead.any() == (name not in ("empty", "black"))
