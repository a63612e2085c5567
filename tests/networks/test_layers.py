"""The layers, against NumPy in float64 and TensorFlow's own pooling."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from tests.helpers import numpy_networks as oracle
from tests.helpers.layer_checks import check_layer
from tests.helpers.two_replicas import CUT, norm_case_inputs, on_one_device, on_two_replicas
from tf_deeppaint.networks import layers
from tf_deeppaint.networks.layers import (
    AttentionGate,
    BatchNormalization,
    DownBlock,
    SpectralConv,
    UpBlock,
    make_norm,
)

# The layers' statistics are float32 even where the rest is float64, so a norm is right to about
# 6e-8; a few of them in a row stay below this.
CLOSE = {"rtol": 1e-6, "atol": 1e-6}


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def pictures_with_ties() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    shape = (2, 8, 12, 3)
    flat = np.full(shape, 0.25)
    flat[:, 3:6, 2:9] = -1.0
    return {
        "distinct": rng.permutation(np.prod(shape)).reshape(shape) - 200.0,
        "few integers": rng.integers(0, 2, shape),
        "negative": -rng.integers(1, 3, shape),
        "all equal": np.full(shape, -3.0),
        "flat areas": flat,
        "zeros after relu": np.maximum(rng.normal(size=shape), 0.0),
    }


with_ties = pytest.mark.parametrize("name", pictures_with_ties())
in_both_precisions = pytest.mark.parametrize("dtype", ["float32", "bfloat16"])


def tied(name: str, dtype: str) -> tf.Tensor:
    return tf.cast(tf.constant(pictures_with_ties()[name]), dtype)


def upstream(shape, dtype: str) -> tf.Tensor:
    # Small integers are exact in bfloat16, so that all comparisons may be exact.
    return tf.cast(np.random.default_rng(2).integers(-9, 10, shape), dtype)


def scatter(values, argmax, shape) -> np.ndarray:
    return tf.scatter_nd(tf.reshape(argmax, [-1, 1]), tf.reshape(values, [-1]), [np.prod(shape)])


@with_ties
@in_both_precisions
def test_pooling_and_unpooling_equal_argmax_and_scatter(name: str, dtype: str) -> None:
    x = tied(name, dtype)
    # TensorFlow has no bfloat16 kernel for it; the cast of bfloat16 numbers to float32 is exact.
    expected, argmax = tf.nn.max_pool_with_argmax(
        tf.cast(x, "float32"), 2, 2, "VALID", include_batch_in_index=True
    )
    pooled, winner = layers.max_pool(x)
    assert pooled.dtype == dtype
    np.testing.assert_array_equal(tf.cast(pooled, "float32"), expected)
    carried = upstream(pooled.shape, dtype)
    unpooled = layers.max_unpool(carried, winner)
    assert unpooled.dtype == dtype
    np.testing.assert_array_equal(
        tf.reshape(tf.cast(unpooled, "float32"), [-1]),
        scatter(tf.cast(carried, "float32"), argmax, x.shape),
    )


@with_ties
@in_both_precisions
def test_the_gradient_of_pooling_goes_to_the_first_winner_alone(name: str, dtype: str) -> None:
    x = tied(name, dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        pooled, _ = layers.max_pool(x)
    above = upstream(pooled.shape, dtype)
    gradient = tape.gradient(pooled, x, output_gradients=above)
    _, place = oracle.max_pool(np.asarray(x, "float64"))
    expected = oracle.max_unpool(np.asarray(above, "float64"), place)
    np.testing.assert_array_equal(np.asarray(gradient, "float64"), expected)


@with_ties
@in_both_precisions
def test_the_gradient_of_unpooling_is_read_where_the_value_was_put(name: str, dtype: str) -> None:
    x = tied(name, dtype)
    pooled, winner = layers.max_pool(x)
    with tf.GradientTape() as tape:
        tape.watch(pooled)
        unpooled = layers.max_unpool(pooled, winner)
    above = upstream(unpooled.shape, dtype)
    gradient = tape.gradient(unpooled, pooled, output_gradients=above)
    _, place = oracle.max_pool(np.asarray(x, "float64"))
    expected = oracle.take(oracle.cells(np.asarray(above, "float64")), place)
    np.testing.assert_array_equal(np.asarray(gradient, "float64"), expected)


@with_ties
def test_pooling_written_without_tensorflow_computes_the_same(name: str) -> None:
    x = tied(name, "float32")
    pooled, winner = layers.max_pool(x)
    plain_pooled, plain_winner = layers._max_pool(x)
    np.testing.assert_array_equal(pooled, plain_pooled)
    np.testing.assert_array_equal(np.stack(winner), np.stack(plain_winner))
    carried = upstream(pooled.shape, "float32")
    np.testing.assert_array_equal(
        layers.max_unpool(carried, winner), layers._max_unpool(carried, winner)
    )


def test_pooling_unpooling_and_their_gradients_use_no_argmax_op() -> None:
    @tf.function
    def there_and_back(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            pooled, winner = layers.max_pool(x)
            y = layers.max_unpool(2.0 * pooled, winner)
        return tape.gradient(y, x)

    graph = there_and_back.get_concrete_function(tf.TensorSpec((None, 8, 8, 2))).graph
    kinds = {operation.type for operation in graph.get_operations()}
    assert not [kind for kind in kinds if "ArgM" in kind or "Argm" in kind or "Scatter" in kind]


def test_nearest_resizing_repeats_every_pixel() -> None:
    x = numbers(2, 3, 4, 2)
    np.testing.assert_array_equal(layers.resize_nearest(ops.array(x), 4), oracle.nearest(x, 4))
    np.testing.assert_array_equal(layers.resize_nearest(ops.array(x), 1), x)


def shaken_norm(channels: int, **options) -> BatchNormalization:
    layer = BatchNormalization(**options)
    layer.build((None, None, None, channels))
    oracle.randomize(layer, seed=4)
    return layer


def test_training_normalizes_with_the_batch_and_moves_toward_its_unbiased_variance() -> None:
    layer = shaken_norm(3)
    # Eight values a channel: biased and unbiased variance differ by a seventh.
    x = 3.0 * numbers(2, 2, 2, 3) + 1.0
    old_mean, old_variance = np.array(layer.moving_mean), np.array(layer.moving_variance)
    y = layer(x, training=True)
    mean, biased = x.mean((0, 1, 2)), x.var((0, 1, 2))
    expected = (x - mean) / np.sqrt(biased + 1e-5) * np.array(layer.gamma) + np.array(layer.beta)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)
    unbiased = x.var((0, 1, 2), ddof=1)
    np.testing.assert_allclose(layer.moving_mean, 0.9 * old_mean + 0.1 * mean, rtol=1e-5)
    np.testing.assert_allclose(
        layer.moving_variance, 0.9 * old_variance + 0.1 * unbiased, rtol=1e-5
    )


def test_momentum_is_the_share_of_the_old_statistics_that_is_kept() -> None:
    layer = shaken_norm(2, momentum=0.75)
    old = np.array(layer.moving_mean)
    x = numbers(2, 4, 4, 2)
    layer(x, training=True)
    np.testing.assert_allclose(
        layer.moving_mean, 0.75 * old + 0.25 * x.mean((0, 1, 2)), rtol=1e-5, atol=1e-7
    )


def test_inference_normalizes_with_the_moving_statistics_and_leaves_them() -> None:
    layer = shaken_norm(3)
    before = layer.get_weights()
    x = numbers(2, 4, 4, 3)
    np.testing.assert_allclose(layer(x), oracle.norm(x, layer), rtol=1e-5, atol=1e-6)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_fused_kernel_and_the_plain_formula_agree_with_their_gradients() -> None:
    inputs = [tf.constant(numbers(2, 3, 5, 4, seed=s)) for s in (0, 1)]
    x, above = inputs
    gamma, beta = tf.constant([0.5, 1.0, -2.0, 1.5]), tf.constant([0.0, 1.0, 2.0, -1.0])
    results = []
    for normalize in (layers._fused_norm, layers._plain_norm):
        with tf.GradientTape() as tape:
            tape.watch([x, gamma, beta])
            y, mean, variance = normalize(x, gamma, beta, 1e-5)
        gradients = tape.gradient(y, [x, gamma, beta], output_gradients=above)
        results.append([y, mean, variance, *gradients])
    for fused, plain in zip(*results, strict=True):
        # Two orders of summing 30 float32 numbers.
        np.testing.assert_allclose(fused, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("path", ["fused", "plain"])
def test_statistics_are_float32_under_mixed_precision(
    dtype: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "plain":
        monkeypatch.setattr(layers, "_fused_norm", layers._plain_norm)
    layer = shaken_norm(2, momentum=0.0, dtype=f"mixed_{dtype}")
    x = tf.cast(100.0 + numbers(4, 8, 8, 2), dtype)
    assert layer(x, training=True).dtype == dtype
    seen = np.asarray(x, "float64")
    # Kept in bfloat16 the mean of about 100 would be off by up to 0.25.
    np.testing.assert_allclose(layer.moving_mean, seen.mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, seen.var((0, 1, 2), ddof=1), rtol=1e-3)


@pytest.mark.parametrize("path", ["fused", "plain"])
def test_statistics_that_are_not_finite_leave_their_channels_as_they_are(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "plain":
        monkeypatch.setattr(layers, "_fused_norm", layers._plain_norm)
    layer = shaken_norm(5)
    before = [np.asarray(weight).copy() for weight in layer.non_trainable_weights]
    x = numbers(2, 4, 4, 5)
    x[0, 0, 0, 1] = np.nan
    x[0, 0, 0, 2] = np.inf
    # Its mean is finite; the squares pass 3.4e38.
    x[..., 3] *= 1e30
    layer(x, training=True)
    for old, new in zip(before, layer.non_trainable_weights, strict=True):
        changed = np.asarray(new) != old
        np.testing.assert_array_equal(changed, [True, False, False, False, True])
    good = x[..., [0, 4]]
    np.testing.assert_allclose(
        np.asarray(layer.moving_mean)[[0, 4]],
        0.9 * before[0][[0, 4]] + 0.1 * good.mean((0, 1, 2)),
        rtol=1e-5,
    )


def test_synchronized_replicas_normalize_as_one_device_with_the_whole_batch() -> None:
    two, one = on_two_replicas("norm"), on_one_device("norm")
    # The same float32 sums of 60 numbers near 5, in two parts or one.
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=1e-5, atol=5e-6, err_msg=name)
    separate = on_two_replicas("separate norm")
    for name in ("y", "x_gradient", "gamma_gradient", "moving_mean", "moving_variance"):
        assert np.abs(separate[name] - one[name]).max() > 5e-3, name


def test_separate_replicas_keep_the_mean_of_their_moving_statistics() -> None:
    two = on_two_replicas("separate norm")
    x, start = norm_case_inputs()
    parts = (x[:CUT], x[CUT:])
    for name, batch in (
        ("moving_mean", [part.mean((0, 1, 2)) for part in parts]),
        ("moving_variance", [part.var((0, 1, 2), ddof=1) for part in parts]),
    ):
        expected = 0.9 * start[name] + 0.1 * np.mean(batch, axis=0)
        np.testing.assert_allclose(two[name], expected, rtol=1e-5)


def test_an_instance_norm_equals_its_formula() -> None:
    layer = make_norm("instance", "norm", dtype="float64")
    # A variance of 1e-4, so that an epsilon other than 1e-5 would show.
    x = 3.0 + 0.01 * numbers(2, 4, 3, 5).astype("float64")
    layer(x)
    oracle.randomize(layer)
    np.testing.assert_allclose(layer(x), oracle.norm(x, layer), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_an_instance_norm_has_float32_statistics_under_mixed_precision(dtype: str) -> None:
    x = tf.cast(100.0 + numbers(2, 8, 8, 3), dtype)
    y = make_norm("instance", "norm", dtype=f"mixed_{dtype}")(x)
    assert y.dtype == dtype
    seen = np.asarray(x, "float64")
    expected = (seen - seen.mean((1, 2), keepdims=True)) / seen.std((1, 2), keepdims=True)
    # What is left is the rounding of the result, 1/256 of at most 4; a bfloat16 mean of 100 would
    # shift it by up to 0.25.
    np.testing.assert_allclose(np.asarray(y, "float64"), expected, atol=0.02)


def test_the_norm_of_kind_none_changes_nothing() -> None:
    x = numbers(2, 4, 4, 3)
    np.testing.assert_array_equal(make_norm("none", "norm")(x), x)


def test_a_norm_of_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match='norm="layer"'):
        make_norm("layer", "norm")


@pytest.mark.parametrize("strides, padding", [(1, "same"), (1, "valid"), (2, "valid")])
def test_a_spectral_conv_equals_its_formula(strides: int, padding: str) -> None:
    layer = SpectralConv(4, 3, strides, padding, dtype="float64")
    x = numbers(2, 7, 9, 5)
    layer(x)
    oracle.randomize(layer)
    expected = oracle.conv(x, layer, strides, pad=1 if padding == "same" else 0)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-9, atol=1e-9)
    _, after = oracle.power_step(np.asarray(layer.kernel), np.asarray(layer.u))
    np.testing.assert_allclose(layer(x, training=True), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(layer.u, after, rtol=1e-9)


def test_a_spectral_conv_comes_to_divide_by_the_largest_singular_value() -> None:
    layer = SpectralConv(4, 3, padding="valid")
    x = numbers(1, 3, 3, 5)
    layer(x)
    oracle.randomize(layer)
    kernel = np.asarray(layer.kernel).copy()
    for _ in range(100):
        layer(x, training=True)
    np.testing.assert_array_equal(layer.kernel, kernel)
    sigma = np.linalg.svd(kernel.reshape(-1, 4), compute_uv=False)[0]
    expected = np.einsum("nijc,ijco->no", x, kernel / sigma) + np.asarray(layer.bias)
    np.testing.assert_allclose(layer(x)[:, 0, 0], expected, rtol=1e-5, atol=1e-6)


def test_the_gradient_of_a_spectral_conv_is_that_of_its_formula() -> None:
    layer = SpectralConv(3, 2, padding="valid", dtype="float64")
    x, above = numbers(1, 4, 4, 2), numbers(1, 3, 3, 3, seed=1).astype("float64")
    layer(x)
    oracle.randomize(layer)
    # At the singular vector itself sigma is W's norm, and so is the estimate's gradient.
    matrix = np.asarray(layer.kernel).reshape(-1, 3)
    layer.u.assign(np.linalg.svd(matrix)[2][0])
    with tf.GradientTape() as tape:
        y = layer(x, training=True)
    gradient = np.asarray(tape.gradient(y, layer.kernel.value, output_gradients=above))

    def loss(kernel: np.ndarray) -> float:
        sigma = np.linalg.svd(kernel.reshape(-1, 3), compute_uv=False)[0]
        windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(1, 2))
        return np.sum(np.einsum("nhwcij,ijco->nhwo", windows, kernel / sigma) * above)

    expected = np.zeros_like(gradient)
    for place in np.ndindex(gradient.shape):
        step = np.zeros_like(gradient)
        step[place] = 1e-5
        kernel = np.asarray(layer.kernel)
        expected[place] = (loss(kernel + step) - loss(kernel - step)) / 2e-5
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-7)


def test_sigma_is_a_float32_number_under_mixed_precision() -> None:
    layer = SpectralConv(4, 3, padding="valid", dtype="mixed_bfloat16")
    x = numbers(1, 3, 3, 5)
    layer(x)
    oracle.randomize(layer)
    # A copy: the array would change with the weight.
    first = np.array(layer.u.numpy(), "float64")
    layer(x, training=True)
    _, after = oracle.power_step(np.asarray(layer.kernel, "float64"), first)
    np.testing.assert_allclose(layer.u, after, rtol=1e-5)


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("filters", [4, 6], ids=["same channels", "more channels"])
def test_a_down_block_equals_its_formula(filters: int, norm: str) -> None:
    block = DownBlock(filters, norm, dtype="float64")
    x = numbers(2, 8, 6, 4)
    block(x)
    oracle.randomize(block)
    pooled, winner, skip = block(x)
    expected_pooled, place, expected_skip = oracle.down_block(x, block)
    np.testing.assert_allclose(skip, expected_skip, **CLOSE)
    np.testing.assert_allclose(pooled, expected_pooled, **CLOSE)
    ones = np.ones_like(expected_pooled)
    np.testing.assert_array_equal(
        layers.max_unpool(tf.constant(ones), winner), oracle.max_unpool(ones, place)
    )


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("filters", [4, 2], ids=["same channels", "fewer channels"])
def test_an_up_block_equals_its_formula(filters: int, norm: str) -> None:
    block = UpBlock(filters, dropout=0.5, norm=norm, dtype="float64")
    below, x, skip = numbers(2, 8, 6, 4), numbers(2, 4, 3, 4, seed=1), numbers(2, 8, 6, 4, seed=2)
    _, winner = layers.max_pool(tf.constant(below))
    _, place = oracle.max_pool(below)
    block(x, winner, skip)
    oracle.randomize(block)
    expected = oracle.up_block(x, place, skip, block)
    np.testing.assert_allclose(block(x, winner, skip), expected, **CLOSE)


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


def up_block_arguments() -> tuple:
    _, winner = layers.max_pool(tf.constant(numbers(3, 8, 8, 8)))
    return tf.constant(numbers(3, 4, 4, 8)), winner, tf.constant(numbers(3, 8, 8, 8, seed=1))


def test_dropout_of_an_up_block_drops_whole_channels_in_training_only() -> None:
    arguments = up_block_arguments()
    block = UpBlock(8, dropout=0.5, seed=3)
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


def test_kernels_start_as_normal_numbers_of_deviation_0_02() -> None:
    kernel = np.asarray(_built(DownBlock(64), (None, 8, 8, 64)).conv_1.kernel)
    assert abs(kernel.std() - 0.02) < 4e-4
    assert abs(kernel.mean()) < 4e-4


def _built(layer: keras.layers.Layer, shape: tuple) -> keras.layers.Layer:
    layer.build(shape)
    return layer


CASES = {
    "BatchNormalization": (
        lambda **options: BatchNormalization(
            momentum=0.8, epsilon=1e-3, synchronized=True, **options
        ),
        lambda: (numbers(3, 4, 4, 2),),
        (2, 2),
    ),
    "instance norm": (
        lambda **options: make_norm("instance", "norm", epsilon=1e-3, **options),
        lambda: (numbers(3, 4, 4, 2),),
        (2, 0),
    ),
    "SpectralConv": (
        lambda **options: SpectralConv(4, 3, 2, "valid", **options),
        lambda: (numbers(3, 7, 7, 2),),
        (2, 1),
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
        lambda **options: DownBlock(4, norm="instance", **options),
        lambda: (numbers(3, 8, 8, 2),),
        (9, 0),
    ),
    "UpBlock, instance norm": (
        lambda **options: UpBlock(4, norm="instance", **options),
        lambda: tf.nest.map_structure(np.asarray, up_block_arguments()),
        (9, 0),
    ),
    "AttentionGate, synchronized": (
        lambda **options: AttentionGate(4, synchronized=True, **options),
        lambda: (numbers(3, 8, 8, 4), numbers(3, 2, 2, 6, seed=1)),
        (9, 2),
    ),
    "UpBlock": (
        lambda **options: UpBlock(4, dropout=0.5, seed=1, **options),
        lambda: tf.nest.map_structure(np.asarray, up_block_arguments()),
        (9, 4),
    ),
    "AttentionGate": (
        lambda **options: AttentionGate(4, **options),
        lambda: (numbers(3, 8, 8, 4), numbers(3, 2, 2, 6, seed=1)),
        (9, 2),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_layers_can_be_copied_saved_trained_and_run_in_any_precision(name: str, tmp_path) -> None:
    make, arguments, (trainable, non_trainable) = CASES[name]
    check_layer(make, arguments(), tmp_path, trainable, non_trainable)
