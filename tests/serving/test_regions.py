"""Regions found in the graph: those that the library finds, number by number."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.figures import bust, standing, striding
from tf_deeppaint.images.canvas import fit_to_canvas
from tf_deeppaint.line_art import regions
from tf_deeppaint.painting.region_colors import vote_by_region
from tf_deeppaint.serving import region_colors
from tf_deeppaint.serving.regions import find_regions, grow, regions_to_canvas


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


def lettered(side: int, left: int = 36) -> np.ndarray:
    """A panel with a speech bubble and a figure. Farther left the letters part the bubble."""
    sketch = blank(side)
    cv2.rectangle(sketch, (3, 3), (side - 4, side - 4), 0, 3)
    cv2.ellipse(sketch, (80, 50), (66, 30), 0, 0, 360, 0, 2)
    cv2.putText(sketch, "WHAT?", (left, 58), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 0, 2)
    cv2.circle(sketch, (150, 150), 60, 0, 2)
    cv2.circle(sketch, (135, 140), 8, 0, 2)
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
    "lettered": lettered(256),
    "lettered at one end": lettered(256, 24),
    "bust": bust(200),
    "aslant": bust(201, rise=-5),
    "narrow": bust(240, shoulders=30),
    "standing": standing(200),
    "striding": striding(220),
    "two": np.concatenate([bust(200), np.roll(bust(200), -40, axis=0)], axis=1),
    "at the edge": bust(200)[:150],
    "sliver": np.full((300, 2), 255, np.uint8),
    "noise": np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8),
}


# Traced once for all sizes.
find_in_graph = find_regions.get_concrete_function(tf.TensorSpec((None, None), tf.uint8))


@pytest.mark.parametrize("name", SKETCHES)
def test_regions_and_mixtures_are_those_of_the_library(name) -> None:
    sketch = SKETCHES[name]
    expected = regions.find_regions(sketch)
    labels = find_in_graph(tf.constant(sketch))
    np.testing.assert_array_equal(labels, expected)
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(18), (64, 64)).astype(np.float32)
    _, placement = fit_to_canvas(sketch, 64)
    palette = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    palette[1, :2] = 240 if len(name) % 2 else 20
    inputs = map(tf.constant, (weights, labels, placement, palette))
    evened = region_colors.vote_by_region(*inputs)
    own = vote_by_region(weights, expected, placement, palette)
    np.testing.assert_allclose(evened, own, atol=1e-6)
    np.testing.assert_array_equal(grow(labels, 5), regions.grow(expected, 5))
    on_canvas = regions_to_canvas(labels, tf.constant(placement), 64)
    np.testing.assert_array_equal(
        on_canvas, regions.regions_to_canvas(expected, placement, (64, 64))
    )


def test_the_sketches_here_have_regions_and_a_page() -> None:
    counts = {name: regions.find_regions(sketch).max() for name, sketch in SKETCHES.items()}
    assert counts["most"] > 20 and counts["lettered"] == 3
    for name in ("lettered", "lettered at one end"):
        assert (regions.find_regions(SKETCHES[name])[25:75, 16:144] <= regions.PAGE).all()
