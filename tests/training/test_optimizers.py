"""Adam in one kernel takes Keras's own steps; bad steps are left out."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.graph_ops import operations
from tests.helpers.two_replicas import on_one_device, on_two_replicas
from tf_deeppaint.training.optimizers import Adam, GuardedOptimizer, make_adam

SHAPES = [(3, 3, 2, 4), (4,), ()]
STEPS = 4


def gradients(dtype: str) -> list[list[tf.Tensor]]:
    rng = np.random.default_rng(0)
    return [[tf.constant(rng.normal(size=s), dtype) for s in SHAPES] for _ in range(STEPS)]


def after_steps(optimizer, dtype: str) -> list[np.ndarray]:
    """Variables and the optimizer's own after some steps in a graph."""
    variables = [keras.Variable(np.ones(shape), dtype=dtype) for shape in SHAPES]
    optimizer.build(variables)
    step = tf.function(lambda given: optimizer.apply(given, variables))
    for given in gradients(dtype):
        step(given)
    return [np.array(variable) for variable in (*variables, *optimizer.variables)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [
        {"learning_rate": 1e-2, "beta_1": 0.5},
        {"learning_rate": keras.optimizers.schedules.PolynomialDecay(1e-1, STEPS, 0.0)},
        {"weight_decay": 0.1, "global_clipnorm": 0.5},
        {"use_ema": True, "ema_momentum": 0.9},
        {"gradient_accumulation_steps": 2},
        {"amsgrad": True},
    ],
    ids=lambda options: "-".join(options),
)
def test_steps_and_states_are_those_of_keras(options, dtype) -> None:
    ours = after_steps(Adam(**options), dtype)
    expected = after_steps(keras.optimizers.Adam(**options), dtype)
    for one, other in zip(ours, expected, strict=True):
        # 1 - 0.999 is rounded by up to 3e-5 of itself: here by the kernel, and in float64 by Keras.
        np.testing.assert_allclose(one, other, rtol=5e-5, atol=1e-7)


def test_it_is_saved_and_loaded_as_itself() -> None:
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(Adam(3e-3, beta_1=0.4))
    )
    assert type(copy) is Adam and copy.beta_1 == 0.4


@pytest.mark.parametrize("in_graph", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize("scale", [1.0, 8.0])
def test_a_step_that_is_not_finite_changes_no_weight_moment_or_counter(scale, in_graph) -> None:
    """Whatever its gradients are: the caller decides."""
    variables = [keras.Variable(np.ones(shape, "float32")) for shape in SHAPES]
    optimizer = GuardedOptimizer(Adam(1e-2, use_ema=True), scale)
    optimizer.build(variables)

    def apply(given: list, finite: tf.Tensor) -> None:
        optimizer.apply(given, variables, finite)

    apply = tf.function(apply) if in_graph else apply
    good = gradients("float32")[0]
    apply([gradient * scale for gradient in good], tf.constant(True))
    before = [np.array(v) for v in (*variables, *optimizer.inner_optimizer.variables)]
    assert int(optimizer.iterations) == 1 and np.abs(before[0] - 1).max() > 1e-3
    for left_out in (good, [gradient * np.nan for gradient in good]):
        apply(left_out, tf.constant(False))
    after = [np.array(v) for v in (*variables, *optimizer.inner_optimizer.variables)]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_scale_falls_with_every_step_left_out_and_grows_after_good_ones() -> None:
    variable = keras.Variable(np.ones(2, "float32"))
    optimizer = GuardedOptimizer(Adam(1e-2), 8.0, dynamic_growth_steps=2)
    optimizer.build([variable])
    scales = []
    for finite in (False, False, True, True, True):
        optimizer.apply([tf.ones(2)], [variable], tf.constant(finite))
        scales.append(float(optimizer.dynamic_scale))
    assert scales == [4.0, 2.0, 2.0, 4.0, 4.0]


def test_two_replicas_leave_out_the_same_steps() -> None:
    """Those that are not finite on one of them, as if one device had the whole batch."""
    two, one = on_two_replicas("guarded"), on_one_device("guarded")
    for name, expected in one.items():
        np.testing.assert_allclose(two[name], expected, rtol=1e-5, err_msg=name)
        if name.startswith("skipped"):
            np.testing.assert_array_equal(two[name], two[name.replace("skipped", "first")])
    assert int(one["last 1"]) == 2 and np.abs(one["last 0"] - one["skipped 0"]).max() > 1e-3


def test_keras_still_has_the_private_names_that_are_used() -> None:
    adam, variable = keras.optimizers.Adam(), keras.Variable(np.ones(2))
    adam.build([variable])
    assert [m.shape for m in (*adam._momentums, *adam._velocities)] == [(2,), (2,)]
    assert adam._get_variable_index(variable) == 0
    for name in ("_stateful_handle_finite_grads", "_stateful_handle_non_finite_grads"):
        assert hasattr(keras.optimizers.LossScaleOptimizer, name)
    assert hasattr(keras.Model, "_maybe_symbolic_build")
    assert tf.__internal__.distribute.strategy_supports_no_merge_call() in (True, False)


@pytest.mark.parametrize(("scale", "expected"), [(1.0, 3.0), (8.0, 24.0)])
def test_the_loss_is_scaled_where_there_is_a_scale(scale, expected) -> None:
    optimizer = GuardedOptimizer(Adam(1e-2), scale)
    optimizer.build([keras.Variable(np.ones(2, "float32"))])
    assert float(optimizer.scale_loss(tf.constant(3.0))) == expected


def test_gradients_of_a_scaled_loss_are_divided_by_the_scale() -> None:
    found = []
    for scale in (1.0, 8.0):
        variable = keras.Variable(np.ones(4, "float32"))
        optimizer = GuardedOptimizer(keras.optimizers.SGD(0.5), initial_scale=scale)
        optimizer.build([variable])
        optimizer.apply([tf.constant([1.0, 2.0, 3.0, 4.0]) * scale], [variable])
        found.append(np.array(variable))
    np.testing.assert_array_equal(*found)


def test_the_graph_of_a_step_passes_once_over_every_variable() -> None:
    variables = [keras.Variable(np.ones(shape, "float32")) for shape in SHAPES]
    optimizer = GuardedOptimizer(Adam(1e-2))
    optimizer.build(variables)
    step = tf.function(lambda given, finite: optimizer.apply(given, variables, finite))
    kinds = operations(step.get_concrete_function(gradients("float32")[0], tf.constant(True)))
    assert kinds["ResourceApplyAdam"] == len(variables)
    # Keras's own Adam has five of these a variable, and its loss scale a division and a test.
    assert not {"Sqrt", "Square", "RealDiv", "Sub", "IsFinite"} & kinds.keys()


# --- make_adam: plain recomputation on one variable ---------------------------------------------

GRADIENTS = np.random.default_rng(0).normal(size=(12, 5)).astype("float32")


def plain_adam(gradients: np.ndarray, rates: list[float]) -> list[np.ndarray]:
    """Kingma & Ba, algorithm 1, from zeros: the variable after each step."""
    variable, first, second = np.zeros(5), np.zeros(5), np.zeros(5)
    values = []
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        first = 0.5 * first + 0.5 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        size = first / (1 - 0.5**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        variable = variable - rate * size
        values.append(variable)
    return values


def followed(gradients: np.ndarray, *options, **named) -> tuple[list[np.ndarray], list]:
    """The variable after each step, and the optimizer and it."""
    optimizer, variable = make_adam(*options, **named), keras.Variable(np.zeros(5, "float32"))
    optimizer.build([variable])
    values = []
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        values.append(np.array(variable))
    return values, [optimizer, variable]


RATES = {
    "constant": lambda step: 0.01,
    "linear": lambda step: 0.01 * (1 - step / 12),
    "cosine": lambda step: 0.01 * 0.5 * (1 + np.cos(np.pi * step / 12)),
}


@pytest.mark.parametrize("schedule", RATES)
def test_the_learning_rate_follows_its_schedule(schedule) -> None:
    values, _ = followed(GRADIENTS, 0.01, schedule, 12)
    expected = plain_adam(GRADIENTS, [RATES[schedule](step) for step in range(12)])
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6)


def test_an_unknown_schedule_is_refused() -> None:
    with pytest.raises(ValueError, match="schedule='steps'"):
        make_adam(0.01, "steps", 12)


def test_gradients_are_clipped_by_their_common_norm() -> None:
    clipped = [g * min(1.0, 0.5 / np.linalg.norm(g)) for g in GRADIENTS]
    values, _ = followed(GRADIENTS, 0.01, "constant", 12, clip_norm=0.5)
    expected = plain_adam(np.stack(clipped), 12 * [0.01])
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6)


def test_accumulated_gradients_make_one_step_of_their_mean() -> None:
    values, _ = followed(GRADIENTS, 0.01, "linear", 12, accumulate=3)
    means = GRADIENTS.reshape(4, 3, 5).mean(1)
    # The rate is that of the last of the steps that make the change.
    expected = plain_adam(means, [0.01 * (1 - step / 12) for step in (2, 5, 8, 11)])
    np.testing.assert_allclose(values[2::3], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(values[0], np.zeros(5))
    np.testing.assert_array_equal(values[3], values[2])


def test_the_average_of_the_weights_is_exponential() -> None:
    values, (optimizer, variable) = followed(GRADIENTS, 0.01, "constant", 12, ema=0.9)
    average = values[0]
    for value in values[1:]:
        average = 0.9 * average + 0.1 * value
    optimizer.finalize_variable_values([variable])
    np.testing.assert_allclose(np.array(variable), average, rtol=1e-4, atol=1e-7)
