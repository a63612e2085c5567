"""The losses, against their definitions."""

import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint import losses

LOGITS = np.random.default_rng(0).normal(0.0, 3.0, (2, 5, 5, 1)).astype("float32")


def test_the_loss_of_logits_is_the_cross_entropy_of_their_sigmoid() -> None:
    probability = 1.0 / (1.0 + np.exp(-LOGITS.astype("float64")))
    real, fake = (losses.adversarial_loss(tf.constant(LOGITS), real) for real in (True, False))
    np.testing.assert_allclose(real, -np.log(probability).mean(), rtol=1e-6)
    np.testing.assert_allclose(fake, -np.log(1.0 - probability).mean(), rtol=1e-6)


@pytest.mark.parametrize("real", [True, False])
def test_extreme_logits_have_a_finite_loss_and_gradient(real: bool) -> None:
    wrong = tf.constant([-1e4, -1e30] if real else [1e4, 1e30])
    for logits, slope in ((wrong, -0.5 if real else 0.5), (-wrong, 0.0)):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = losses.adversarial_loss(logits, real)
        np.testing.assert_allclose(loss, 5e29 if slope else 0.0, rtol=1e-6)
        np.testing.assert_allclose(tape.gradient(loss, logits), [slope, slope], atol=1e-7)


def test_l1_is_the_mean_absolute_difference() -> None:
    picture, painted = np.random.default_rng(1).uniform(-1, 1, (2, 3, 4, 4, 3)).astype("float32")
    expected = np.abs(picture.astype("float64") - painted).mean()
    np.testing.assert_allclose(losses.l1_loss(picture, painted), expected, rtol=1e-6)


def test_all_losses_are_float32() -> None:
    values = [losses.adversarial_loss(tf.constant(LOGITS), True), losses.l1_loss(LOGITS, LOGITS)]
    assert {tf.as_dtype(value.dtype) for value in values} == {tf.float32}
