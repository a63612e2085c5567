"""Figures closed below in the graph: as the library does it, on busts among all sorts of lines."""

import cv2
import numpy as np
import tensorflow as tf

from tests.helpers.figures import bust
from tf_deeppaint.line_art.layout import cut_off
from tf_deeppaint.serving.layout.cut_off import close_below


def random_page(seed: int) -> np.ndarray:
    """A bust, sometimes a second one, and a few lines and specks around."""
    rng = np.random.default_rng(seed)
    page = bust(int(rng.integers(120, 260)), int(rng.integers(-9, 10)), int(rng.integers(25, 60)))
    page = np.roll(page, rng.integers(-40, 40, 2), axis=(0, 1))
    if seed % 3 == 0:
        page = np.concatenate([page, np.roll(page[::-1], 9, axis=0)[::-1]], axis=seed % 2)
    if seed % 5 == 0:
        cv2.ellipse(page, (len(page) // 2, 10), (20 + seed, len(page) - 20), 0, 0, 360, 0, 2)
    for _ in range(rng.integers(0, 5)):
        x, y, length = rng.integers(0, len(page), 3).tolist()
        ends = (x, y), (x + length // 6, y + int(rng.integers(-9, 9)))
        cv2.line(page, *ends, int(rng.integers(0, 199)), int(rng.integers(1, 4)))
    return page


def test_pages_are_closed_as_the_library_closes_them() -> None:
    spec = tf.TensorSpec((None, None), tf.bool)
    close = tf.function(close_below, [spec])
    changed = 0
    for seed in range(60):
        paper = random_page(seed) >= 200
        expected = cut_off.close_below(paper)
        np.testing.assert_array_equal(close(paper), expected)
        changed += not np.array_equal(paper, expected)
    assert 10 < changed < 60


def test_without_ink_nothing_is_closed() -> None:
    paper = np.ones((30, 20), bool)
    assert close_below(tf.constant(paper)).numpy().all() and cut_off.close_below(paper).all()
