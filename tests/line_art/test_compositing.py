"""Lines laid over color: exact products."""

import math

import numpy as np
import pytest

from tf_deeppaint.line_art.compositing import lay_lines


def all_pairs() -> tuple[np.ndarray, np.ndarray]:
    levels = np.arange(256, dtype=np.uint8)
    color, sketch = np.meshgrid(levels, levels)
    return np.dstack([color, 255 - color, color // 2]), sketch


def test_lines_are_multiplied_exactly_at_all_levels():
    color, sketch = all_pairs()
    expected = [
        [[math.floor(c * s / 255 + 0.5) for c in pixel] for pixel, s in zip(*row, strict=True)]
        for row in zip(color.tolist(), sketch.tolist(), strict=True)
    ]
    laid = lay_lines(color, sketch)
    assert laid.dtype == np.uint8
    np.testing.assert_array_equal(laid, expected)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1), (300, 20)])
def test_on_white_the_sketch_comes_out_as_it_is(shape):
    sketch = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(
        lay_lines(np.full((*shape, 3), 255, np.uint8), sketch), np.dstack([sketch] * 3)
    )
