"""Votes; and which colors are shades of one color, against CIELAB by scikit-image."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from tf_deeppaint.palette.shades import count_votes, find_shades


def features(colors: np.ndarray) -> np.ndarray:
    """CIELAB with lightness at 0.4 and chroma as DIN99 compresses it, of 32 levels a channel."""
    lightness, a, b = rgb2lab((colors >> 3)[None] / 31)[0].T
    chroma = np.hypot(a, b)
    factor = np.log1p(0.045 * chroma) / 0.045 / np.maximum(chroma, 1e-9)
    return np.stack([0.4 * lightness, a * factor, b * factor], axis=-1)


@pytest.mark.parametrize("seed", range(8))
def test_near_colors_are_shades(seed) -> None:
    rng = np.random.default_rng(seed)
    centers = rng.integers(0, 256, (3, 3))
    palette = np.clip(centers[rng.integers(0, 3, 16)] + rng.integers(-60, 60, (16, 3)), 0, 255)
    found = find_shades(palette.reshape(4, 4, 3).astype(np.uint8))
    assert found.shape == (18, 18) and found.dtype == bool
    described = features(palette)
    distances = np.linalg.norm(described[:, None] - described[None], axis=-1)
    sure = np.abs(distances - 15) > 0.3  # units are rounded to an eighth
    assert (distances < 15).any() and (distances > 15).any()
    np.testing.assert_array_equal(found[:16, :16][sure], (distances < 15)[sure])


def test_hair_and_its_shadow_are_shades_skin_and_hair_are_not() -> None:
    palette = np.full((4, 4, 3), [40, 90, 200], np.uint8)
    palette[0] = [[120, 80, 50], [92, 62, 40], [250, 220, 200], [226, 190, 168]]
    found = find_shades(palette)
    assert found[0, 1] and found[2, 3]
    assert not found[0, 2] and not found[0, 3] and not found[0, 4]


@pytest.mark.parametrize("level, slot", [(255, 16), (0, 17)])
def test_white_and_black_are_shades_of_nothing_else(level, slot) -> None:
    found = find_shades(np.full((4, 4, 3), level, np.uint8))
    np.testing.assert_array_equal(found[slot], np.arange(18) == slot)
    np.testing.assert_array_equal(found[:, slot], np.arange(18) == slot)
    assert found[:16, :16].all()


def test_white_and_what_is_nearly_white_have_half_a_vote_and_black_less() -> None:
    palette = np.full((4, 4, 3), 229, np.uint8)
    palette[1, 2], palette[3, 3] = 230, [255, 255, 229]
    expected = np.ones(18)
    expected[[6, 16]] = 0.5
    expected[17] = 0.4
    np.testing.assert_array_equal(count_votes(palette), expected)
    palette[1, 2] = 229
    expected[6], expected[16] = 1, 0.15  # white is none of the palette's
    np.testing.assert_array_equal(count_votes(palette), expected)
