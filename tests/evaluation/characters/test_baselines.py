"""Oracles: no choice among the offered colors is better."""

import itertools

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from tf_deeppaint.evaluation.characters.baselines import (
    choose_by_pixel,
    choose_by_region,
    white_page,
)
from tf_deeppaint.line_art.regions import PAGE, find_regions

SIZE = 48


@pytest.fixture(name="sketch")
def make_sketch() -> np.ndarray:
    """Two rooms side by side, and paper around them."""
    sketch = np.full((SIZE, SIZE), 255, np.uint8)
    sketch[8:40, 4:44] = 0
    sketch[11:37, 7:23] = 255
    sketch[11:37, 25:41] = 255
    return sketch


@pytest.fixture(name="truth", params=range(3))
def make_truth(request, sketch) -> np.ndarray:
    """Each room mostly of one color."""
    rng = np.random.default_rng(request.param)
    picture = np.repeat(sketch[..., None], 3, axis=-1)
    for columns in (np.s_[7:23], np.s_[25:41]):
        room = picture[11:37, columns]
        colors = rng.integers(0, 256, (3, 3))
        room[:] = colors[rng.choice(3, room.shape[:2], p=(0.6, 0.3, 0.1))]
    return picture


@pytest.fixture(name="palette")
def make_palette(truth) -> np.ndarray:
    """Half of it are colors near true ones."""
    rng = np.random.default_rng(9)
    palette = rng.integers(0, 256, (16, 3))
    near = truth[20, [8, 12, 14, 20, 26, 30, 34, 38]].astype(int)
    palette[:8] = np.clip(near + rng.integers(-12, 13, near.shape), 0, 255)
    return palette.reshape(4, 4, 3).astype(np.uint8)


def offered(palette: np.ndarray) -> np.ndarray:
    return np.concatenate([palette.reshape(-1, 3), [[255] * 3, [0] * 3]]).astype(np.uint8)


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return deltaE_ciede2000(rgb2lab(one), rgb2lab(other))


def test_each_pixel_gets_the_nearest_color(sketch, truth, palette):
    picture = choose_by_pixel(sketch, truth, palette)
    inside = sketch == 255
    best = np.min([difference(truth, np.broadcast_to(c, truth.shape)) for c in offered(palette)], 0)
    np.testing.assert_allclose(difference(truth, picture)[inside], best[inside], atol=1e-9)
    assert (picture[sketch == 0] == 0).all()


def test_no_other_color_is_right_for_more_of_a_region(sketch, truth, palette):
    regions = find_regions(sketch)
    picture = choose_by_region(sketch, truth, palette, regions)
    assert regions.max() == 3
    for label in range(PAGE + 1, 4):
        room = (regions == label) & (sketch == 255)
        assert len(np.unique(picture[room], axis=0)) == 1
        rights = [
            (difference(truth[room], np.broadcast_to(color, (room.sum(), 3))) <= 10).sum()
            for color in offered(palette)
        ]
        assert (difference(truth[room], picture[room]) <= 10).sum() == max(rights)


def test_of_equal_colors_the_nearest_is_taken(sketch):
    truth = np.repeat(sketch[..., None], 3, axis=-1)
    truth[11:37, 7:23], truth[11:37, 25:41] = (200, 60, 60), (60, 60, 200)
    for near, nearer in itertools.permutations([(200, 60, 66), (200, 60, 61)]):
        palette = np.zeros((16, 3), np.uint8)
        palette[:2] = near, nearer
        picture = choose_by_region(sketch, truth, palette.reshape(4, 4, 3), find_regions(sketch))
        assert tuple(picture[20, 10]) == (200, 60, 61)


def test_the_page_stays_white(sketch, truth, palette):
    truth[0:4] = palette[0, 0]
    picture = choose_by_region(sketch, truth, palette, find_regions(sketch))
    assert (picture[:8] == 255).all()


def test_the_white_page_is_the_sketch(sketch):
    page = white_page(sketch)
    assert page.shape == (SIZE, SIZE, 3)
    assert (page == sketch[..., None]).all()
