"""The discriminator, against the NumPy network."""

import keras
import numpy as np
import pytest

from tests.helpers import numpy_networks as oracle
from tests.helpers.layer_checks import check_layer
from tests.helpers.two_replicas import on_one_device, on_two_replicas
from tf_deeppaint import Discriminator
from tf_deeppaint.networks.normalization import BatchNormalization


def pairs(count: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (count, height, width, 6)).astype("float32")


def test_at_width_64_the_discriminator_has_the_weights_of_the_original_code() -> None:
    discriminator = Discriminator()
    trainable = sum(np.prod(w.shape) for w in discriminator.trainable_weights)
    rest = sum(np.prod(w.shape) for w in discriminator.non_trainable_weights)
    assert (trainable, rest) == (2_769_601, 1_792)


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("spectral_norm", [False, True])
@pytest.mark.parametrize("height, width", [(64, 64), (48, 32)])
def test_logits_equal_the_numpy_network(
    height: int, width: int, spectral_norm: bool, norm: str
) -> None:
    discriminator = Discriminator(4, norm, spectral_norm, dtype="float64")
    oracle.randomize(discriminator)
    batch = pairs(2, height, width)
    expected = oracle.discriminator(discriminator, batch)
    assert expected.std() > 0.05
    # Logits are float32; so are the scales of the norms.
    np.testing.assert_allclose(discriminator(batch), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.slow
def test_two_replicas_train_a_spectral_discriminator_as_one_device_does() -> None:
    two, one = on_two_replicas("discriminator"), on_one_device("discriminator")
    assert two.keys() == one.keys() and len(one) == 5 * 3 + 3 * 4
    # The same float32 sums in two parts or one, through five layers and two steps.
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=1e-5, atol=2e-6, err_msg=name)


def test_every_batch_norm_is_told_whether_it_is_synchronized() -> None:
    for synchronized in (False, True):
        norms = Discriminator(2, synchronized=synchronized).norms
        assert all(isinstance(norm, BatchNormalization) for norm in norms)
        assert [norm.synchronized for norm in norms] == 3 * [synchronized]


def test_the_options_survive_saving(tmp_path) -> None:
    Discriminator(2, "none", True, True).save(tmp_path / "d.keras")
    loaded = keras.saving.load_model(tmp_path / "d.keras")
    options = (loaded.width, loaded.norm, loaded.spectral_norm, loaded.synchronized)
    assert options == (2, "none", True, True)


def test_a_discriminator_saved_before_it_had_options_is_read_as_it_was() -> None:
    config = Discriminator(2).get_config()
    old = {name: config[name] for name in ("name", "dtype", "width")}
    assert Discriminator.from_config(old).get_config() == config


def test_a_norm_of_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match='norm="layer"'):
        Discriminator(2, norm="layer")


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


WEIGHTS = {
    "as the original code": ({}, 5 * 2 + 3 * 2, 3 * 2),
    "instance norm": ({"norm": "instance"}, 5 * 2 + 3 * 2, 0),
    "spectral norm alone": ({"norm": "none", "spectral_norm": True}, 5 * 2, 5),
    "spectral and batch norm": ({"spectral_norm": True}, 5 * 2 + 3 * 2, 5 + 3 * 2),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_the_discriminator_can_be_copied_saved_trained_and_run_in_any_precision(
    name: str, tmp_path
) -> None:
    changed, trainable, non_trainable = WEIGHTS[name]
    check_layer(
        lambda **options: Discriminator(2, **changed, **options),
        (pairs(2, 64, 64),),
        tmp_path,
        trainable,
        non_trainable,
        output_dtype="float32",
    )
