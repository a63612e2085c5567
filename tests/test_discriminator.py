"""The discriminator, against the NumPy network."""

import numpy as np
import numpy_networks as oracle
import pytest
from layer_checks import check_layer

from tf_deeppaint import Discriminator


def pairs(count: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (count, height, width, 6)).astype("float32")


def test_at_width_64_the_discriminator_has_the_weights_of_the_reference() -> None:
    discriminator = Discriminator()
    trainable = sum(np.prod(w.shape) for w in discriminator.trainable_weights)
    rest = sum(np.prod(w.shape) for w in discriminator.non_trainable_weights)
    assert (trainable, rest) == (2_769_601, 1_792)


@pytest.mark.parametrize("height, width", [(64, 64), (48, 32)])
def test_logits_equal_the_numpy_network(height: int, width: int) -> None:
    discriminator = Discriminator(4, dtype="float64")
    oracle.randomise(discriminator)
    batch = pairs(2, height, width)
    expected = oracle.discriminator(discriminator, batch)
    assert expected.std() > 0.05
    # Logits are float32; so are the scales of the norms.
    np.testing.assert_allclose(discriminator(batch), expected, rtol=1e-6, atol=1e-6)


def test_a_picture_of_512_pixels_gives_62_by_62_logits() -> None:
    assert Discriminator(2)(pairs(1, 512, 512)).shape == (1, 62, 62, 1)


def test_a_logit_sees_a_patch_of_70_by_70_pixels() -> None:
    discriminator = Discriminator(2)
    # Positive weights: whatever is seen shows in the logit.
    for weight in discriminator.trainable_weights:
        weight.assign(np.abs(weight))
    picture = np.ones((1, 128, 128, 6), "float32")
    before = np.asarray(discriminator(picture))[0, 7, 7, 0]
    seen = []
    for column in range(128):
        changed = picture.copy()
        changed[:, :, column] = 5.0
        if np.asarray(discriminator(changed))[0, 7, 7, 0] != before:
            seen.append(column)
    assert seen == list(range(seen[0], seen[0] + 70))


def test_the_discriminator_can_be_copied_saved_trained_and_run_in_any_precision(tmp_path) -> None:
    check_layer(
        lambda **options: Discriminator(2, **options),
        (pairs(2, 64, 64),),
        tmp_path,
        trainable=5 * 2 + 3 * 2,
        non_trainable=3 * 2,
        output_dtype="float32",
    )
