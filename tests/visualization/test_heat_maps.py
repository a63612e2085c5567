"""Heat maps: what their colors say, where they lie, and the lines over them."""

import numpy as np
import pytest
from skimage.color import rgb2lab
from skimage.transform import resize

from tf_deeppaint.visualization.heat_maps import draw_heat_map

# The ends of the map viridis, as published: https://bids.github.io/colormap/.
VIOLET, YELLOW = (0x44, 0x01, 0x54), (0xFD, 0xE7, 0x25)


def blank(height: int, width: int) -> np.ndarray:
    return np.full((height, width), 255, np.uint8)


def lightness(colors: np.ndarray) -> np.ndarray:
    """L* of CIELAB, 0 to 100."""
    return rgb2lab(colors)[..., 0]


def scale() -> np.ndarray:
    """The colors of all levels of attention, uint8 `(256, 3)`."""
    one = [draw_heat_map(np.full((1, 1), level / 255), blank(1, 1)) for level in range(256)]
    return np.array(one)[:, 0, 0]


def off(drawn: np.ndarray, attention: np.ndarray) -> int:
    """How far a heat map is from the colors of attention in each pixel, in levels of a channel."""
    expected = scale()[np.rint(255 * attention).astype(int)]
    return int(np.abs(drawn.astype(int) - expected).max())


def test_the_more_attention_the_lighter():
    steps = np.diff(lightness(scale()))
    assert steps.min() > -0.15  # half a level of rounding
    assert np.diff(lightness(scale())[::5]).min() > 0.3
    assert np.ptp(lightness(scale())) > 40


def test_it_is_light_violet_where_nothing_passes_and_yellow_where_all_does():
    drawn = draw_heat_map(np.array([[0.0, 1.0]]), blank(1, 2))
    expected = [[255 - 0.7 * (255 - np.array(color)) for color in (VIOLET, YELLOW)]]
    assert np.abs(drawn - expected).max() <= 1.5


def test_what_lies_outside_0_and_1_counts_as_these():
    drawn = draw_heat_map(np.array([[-0.5, 0.0, 1.0, 7.0]]), blank(1, 4))
    np.testing.assert_array_equal(drawn[:, 0], drawn[:, 1])
    np.testing.assert_array_equal(drawn[:, 2], drawn[:, 3])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(32, 48), (33, 47), (4, 6), (60, 8)])
def test_the_map_is_interpolated_to_the_sketch(shape, dtype):
    attention = np.random.default_rng(0).random((4, 6)).astype(dtype)
    drawn = draw_heat_map(attention, blank(*shape))
    expected = resize(attention.astype(float), shape, order=1, mode="edge", anti_aliasing=False)
    # A level of attention is up to 1.5 levels of a channel.
    assert off(drawn, expected) <= 3
    assert off(drawn, 1 - expected) > 50


def test_on_a_smaller_sketch_the_map_is_averaged():
    attention = np.random.default_rng(1).random((12, 24)).astype(np.float32)
    drawn = draw_heat_map(attention, blank(4, 8))
    expected = attention.reshape(4, 3, 8, 3).mean((1, 3))
    assert off(drawn, expected) <= 3


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (5, 3), (64, 64), (1000, 30)])
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (64, 64), (2, 90)])
def test_it_has_the_size_of_the_sketch(shape, size):
    sketch = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)
    drawn = draw_heat_map(np.full(size, 0.5, np.float32), sketch)
    assert drawn.shape == (*shape, 3) and drawn.dtype == np.uint8


def test_lines_are_laid_over_it_as_dark_as_they_are():
    rng = np.random.default_rng(3)
    attention = rng.random((8, 8)).astype(np.float32)
    sketch = rng.integers(0, 256, (48, 64), dtype=np.uint8)
    sketch[::6], sketch[:, ::8] = 0, 255
    drawn = draw_heat_map(attention, sketch)
    paper = draw_heat_map(attention, blank(48, 64))
    assert np.abs(drawn - paper * (sketch[..., None] / 255)).max() <= 0.5 + 1e-9
    assert (drawn[sketch == 0] == 0).all()
    # The darkest heat is light enough for black lines to stand out on it.
    assert lightness(scale()).min() > 30


def test_it_reads_neither_of_them_otherwise():
    attention, sketch = np.full((2, 2), 0.3, np.float32), blank(6, 6)
    sketch[2] = 7
    before = attention.copy(), sketch.copy()
    draw_heat_map(attention, sketch)
    np.testing.assert_array_equal(attention, before[0])
    np.testing.assert_array_equal(sketch, before[1])
