"""Ink of any width and darkness arrives on the network's canvas as lines that it knows."""

import cv2
import numpy as np
import pytest

from tf_deeppaint.images.canvas import fit_to_canvas
from tf_deeppaint.line_art.ink import shrink_factor, to_working_size, working_to_canvas

SIZE = 256


def circle(side: int, width: int, gray: int = 0) -> np.ndarray:
    sketch = np.full((side, side), 255, np.uint8)
    cv2.circle(sketch, (side // 2, side // 2), side // 3, gray, width)
    return sketch


def canvas_of(sketch: np.ndarray) -> np.ndarray:
    return working_to_canvas(to_working_size(sketch), SIZE)[0]


def encloses(canvas: np.ndarray, level: int = 128) -> bool:
    """Whether the circle is closed on the canvas by ink darker than a level."""
    count, _ = cv2.connectedComponents((canvas >= level).astype(np.uint8), connectivity=4)
    return count == 3


@pytest.mark.parametrize(
    "side, factor", [(1, 1), (512, 1), (767, 1), (768, 2), (1000, 2), (8192, 16)]
)
def test_large_sketches_are_shrunk_by_a_whole_factor(side, factor) -> None:
    assert shrink_factor(side, 1) == shrink_factor(1, side) == factor


def test_the_example_of_the_documents() -> None:
    """A sketch of 3000 x 4000: docs/how-it-works.md."""
    sketch = np.full((4000, 3000), 255, np.uint8)
    assert shrink_factor(*sketch.shape) == 8
    working = to_working_size(sketch)
    assert working.shape == (500, 375)
    canvas, placement, _ = working_to_canvas(working, 128)
    assert canvas.shape == (128, 128) and placement == (0, 16, 128, 96)


def test_every_pixel_is_the_darkest_of_those_it_covers() -> None:
    sketch = np.random.default_rng(0).integers(0, 256, (1500, 700)).astype(np.uint8)
    sketch[:3, :3] = 0
    working = to_working_size(sketch)
    assert working.shape == (500, 234)
    for y, x in ((0, 0), (499, 10), (77, 233), (300, 100)):
        expected = sketch[3 * y : 3 * y + 3, 3 * x : 3 * x + 3].min()
        # Noise has a dark tenth of 26 levels and less, which becomes black.
        assert working[y, x] == max(0, (int(expected) - int(stretch_level(sketch))) * 255 // 255)


def stretch_level(sketch: np.ndarray) -> int:
    """0: the darkest tenth of this noise's cells is black enough."""
    cells = np.pad(sketch, ((0, 0), (0, 2)), constant_values=255).reshape(500, 3, 234, 3)
    darkest = np.sort(cells.min((1, 3)).ravel())
    level = darkest[-(-len(darkest[darkest < 250]) // 10) - 1]
    return int(level) if level > 20 else 0


@pytest.mark.parametrize("gray", [0, 90, 170, 220])
def test_pale_ink_becomes_black(gray) -> None:
    working = to_working_size(circle(400, 4, gray))
    assert working.min() == 0 and (working == 255).mean() > 0.9


def test_black_ink_and_white_paper_stay_as_they_are() -> None:
    for sketch in (circle(400, 4), np.full((50, 60), 255, np.uint8), circle(300, 3, 18)):
        np.testing.assert_array_equal(to_working_size(sketch), sketch)


@pytest.mark.parametrize("gray", [0, 170])
@pytest.mark.parametrize("side", [600, 1000, 2000, 6000])
@pytest.mark.parametrize("percent", [0.05, 0.2, 0.8, 3.0])
def test_lines_of_any_width_close_what_they_enclose(side, percent, gray) -> None:
    canvas = canvas_of(circle(side, max(1, round(side * percent / 100)), gray))
    assert encloses(canvas)
    # At least about 0.7 % of the side wide: a circle of a third of the side as its radius.
    length = 2 * np.pi * SIZE / 3
    assert (255.0 - canvas).sum() / 255 >= 0.007 * SIZE * length


def test_usual_lines_arrive_as_they_always_did() -> None:
    sketch = circle(512, 5)
    np.testing.assert_array_equal(canvas_of(sketch), fit_to_canvas(sketch, SIZE)[0])


def test_thick_lines_are_not_widened() -> None:
    sketch = circle(500, 14)
    np.testing.assert_array_equal(canvas_of(sketch), fit_to_canvas(sketch, SIZE)[0])


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (3000, 2), (7, 5)])
def test_sketches_of_every_shape_have_a_canvas(shape) -> None:
    assert canvas_of(np.full(shape, 255, np.uint8)).min() == 255
    assert canvas_of(np.zeros(shape, np.uint8)).min() == 0
