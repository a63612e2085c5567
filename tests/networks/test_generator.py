"""The generator, against the NumPy network, and as a saved file."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import numpy_networks as oracle
from tests.helpers.layer_checks import POLICIES, check_layer, sublayers
from tf_deeppaint import Generator
from tf_deeppaint.networks.normalization import BatchNormalization
from tf_deeppaint.utils.errors import DeepPaintError

SIZE = 64


def inputs(count: int = 2, height: int = SIZE, width: int = SIZE, seed: int = 0) -> dict:
    rng = np.random.default_rng(seed)
    return {
        "sketch": rng.uniform(-1, 1, (count, height, width, 3)).astype("float32"),
        "histogram": rng.uniform(-1, 1, (count, height, width, 12)).astype("float32"),
    }


def count_numbers(weights) -> int:
    return sum(int(np.prod(weight.shape)) for weight in weights)


@pytest.fixture(scope="module")
def small() -> Generator:
    """A generator of width 2 with weights that matter; no test changes it."""
    generator = Generator(2, size=SIZE, seed=5)
    oracle.randomize(generator, seed=6)
    return generator


@pytest.fixture(scope="module")
def painted(small: Generator) -> tuple[np.ndarray, list[np.ndarray]]:
    picture, maps = small(inputs(), return_attention=True)
    return np.asarray(picture), [np.asarray(attention) for attention in maps]


def test_at_width_64_the_generator_has_the_weights_of_the_original_code() -> None:
    generator = Generator()
    assert count_numbers(generator.trainable_weights) == 48_573_641
    assert count_numbers(generator.non_trainable_weights) == 23_680


def test_weights_exist_before_the_first_call() -> None:
    generator = Generator(2)
    assert generator.built
    # 57 kernels, of which 6 shortcuts and 6 gates' inputs have no bias, and 32 norms.
    assert len(generator.trainable_weights) == 57 + 45 + 2 * 32
    assert len(generator.non_trainable_weights) == 2 * 32


def test_picture_and_attention_equal_the_numpy_network() -> None:
    generator = Generator(2, size=SIZE, dtype="float64")
    oracle.randomize(generator, seed=6)
    batch = inputs()
    picture, maps = generator(batch, return_attention=True)
    expected, expected_maps = oracle.generator(generator, batch["sketch"], batch["histogram"])
    # What is left is float32 rounding in the norms' scales and of the picture itself.
    np.testing.assert_allclose(picture, expected, rtol=0, atol=1e-6)
    for attention, expected_map in zip(maps, expected_maps, strict=True):
        np.testing.assert_allclose(attention, expected_map, rtol=0, atol=1e-6)
    # None of it is flat, so that a mistake anywhere would show.
    assert expected.std() > 0.05 and all(m.std() > 1e-3 for m in expected_maps)


def test_with_instance_norm_picture_and_attention_equal_the_numpy_network() -> None:
    generator = Generator(2, size=SIZE, norm="instance", dtype="float64")
    oracle.randomize(generator, seed=6)
    # At 64 pixels the gate signal is one value, of which an instance norm leaves nothing.
    batch = inputs(1, 128, 64)
    picture, maps = generator(batch, return_attention=True)
    expected, expected_maps = oracle.generator(generator, batch["sketch"], batch["histogram"])
    # Float32 inputs reach the stem's norm as float64: what is left is the picture's rounding, and
    # that of the maps.
    np.testing.assert_allclose(picture, expected, rtol=0, atol=1e-6)
    for attention, expected_map in zip(maps, expected_maps, strict=True):
        np.testing.assert_allclose(attention, expected_map, rtol=0, atol=1e-6)
    assert expected.std() > 0.05 and all(m.std() > 1e-3 for m in expected_maps)


def test_without_attention_the_skips_are_plain_and_there_are_no_maps() -> None:
    generator = Generator(2, size=SIZE, gated=False, dtype="float64")
    oracle.randomize(generator, seed=6)
    batch = inputs()
    picture, maps = generator(batch, return_attention=True)
    assert maps == []
    expected, _ = oracle.generator(generator, batch["sketch"], batch["histogram"])
    np.testing.assert_allclose(picture, expected, rtol=0, atol=1e-6)
    assert not [weight.path for weight in generator.weights if "gate" in weight.path]


def test_without_attention_it_lacks_the_weights_of_the_gates_alone() -> None:
    # A gate of c channels: Wx, Wg and psi to c / 2, the 1 x 1 convolution after it, its norm.
    gates = [
        4 * c * c // 2 + (512 + 1) * c // 2 + c // 2 + 1 + (c + 1) * c + 2 * c
        for c in (512, 512, 512, 512, 256, 128)
    ]
    signal = (512 + 1) * 512 + 2 * 512
    generator = Generator(gated=False)
    assert count_numbers(generator.trainable_weights) == 48_573_641 - sum(gates) - signal


def test_without_a_histogram_the_sketch_alone_is_seen() -> None:
    generator = Generator(2, size=SIZE, histogram=False, dtype="float64")
    oracle.randomize(generator, seed=6)
    batch = inputs()
    sketch = {"sketch": batch["sketch"]}
    expected, _ = oracle.generator(generator, batch["sketch"])
    np.testing.assert_allclose(generator(sketch), expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(generator(batch), generator(sketch))


def test_with_a_mixture_head_picture_and_attention_equal_the_numpy_network() -> None:
    generator = Generator(2, size=SIZE, head_kind="mixture", dtype="float64")
    oracle.randomize(generator, seed=6)
    batch = inputs()
    # Histogram images are of one value across, and down a band.
    bands = batch["histogram"][:, :: SIZE // 4, :1].repeat(SIZE // 4, axis=1)
    batch["histogram"] = bands.repeat(SIZE, axis=2)
    picture, maps = generator(batch, return_attention=True)
    expected, expected_maps = oracle.generator(generator, batch["sketch"], batch["histogram"])
    np.testing.assert_allclose(picture, expected, rtol=0, atol=2e-6)
    for attention, expected_map in zip(maps, expected_maps, strict=True):
        np.testing.assert_allclose(attention, expected_map, rtol=0, atol=1e-6)
    assert expected.std() > 0.05
    assert picture.dtype == "float32"


def test_every_batch_norm_is_told_whether_it_is_synchronized() -> None:
    for synchronized in (False, True):
        generator = Generator(2, size=SIZE, synchronized=synchronized)
        norms = [x for x in sublayers(generator) if isinstance(x, BatchNormalization)]
        assert [norm.synchronized for norm in norms] == 32 * [synchronized]


def test_the_six_attention_maps_come_deepest_first(painted) -> None:
    picture, maps = painted
    assert picture.shape == (2, SIZE, SIZE, 3)
    assert [m.shape for m in maps] == [(2, s, s, 1) for s in (1, 2, 4, 8, 16, 32)]
    assert all(((m > 0) & (m < 1)).all() for m in maps)


@pytest.mark.parametrize("count, height, width", [(1, 64, 128), (3, 128, 64)])
def test_any_size_divisible_by_64_is_painted(small, count: int, height: int, width: int) -> None:
    picture, maps = small(inputs(count, height, width), return_attention=True)
    assert picture.shape == (count, height, width, 3)
    assert maps[0].shape == (count, height // 64, width // 64, 1)
    assert np.isfinite(picture).all()


@pytest.mark.parametrize("policy", POLICIES)
def test_the_picture_is_float32_between_minus_1_and_1(policy: str) -> None:
    generator = Generator(2, size=SIZE, dtype=policy)
    # A loud head drives tanh to both ends.
    generator.head.kernel.assign(50.0 * generator.head.kernel)
    picture, maps = generator(inputs(1), return_attention=True)
    assert picture.dtype == "float32"
    assert {m.dtype.name for m in maps} == {"float32"}
    assert -1.0 <= np.min(picture) < np.max(picture) <= 1.0


@pytest.mark.parametrize("policy", POLICIES)
def test_a_mixed_picture_is_float32_between_minus_1_and_1(policy: str) -> None:
    generator = Generator(2, size=SIZE, head_kind="mixture", dtype=policy)
    generator.head.conv.kernel.assign(50.0 * generator.head.conv.kernel)
    picture = generator(inputs(1))
    assert picture.dtype == "float32"
    assert -1.0 <= np.min(picture) < np.max(picture) <= 1.0


def test_inference_repeats_itself(small: Generator, painted) -> None:
    np.testing.assert_array_equal(small(inputs()), painted[0])


def test_a_picture_does_not_depend_on_the_others_of_its_batch(small: Generator, painted) -> None:
    both = inputs()
    alone = small({key: value[1:] for key, value in both.items()})
    # Another batch size may sum in another order, through 30 layers.
    np.testing.assert_allclose(alone[0], painted[0][1], atol=1e-4)


def test_dropout_acts_in_training_only() -> None:
    generator = Generator(4, size=SIZE, seed=5)
    twice = [np.asarray(generator(inputs(), training=True)) for _ in range(2)]
    # Norms in training mode use the batch alone, so only dropout can make a difference.
    assert np.abs(twice[0] - twice[1]).max() > 1e-6
    for block in generator.up:
        block.dropout_rate = 0.0
    twice = [np.asarray(generator(inputs(), training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*twice)


def test_dropout_follows_the_seed() -> None:
    first, same, other = (Generator(4, size=SIZE, seed=seed) for seed in (5, 5, 6))
    pictures = []
    for generator in (first, same, other):
        generator.set_weights(first.get_weights())
        pictures.append(np.asarray(generator(inputs(), training=True)))
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert np.abs(pictures[0] - pictures[2]).max() > 1e-6


def test_the_whole_graph_has_no_argmax_op(small: Generator) -> None:
    spec = {
        "sketch": tf.TensorSpec((None, SIZE, SIZE, 3)),
        "histogram": tf.TensorSpec((None, SIZE, SIZE, 12)),
    }
    graph = tf.function(small).get_concrete_function(spec).graph
    assert not [op.type for op in graph.get_operations() if "argmax" in op.type.lower()]


LOADER = """
import sys
import numpy as np
import keras
import tf_deeppaint
batch = dict(np.load(sys.argv[2]))
generator = keras.saving.load_model(sys.argv[1])
np.save(sys.argv[3], generator(batch))
"""


def test_a_saved_generator_paints_the_same_in_another_process(small, painted, tmp_path) -> None:
    model, batch, result = (tmp_path / name for name in ("g.keras", "batch.npz", "result.npy"))
    small.save(model)
    np.savez(batch, **inputs())
    subprocess.run([sys.executable, "-c", LOADER, model, batch, result], check=True)
    np.testing.assert_allclose(np.load(result), painted[0], atol=1e-6)


OPTIONS = {
    "size": 128,
    "background": "white",
    "seed": 9,
    "norm": "instance",
    "gated": False,
    "histogram": False,
    "synchronized": True,
}


def test_the_options_survive_saving(tmp_path) -> None:
    Generator(2, **OPTIONS).save(tmp_path / "g.keras")
    config = keras.saving.load_model(tmp_path / "g.keras").get_config()
    assert {name: config[name] for name in OPTIONS} == OPTIONS


def test_a_saved_generator_with_a_mixture_head_paints_the_same(tmp_path) -> None:
    generator = Generator(2, size=SIZE, head_kind="mixture")
    oracle.randomize(generator)
    generator.save(tmp_path / "g.keras")
    loaded = keras.saving.load_model(tmp_path / "g.keras")
    assert loaded.get_config()["head_kind"] == "mixture"
    np.testing.assert_array_equal(loaded(inputs()), generator(inputs()))
    for part, other in zip(
        loaded.forward(inputs())[0], generator.forward(inputs())[0], strict=True
    ):
        np.testing.assert_array_equal(part, other)


def test_a_generator_saved_before_it_had_options_is_read_as_it_was() -> None:
    config = Generator(2).get_config()
    old = {name: config[name] for name in ("name", "dtype", "width", "size", "background", "seed")}
    assert Generator.from_config(old).get_config() == config


@pytest.mark.parametrize(
    "options, word",
    [
        ({"width": 3}, "width=3"),
        ({"width": 0}, "width=0"),
        ({"width": -2}, "width=-2"),
        ({"width": 2, "size": 32}, "size=32"),
        ({"width": 2, "size": 100}, "size=100"),
        ({"width": 2, "background": "blue"}, "blue"),
        ({"width": 2, "norm": "layer"}, 'norm="layer"'),
        ({"width": 2, "head_kind": "hsv"}, 'head_kind="hsv"'),
        ({"width": 2, "head_kind": "mixture", "histogram": False}, "needs the histogram"),
    ],
)
def test_bad_options_are_refused_by_name(options: dict, word: str) -> None:
    with pytest.raises((ValueError, DeepPaintError), match=word):
        Generator(**options)


def test_the_generator_can_be_copied_saved_trained_and_run_in_any_precision(tmp_path) -> None:
    check_layer(
        lambda **options: Generator(2, size=SIZE, seed=1, **options),
        (inputs(),),
        tmp_path,
        trainable=57 + 45 + 2 * 32,
        non_trainable=2 * 32,
        output_dtype="float32",
    )


@pytest.mark.slow
def test_the_same_holds_with_a_mixture_head(tmp_path) -> None:
    check_layer(
        lambda **options: Generator(2, size=SIZE, seed=1, head_kind="mixture", **options),
        (inputs(),),
        tmp_path,
        # Instead of a kernel and a bias: three of each, and the bands' offsets.
        trainable=57 + 45 + 2 * 32 + 5,
        non_trainable=2 * 32,
        output_dtype="float32",
    )


def test_the_same_holds_with_all_options_changed(tmp_path) -> None:
    changed = {"norm": "instance", "gated": False, "histogram": False, "synchronized": True}
    check_layer(
        lambda **options: Generator(2, size=SIZE, seed=1, **changed, **options),
        ({"sketch": inputs()["sketch"]},),
        tmp_path,
        # 32 kernels of which 6 have no bias, and 25 norms.
        trainable=32 + 26 + 2 * 25,
        non_trainable=0,
        output_dtype="float32",
    )
