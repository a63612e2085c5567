"""Regions that mirror each other: those of drawings whose twins are known, colored alike."""

import cv2
import numpy as np
import pytest

from tf_deeppaint.images.canvas import fit_to_canvas
from tf_deeppaint.line_art.layout.twins import Parts, find_twins
from tf_deeppaint.line_art.regions import PAGE, find_regions
from tf_deeppaint.painting.region_colors import vote_by_region

SIDE = 240
MIDDLE = SIDE // 2

Point = tuple[int, int]


def page_with(*shapes: list[Point]) -> np.ndarray:
    """Closed shapes on a page, of corners from its middle, x to the right."""
    page = np.full((SIDE, SIDE), 255, np.uint8)
    for shape in shapes:
        corners = [(MIDDLE + x, y) for x, y in shape]
        cv2.polylines(page, [np.array(corners)], True, 0, 2)
    return page


def mirrored(shape: list[Point]) -> list[Point]:
    return [(-x, y) for x, y in shape]


def moved(shape: list[Point], right: int, down: int = 0) -> list[Point]:
    return [(x + right, y + down) for x, y in shape]


SLEEVE = [(20, 60), (60, 100), (48, 112), (20, 84)]
LEG = [(6, 130), (30, 130), (34, 210), (14, 210)]


def twins_of(page: np.ndarray, size: int = 128) -> dict[int, int]:
    """The regions that have a twin, and which."""
    labels = find_regions(page)
    rows = np.arange(SIDE) * size // SIDE
    cells = rows[:, None] * size + rows
    pairs, pixels = np.unique(labels.astype(np.int64) * size**2 + cells, return_counts=True)
    label, cell = np.divmod(pairs, size**2)
    inside = label > PAGE
    parts = Parts(label[inside], cell[inside], pixels[inside], labels.max() + 1, size)
    found = find_twins(parts, (size / SIDE) ** 2)
    return {number: twin for number, twin in enumerate(found.tolist()) if twin != number}


@pytest.mark.parametrize("shape", [SLEEVE, LEG])
def test_two_shapes_that_mirror_each_other_are_twins(shape) -> None:
    assert twins_of(page_with(shape, mirrored(shape))) == {2: 3, 3: 2}


@pytest.mark.parametrize("left, down", [(0, 3), (4, 0), (-6, 4)])
def test_they_need_not_mirror_each_other_exactly(left, down) -> None:
    other = moved(mirrored(SLEEVE), -left, down)
    assert twins_of(page_with(SLEEVE, other)) == {2: 3, 3: 2}


def test_of_four_shapes_those_are_twins_that_are_alike() -> None:
    page = page_with(SLEEVE, mirrored(SLEEVE), LEG, mirrored(LEG))
    labels = find_regions(page)
    pairs = {(labels[85, MIDDLE + x], labels[85, MIDDLE - x]) for x in (34, -34)} | {
        (labels[170, MIDDLE + x], labels[170, MIDDLE - x]) for x in (20, -20)
    }
    assert set(twins_of(page).items()) == pairs


@pytest.mark.parametrize(
    "other",
    [
        [(-20, 60), (-90, 130), (-60, 160), (-20, 100)],  # larger
        moved(mirrored(SLEEVE), 0, 60),  # lower
        moved(SLEEVE, -80),  # leans to the same side
        [(-20, 50), (-28, 50), (-28, 138), (-20, 138)],  # as large, but upright
    ],
)
def test_other_shapes_are_none(other) -> None:
    assert twins_of(page_with(SLEEVE, other)) == {}


def test_shapes_far_from_each_other_are_none() -> None:
    small = [(0, 60), (14, 60), (14, 74), (0, 74)]
    assert twins_of(page_with(moved(small, 12), moved(small, -26))) != {}
    assert twins_of(page_with(moved(small, 90), moved(small, -104))) == {}


def test_the_page_and_specks_have_none() -> None:
    assert twins_of(np.full((SIDE, SIDE), 255, np.uint8)) == {}
    speck = [(2, 60), (5, 60), (5, 63), (2, 63)]
    assert twins_of(page_with(speck, mirrored(speck))) == {}


def test_twins_get_one_color_that_which_leads_in_both() -> None:
    """One leg votes 6 : 5 for a color, the other 3 : 8; others on the page vote alone."""
    page = page_with(LEG, mirrored(LEG), [(-20, 40), (20, 40), (20, 80), (-20, 80)])
    labels = find_regions(page)
    palette = np.zeros((4, 4, 3), np.uint8)
    palette[0, 0], palette[1, 0], palette[2, 0] = (250, 30, 30), (30, 200, 30), (30, 30, 250)
    weights = np.zeros((SIDE, SIDE, 18), np.float32)
    weights[:, :MIDDLE, [0, 4]] = np.float32([6, 5]) / 11
    weights[:, MIDDLE:, [0, 4]] = np.float32([3, 8]) / 11
    weights[:100, :, :] = np.eye(18, dtype=np.float32)[8]
    _, placement = fit_to_canvas(page, SIDE)
    mixtures = vote_by_region(weights, labels, placement, palette)
    left, right, body = labels[170, MIDDLE - 20], labels[170, MIDDLE + 20], labels[60, MIDDLE]
    assert min(left, right, body) > PAGE and left != right
    np.testing.assert_array_equal(mixtures[left], mixtures[right])
    assert mixtures[left].argmax() == 4 and mixtures[body].argmax() == 8
