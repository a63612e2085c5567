"""Backdrops: what is paper gets color, what is drawn keeps it."""

import cv2
import numpy as np

from tf_deeppaint.data.build.backdrops import add_backdrop
from tf_deeppaint.palette.extraction import extract_palette


def figure() -> np.ndarray:
    """A blue ring with a white hole, on white paper."""
    picture = np.full((96, 96, 3), 255, np.uint8)
    cv2.circle(picture, (48, 40), 24, (20, 40, 180), 10)
    return picture


def test_paper_gets_a_color_and_the_figure_with_its_white_stays():
    drawn = (figure() != 255).any(-1)
    rows, columns = np.mgrid[:96, :96]
    hole = ((rows - 40) ** 2 + (columns - 48) ** 2 < 24**2) & ~drawn
    pages = [add_backdrop(figure(), np.random.default_rng(number)) for number in range(24)]
    for page in pages:
        assert np.array_equal(page[drawn | hole], figure()[drawn | hole])
        assert (page[~drawn][:, 0] < 255).mean() > 0.5
        assert (page[0] != 255).any(-1).all() and (page[-1] != 255).any(-1).all()
    colors = {tuple(page[0, 0]) for page in pages}
    assert len(colors) > 20
    assert any((page[~drawn & ~hole] == page[0, 0]).all() for page in pages)  # a plain one
    assert any((page[0, 0] != page[-1, 0]).any() for page in pages)


def test_the_figure_s_palette_does_not_see_a_plain_backdrop():
    palettes = set()
    for number in range(12):
        page = add_backdrop(figure(), np.random.default_rng(number))
        drawn = (figure() != 255).any(-1)
        if len(np.unique(page[~drawn].reshape(-1, 3), axis=0)) <= 2:
            palettes.add(extract_palette(page, "figure").tobytes())
    assert len(palettes) == 1


def test_equal_generators_draw_equal_backdrops():
    pages = [add_backdrop(figure(), np.random.default_rng(5)) for _ in range(2)]
    assert np.array_equal(*pages)
