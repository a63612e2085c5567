"""Lines taken out of colored pictures lie where they were drawn, and enclose what they enclosed."""

import cv2
import numpy as np
import pytest

from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.line_art.outlines import take_lines


def doll(number: int, size: int = 512):
    source = Dolls(number + 1, seed=77)
    return source.load(list(source.examples())[number], size)


def near(mask: np.ndarray, pixels: int) -> np.ndarray:
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * pixels + 1,) * 2)) > 0


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("quality", [None, 85])
def test_a_dolls_own_lines_come_back(number, quality):
    picture, truth = doll(number)[:2]
    if quality:
        code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        picture = cv2.imdecode(code, cv2.IMREAD_COLOR)
    lines = take_lines(picture) < 128
    assert near(lines, 2)[truth < 64].mean() > 0.9
    assert near(truth < 128, 3)[lines].mean() > 0.85  # else shading and patterns


def rings(width: int) -> np.ndarray:
    """A disc of skin on white, and a green one of the same gray on a red one, without outlines."""
    picture = np.full((400, 400, 3), 255, np.uint8)
    cv2.circle(picture, (110, 110), 70, (253, 229, 213), -1, cv2.LINE_AA)
    cv2.circle(picture, (280, 280), 90, (230, 60, 60), -1, cv2.LINE_AA)
    cv2.circle(picture, (280, 280), 50, (40, 165, 40), -1, cv2.LINE_AA)
    if width:
        cv2.circle(picture, (110, 110), 70, (20, 20, 25), width, cv2.LINE_AA)
    return picture


def test_colors_of_one_gray_have_a_border():
    picture = rings(0)
    assert abs(int(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[280, 280]) - 115) < 10
    lines = take_lines(picture)
    _, labels = cv2.connectedComponents((lines > 160).astype(np.uint8), connectivity=4)
    assert len({labels[5, 5], labels[280, 280], labels[280, 205]}) == 3


@pytest.mark.parametrize("width", [6, 12])
def test_a_broad_outline_is_one_line_not_two(width):
    lines = take_lines(rings(width))
    angles = np.linspace(0, 2 * np.pi, 60)
    middle = lines[
        np.rint(110 + 70 * np.sin(angles)).astype(int),
        np.rint(110 + 70 * np.cos(angles)).astype(int),
    ]
    assert (middle < 40).all()


def test_dark_clothes_are_outlined_not_filled():
    picture = rings(6)
    cv2.rectangle(picture, (40, 240), (140, 380), (20, 20, 25), -1)
    lines = take_lines(picture)
    assert (lines[260:360, 60:120] == 255).all()
    assert lines[300, 36:44].min() < 128


def test_one_color_has_no_lines_and_any_size_is_drawn():
    for shape in ((1, 1), (1, 50), (33, 20), (2100, 40)):
        for level in (0, 90, 255):
            lines = take_lines(np.full((*shape, 3), level, np.uint8))
            assert lines.shape == shape and lines.dtype == np.uint8
            assert lines.min() > 240
