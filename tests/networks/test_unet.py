"""The baseline U-Net, against the NumPy network, and in the generator's place."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.helpers import numpy_networks as oracle
from tests.helpers.layer_checks import POLICIES, check_layer, sublayers
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.normalization import BatchNormalization
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.utils.errors import DeepPaintError

SIZE = 64
# The weights of 12 convolutions, of which 3 have a bias, and of 9 norms.
TRAINABLE, NON_TRAINABLE = 12 + 3 + 2 * 9, 2 * 9


def inputs(count: int = 2, height: int = SIZE, width: int = SIZE) -> dict:
    rng = np.random.default_rng(0)
    return {
        "sketch": rng.uniform(-1, 1, (count, height, width, 3)).astype("float32"),
        "histogram": rng.uniform(-1, 1, (count, height, width, 12)).astype("float32"),
    }


def randomized(**options) -> UNet:
    network = UNet(4, size=SIZE, **options)
    oracle.randomize(network, seed=6)
    return network


@pytest.fixture(scope="module")
def small() -> UNet:
    """A network with weights that matter; no test changes it."""
    return randomized(seed=5)


def test_at_width_64_it_has_as_many_weights_as_the_generator() -> None:
    trainable = sum(int(np.prod(w.shape)) for w in UNet().trainable_weights)
    assert trainable == 48_656_835
    # `test_generator` counts those.
    assert abs(trainable / 48_573_641 - 1) < 0.002


@pytest.mark.parametrize("height, width", [(64, 64), (128, 64)])
def test_the_picture_equals_the_numpy_network(height: int, width: int) -> None:
    network = randomized(dtype="float64")
    batch = inputs(2, height, width)
    expected = oracle.unet(network, batch["sketch"], batch["histogram"])
    assert expected.std() > 0.05
    # What is left is float32 rounding in the norms' scales and of the picture itself.
    np.testing.assert_allclose(network(batch), expected, rtol=0, atol=1e-6)


def test_without_a_histogram_the_sketch_alone_is_seen() -> None:
    network = randomized(histogram=False, dtype="float64")
    batch = inputs()
    expected = oracle.unet(network, batch["sketch"])
    np.testing.assert_allclose(network({"sketch": batch["sketch"]}), expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(network(batch), network({"sketch": batch["sketch"]}))


def test_it_is_called_as_the_generator_is_and_has_no_maps(small: UNet) -> None:
    picture, maps = small(inputs(), training=False, return_attention=True)
    assert maps == []
    np.testing.assert_array_equal(picture, small(inputs()))
    generator = Generator(4, size=SIZE, seed=5)
    config = small.get_config()
    assert config.keys() - generator.get_config().keys() == set()
    assert all(getattr(small, name) == config[name] for name in ("width", "size", "seed"))


@pytest.mark.parametrize("policy", POLICIES)
def test_the_picture_is_float32_between_minus_1_and_1(policy: str) -> None:
    network = randomized(dtype=policy)
    # A loud last layer drives tanh to both ends.
    network.up[-1].kernel.assign(50.0 * network.up[-1].kernel)
    picture = network(inputs(1))
    assert picture.dtype == "float32"
    assert -1.0 <= np.min(picture) < -0.9 and 0.9 < np.max(picture) <= 1.0


def test_dropout_acts_in_training_only_in_the_three_deepest_stages(small: UNet) -> None:
    np.testing.assert_array_equal(small(inputs()), small(inputs()))
    assert [layer.rate for layer in small.dropouts] == [0.5, 0.5, 0.5, 0.0, 0.0, 0.0]
    network = randomized(seed=5)
    # Norms in training mode use the batch alone, so only dropout can make a difference.
    twice = [np.asarray(network(inputs(), training=True)) for _ in range(2)]
    assert np.abs(twice[0] - twice[1]).max() > 1e-3


def test_dropout_follows_the_seed() -> None:
    pictures = [np.asarray(randomized(seed=s)(inputs(), training=True)) for s in (5, 5, 6)]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert np.abs(pictures[0] - pictures[2]).max() > 1e-3


def test_every_batch_norm_is_told_whether_it_is_synchronized() -> None:
    for synchronized in (False, True):
        network = UNet(2, size=SIZE, synchronized=synchronized)
        norms = [x for x in sublayers(network) if isinstance(x, BatchNormalization)]
        assert [norm.synchronized for norm in norms] == 9 * [synchronized]


LOADER = """
import sys
import numpy as np
import keras
import tf_deeppaint.networks.unet
batch = dict(np.load(sys.argv[2]))
network = keras.saving.load_model(sys.argv[1])
np.save(sys.argv[3], network(batch))
"""


@pytest.mark.slow
def test_a_saved_network_paints_the_same_in_another_process(small: UNet, tmp_path) -> None:
    model, batch, result = (tmp_path / name for name in ("u.keras", "batch.npz", "result.npy"))
    small.save(model)
    np.savez(batch, **inputs())
    subprocess.run([sys.executable, "-c", LOADER, model, batch, result], check=True)
    np.testing.assert_allclose(np.load(result), small(inputs()), atol=1e-6)


def test_the_options_survive_saving(tmp_path) -> None:
    options = {
        "width": 2,
        "size": 128,
        "background": "white",
        "seed": 9,
        "histogram": False,
        "norm": "none",
        "synchronized": True,
    }
    UNet(**options).save(tmp_path / "u.keras")
    config = keras.saving.load_model(tmp_path / "u.keras").get_config()
    assert {name: config[name] for name in options} == options


@pytest.mark.parametrize(
    "options, word",
    [
        ({"width": 3}, "width=3"),
        ({"width": 2, "size": 100}, "size=100"),
        ({"width": 2, "background": "blue"}, "blue"),
        ({"width": 2, "norm": "instance"}, 'norm="instance"'),
    ],
)
def test_bad_options_are_refused_by_name(options: dict, word: str) -> None:
    with pytest.raises((ValueError, DeepPaintError), match=word):
        UNet(**options)


def test_the_network_can_be_copied_saved_trained_and_run_in_any_precision(tmp_path) -> None:
    check_layer(
        lambda **options: UNet(2, size=SIZE, seed=1, **options),
        (inputs(),),
        tmp_path,
        TRAINABLE,
        NON_TRAINABLE,
        output_dtype="float32",
    )
