"""Regions: a slow account of their definition, gaps, and what is measured in them."""

import math

import cv2
import numpy as np
import pytest

from tests.helpers.boxes import SIDE, blank, draw_box
from tf_deeppaint.images.canvas import Placement, fit_to_canvas
from tf_deeppaint.line_art.gaps import ball_radii
from tf_deeppaint.line_art.line_ends import find_ahead
from tf_deeppaint.line_art.page import find_page
from tf_deeppaint.line_art.regions import (
    PAGE,
    PAPER,
    find_open,
    find_open_paper,
    find_regions,
    find_sketch_regions,
    grow,
    region_spread,
    regions_to_canvas,
)

# --- the definition -----------------------------------------------------------------------------


def components(pixels: set) -> list[set]:
    """What is connected along rows and columns, in reading order of the first pixels."""
    left, parts = set(pixels), []
    for first in sorted(pixels):
        if first not in left:
            continue
        waiting, part = [first], set()
        left.discard(first)
        while waiting:
            y, x = waiting.pop()
            part.add((y, x))
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if near in left:
                    left.discard(near)
                    waiting.append(near)
        parts.append(part)
    return parts


def ball(place: tuple, radius: int, shape: tuple) -> set:
    rows, columns = (
        range(max(0, p - radius), min(side, p + radius + 1))
        for p, side in zip(place, shape, strict=True)
    )
    return {(y, x) for y in rows for x in columns}


def contacts(regions: list[set], label_of: dict, marked: np.ndarray) -> tuple[dict, dict]:
    """How many pixel sides each pair of regions shares, and how many with a marked pixel."""
    counts: dict = {}
    marks: dict = {}
    for number, region in enumerate(regions):
        for y, x in region:
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                other = label_of.get(near, number)
                if other != number:
                    pair = number, other
                    counts[pair] = counts.get(pair, 0) + 1
                    marks[pair] = marks.get(pair, 0) + bool(marked[y, x] or marked[near])
    return counts, marks


def join(regions: list[set], marked: np.ndarray, rule) -> list[set]:
    label_of = {place: number for number, region in enumerate(regions) for place in region}
    shared, marks = contacts(regions, label_of, marked)
    target = list(range(len(regions)))
    for number, region in enumerate(regions):
        larger = [
            (length, -other, other)
            for (one, other), length in shared.items()
            if one == number
            and (len(regions[other]), -other) > (len(region), -number)
            and rule(number, length, marks[one, other], len(region))
        ]
        if larger:
            target[number] = max(larger)[2]
    joined = [set() for _ in regions]
    for number, region in enumerate(regions):
        end = number
        while target[end] != end:
            end = target[end]
        joined[end] |= region
    return joined


def slowly(sketch: np.ndarray) -> list[set]:
    """The regions before the page is told apart, a pixel at a time."""
    free = set(zip(*np.nonzero(sketch >= PAPER), strict=True))
    regions: list[set] = []
    for radius in ball_radii(*sketch.shape):
        centers = {place for place in free if ball(place, radius, sketch.shape) <= free}
        filled: dict = {}
        for number, part in enumerate(components(centers)):
            for place in part:
                for reached in ball(place, radius, sketch.shape) & free:
                    filled[reached] = number
        new: list[set] = [set() for _ in components(centers)]
        for place, number in sorted(filled.items(), key=lambda item: item[1]):
            new[number].add(place)
        regions += new
        free -= set(filled)
    balls = len(regions)
    regions += components(free)
    ahead, radius = sketch * 0 > 0, ball_radii(*sketch.shape)[0]
    regions = join(regions, ahead, lambda number, *_: number >= balls)
    ahead = find_ahead(sketch < PAPER, 3 * radius // 2 + 1)

    def is_no_gap(_, length: int, mark: int, area: int) -> bool:
        wide = 2 * length > 3 * (2 * radius + 1) and 4 * length**2 >= area
        return wide or 4 * mark < length

    for _ in range(3):
        regions = join(regions, ahead, is_no_gap)
    regions = join(
        regions, ahead, lambda _, n, __, area: 4 * n**2 >= area and area <= (2 * radius + 1) ** 2
    )
    return [region for region in regions if region]


def scribble(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    sketch = blank(48)[:40]
    for _ in range(5):
        start, end = rng.integers(0, 48, 2).tolist(), rng.integers(0, 48, 2).tolist()
        cv2.line(sketch, start, end, 0, 1)
        cv2.circle(sketch, start, int(rng.integers(3, 14)), 0, 1)
    sketch[tuple(rng.integers(0, 40, (40, 2)).T)] = 255
    return sketch


@pytest.mark.parametrize("seed", range(5))
def test_regions_are_those_of_their_definition(seed) -> None:
    sketch = scribble(seed)
    expected = slowly(sketch)
    labels = np.zeros(sketch.shape, int)
    for number, region in enumerate(expected, 1):
        labels[tuple(np.transpose(list(region)))] = number
    is_page = find_page(labels, sketch < PAPER)
    regions = find_regions(sketch)
    assert len(expected) > 4
    assert ((regions == 0) == (sketch < PAPER)).all()
    for number in range(1, len(expected) + 1):
        (value,) = np.unique(regions[labels == number])
        assert (value == PAGE) == is_page[number]
        if value != PAGE:
            np.testing.assert_array_equal(regions == value, labels == number)
    assert sorted(set(regions.ravel()) | {0, PAGE}) == list(range(regions.max() + 1))


# --- gaps ---------------------------------------------------------------------------------------


def test_a_box_is_a_region_and_the_paper_around_it_the_page() -> None:
    regions = find_regions(draw_box(blank(), 10, 20, 30, 50))
    assert regions.dtype == np.int32
    assert (regions[11:30, 21:50] == 2).all() and (regions[0] == PAGE).all()
    assert np.count_nonzero(regions == 2) == 19 * 29


@pytest.mark.parametrize("gap", [0, 2, 5, 10])
def test_gaps_of_two_percent_of_the_side_are_closed(gap) -> None:
    sketch = draw_box(blank(500), 100, 100, 400, 400)
    sketch[100, 200 : 200 + gap] = 255
    sketch[300 : 300 + gap, 400] = 255
    regions = find_regions(sketch)
    assert regions[250, 250] == 2 and regions[20, 20] == PAGE
    assert (
        np.count_nonzero((regions == 2) != (np.pad(np.ones((299, 299)), ((101, 100),) * 2) > 0))
        <= 2 * gap * 12
    )


def test_a_wide_opening_is_no_gap() -> None:
    sketch = draw_box(blank(500), 100, 100, 400, 400)
    sketch[100, 150:350] = 255
    assert find_regions(sketch)[250, 250] == PAGE


def test_a_narrow_passage_without_a_line_end_is_no_gap() -> None:
    """An arm beside a body: what is between them is open to the page below."""
    sketch = blank(500)
    body = [(200, 100), (300, 100), (300, 400), (200, 400)]
    arm = [(200, 110), (120, 150), (110, 300), (190, 390), (192, 360), (140, 290), (150, 180)]
    cv2.polylines(sketch, [np.array(body)], True, 0, 3)
    cv2.polylines(sketch, [np.array([*arm, (200, 140)])], False, 0, 3)
    regions = find_regions(sketch)
    assert regions[250, 180] == PAGE
    assert regions[250, 250] > PAGE and regions[240, 125] > PAGE
    # A line that stops short of the body does end there.
    cv2.line(sketch, (150, 380), (194, 395), 0, 3)
    sketch[340:392, 189:199] = 255
    assert find_regions(sketch)[250, 180] > PAGE


def test_corners_and_narrow_ends_belong_to_their_region() -> None:
    sketch = blank(300)
    cv2.polylines(sketch, [np.array([(20, 250), (150, 30), (280, 250)])], True, 0, 2)
    regions = find_regions(sketch)
    assert sorted(np.unique(regions)) == [0, PAGE, 2]


def test_gray_below_the_limit_is_line() -> None:
    for gray, is_closed in ((PAPER - 1, True), (PAPER, False)):
        sketch = draw_box(blank(), 10, 20, 30, 50)
        sketch[sketch == 0] = gray
        assert (find_regions(sketch).max() > PAGE) == is_closed


def test_a_blank_sheet_is_the_page_and_a_black_one_has_no_region() -> None:
    assert (find_regions(blank()) == PAGE).all()
    assert not find_regions(0 * blank()).any()


def test_regions_that_touch_the_edge_are_open() -> None:
    sketch = draw_box(draw_box(blank(), 20, 20, 40, 40), 50, 10, 63, 40)
    sketch[63, 11:40] = 255
    regions = find_regions(sketch)
    is_open = find_open(regions)
    assert is_open[:2].all() and is_open[regions[55, 20]] and not is_open[regions[30, 30]]


# --- on the canvas ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(100, 100), (90, 40), (40, 200), (3, 5)])
def test_a_pixel_of_the_canvas_takes_the_region_at_its_center(shape) -> None:
    labels = np.random.default_rng(0).integers(0, 9, shape).astype(np.int32)
    _, placement = fit_to_canvas(np.zeros(shape, np.uint8), 64)
    canvas = regions_to_canvas(labels, placement, (64, 64))
    beside = np.ones((64, 64), bool)
    for y in range(placement.height):
        for x in range(placement.width):
            row = int((y + 0.5) * shape[0] / placement.height)
            column = int((x + 0.5) * shape[1] / placement.width)
            place = placement.top + y, placement.left + x
            assert canvas[place] == labels[row, column]
            beside[place] = False
    assert not canvas[beside].any()


def whole(sketch: np.ndarray, size: int = SIDE) -> Placement:
    return fit_to_canvas(sketch, size)[1]


def test_regions_grow_into_lines_and_meet_in_their_middle() -> None:
    labels = np.zeros((9, 30), np.int32)
    labels[:, :5], labels[:, 15:] = 7, 3
    np.testing.assert_array_equal(grow(labels, 3)[4], [7] * 8 + [0] * 4 + [3] * 18)
    assert set(np.unique(grow(labels, 9))) == {3, 7}
    np.testing.assert_array_equal(labels, grow(labels, 0))


@pytest.mark.parametrize("side", [64, 767, 1000, 1025, 3000])
def test_regions_of_a_large_sketch_are_those_of_the_working_size(side) -> None:
    sketch = draw_box(blank(side), side // 10, side // 5, side // 2, side // 2)
    regions = find_sketch_regions(sketch)
    assert regions.shape == sketch.shape and regions.max() == 2
    middle = side // 3
    for place, label in (((middle, middle), 2), ((0, 0), PAGE), ((side - 1, middle), PAGE)):
        assert regions[place] == label
    # But for the working pixels with a line.
    inside = np.count_nonzero(regions == 2) / ((side // 2 - side // 10) * (side // 2 - side // 5))
    assert 0.9 < inside < 1


# --- region_spread --------------------------------------------------------------------------------


def two_boxes() -> np.ndarray:
    return find_regions(draw_box(draw_box(blank(), 2, 2, 20, 20), 30, 10, 60, 60))


def test_the_spread_is_the_mean_distance_to_the_regions_own_color():
    regions, lab = two_boxes(), np.random.default_rng(0).normal(50, 20, (SIDE, SIDE, 3))
    distances = []
    for number in (2, 3):
        inside = [lab[place] for place in zip(*np.nonzero(regions == number), strict=True)]
        mean = sum(inside) / len(inside)
        distances += [math.dist(color, mean) for color in inside]
    assert region_spread(lab, regions) == pytest.approx(np.mean(distances))


def test_regions_of_one_color_each_have_no_spread_whatever_lies_between_them():
    regions, lab = two_boxes(), np.random.default_rng(0).normal(50, 20, (SIDE, SIDE, 3))
    lab[regions == 2] = (40, -20, 60)
    lab[regions == 3] = (90, 5, 5)
    assert region_spread(lab, regions) == pytest.approx(0, abs=1e-9)
    assert region_spread(lab, np.minimum(regions, 2)) > 10


def test_without_regions_there_is_no_spread():
    assert math.isnan(region_spread(np.zeros((SIDE, SIDE, 3)), find_regions(blank())))


# --- open paper ---------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [120, 300, 500])
def test_open_paper_is_what_the_edge_reaches_and_half_of_the_lines_along_it(side):
    """A ring lies open inside a larger one; a corner is cut off by a line."""
    sketch = np.full((side, side), 255, np.uint8)
    middle, width = (side // 2, side // 2), max(5, side // 40) | 1
    cv2.circle(sketch, middle, side // 3, 0, width)
    cv2.circle(sketch, middle, side // 6, 0, width)
    labels = find_regions(sketch)
    is_open = find_open_paper(labels)
    distance = np.hypot(*(np.indices(sketch.shape) - side // 2))
    assert is_open[distance > side / 3 + width].all()
    assert not is_open[distance < side / 3 - width].any()
    border = is_open[side // 2, : side // 2].sum()
    assert abs(border - (side // 2 - side // 3)) <= 2  # the middle of the line
    white = find_open_paper(np.full((9, 9), PAGE, np.int32))
    assert white.all()


def test_panels_and_enclosed_page_are_not_open():
    labels = np.full((30, 40), PAGE, np.int32)
    labels[5:25, 5:35], labels[7:23, 7:33] = 0, PAGE
    labels[10:14, 10:14] = 2
    is_open = find_open_paper(labels)
    assert is_open[:5].all() and is_open[:, 36:].all()
    assert not is_open[7:23, 7:33].any()
