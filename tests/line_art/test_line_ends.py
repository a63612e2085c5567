"""Line ends: thinning against scikit-image, ends and what lies ahead of them on known drawings."""

import itertools

import cv2
import numpy as np
import pytest
from skimage.morphology import skeletonize

from tf_deeppaint.line_art.line_ends import (
    MOST_ENDS,
    ROUNDS,
    find_ahead,
    half_width,
    stays_by_code,
    thin_lines,
)


def strokes(width: int, *ends: tuple) -> np.ndarray:
    """Straight lines in a square of 200 pixels, bool; each from `x, y` to `x, y`."""
    ink = np.zeros((200, 200), np.uint8)
    for x, y, to_x, to_y in ends:
        cv2.line(ink, (x, y), (to_x, to_y), 1, width)
    return ink > 0


def scribble(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return strokes(int(rng.integers(1, 9)), *rng.integers(10, 190, (12, 4)).tolist())


def test_the_table_is_that_of_the_paper() -> None:
    """Written out with the names P2 to P9, clockwise from above."""
    bits = dict(zip((2, 3, 4, 5, 6, 7, 8, 9), (2, 4, 16, 128, 64, 32, 8, 1), strict=True))
    for code in range(256):
        p = {number: bool(code & bit) for number, bit in bits.items()}
        ring = [p[number] for number in (*range(2, 10), 2)]
        a = sum(not one and other for one, other in itertools.pairwise(ring))
        removed = 2 <= sum(p.values()) <= 6 and a == 1
        first = removed and not (p[2] and p[4] and p[6]) and not (p[4] and p[6] and p[8])
        second = removed and not (p[2] and p[4] and p[8]) and not (p[2] and p[6] and p[8])
        assert list(stays_by_code()[:, code]) == [not first, not second]


@pytest.mark.parametrize("seed", range(4))
def test_lines_are_thinned_as_scikit_image_does_it(seed) -> None:
    """Its tables also take steps of diagonals away, so that lines differ by a pixel."""
    ink = scribble(seed)
    thin, expected = thin_lines(ink), skeletonize(ink, method="zhang")
    assert thin.sum() < 0.9 * ink.sum()
    near = cv2.dilate(np.uint8(expected), np.ones((3, 3), np.uint8)) > 0
    assert near[thin > 0].mean() > 0.98
    near = cv2.dilate(thin, np.ones((3, 3), np.uint8)) > 0
    assert near[expected].mean() > 0.98
    parts = [cv2.connectedComponents(np.uint8(part), connectivity=8)[0] for part in (thin, ink)]
    assert parts[0] == parts[1]


def test_what_is_wider_than_any_line_keeps_a_core() -> None:
    ink = np.zeros((200, 200), bool)
    ink[50:150, 50:150] = True
    assert thin_lines(ink)[60 + ROUNDS, 60 + ROUNDS] == 1 and thin_lines(ink)[52, 52] == 0


@pytest.mark.parametrize("width", [1, 3, 8, 15])
def test_a_gap_lies_ahead_of_both_ends_and_what_is_beside_a_line_does_not(width) -> None:
    ink = strokes(width, (20, 100, 90, 100), (110, 100, 180, 100))
    ahead = find_ahead(ink, 14)
    assert ahead[100, 92:109].all()
    # Outwards too, but not behind or far beside.
    assert ahead[100, 188] and ahead[100, 12]
    assert not ahead[:, 30:80].any() and not ahead[:, 120:170].any()
    assert not ahead[:60].any() and not ahead[140:].any()


@pytest.mark.parametrize("angle", range(0, 180, 20))
def test_a_line_of_any_slope_points_on(angle) -> None:
    turn = np.radians(angle)
    step = np.array([np.cos(turn), np.sin(turn)])
    start, end = np.rint(100 - 50 * step), np.rint(100 + 20 * step)
    ahead = find_ahead(strokes(3, (*start.astype(int), *end.astype(int))), 12)
    for along, expected in ((24, True), (30, True), (8, False), (42, False), (-53, True)):
        x, y = np.rint(100 + along * step).astype(int)
        assert ahead[y, x] == expected


def test_closed_lines_and_dots_have_no_ends() -> None:
    ink = np.zeros((200, 200), np.uint8)
    cv2.circle(ink, (100, 100), 60, 1, 5)
    cv2.circle(ink, (100, 100), 6, 1, -1)
    assert not find_ahead(ink > 0, 10).any()


def test_lines_that_leave_the_sketch_do_not_end() -> None:
    assert not find_ahead(strokes(5, (0, 60, 199, 60), (100, 0, 100, 60)), 10).any()


def test_everything_lies_ahead_in_hatching() -> None:
    ink = np.zeros((400, 400), bool)
    for row in range(5, 395, 8):
        for column in range(5, 390, 10):
            ink[row, column : column + 5] = True
    assert MOST_ENDS < 2 * 49 * 39 and find_ahead(ink, 5).all()


@pytest.mark.parametrize("width", [1, 4, 9])
def test_half_the_width_of_lines(width) -> None:
    ink = strokes(width, (10, 100, 190, 100))
    inner = cv2.erode(ink.astype(np.uint8), np.ones((3, 3), np.uint8)).sum()
    assert half_width(int(ink.sum()), int(inner)) in (width // 2, (width + 1) // 2)
    assert half_width(0, 0) == 0


def test_empty_and_tiny_sketches_have_no_ends() -> None:
    for shape in ((1, 1), (3, 500), (40, 40)):
        assert not find_ahead(np.zeros(shape, bool), 5).any()
        assert not find_ahead(np.ones(shape, bool), 5).any()
