"""Adam's options, against plain recomputation on a single variable."""

import keras
import numpy as np
import pytest

from tf_deeppaint.training.optimization import make_adam

GRADIENTS = np.random.default_rng(0).normal(size=(12, 5)).astype("float32")


def plain_adam(gradients: np.ndarray, rates: list[float]) -> list[np.ndarray]:
    """Kingma & Ba, algorithm 1, from zeros: the variable after each step."""
    variable, first, second = np.zeros(5), np.zeros(5), np.zeros(5)
    found = []
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        first = 0.5 * first + 0.5 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        size = first / (1 - 0.5**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        variable = variable - rate * size
        found.append(variable)
    return found


def followed(gradients: np.ndarray, *options, **named) -> tuple[list[np.ndarray], list]:
    """The variable after each step, and the optimizer and it."""
    optimizer, variable = make_adam(*options, **named), keras.Variable(np.zeros(5, "float32"))
    optimizer.build([variable])
    found = []
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        found.append(np.array(variable))
    return found, [optimizer, variable]


RATES = {
    "constant": lambda step: 0.01,
    "linear": lambda step: 0.01 * (1 - step / 12),
    "cosine": lambda step: 0.01 * 0.5 * (1 + np.cos(np.pi * step / 12)),
}


@pytest.mark.parametrize("schedule", RATES)
def test_the_learning_rate_follows_its_schedule(schedule) -> None:
    found, _ = followed(GRADIENTS, 0.01, schedule, 12)
    expected = plain_adam(GRADIENTS, [RATES[schedule](step) for step in range(12)])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_an_unknown_schedule_is_refused() -> None:
    with pytest.raises(ValueError, match="schedule='steps'"):
        make_adam(0.01, "steps", 12)


def test_gradients_are_clipped_by_their_common_norm() -> None:
    clipped = [g * min(1.0, 0.5 / np.linalg.norm(g)) for g in GRADIENTS]
    found, _ = followed(GRADIENTS, 0.01, "constant", 12, clip_norm=0.5)
    expected = plain_adam(np.stack(clipped), 12 * [0.01])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_accumulated_gradients_make_one_step_of_their_mean() -> None:
    found, _ = followed(GRADIENTS, 0.01, "linear", 12, accumulate=3)
    means = GRADIENTS.reshape(4, 3, 5).mean(1)
    # The rate is that of the last of the steps that make the change.
    expected = plain_adam(means, [0.01 * (1 - step / 12) for step in (2, 5, 8, 11)])
    np.testing.assert_allclose(found[2::3], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(found[0], np.zeros(5))
    np.testing.assert_array_equal(found[3], found[2])


def test_the_average_of_the_weights_is_exponential() -> None:
    found, (optimizer, variable) = followed(GRADIENTS, 0.01, "constant", 12, ema=0.9)
    average = found[0]
    for value in found[1:]:
        average = 0.9 * average + 0.1 * value
    optimizer.finalize_variable_values([variable])
    np.testing.assert_allclose(np.array(variable), average, rtol=1e-4, atol=1e-7)
