"""Methods that need no model: flat fills."""

import numpy as np
import pytest

from tests.helpers.boxes import SIDE, blank, draw_box
from tf_deeppaint.evaluation.baselines import fill_flat


def some_palette() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 200, (4, 4, 3), dtype=np.uint8)


def test_each_region_gets_its_bands_first_color_up_to_the_lines() -> None:
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
def test_of_several_bands_the_middle_row_decides(top, bottom, band) -> None:
    palette = some_palette()
    filled = fill_flat(draw_box(blank(), top, 5, bottom, 40), palette)
    assert (filled[top + 1 : bottom, 6:40] == palette[band, 0]).all()


def test_open_paper_stays_white_and_soft_lines_soft() -> None:
    sketch = draw_box(blank(), 10, 10, 28, 30)
    sketch[10, 11:30] = 255
    np.testing.assert_array_equal(
        fill_flat(sketch, some_palette()), sketch[..., None].repeat(3, -1)
    )
    sketch = draw_box(blank(), 10, 10, 28, 30)
    sketch[11, 11:30] = 230
    palette = some_palette()
    # The region reaches down to row 28, and so its middle into band 1.
    expected = np.rint(palette[1, 0] * (230 / 255))
    np.testing.assert_array_equal(fill_flat(sketch, palette)[11, 11:30], [expected] * 19)
