"""What the network sees of a page: the drawing, at the size that it knows."""

import cv2
import numpy as np
import pytest

from tf_deeppaint.images.canvas import Placement, fit_to_canvas
from tf_deeppaint.line_art.ink import Window, to_working_size, working_to_canvas

SIZE = 128
LINE = 3
WHOLE = Window(Placement(0, 0, SIZE, SIZE), Placement(0, 0, SIZE, SIZE))


def rings(height: int, width: int) -> np.ndarray:
    """An ellipse that touches the edges of the picture, with another in it."""
    drawing = np.full((height, width), 255, np.uint8)
    for part in (1, 2):
        axes = ((width - 2 * LINE) / part, (height - 2 * LINE) / part)
        cv2.ellipse(drawing, (((width - 1) / 2, (height - 1) / 2), axes, 0), 0, 2 * LINE)
    return drawing


def page_with(drawing: np.ndarray, shape: tuple[int, int], top: int, left: int) -> np.ndarray:
    page = np.full(shape, 255, np.uint8)
    page[top : top + drawing.shape[0], left : left + drawing.shape[1]] = drawing
    return page


def seen(page: np.ndarray, size: int = SIZE) -> np.ndarray:
    canvas, _, windows = working_to_canvas(page, size, framed=True)
    (window,) = windows
    return window.show(canvas)


def extent(gray: np.ndarray) -> tuple[int, int, int, int]:
    """The first and last rows and columns of ink."""
    rows, columns = (np.flatnonzero((gray < 128).any(axis)) for axis in (1, 0))
    return rows[0], rows[-1], columns[0], columns[-1]


@pytest.mark.parametrize(
    "drawn, shape, place",
    [
        ((180, 120), (500, 500), (160, 190)),
        ((180, 120), (500, 500), (20, 370)),
        ((180, 120), (400, 600), (200, 20)),
        ((120, 240), (600, 400), (470, 150)),
        ((300, 250), (500, 400), (10, 140)),
    ],
)
def test_a_drawing_fills_nine_tenths_of_what_is_seen(drawn, shape, place) -> None:
    top, bottom, left, right = extent(seen(page_with(rings(*drawn), shape, *place)))
    longer = max(bottom - top, right - left) + 1
    assert longer / SIZE == pytest.approx(0.9, abs=0.03)
    ratio = (bottom - top + 1) / (right - left + 1)
    assert ratio == pytest.approx(drawn[0] / drawn[1], rel=0.06)


@pytest.mark.parametrize("place", [(160, 190), (120, 130), (200, 240)])
def test_it_is_seen_in_the_middle_wherever_it_lies(place) -> None:
    top, bottom, left, right = extent(seen(page_with(rings(180, 120), (500, 500), *place)))
    assert abs((top + bottom) / 2 - SIZE / 2) <= 2 and abs((left + right) / 2 - SIZE / 2) <= 2


def test_what_an_edge_cuts_off_is_seen_cut_off() -> None:
    """A bust at the lower edge of a page: not paper below it, as if it ended there."""
    view = seen(page_with(rings(200, 200), (500, 500), 300, 100))
    assert (view[-1] < 128).any() and (view[0] == 255).all()


@pytest.mark.parametrize("shape", [(500, 500), (500, 300), (300, 500)])
def test_a_drawing_that_fills_its_page_is_seen_as_the_page_is(shape) -> None:
    drawing = rings(*(round(0.9 * side) for side in shape))
    page = page_with(drawing, shape, shape[0] // 20, shape[1] // 20)
    canvas, placement, windows = working_to_canvas(page, SIZE, framed=True)
    assert windows == (WHOLE,)
    expected, place = fit_to_canvas(page, SIZE)
    np.testing.assert_array_equal(canvas, expected)
    assert placement == place


@pytest.mark.parametrize("size, most", [(64, 256), (128, 512), (256, 1024), (1024, 1024)])
def test_a_canvas_is_bounded_however_small_the_drawing_is(size, most) -> None:
    page = page_with(rings(30, 30), (700, 700), 600, 40)
    canvas, placement, ((window, _),) = working_to_canvas(page, size, framed=True)
    assert canvas.shape == (most, most) and placement == (0, 0, most, most)
    top, bottom, left, right = extent(canvas)
    assert window.top <= top and bottom < window.top + size
    assert window.left <= left and right < window.left + size


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (700, 300), (40, 60)])
def test_a_page_without_ink_is_seen_whole(shape) -> None:
    canvas, _, windows = working_to_canvas(np.full(shape, 255, np.uint8), SIZE, framed=True)
    assert canvas.shape == (SIZE, SIZE) and windows == (WHOLE,)


@pytest.mark.parametrize("pen", [1, 2])
@pytest.mark.parametrize("side", [300, 400, 500])
def test_thin_lines_are_wide_enough_in_what_is_seen(side, pen) -> None:
    """A circle by a pen of one pixel or two stays closed, and is not thicker than others."""
    page = np.full((500, 500), 255, np.uint8)
    cv2.circle(page, (250, 250), side // 2 - 5, 0, pen)
    view = seen(to_working_size(page))
    count, _ = cv2.connectedComponents((view >= 128).astype(np.uint8), connectivity=4)
    assert count == 3
    width = (255.0 - view).sum() / 255 / (np.pi * 0.9 * SIZE)
    assert 0.006 * SIZE < width < 0.02 * SIZE
