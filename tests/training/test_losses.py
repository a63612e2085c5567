"""The losses, against their definitions."""

import numpy as np
import pytest
import tensorflow as tf
from skimage.color import rgb2lab

from tests.helpers.vgg16 import vgg16_features
from tf_deeppaint.images.pixels import to_signed_unit_range
from tf_deeppaint.networks.vgg16 import SHAPES, Vgg16
from tf_deeppaint.training import losses

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


def test_l1_is_the_mean_absolute_difference() -> None:
    expected = np.abs(PICTURE.astype("float64") - PAINTED).mean()
    np.testing.assert_allclose(losses.l1_loss(PICTURE, PAINTED), expected, rtol=1e-6)


def test_total_variation_is_what_neighbors_differ_by() -> None:
    picture = PAINTED.astype("float64")
    expected = np.abs(np.diff(picture, axis=1)).mean() + np.abs(np.diff(picture, axis=2)).mean()
    np.testing.assert_allclose(losses.total_variation(tf.constant(PAINTED)), expected, rtol=1e-6)
    assert float(losses.total_variation(tf.ones((1, 4, 4, 3)))) == 0.0


def lab(pixels: np.ndarray) -> np.ndarray:
    return rgb2lab((pixels.astype("float64") + 1) / 2)


def test_cielab_is_that_of_scikit_image() -> None:
    pixels = np.concatenate([PICTURE.reshape(-1, 3), [[-1, -1, -1], [1, 1, 1]]]).astype("float32")
    np.testing.assert_allclose(losses.to_lab(pixels), lab(pixels), atol=1e-3)


def test_the_color_loss_is_the_cross_entropy_of_the_nearest_colors() -> None:
    """By a loop over pixels, on a page of lines, paper and colors near to and far from any."""
    rng = np.random.default_rng(1)
    palette = rng.uniform(-1, 1, (2, 4, 4, 3)).astype("float32")
    picture = rng.uniform(-1, 1, (2, 8, 8, 3)).astype("float32")
    picture[:, 4:6] = palette[:, :1, 0][:, None] * 0.98
    picture[:, 6:] = 1.0
    sketch = np.ones((2, 8, 8, 3), "float32")
    sketch[:, :2, :4] = rng.uniform(-1, 1, (2, 2, 4, 1))
    logits = rng.normal(0, 2, (2, 4, 4, 18)).astype("float32")
    total = weights = 0.0
    for n, y, x in np.ndindex(2, 4, 4):
        colors = lab(np.concatenate([palette[n].reshape(16, 3), [[1, 1, 1], [-1, -1, -1]]]))
        pixel = picture[n, 2 * y, 2 * x]
        difference = (lab(pixel[None]) - colors) * [0.5, 1, 1]
        distances = np.sqrt((difference**2).sum(-1))
        right = distances <= distances.min() + 4
        chances = np.exp(logits[n, y, x].astype("float64"))
        chance = chances[right].sum() / chances.sum()
        paper = sketch[n, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2, 0].min()
        weight = (paper + 1) / 2 * np.exp(-((distances.min() / 20) ** 2))
        weight *= 0.4 if pixel.min() > 0.97 else 1.0
        total -= weight * np.log(chance)
        weights += weight
    found = losses.color_loss(logits, palette, picture, sketch)
    np.testing.assert_allclose(found, total / weights, rtol=1e-4)


def test_the_parts_loss_leaves_out_what_is_not_known() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 2, (2, 4, 4, 16)).astype("float32")
    parts = rng.integers(0, 16, (2, 8, 8), dtype=np.int32)
    parts[0, 0, 0], parts[1, :4] = 0, 255
    total = weights = 0.0
    for n, y, x in np.ndindex(2, 4, 4):
        part = parts[n, 2 * y, 2 * x]
        if part == 255:
            continue
        chances = np.exp(logits[n, y, x].astype("float64"))
        weight = 0.4 if part == 0 else 1.0
        total -= weight * np.log(chances[part] / chances.sum())
        weights += weight
    found = losses.parts_loss(logits, parts)
    np.testing.assert_allclose(found, total / weights, rtol=1e-5)
    assert float(losses.parts_loss(logits, np.full_like(parts, 255))) == 0.0


def test_the_gradient_penalty_is_the_mean_squared_length() -> None:
    expected = np.mean([np.linalg.norm(gradient) ** 2 for gradient in PICTURE.astype("float64")])
    np.testing.assert_allclose(losses.gradient_penalty(tf.constant(PICTURE)), expected, rtol=1e-6)


def test_all_losses_are_float32() -> None:
    values = [
        losses.adversarial_loss("bce", tf.constant(FAKE)),
        losses.discriminator_loss("hinge", tf.constant(REAL), tf.constant(FAKE)),
        losses.l1_loss(PICTURE, PAINTED),
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
