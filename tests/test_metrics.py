"""Picture measures against their definitions."""

import numpy as np
import pytest

from tf_deeppaint import metrics


@pytest.fixture(name="pair")
def make_pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return tuple(rng.integers(0, 256, (2, 3, 8, 9, 3), dtype=np.uint8))


def test_l1_is_the_mean_absolute_difference_of_each_picture(pair):
    painted, truth = pair
    expected = [
        np.mean([abs(int(a) - int(b)) / 255 for a, b in zip(p.flat, t.flat, strict=True)])
        for p, t in zip(painted, truth, strict=True)
    ]
    np.testing.assert_allclose(metrics.l1(painted, truth), expected, rtol=1e-12)


def test_psnr_agrees_with_tensorflow(pair):
    import tensorflow as tf

    expected = tf.image.psnr(*pair, max_val=255)
    np.testing.assert_allclose(metrics.psnr(*pair), expected, rtol=1e-5)


def test_black_against_white_is_the_worst_score():
    black = np.zeros((1, 4, 4, 3), np.uint8)
    assert metrics.l1(black, 255 - black) == 1.0
    assert metrics.psnr(black, 255 - black) == 0.0


def test_equal_pictures_have_a_finite_psnr(pair):
    assert (metrics.psnr(pair[0], pair[0]) == metrics.HIGHEST_PSNR).all()
