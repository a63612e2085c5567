"""Adam in one kernel takes Keras's own steps; bad steps are left out."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.graph_ops import operations
from tf_deeppaint.training.optimizers import Adam, GuardedOptimizer

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


@pytest.mark.parametrize("scale", [1.0, 8.0])
def test_a_step_whose_first_gradient_is_marked_changes_no_variable(scale) -> None:
    variables = [keras.Variable(np.ones(shape, "float32")) for shape in SHAPES]
    optimizer = GuardedOptimizer(Adam(1e-2), scale)
    optimizer.build(variables)
    good = gradients("float32")[0]
    optimizer.apply([gradient * scale for gradient in good], variables)
    before = [np.array(v) for v in (*variables, *optimizer.inner_optimizer.variables)]
    optimizer.apply([good[0] * np.nan, *good[1:]], variables)
    after = [np.array(v) for v in (*variables, *optimizer.inner_optimizer.variables)]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    plain = after_steps(Adam(1e-2), "float32")
    assert np.abs(before[0] - 1).max() > 1e-3 and plain[0].shape == before[0].shape


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
    step = tf.function(lambda given: optimizer.apply(given, variables))
    found = operations(step.get_concrete_function(gradients("float32")[0]))
    assert found["ResourceApplyAdam"] == len(variables)
    # Keras's own Adam has five of these a variable, and its loss scale a division.
    assert not {"Sqrt", "Square", "RealDiv", "Sub"} & found.keys()
    assert found["IsFinite"] == 1
