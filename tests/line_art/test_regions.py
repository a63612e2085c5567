"""Closed areas: drawn boxes, a flood fill, and what is measured and filled in them."""

import math

import numpy as np
import pytest

from tf_deeppaint.line_art.regions import PAPER, even_out, fill_flat, find_regions, region_spread

SIDE = 64


def blank() -> np.ndarray:
    return np.full((SIDE, SIDE), 255, np.uint8)


def draw_box(sketch: np.ndarray, top: int, left: int, bottom: int, right: int) -> np.ndarray:
    """Frames the rows and columns from `top`, `left` to `bottom`, `right`, these included."""
    sketch[[top, bottom], left : right + 1] = 0
    sketch[top : bottom + 1, [left, right]] = 0
    return sketch


def flood_fill(sketch: np.ndarray) -> list[set[tuple[int, int]]]:
    """The closed areas by their definition, a pixel at a time, large and small."""
    height, width = sketch.shape

    def clear(row: int, column: int) -> bool:
        around = sketch[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        return bool((around >= 200).all())

    left = {place for place in np.ndindex(height, width) if clear(*place)}
    found = []
    while left:
        waiting, area = [left.pop()], set()
        while waiting:
            row, column = waiting.pop()
            area.add((row, column))
            for place in (
                (row - 1, column),
                (row + 1, column),
                (row, column - 1),
                (row, column + 1),
            ):
                if place in left:
                    left.remove(place)
                    waiting.append(place)
        if not any(row in (0, height - 1) or column in (0, width - 1) for row, column in area):
            found.append(area)
    return found


def test_a_box_is_one_area_a_pixel_clear_of_its_lines():
    areas = find_regions(draw_box(blank(), 10, 20, 30, 50))
    expected = np.zeros((SIDE, SIDE), int)
    expected[12:29, 22:49] = 1
    assert areas.dtype == np.int32
    np.testing.assert_array_equal(areas, expected)


@pytest.mark.parametrize("gap, closed", [(1, True), (2, True), (3, False), (9, False)])
def test_gaps_of_up_to_two_pixels_are_closed(gap, closed):
    for side in (10, 30):
        sketch = draw_box(blank(), 10, 20, 30, 50)
        sketch[side, 33 : 33 + gap] = 255
        assert find_regions(sketch).any() == closed


@pytest.mark.parametrize("gap, count", [(2, 2), (3, 1)])
def test_gaps_of_up_to_two_pixels_are_closed_in_slanting_lines_too(gap, count):
    sketch = draw_box(blank(), 10, 10, 50, 50)
    for step in range(41):
        if not 20 <= step < 20 + gap:
            sketch[10 + step, 50 - step] = 0
    assert find_regions(sketch).max() == count


def test_what_touches_the_edge_is_open():
    sketch = blank()
    sketch[:30, [10, 50]] = 0
    sketch[30, 10:51] = 0
    for turns in range(4):
        turned = np.rot90(sketch, turns).copy()
        assert not find_regions(turned).any()
        # With a line along that edge it is closed.
        np.rot90(turned, -turns)[0, 10:51] = 0
        assert np.count_nonzero(find_regions(turned)) == 27 * 37


def test_lines_on_the_edge_close_an_area():
    areas = find_regions(draw_box(blank(), 0, 0, SIDE - 1, SIDE - 1))
    expected = np.zeros((SIDE, SIDE), int)
    expected[2:-2, 2:-2] = 1
    np.testing.assert_array_equal(areas, expected)


def test_a_blank_sheet_and_a_black_one_have_no_area():
    assert not find_regions(blank()).any()
    assert not find_regions(0 * blank()).any()


def test_tiny_areas_are_left_out_and_no_number_with_them():
    sketch = draw_box(blank(), 5, 5, 20, 20)
    # Two pixels remain of the first, three of the second; 0.05 % of the sketch are 2.05.
    draw_box(draw_box(sketch, 30, 10, 34, 15), 30, 30, 34, 36)
    areas = find_regions(sketch)
    assert sorted(np.unique(areas)) == [0, 1, 2]
    assert (areas[30:35, 10:16] == 0).all()
    assert np.count_nonzero(areas[30:35, 30:37]) == 3
    assert np.count_nonzero(areas[5:21, 5:21]) == 12 * 12


def test_a_box_in_a_box_is_another_area():
    areas = find_regions(draw_box(draw_box(blank(), 5, 5, 55, 55), 20, 20, 40, 40))
    inner, ring = areas[30, 30], areas[10, 10]
    assert {inner, ring} == {1, 2}
    assert np.count_nonzero(areas == inner) == 17 * 17
    assert np.count_nonzero(areas == ring) == 47 * 47 - 23 * 23


def test_gray_below_the_limit_is_line():
    for gray, closed in ((PAPER - 1, True), (PAPER, False)):
        sketch = draw_box(blank(), 10, 20, 30, 50)
        sketch[sketch == 0] = gray
        assert find_regions(sketch).any() == closed


@pytest.mark.parametrize("seed", range(4))
def test_areas_are_those_of_a_flood_fill(seed):
    rng = np.random.default_rng(seed)
    sketch = blank()[:48]
    for _ in range(9):
        top, left = rng.integers(0, (30, 44))
        height, width = rng.integers(6, 18, 2)
        draw_box(sketch, top, left, top + height, left + width)
    sketch[rng.random(sketch.shape) < 0.002] = 0
    sketch[tuple(rng.integers(0, (48, SIDE), (60, 2)).T)] = 255
    expected = [area for area in flood_fill(sketch) if len(area) >= 5e-4 * sketch.size]
    areas = find_regions(sketch)
    found = [set(zip(*np.nonzero(areas == n), strict=True)) for n in range(1, areas.max() + 1)]
    assert len(expected) >= 3
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))


# --- region_spread --------------------------------------------------------------------------------


def two_areas() -> np.ndarray:
    return find_regions(draw_box(draw_box(blank(), 2, 2, 20, 20), 30, 10, 60, 60))


def test_the_spread_is_the_mean_distance_to_the_areas_own_color():
    areas, lab = two_areas(), np.random.default_rng(0).normal(50, 20, (SIDE, SIDE, 3))
    distances = []
    for number in (1, 2):
        inside = [lab[place] for place in zip(*np.nonzero(areas == number), strict=True)]
        mean = sum(inside) / len(inside)
        distances += [math.dist(color, mean) for color in inside]
    assert region_spread(lab, areas) == pytest.approx(np.mean(distances))


def test_areas_of_one_color_each_have_no_spread_whatever_lies_between_them():
    areas, lab = two_areas(), np.random.default_rng(0).normal(50, 20, (SIDE, SIDE, 3))
    lab[areas == 1] = (40, -20, 60)
    lab[areas == 2] = (90, 5, 5)
    assert region_spread(lab, areas) == pytest.approx(0, abs=1e-9)
    assert region_spread(lab, np.minimum(areas, 1)) > 10


def test_without_areas_there_is_no_spread():
    assert math.isnan(region_spread(np.zeros((SIDE, SIDE, 3)), find_regions(blank())))


# --- fill_flat ----------------------------------------------------------------------------------


def some_palette() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 200, (4, 4, 3), dtype=np.uint8)


def test_each_area_gets_its_bands_first_color_up_to_the_lines():
    sketch, palette = blank(), some_palette()
    expected = np.full((SIDE, SIDE, 3), 255, np.uint8)
    for band in range(4):
        top, left = 16 * band + 2, 10 * band + 3
        draw_box(sketch, top, left, top + 11, left + 20)
        expected[top : top + 12, left : left + 21] = 0
        expected[top + 1 : top + 11, left + 1 : left + 20] = palette[band, 0]
    filled = fill_flat(sketch, palette)
    assert filled.dtype == np.uint8
    np.testing.assert_array_equal(filled, expected)


@pytest.mark.parametrize("top, bottom, band", [(2, 28, 0), (2, 33, 1), (2, 61, 1), (20, 61, 2)])
def test_of_several_bands_the_middle_row_decides(top, bottom, band):
    palette = some_palette()
    filled = fill_flat(draw_box(blank(), top, 5, bottom, 40), palette)
    assert (filled[top + 1 : bottom, 6:40] == palette[band, 0]).all()


def test_open_areas_stay_white_and_soft_lines_soft():
    sketch = draw_box(blank(), 10, 10, 28, 30)
    sketch[10, 15:20] = 255
    np.testing.assert_array_equal(
        fill_flat(sketch, some_palette()), sketch[..., None].repeat(3, -1)
    )
    sketch = draw_box(blank(), 10, 10, 28, 30)
    sketch[11, 11:30] = 230
    palette = some_palette()
    # The area reaches down to row 28, and so its middle into band 1.
    expected = np.rint(palette[1, 0] * (230 / 255))
    np.testing.assert_array_equal(fill_flat(sketch, palette)[11, 11:30], [expected] * 19)


def test_evening_out_gives_an_area_and_its_edge_the_areas_mean():
    sketch = draw_box(draw_box(blank(), 4, 4, 20, 20), 30, 30, 50, 60)
    values = np.random.default_rng(0).random((SIDE, SIDE, 5)).astype(np.float32)
    evened = even_out(values, find_regions(sketch))
    inside = np.zeros((SIDE, SIDE), bool)
    for top, left, bottom, right in ((4, 4, 20, 20), (30, 30, 50, 60)):
        mean = values[top + 2 : bottom - 1, left + 2 : right - 1].mean((0, 1))
        # With the line itself, which is a pixel wide.
        box = np.s_[top : bottom + 1, left : right + 1]
        np.testing.assert_allclose(evened[box], np.broadcast_to(mean, evened[box].shape), 1e-5)
        inside[box] = True
    np.testing.assert_array_equal(evened[~inside], values[~inside])


def test_without_areas_nothing_is_evened_out():
    values = np.random.default_rng(1).random((SIDE, SIDE, 2)).astype(np.float32)
    np.testing.assert_array_equal(even_out(values, find_regions(blank())), values)
