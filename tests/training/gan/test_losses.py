"""The losses, against their definitions."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.vgg16 import vgg16_features
from tf_deeppaint.images.pixels import to_signed_unit_range
from tf_deeppaint.networks.vgg16 import SHAPES, Vgg16
from tf_deeppaint.training.gan import losses

RNG = np.random.default_rng(0)
REAL, FAKE = RNG.normal(0.0, 3.0, (2, 2, 5, 5, 1)).astype("float32")
PICTURE, PAINTED = RNG.uniform(-1, 1, (2, 3, 4, 6, 3)).astype("float32")


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-logits.astype("float64")))


DISCRIMINATOR = {
    "bce": lambda real, fake: (
        -np.log(sigmoid(real)).mean() / 2 - np.log(1.0 - sigmoid(fake)).mean() / 2
    ),
    "lsgan": lambda real, fake: ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2,
    "hinge": lambda real, fake: (
        np.maximum(0, 1 - real).mean() / 2 + np.maximum(0, 1 + fake).mean() / 2
    ),
}
GENERATOR = {
    "bce": lambda fake: -np.log(sigmoid(fake)).mean(),
    "lsgan": lambda fake: ((fake - 1) ** 2).mean(),
    "hinge": lambda fake: -fake.mean(),
}


@pytest.mark.parametrize("kind", losses.GAN_LOSSES)
def test_adversarial_losses_are_their_definitions(kind: str) -> None:
    found = losses.discriminator_loss(kind, tf.constant(REAL), tf.constant(FAKE))
    np.testing.assert_allclose(found, DISCRIMINATOR[kind](REAL, FAKE), rtol=1e-6)
    found = losses.adversarial_loss(kind, tf.constant(FAKE))
    np.testing.assert_allclose(found, GENERATOR[kind](FAKE), rtol=1e-6)


def test_unless_told_otherwise_l1_is_all_that_is_added_to_the_adversarial_loss() -> None:
    assert losses.Objective() == losses.Objective("bce", 100.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("kind", losses.GAN_LOSSES)
def test_better_logits_have_a_smaller_loss(kind: str) -> None:
    better = losses.discriminator_loss(kind, tf.constant([0.5]), tf.constant([-0.5]))
    assert better < losses.discriminator_loss(kind, tf.constant([0.0]), tf.constant([0.0]))
    assert losses.adversarial_loss(kind, tf.constant([0.5])) < losses.adversarial_loss(
        kind, tf.constant([0.0])
    )


def test_extreme_logits_have_a_finite_loss_and_gradient() -> None:
    wrong = tf.constant([-1e4, -1e30])
    for logits, slope in ((wrong, -0.5), (-wrong, 0.0)):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = losses.adversarial_loss("bce", logits)
        np.testing.assert_allclose(loss, 5e29 if slope else 0.0, rtol=1e-6)
        np.testing.assert_allclose(tape.gradient(loss, logits), [slope, slope], atol=1e-7)


def test_total_variation_is_what_neighbors_differ_by() -> None:
    picture = PAINTED.astype("float64")
    expected = np.abs(np.diff(picture, axis=1)).mean() + np.abs(np.diff(picture, axis=2)).mean()
    np.testing.assert_allclose(losses.total_variation(tf.constant(PAINTED)), expected, rtol=1e-6)
    assert float(losses.total_variation(tf.ones((1, 4, 4, 3)))) == 0.0


def test_the_gradient_penalty_is_the_mean_squared_length() -> None:
    expected = np.mean([np.linalg.norm(gradient) ** 2 for gradient in PICTURE.astype("float64")])
    np.testing.assert_allclose(losses.gradient_penalty(tf.constant(PICTURE)), expected, rtol=1e-6)


def test_all_losses_are_float32() -> None:
    values = [
        losses.adversarial_loss("bce", tf.constant(FAKE)),
        losses.discriminator_loss("hinge", tf.constant(REAL), tf.constant(FAKE)),
        losses.total_variation(tf.constant(PAINTED)),
    ]
    assert {tf.as_dtype(value.dtype) for value in values} == {tf.float32}


@pytest.fixture(scope="module")
def vgg16_weights() -> dict[str, np.ndarray]:
    """Random weights whose features neither vanish nor grow."""
    rng = np.random.default_rng(1)
    scales = {name: (2 / np.prod(shape[:-1])) ** 0.5 for name, shape in SHAPES.items()}
    return {
        name: rng.normal(0, scales[name] if name.endswith("kernel") else 0.1, shape).astype("f4")
        for name, shape in SHAPES.items()
    }


def test_the_perceptual_loss_is_the_weighted_difference_of_features(vgg16_weights) -> None:
    picture, painted = RNG.integers(0, 256, (2, 1, 16, 16, 3), dtype=np.uint8)
    pairs = zip(*(vgg16_features(vgg16_weights, p) for p in (picture, painted)), strict=True)
    weights = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1]
    expected = np.dot([np.abs(a - b).mean() for a, b in pairs], weights)
    picture, painted = (tf.constant(to_signed_unit_range(p)) for p in (picture, painted))
    vgg16 = Vgg16(list(vgg16_weights.values()))
    with tf.GradientTape() as tape:
        tape.watch(painted)
        loss = losses.perceptual_loss(vgg16, picture, painted)
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    assert np.abs(tape.gradient(loss, painted)).max() > 0
    assert float(losses.perceptual_loss(vgg16, picture, picture)) == 0.0
    rough = losses.perceptual_loss(
        Vgg16(list(vgg16_weights.values()), "bfloat16"), picture, painted
    )
    assert rough.dtype == tf.float32
    np.testing.assert_allclose(rough, expected, rtol=0.03)
