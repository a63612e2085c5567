"""Averaged weights in place for a while; re-estimated BatchNorm statistics, against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.networks.discriminator import Discriminator
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.normalization import BatchNormalization
from tf_deeppaint.training.averaging import averaged_weights, make_statistics_estimator
from tf_deeppaint.training.gan.deep_paint import DeepPaint


@pytest.fixture(scope="module", name="model")
def make_model() -> DeepPaint:
    keras.utils.set_random_seed(3)
    return DeepPaint(Generator(4, size=64), Discriminator(4), seed=1)


@pytest.fixture(scope="module", name="batches")
def make_batches() -> list[dict]:
    rng = np.random.default_rng(0)
    return [
        {
            "sketch": rng.uniform(-1, 1, (2, 64, 64, 3)).astype("f4"),
            "palette": rng.uniform(-1, 1, (2, 4, 4, 3)).astype("f4"),
            "picture": rng.uniform(-1, 1, (2, 64, 64, 3)).astype("f4"),
        }
        for _ in range(3)
    ]


def stream(batches: list[dict]) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(
        {name: np.stack([batch[name] for batch in batches]) for name in batches[0]}
    )


def first_norm(model: DeepPaint) -> BatchNormalization:
    return model.generator.stem_norm


def test_statistics_are_the_means_over_the_batches(model, batches) -> None:
    norm, seen = first_norm(model), []
    original = norm.call
    norm.call = lambda x, training=False: seen.append(np.asarray(x)) or original(x, training)
    tf.config.run_functions_eagerly(True)
    try:
        make_statistics_estimator(model)(stream(batches))
    finally:
        tf.config.run_functions_eagerly(False)
        del norm.call
    assert len(seen) == len(batches)
    means = np.mean([x.mean((0, 1, 2)) for x in seen], axis=0)
    variances = np.mean([x.var((0, 1, 2), ddof=1) for x in seen], axis=0)
    np.testing.assert_allclose(norm.moving_mean, means, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(norm.moving_variance, variances, rtol=1e-4)


def test_what_stood_there_before_does_not_count_and_nothing_else_changes(model, batches) -> None:
    estimate = make_statistics_estimator(model)
    weights = [v for v in model.generator.variables if "moving" not in v.path]
    before = [v.numpy() for v in weights]
    estimate(stream(batches))
    once = first_norm(model).moving_variance.numpy()
    first_norm(model).moving_variance.assign(np.full_like(once, 1e4))
    estimate(stream(batches))
    np.testing.assert_allclose(first_norm(model).moving_variance, once, rtol=1e-5)
    for variable, value in zip(weights, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    estimate(stream(batches).take(0))
    np.testing.assert_allclose(first_norm(model).moving_variance, once, rtol=1e-5)


def test_a_network_without_batch_norms_is_left_alone(batches) -> None:
    model = DeepPaint(Generator(4, size=64, norm="instance"), Discriminator(4), seed=1)
    before = model.generator.get_weights()
    make_statistics_estimator(model)(stream(batches))
    for one, other in zip(before, model.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_average_is_in_place_inside_the_block_alone(model) -> None:
    model.compile(keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9), run_eagerly=True)
    variables, optimizer = model.generator.trainable_variables, model.generator_optimizer
    first = [variable.numpy() for variable in variables]
    for _ in range(2):
        optimizer.apply([tf.ones(variable.shape) for variable in variables], variables)
    last = [variable.numpy() for variable in model.generator.variables]
    norm = first_norm(model)
    with averaged_weights(model):
        norm.moving_mean.assign(norm.moving_mean + 1.0)  # as an estimation does
        # The first step begins the average, which the second moves by a tenth of half a unit.
        for variable, value in zip(variables, first, strict=True):
            np.testing.assert_allclose(variable, value - 0.55, atol=1e-5)
    for variable, value in zip(model.generator.variables, last, strict=True):
        np.testing.assert_array_equal(variable, value)
    with pytest.raises(KeyError), averaged_weights(model):
        norm.moving_mean.assign(norm.moving_mean + 1.0)
        raise KeyError
    for variable, value in zip(model.generator.variables, last, strict=True):
        np.testing.assert_array_equal(variable, value)
