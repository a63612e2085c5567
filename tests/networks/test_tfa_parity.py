"""What took the place of TensorFlow Addons, against arrays that TFA 0.23.0 itself computed.

`golden/make_golden.py` made them under TensorFlow 2.15.1. Where a counterpart differs, the test
says how, and what it must give instead.
"""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.networks.convolution import SpectralConv
from tf_deeppaint.networks.normalization import EPSILON, make_norm
from tf_deeppaint.networks.pooling import max_pool, max_unpool

GOLDEN = Path(__file__).parents[1] / "golden"

# Float32 on both sides, of two TensorFlow versions: some ten roundings of 6e-8 in values near 1,
# and gradients are sums of 72. What differs by design differs by over 1e-3 in every test below.
CLOSE = {"rtol": 2e-5, "atol": 2e-6}
CLOSE_GRADIENTS = {"rtol": 2e-5, "atol": 2e-5}


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / "tfa.npz") as file:
        return dict(file)


def group(arrays: dict, name: str) -> dict:
    return {
        key.removeprefix(f"{name}/"): value
        for key, value in arrays.items()
        if key.startswith(f"{name}/")
    }


def test_the_arrays_were_made_by_the_pinned_packages(arrays) -> None:
    lines = (GOLDEN / "requirements.txt").read_text().splitlines()
    pins = {line for line in lines if line and not line.startswith("#")}
    assert pins == set(arrays["made_with"])
    assert "tensorflow-addons==0.23.0" in pins


def test_instance_norm_is_that_of_tfa_given_its_epsilon(arrays) -> None:
    golden = group(arrays, "instance_normalization")
    # TFA adds 1e-3 to the variance unless told otherwise; ours adds what PyTorch adds.
    assert golden["epsilon"] == 1e-3 and EPSILON == 1e-5
    layer = make_norm("instance", "norm", epsilon=float(golden["epsilon"]))
    layer.build((None, None, None, 3))
    layer.gamma.assign(golden["gamma"])
    layer.beta.assign(golden["beta"])
    x = tf.constant(golden["x"])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    gradients = tape.gradient(
        y, [x, layer.gamma, layer.beta], output_gradients=tf.constant(golden["above"])
    )
    np.testing.assert_allclose(y, golden["y"], **CLOSE)
    for name, gradient in zip(("x", "gamma", "beta"), gradients, strict=True):
        np.testing.assert_allclose(gradient, golden[f"{name}_gradient"], **CLOSE_GRADIENTS)


def spectral_conv(golden: dict) -> SpectralConv:
    layer = SpectralConv(4, 3)
    layer.build(golden["x"].shape)
    layer.kernel.assign(golden["kernel"])
    layer.bias.assign(golden["bias"])
    layer.u.assign(golden["u"][0])
    return layer


def kernel_in_use(layer: SpectralConv) -> np.ndarray:
    """Reads the divided kernel off the layer's answers to single points, at inference."""
    points = np.zeros((2, 3, 3, 2), "float32")
    points[[0, 1], 1, 1, [0, 1]] = 1.0
    answers = np.asarray(layer(points)) - np.asarray(layer.bias)
    return answers[:, ::-1, ::-1].transpose(1, 2, 0, 3)


def test_spectral_norm_divides_by_the_sigma_of_tfa_after_any_number_of_steps(arrays) -> None:
    golden = group(arrays, "spectral_normalization")
    layer = spectral_conv(golden)
    for step, output in enumerate(golden["outputs"]):
        # At inference ours takes the next step without keeping it; TFA divides in training only,
        # and uses what is left in the kernel.
        np.testing.assert_allclose(kernel_in_use(layer), golden["kernels"][step], **CLOSE)
        np.testing.assert_allclose(layer(golden["x"], training=True), output, **CLOSE)
        np.testing.assert_allclose(layer.u, golden["vectors"][step][0], **CLOSE)
    # TFA has overwritten the kernel with the divided one; ours is what it was.
    np.testing.assert_array_equal(layer.kernel, golden["kernel"])
    assert np.abs(golden["kernels"][-1] - golden["kernel"]).max() > 0.1


def test_the_gradient_of_spectral_norm_passes_through_sigma_where_that_of_tfa_does_not(
    arrays,
) -> None:
    golden = group(arrays, "spectral_normalization")
    layer = spectral_conv(golden)
    before = golden["u"][0]
    for step, of_divided in enumerate(golden["gradients"]):
        with tf.GradientTape() as tape:
            y = layer(golden["x"], training=True)
        gradient = tape.gradient(y, layer.kernel.value, output_gradients=golden["above"])
        # TFA gives G, the gradient for the divided kernel W / sigma. For W itself it is
        # (G - <G, W / sigma> v u^T) / sigma.
        matrix = golden["kernel"].reshape(-1, 4).astype("float64")
        v, u = matrix @ before, golden["vectors"][step][0]
        v /= np.linalg.norm(v)
        sigma = v @ matrix @ u
        along = np.sum(of_divided * golden["kernel"]) / sigma
        expected = (of_divided - along * np.outer(v, u).reshape(3, 3, 2, 4)) / sigma
        np.testing.assert_allclose(gradient, expected, **CLOSE_GRADIENTS)
        assert np.abs(expected - of_divided).max() > 0.1
        before = u


def test_the_spectral_norm_of_keras_is_that_of_tfa(arrays) -> None:
    golden = group(arrays, "spectral_normalization")
    layer = keras.layers.SpectralNormalization(keras.layers.Conv2D(4, 3, padding="same"))
    layer.build(golden["x"].shape)
    layer.layer.kernel.assign(golden["kernel"])
    layer.layer.bias.assign(golden["bias"])
    layer.vector_u.assign(golden["u"])
    for step, output in enumerate(golden["outputs"]):
        with tf.GradientTape() as tape:
            y = layer(golden["x"], training=True)
        gradient = tape.gradient(y, layer.layer.kernel.value, output_gradients=golden["above"])
        np.testing.assert_allclose(y, output, **CLOSE)
        np.testing.assert_allclose(layer.layer.kernel, golden["kernels"][step], **CLOSE)
        np.testing.assert_allclose(gradient, golden["gradients"][step], **CLOSE_GRADIENTS)


def test_the_spectral_norm_of_keras_rounds_the_weights_it_trains_under_mixed_precision() -> None:
    # Why there is a SpectralConv: 8 bits hold no learning rate of 2e-4.
    layer = keras.layers.SpectralNormalization(
        keras.layers.Conv2D(4, 3, dtype="mixed_bfloat16"), dtype="mixed_bfloat16"
    )
    x = np.random.default_rng(0).normal(size=(1, 8, 8, 2)).astype("float32")
    layer.build(x.shape)
    layer(x, training=True)
    kernel = np.asarray(layer.layer.kernel)
    assert kernel.dtype == "float32"
    np.testing.assert_array_equal(kernel, tf.cast(tf.cast(kernel, "bfloat16"), "float32"))


def test_unpooling_is_that_of_tfa_to_the_bit(arrays) -> None:
    golden = group(arrays, "max_unpooling")
    # Only copies are made: nothing is rounded.
    pooled, winner = max_pool(tf.constant(golden["x"]))
    np.testing.assert_array_equal(pooled, golden["pooled"])
    carried = tf.constant(golden["carried"])
    with tf.GradientTape() as tape:
        tape.watch(carried)
        unpooled = max_unpool(carried, winner)
    gradient = tape.gradient(unpooled, carried, output_gradients=tf.constant(golden["above"]))
    np.testing.assert_array_equal(unpooled, golden["unpooled"])
    np.testing.assert_array_equal(gradient, golden["gradient"])


def variables_after(optimizer, golden: dict, prepare=lambda step: None) -> np.ndarray:
    """A variable after each step of a Keras optimizer, one row a step."""
    variable = keras.Variable(golden["start"])
    optimizer.build([variable])
    rows = []
    for step, gradient in enumerate(golden["gradients"]):
        prepare(step)
        optimizer.apply([tf.constant(gradient)], [variable])
        rows.append(np.array(variable.numpy()))
    return np.stack(rows)


def averages_of_keras(golden: dict) -> np.ndarray:
    """The average that `use_ema` holds after each step."""
    rows = []
    for count in range(1, len(golden["gradients"]) + 1):
        optimizer = keras.optimizers.SGD(
            float(golden["learning_rate"]), use_ema=True, ema_momentum=float(golden["decay"])
        )
        variable = keras.Variable(golden["start"])
        optimizer.build([variable])
        for gradient in golden["gradients"][:count]:
            optimizer.apply([tf.constant(gradient)], [variable])
        optimizer.finalize_variable_values([variable])
        rows.append(np.array(variable.numpy()))
    return np.stack(rows)


def test_the_moving_average_of_keras_is_that_of_tfa_with_start_step_1(arrays) -> None:
    golden = group(arrays, "moving_average")
    sgd = keras.optimizers.SGD(float(golden["learning_rate"]))
    np.testing.assert_allclose(variables_after(sgd, golden), golden["variables"], **CLOSE)
    np.testing.assert_allclose(averages_of_keras(golden), golden["averages_from_step_1"], **CLOSE)


def test_the_moving_average_of_tfa_starts_with_the_weights_before_the_first_step(arrays) -> None:
    golden = group(arrays, "moving_average")
    # Keras starts with the weights after it. The difference shrinks by the decay at each step.
    first_step = golden["start"] - golden["variables"][0]
    steps = np.arange(1, len(golden["gradients"]) + 1)
    share = golden["decay"] ** steps[:, None, None]
    expected = averages_of_keras(golden) + share * first_step
    np.testing.assert_allclose(golden["averages"], expected, **CLOSE)
    assert np.abs(share * first_step).max() > 0.05


def adamw(golden: dict, learning_rate, weight_decay: float) -> keras.optimizers.AdamW:
    options = {name: float(golden[name]) for name in ("beta_1", "beta_2", "epsilon")}
    return keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay, **options)


def test_adamw_is_that_of_tfa_with_the_decay_divided_by_the_learning_rate(arrays) -> None:
    golden = group(arrays, "adamw")
    rate, decay = float(golden["learning_rate"]), float(golden["weight_decay"])
    # Both decay before Adam's step: TFA w -= decay * w, Keras w -= learning_rate * decay * w.
    same = variables_after(adamw(golden, rate, decay / rate), golden)
    np.testing.assert_allclose(same, golden["variables"], **CLOSE)
    unchanged = variables_after(adamw(golden, rate, decay), golden)
    assert np.abs(unchanged - golden["variables"]).max() > 0.01


def test_the_decay_of_keras_follows_a_schedule_and_that_of_tfa_does_not(arrays) -> None:
    golden = group(arrays, "adamw")
    rates, decay = golden["learning_rates_falling"], float(golden["weight_decay"])
    optimizer = adamw(golden, float(rates[0]), 0.0)

    def prepare(step: int) -> None:
        optimizer.learning_rate = float(rates[step])
        optimizer.weight_decay = decay / float(rates[step])

    same = variables_after(optimizer, golden, prepare)
    np.testing.assert_allclose(same, golden["variables_falling"], **CLOSE)
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay(
        [2], [float(rates[0]), float(rates[-1])]
    )
    fixed = variables_after(adamw(golden, schedule, decay / float(rates[0])), golden)
    # Until the rate falls by four there is no difference; from then on Keras decays by a quarter.
    np.testing.assert_allclose(fixed[:3], golden["variables_falling"][:3], **CLOSE)
    first = golden["variables_falling"][2]
    np.testing.assert_allclose(
        fixed[3] - golden["variables_falling"][3], 0.75 * decay * first, rtol=1e-3, atol=1e-6
    )
