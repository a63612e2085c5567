"""Gaps: that those up to the given width are closed."""

import numpy as np
import pytest

from tf_deeppaint.line_art.gaps import ball_radii, tell_gap, working_gap
from tf_deeppaint.line_art.regions import PAGE, find_regions


@pytest.mark.parametrize("side, gap, at_work", [(500, 7, 7), (1000, 7, 4), (4000, 7, 1)])
def test_gaps_shrink_with_the_sketch_and_never_to_nothing(side, gap, at_work) -> None:
    assert working_gap(gap, side, side // 2) == at_work
    assert working_gap(None, side, side) is None and working_gap(0, side, side) == 0


def test_the_largest_ball_does_not_fit_through_the_gap() -> None:
    for gap in range(1, 60):
        radii = ball_radii(600, 400, gap)
        assert 2 * radii[0] + 1 > gap >= 2 * radii[0] - 1
        assert sorted(radii, reverse=True) == radii and radii[-1] == 1
    assert ball_radii(600, 400, 0) == []
    assert ball_radii(600, 400, 10**8) == ball_radii(600, 400, 60)
    assert 2 * ball_radii(600, 400)[0] + 1 > 0.02 * 600


@pytest.mark.parametrize(
    "gap, height, width, most",
    [
        (500, 400, 600, 60),
        (61, 600, 400, 60),
        (60, 400, 600, None),
        (None, 400, 600, None),
        (0, 5, 5, None),
        (1, 5, 5, 0),
        (90, 3000, 800, 80),  # of a strip the short side counts
    ],
)
def test_a_gap_over_a_tenth_of_the_side_is_told(gap, height, width, most) -> None:
    told = tell_gap(gap, height, width)
    assert told.startswith(f"gap={gap} is over") == (most is not None)
    assert (f"up to {most} pixels" in told) == (most is not None)


def torn_box(gap: int) -> np.ndarray:
    sketch = np.full((400, 400), 255, np.uint8)
    sketch[[100, 101, 300, 301], 100:302] = sketch[100:302, [100, 101, 300, 301]] = 0
    sketch[98:104, 180 : 180 + gap] = 255
    return sketch


@pytest.mark.parametrize("torn", [1, 4, 9, 20])
def test_gaps_up_to_the_given_width_are_closed_and_none_without(torn) -> None:
    sketch = torn_box(torn)
    assert find_regions(sketch, torn)[200, 200] > PAGE
    assert find_regions(sketch, 0)[200, 200] == PAGE
    assert (find_regions(sketch)[200, 200] > PAGE) == (torn <= 10)


def test_without_closing_regions_are_what_is_connected() -> None:
    sketch = torn_box(0)
    sketch[150:250, 200] = 0
    regions = find_regions(sketch, 0)
    assert set(np.unique(regions)) == {0, PAGE, 2}
    assert find_regions(torn_box(3), 0).max() == PAGE
