"""The blocks of the generator, against NumPy in float64."""

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from tests.helpers import numpy_networks as oracle
from tests.helpers.layer_checks import check_layer
from tf_deeppaint.networks.blocks import AttentionGate, DownBlock, UpBlock, resize_nearest
from tf_deeppaint.networks.pooling import max_pool, max_unpool

# Statistics are float32 even where the rest is float64, so a norm is right to about 6e-8; a few of
# them in a row stay below this.
CLOSE = {"rtol": 1e-6, "atol": 1e-6}


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("filters", [4, 6], ids=["same channels", "more channels"])
def test_a_down_block_equals_its_formula(filters: int, norm: str) -> None:
    block = DownBlock(filters, norm, dtype="float64")
    x = numbers(2, 8, 6, 4)
    block(x)
    oracle.randomize(block)
    pooled, mask, skip = block(x)
    expected_pooled, place, expected_skip = oracle.down_block(x, block)
    np.testing.assert_allclose(skip, expected_skip, **CLOSE)
    np.testing.assert_allclose(pooled, expected_pooled, **CLOSE)
    ones = np.ones_like(expected_pooled)
    np.testing.assert_array_equal(
        max_unpool(tf.constant(ones), mask), oracle.max_unpool(ones, place)
    )


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("filters", [4, 2], ids=["same channels", "fewer channels"])
def test_an_up_block_equals_its_formula(filters: int, norm: str) -> None:
    block = UpBlock(filters, dropout_rate=0.5, norm_kind=norm, dtype="float64")
    below, x, skip = numbers(2, 8, 6, 4), numbers(2, 4, 3, 4, seed=1), numbers(2, 8, 6, 4, seed=2)
    _, mask = max_pool(tf.constant(below))
    _, place = oracle.max_pool(below)
    block(x, mask, skip)
    oracle.randomize(block)
    expected = oracle.up_block(x, place, skip, block)
    np.testing.assert_allclose(block(x, mask, skip), expected, **CLOSE)


def up_block_arguments() -> tuple:
    _, mask = max_pool(tf.constant(numbers(3, 8, 8, 8)))
    return tf.constant(numbers(3, 4, 4, 8)), mask, tf.constant(numbers(3, 8, 8, 8, seed=1))


def test_dropout_of_an_up_block_drops_whole_channels_in_training_only() -> None:
    arguments = up_block_arguments()
    block = UpBlock(8, dropout_rate=0.5, seed=3)
    whole = UpBlock(8)
    for each in (block, whole):
        each(*arguments)
    whole.set_weights(block.get_weights())
    np.testing.assert_array_equal(block(*arguments), whole(*arguments))
    kept = np.asarray(whole(*arguments, training=True))
    dropped = np.asarray(block(*arguments, training=True))
    share = (dropped == 0.0).mean((1, 2))
    assert set(share.ravel()) == {0.0, 1.0}
    alive = np.broadcast_to((share == 0.0)[:, None, None], kept.shape)
    np.testing.assert_allclose(dropped[alive], 2.0 * kept[alive], rtol=1e-5)


def test_nearest_resizing_repeats_every_pixel() -> None:
    x = numbers(2, 3, 4, 2)
    np.testing.assert_array_equal(resize_nearest(ops.array(x), 4), oracle.nearest(x, 4))
    np.testing.assert_array_equal(resize_nearest(ops.array(x), 1), x)


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("factor", [1, 4])
def test_an_attention_gate_equals_its_formula(factor: int, norm: str) -> None:
    layer = AttentionGate(6, norm, dtype="float64")
    skip, gate = numbers(2, 4 * factor, 2 * factor, 6), numbers(2, 2, 1, 5, seed=1)
    layer(skip, gate)
    oracle.randomize(layer)
    gated, attention = layer(skip, gate)
    expected_gated, expected_attention = oracle.attention_gate(skip, gate, layer)
    np.testing.assert_allclose(attention, expected_attention, **CLOSE)
    np.testing.assert_allclose(gated, expected_gated, **CLOSE)


CASES = {
    "AttentionGate, synchronized": (
        lambda **options: AttentionGate(4, synchronized=True, **options),
        lambda: (numbers(3, 8, 8, 4), numbers(3, 2, 2, 6, seed=1)),
        (9, 2),
    ),
    "AttentionGate": (
        lambda **options: AttentionGate(4, **options),
        lambda: (numbers(3, 8, 8, 4), numbers(3, 2, 2, 6, seed=1)),
        (9, 2),
    ),
    "DownBlock": (
        lambda **options: DownBlock(4, **options),
        lambda: (numbers(3, 8, 8, 2),),
        (9, 4),
    ),
    "DownBlock, same channels": (
        lambda **options: DownBlock(4, **options),
        lambda: (numbers(3, 8, 8, 4),),
        (8, 4),
    ),
    "DownBlock, instance norm": (
        lambda **options: DownBlock(4, norm_kind="instance", **options),
        lambda: (numbers(3, 8, 8, 2),),
        (9, 0),
    ),
    "UpBlock, instance norm": (
        lambda **options: UpBlock(4, norm_kind="instance", **options),
        lambda: tf.nest.map_structure(np.asarray, up_block_arguments()),
        (9, 0),
    ),
    "UpBlock": (
        lambda **options: UpBlock(4, dropout_rate=0.5, seed=1, **options),
        lambda: tf.nest.map_structure(np.asarray, up_block_arguments()),
        (9, 4),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_layers_can_be_copied_saved_trained_and_run_in_any_precision(name: str, tmp_path) -> None:
    make, arguments, (trainable, non_trainable) = CASES[name]
    check_layer(make, arguments(), tmp_path, trainable, non_trainable)
