"""The regions and the page of strips: measured by their short side, found all along them."""

import cv2
import numpy as np
import pytest

from tf_deeppaint.line_art.gaps import working_gap
from tf_deeppaint.line_art.ink import (
    MOST_WORKING,
    to_working_size,
    working_factor,
    working_to_strip,
)
from tf_deeppaint.line_art.regions import PAGE, find_regions, find_sketch_regions

SIDE, LENGTH = 200, 3000


def blank() -> np.ndarray:
    return np.full((LENGTH, SIDE), 255, np.uint8)


def regions_of(strip: np.ndarray, is_wide: bool = False) -> np.ndarray:
    """The regions of a strip, upright, or as they are when it lies."""
    return find_sketch_regions(strip.T).T if is_wide else find_sketch_regions(strip)


@pytest.mark.parametrize("is_wide", [False, True])
def test_gutters_are_the_page_and_what_is_drawn_between_is_not(is_wide) -> None:
    strip = blank()
    for top in range(100, LENGTH - 150, 250):
        strip[top : top + 3] = strip[top + 150 : top + 153] = 0
        cv2.line(strip, (0, top + 100), (SIDE, top + 60), 0, 3)
    regions = regions_of(strip, is_wide)
    for top in range(100, LENGTH - 150, 250):
        assert (regions[top + 153 : top + 250] == PAGE).all()
        above, below = regions[top + 20, 5], regions[top + 140, 195]
        assert above > PAGE and below > PAGE and above != below


@pytest.mark.parametrize("is_wide", [False, True])
def test_paper_as_long_as_the_strip_is_wide_is_the_page(is_wide) -> None:
    strip = blank()
    cv2.line(strip, (0, 500), (SIDE, 560), 0, 3)
    cv2.line(strip, (0, 1500), (SIDE, 1560), 0, 3)
    cv2.circle(strip, (90, 1000), 50, 0, 3)
    cv2.line(strip, (0, 1650), (SIDE, 1600), 0, 3)
    regions = regions_of(strip, is_wide)
    assert regions[600, 5] == PAGE
    assert regions[1000, 90] > PAGE
    assert regions[1590, 100] > PAGE  # between two lines that are near


def test_letters_are_found_however_many_there_are() -> None:
    strip = blank()
    for middle in range(100, LENGTH, 200):
        cv2.ellipse(strip, (SIDE // 2, middle), (90, 60), 0, 0, 360, 0, 3)
        for row in range(middle - 25, middle + 25, 12):
            for left in range(50, 150, 8):
                strip[row : row + 8, left : left + 4] = 0
    assert (find_regions(strip)[100, 40:46] > PAGE).all()  # too many marks for one page
    regions = regions_of(strip)
    for middle in range(100, LENGTH, 200):
        assert (regions[middle, 20:49] == PAGE).all()


@pytest.mark.parametrize("gap, closed", [(4, True), (12, False)])
def test_gaps_are_measured_by_the_short_side(gap, closed) -> None:
    strip = blank()
    cv2.rectangle(strip, (40, 1000), (160, 1120), 0, 3)
    strip[1050 : 1050 + gap, 155:165] = 255
    assert (regions_of(strip)[1060, 100] > PAGE) == closed


def test_a_gap_in_pixels_is_one_of_the_working_size() -> None:
    assert working_gap(31, 1600, 12000) == 11  # 1600 pixels are brought near 512 by 3
    assert working_gap(31, 1600, 1600) == 11
    assert working_gap(31, 12000, 12000) == 2


@pytest.mark.parametrize(
    "shape", [(65536, 8192), (8192, 65536), (65536, 767), (65536, 1), (12000, 800), (300, 100)]
)
def test_what_is_worked_on_is_bounded(shape) -> None:
    factor = working_factor(*shape)
    working = [-(-side // factor) for side in shape]
    assert working[0] * working[1] <= MOST_WORKING
    assert min(working) < 768 and (min(working) >= 256 or factor == 1)


@pytest.mark.parametrize("size", [64, 256])
@pytest.mark.parametrize("shape", [(500, 200), (200, 500), (9000, 30), (401, 200)])
def test_a_strips_canvas_is_at_the_networks_scale(shape, size) -> None:
    strip = np.full(shape, 255, np.uint8)
    strip[::50] = 0
    working = to_working_size(strip, working_factor(*shape))
    canvas, placement, windows = working_to_strip(working, size)
    assert windows is None
    assert min(canvas.shape) == size <= max(canvas.shape)
    assert canvas.size <= 1 << 22
    ratio = max(placement.height, placement.width) / min(placement.height, placement.width)
    assert ratio == pytest.approx(max(shape) / min(shape), rel=0.1)
    if max(shape) <= 64 * min(shape):
        assert min(placement.height, placement.width) == size
