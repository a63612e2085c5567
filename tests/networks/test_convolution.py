"""Convolutions, against NumPy in float64."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import numpy_networks as oracle
from tests.helpers.layer_checks import check_layer
from tf_deeppaint.networks.convolution import SpectralConv, conv


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


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


def test_kernels_start_as_normal_numbers_of_deviation_0_02() -> None:
    layer = conv(64, 3)
    layer.build((None, 8, 8, 64))
    kernel = np.asarray(layer.kernel)
    assert abs(kernel.std() - 0.02) < 4e-4
    assert abs(kernel.mean()) < 4e-4


CASES = {
    "SpectralConv": (
        lambda **options: SpectralConv(4, 3, 2, "valid", **options),
        lambda: (numbers(3, 7, 7, 2),),
        (2, 1),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_layers_can_be_copied_saved_trained_and_run_in_any_precision(name: str, tmp_path) -> None:
    make, arguments, (trainable, non_trainable) = CASES[name]
    check_layer(make, arguments(), tmp_path, trainable, non_trainable)
