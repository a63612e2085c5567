"""Figures that end in the middle of a page are not one with the page."""

import cv2
import numpy as np
import pytest

from tests.helpers.figures import LOWEST, bust, standing, striding
from tf_deeppaint.line_art.regions import PAGE, find_regions


def body(regions: np.ndarray) -> int:
    """The label below the shoulders of a bust, in its middle."""
    side = len(regions)
    return regions[round(LOWEST * side) - 8, side // 2]


@pytest.mark.parametrize("rise", [0, 4, -4])
@pytest.mark.parametrize("side", [200, 320])
def test_a_bust_that_ends_on_the_paper_is_a_region(side, rise) -> None:
    regions = find_regions(bust(side, rise))
    assert body(regions) > PAGE
    below = regions[round(LOWEST * side) + 12 :]
    assert (below == PAGE).all()
    assert (regions[:, :10] == PAGE).all()


def test_it_is_the_region_that_the_pages_edge_would_make() -> None:
    page = bust(200)
    regions, cut = find_regions(page), find_regions(page[: round(LOWEST * 200)])
    same = (regions[: len(cut)] == body(regions)) == (cut == body(np.pad(cut, ((0, 50), (0, 0)))))
    assert same.mean() > 0.99


def test_paper_between_feet_is_paper() -> None:
    regions = find_regions(standing(200))
    assert regions[150, 100] == PAGE and regions[150, 85] > PAGE and regions[150, 115] > PAGE


def test_paper_between_spread_legs_is_paper() -> None:
    regions = find_regions(striding(200))
    assert regions[150, 100] == PAGE and regions[150, 145] > PAGE and regions[150, 55] > PAGE


@pytest.mark.parametrize("place", [(185, 100), (30, 30), (192, 190)])
def test_other_ink_on_the_page_changes_nothing(place) -> None:
    """A page number below, a mark above, a speck in a corner."""
    page = bust(200)
    page[place[0] : place[0] + 5, place[1] : place[1] + 4] = 0
    assert body(find_regions(page)) > PAGE


def test_two_busts_are_closed_where_each_ends() -> None:
    page = np.concatenate([bust(200), np.roll(bust(200), -40, axis=0)], axis=1)
    regions = find_regions(page)
    assert regions[142, 100] > PAGE and regions[102, 300] > PAGE
    assert regions[162, 100] == PAGE and regions[122, 300] == PAGE


def test_an_arch_around_a_figure_is_not_closed() -> None:
    page = np.full((300, 300), 255, np.uint8)
    page[60:210, 90:210] = standing(200)[40:190, 40:160]
    cv2.ellipse(page, (150, 230), (120, 200), 0, 180, 360, 0, 2)
    regions = find_regions(page)
    assert regions[200, 60] == PAGE and regions[45, 150] == PAGE


def test_ends_that_are_far_from_level_are_not_joined() -> None:
    regions = find_regions(bust(200, rise=40))
    assert body(regions) == PAGE


def test_without_gaps_to_be_closed_nothing_is_closed_below() -> None:
    assert body(find_regions(bust(200), gap=0)) == PAGE


def test_where_the_page_ends_nothing_is_drawn() -> None:
    page = bust(200)[: round(LOWEST * 200)]
    np.testing.assert_array_equal(find_regions(page) == 0, page < 200)
