"""Twins found in the graph: those of the library, region by region."""

import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.line_art.layout import twins
from tf_deeppaint.line_art.layout.twins import Parts
from tf_deeppaint.serving.layout.twins import find_twins

SIZE = 48


def random_parts(seed: int, boxes: int) -> Parts:
    """Boxes with a mirrored one each, a bit moved, that may lie over each other."""
    rng = np.random.default_rng(seed)
    labels = np.ones((SIZE, SIZE), np.int64)
    for number in range(boxes):
        height, width, top, left = rng.integers(2, 12, 2).tolist() + rng.integers(0, 20, 2).tolist()
        shift = rng.integers(0, 3)
        labels[top : top + height, left : left + width] = 2 + 2 * number
        right = SIZE - left + shift
        labels[top + shift : top + shift + height, right - width : right] = 3 + 2 * number
    cell = np.arange(SIZE**2)
    pixels = rng.integers(1, 9, SIZE**2)
    order = np.argsort(labels.ravel(), kind="stable")
    order = order[labels.ravel()[order] > 1]  # 1 is the page
    return Parts(labels.ravel()[order], cell[order], pixels[order], labels.max() + 1, SIZE)


@pytest.mark.parametrize("boxes", [0, 1, 4, 12, 90])
def test_twins_are_those_of_the_library(boxes) -> None:
    found = []
    for seed in range(10):
        parts = random_parts(seed, boxes)
        expected = twins.find_twins(parts, 0.2)
        arrays = [tf.constant(part, tf.int64) for part in (parts.label, parts.cell, parts.pixels)]
        count, width = tf.constant(parts.count, tf.int32), tf.constant(SIZE, tf.int64)
        own = find_twins(*arrays, count, width, tf.constant(0.2, tf.float64))
        np.testing.assert_array_equal(own, expected)
        found.append(np.count_nonzero(expected != np.arange(parts.count)))
    assert (max(found) > 0) == (boxes > 0)
