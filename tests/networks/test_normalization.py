"""Normalization, against NumPy in float64 and across replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import numpy_networks as oracle
from tests.helpers.layer_checks import check_layer
from tests.helpers.two_replicas import CUT, norm_case_inputs, on_one_device, on_two_replicas
from tf_deeppaint.networks import normalization
from tf_deeppaint.networks.normalization import BatchNormalization, make_norm


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


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


def pretend_another_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layers take the way that needs no kernel of TensorFlow's, which is out of reach."""
    monkeypatch.setattr(keras.backend, "backend", lambda: "another")
    monkeypatch.delattr(normalization, "_fused_norm")


def test_the_fused_kernel_and_the_plain_formula_agree_with_their_gradients(monkeypatch) -> None:
    x, above = (tf.constant(numbers(2, 3, 5, 4, seed=s)) for s in (0, 1))
    results = []
    for path in ("fused", "plain"):
        if path == "plain":
            pretend_another_backend(monkeypatch)
        layer = shaken_norm(4, momentum=0.0)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        watched = [x, layer.gamma.value, layer.beta.value]
        gradients = tape.gradient(y, watched, output_gradients=above)
        results.append([y, *map(np.asarray, layer.non_trainable_weights), *gradients])
    for fused, plain in zip(*results, strict=True):
        # Two orders of summing 30 float32 numbers.
        np.testing.assert_allclose(fused, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("path", ["fused", "plain"])
def test_statistics_are_float32_under_mixed_precision(
    dtype: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "plain":
        pretend_another_backend(monkeypatch)
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
        pretend_another_backend(monkeypatch)
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
    # The same float32 sums of 60 numbers near 5, in two parts or one; processors add in their own
    # order.
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=3e-5, atol=5e-5, err_msg=name)
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


def test_the_norm_of_kind_batch_has_the_options_given() -> None:
    norm = make_norm("batch", "its name", synchronized=True, epsilon=0.5, dtype="float64")
    assert type(norm) is BatchNormalization and norm.name == "its name"
    assert (norm.synchronized, norm.epsilon, norm.dtype) == (True, 0.5, "float64")
    norm = make_norm("batch", "norm")
    assert (norm.synchronized, norm.epsilon, norm.momentum) == (False, 1e-5, 0.9)


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
}


@pytest.mark.parametrize("name", CASES)
def test_layers_can_be_copied_saved_trained_and_run_in_any_precision(name: str, tmp_path) -> None:
    make, arguments, (trainable, non_trainable) = CASES[name]
    check_layer(make, arguments(), tmp_path, trainable, non_trainable)
