"""What trainings of a generator share: L1, against its definition."""

import numpy as np

from tf_deeppaint.training.trainer import l1_loss


def test_l1_is_the_mean_absolute_difference() -> None:
    picture, painted = np.random.default_rng(0).uniform(-1, 1, (2, 3, 4, 6, 3)).astype("float32")
    expected = np.abs(picture.astype("float64") - painted).mean()
    found = np.asarray(l1_loss(picture, painted))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == np.float32 and found.shape == ()
