"""Palette fidelity: against the best assignment, and what it does and does not see."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from tf_deeppaint import extract_palette
from tf_deeppaint.evaluation.metrics import to_lab
from tf_deeppaint.evaluation.palette_distance import palette_distance


def some_pictures(count: int) -> np.ndarray:
    """Pictures of large blocks, a good part of them white."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 256, (count, 12, 12, 3), dtype=np.uint8)
    blocks[rng.random((count, 12, 12)) < 0.4] = 255
    return blocks.repeat(4, axis=1).repeat(4, axis=2)


def some_palettes(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)


@pytest.mark.parametrize("background", ["drop", "white", "keep"])
def test_the_distance_is_that_of_the_best_assignment_in_each_band(background):
    pictures, palettes = some_pictures(6), some_palettes(6)
    expected, crossing = [], 0
    for picture, palette in zip(pictures, palettes, strict=True):
        found = extract_palette(picture, background)
        bands = []
        for band in range(4):
            apart = np.array(
                [
                    [np.linalg.norm(to_lab(a) - to_lab(b)) for b in palette[band]]
                    for a in found[band]
                ]
            )
            rows, columns = linear_sum_assignment(apart)
            bands.append(apart[rows, columns].sum() / 4)
            crossing += (rows != columns).any()
        expected.append(sum(bands) / 4)
    assert crossing > 12
    distances = palette_distance(pictures, palettes, background)
    assert distances.shape == (6,)
    np.testing.assert_allclose(distances, expected, rtol=1e-6)


@pytest.mark.parametrize("background", ["drop", "white", "keep"])
def test_a_pictures_own_colors_in_any_rank_are_no_distance_away(background):
    rng, pictures = np.random.default_rng(2), some_pictures(3)
    own = np.stack([extract_palette(picture, background) for picture in pictures])
    assert (palette_distance(pictures, own, background) == 0).all()
    shuffled = np.stack([[band[rng.permutation(4)] for band in palette] for palette in own])
    assert (shuffled != own).any()
    np.testing.assert_allclose(palette_distance(pictures, shuffled, background), 0, atol=1e-9)


def test_colors_of_another_band_do_not_count():
    pictures = some_pictures(3)
    own = np.stack([extract_palette(picture, "white") for picture in pictures])
    assert (palette_distance(pictures, own[:, ::-1], "white") > 5).all()


def test_each_picture_is_compared_with_its_own_palette():
    pictures, palettes = some_pictures(4), some_palettes(4)
    together = palette_distance(pictures, palettes, "white")
    for i in range(4):
        alone = palette_distance(pictures[i : i + 1], palettes[i : i + 1], "white")
        assert alone[0] == pytest.approx(together[i])
    assert np.ptp(together) > 1


def test_distances_in_cielab_are_averaged_over_colors_and_bands():
    black = np.zeros((1, 16, 16, 3), np.uint8)
    palette = np.zeros((1, 4, 4, 3), np.uint8)
    assert palette_distance(black, palette, "keep")[0] == 0
    # White is 100 away from black: one color of sixteen, whichever it is.
    palette[0, 2, 3] = 255
    assert palette_distance(black, palette, "keep")[0] == pytest.approx(100 / 16, abs=1e-3)
    palette[0, 1] = 255
    assert palette_distance(black, palette, "keep")[0] == pytest.approx(500 / 16, abs=5e-3)
