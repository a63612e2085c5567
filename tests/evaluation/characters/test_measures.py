"""Measures of a painted figure, on drawings whose shares are known by construction."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from tf_deeppaint.evaluation.characters.measures import FigureMeasures

SIZE = 40
FIGURE = np.s_[10:30, 10:30]
RED, BLUE, WHITE = (200, 60, 60), (60, 60, 200), (255, 255, 255)


def framed() -> np.ndarray:
    """A square inside a line."""
    sketch = np.full((SIZE, SIZE), 255, np.uint8)
    sketch[8:32, 8:32] = 0
    sketch[FIGURE] = 255
    return sketch


@pytest.fixture
def truth() -> np.ndarray:
    picture = np.repeat(framed()[..., None], 3, axis=-1)
    picture[FIGURE] = RED
    picture[10:15, 10:30] = WHITE  # a quarter of the figure
    return picture


@pytest.fixture
def measure(truth) -> FigureMeasures:
    figure = np.zeros((SIZE, SIZE), bool)
    figure[FIGURE] = True
    return FigureMeasures(framed(), truth, figure)


def test_the_true_picture_is_right(measure, truth):
    values = measure(truth)
    assert values["right color"] == 1
    assert values["CIEDE2000"] == values["leak"] == values["left white"] == 0
    assert values["region spread"] > 0


@pytest.mark.parametrize("columns", [5, 10, 20])
def test_a_wrong_color_counts_by_its_pixels(measure, truth, columns):
    painted = truth.copy()
    painted[15:30, 10 : 10 + columns] = BLUE
    share = 15 * columns / 400
    values = measure(painted)
    assert values["right color"] == pytest.approx(1 - share)
    distance = deltaE_ciede2000(*(rgb2lab(np.array(c) / 255) for c in (RED, BLUE)))
    assert values["CIEDE2000"] == pytest.approx(share * distance)
    assert values["leak"] == values["left white"] == 0


def test_a_color_is_right_up_to_a_difference_of_ten(measure, truth):
    for step in range(0, 100, 4):
        painted = truth.copy()
        painted[15:30, 10:30] = (200, 60 + step, 60)
        distance = deltaE_ciede2000(*(rgb2lab(np.array(c) / 255) for c in (RED, painted[20, 20])))
        assert measure(painted)["right color"] == (1 if distance <= 10 else 0.25)


def test_lines_are_no_part_of_the_figure(measure, truth):
    painted = truth.copy()
    painted[framed() == 0] = BLUE
    assert measure(painted) == measure(truth)


def test_white_that_is_true_is_not_left_white(measure, truth):
    painted = truth.copy()
    painted[15:20, 10:30] = WHITE
    values = measure(painted)
    assert values["left white"] == pytest.approx(1 / 3)  # of three quarters that have color
    assert values["right color"] == pytest.approx(0.75)


def test_a_pale_color_may_be_right_and_near_white(truth):
    pale, white = (255, 240, 229), (255, 240, 231)  # near white begins at 230
    truth[FIGURE] = pale
    figure = np.zeros((SIZE, SIZE), bool)
    figure[FIGURE] = True
    measure = FigureMeasures(framed(), truth, figure)
    painted = truth.copy()
    painted[FIGURE] = white
    assert measure(painted)["left white"] == 0
    painted[FIGURE] = (230, 255, 255)
    assert measure(painted)["left white"] == 1


def test_color_on_bare_paper_leaks(measure, truth):
    painted = truth.copy()
    painted[:2] = BLUE
    paper = SIZE**2 - 24**2
    assert measure(painted)["leak"] == pytest.approx(2 * SIZE / paper)
    painted[:2] = 240
    assert measure(painted)["leak"] == 0


def test_a_page_without_a_figure_has_no_scores():
    sketch = np.full((SIZE, SIZE), 255, np.uint8)
    picture = np.full((SIZE, SIZE, 3), 255, np.uint8)
    values = FigureMeasures(sketch, picture, np.zeros((SIZE, SIZE), bool))(picture)
    assert values.pop("leak") == 0
    assert np.isnan(list(values.values())).all()
