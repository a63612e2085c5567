"""What the network sees of a page, in the graph: the window of the library."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.images.canvas import Placement
from tf_deeppaint.line_art import ink
from tf_deeppaint.painting.prediction import MixturePrediction, lay_on_canvas
from tf_deeppaint.palette.mixing import Mixture
from tf_deeppaint.serving.canvas import working_to_canvas
from tf_deeppaint.serving.layout import framing

SIZE = 64


def random_page(seed: int) -> np.ndarray:
    """A page with a few lines somewhere on it."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(30, 400, 2)
    page = np.full((height, width), 255, np.uint8)
    corner = rng.integers(0, (width, height))
    reach = rng.integers(3, min(height, width))
    for _ in range(rng.integers(1, 9)):
        ends = (corner + rng.integers(-reach, reach + 1, (2, 2))).tolist()
        cv2.line(page, *ends, int(rng.integers(0, 90)), int(rng.integers(1, 6)))
    return page


@pytest.mark.parametrize("framed", [True, False])
def test_pages_are_seen_as_the_library_sees_them(framed) -> None:
    spec = tf.TensorSpec((None, None), tf.uint8)
    fit = tf.function(lambda page: working_to_canvas(page, SIZE, framed), [spec])
    sides = set()
    for seed in range(80):
        page = random_page(seed)
        expected = ink.working_to_canvas(page, SIZE, framed)
        if len(expected.windows) > 1:  # the graph sees them together
            continue
        canvas, placement, window = fit(page)
        assert placement.numpy().tolist() == list(expected.placement)
        assert window.numpy().tolist() == list(expected.windows[0].view)
        assert np.abs(canvas.numpy().astype(int) - expected.canvas).max() <= 1
        sides.add(canvas.shape[0])
    assert len(sides) > 10 if framed else sides == {SIZE}


def test_a_mixture_is_laid_on_a_canvas_as_the_library_does_it() -> None:
    rng = np.random.default_rng(0)
    parts = Mixture(*(rng.random((8, 8, n)).astype(np.float32) for n in (18, 1, 1)))
    canvas = np.full((30, 30), 255, np.uint8)
    window = Placement(5, 22, 8, 8)
    seen, palette = canvas[window.area], np.zeros((4, 4, 3), np.uint8)
    prediction = MixturePrediction(seen, palette, parts)
    expected = lay_on_canvas(canvas, [prediction], [ink.Window(window, window)]).mixture
    found = framing.lay_on_canvas(
        Mixture(*map(tf.constant, parts)), tf.constant(window), tf.constant(30)
    )
    for found_part, part in zip(found, expected, strict=True):
        np.testing.assert_array_equal(found_part, part)
    assert expected.weights[0, 0].argmax() == 16 and (expected.weights.sum(-1)[:5] == 1).all()
    assert (expected.shade[:5] == 1).all() and (expected.ink[:5] == 0).all()
    np.testing.assert_array_equal(expected.weights[window.area], parts.weights)
