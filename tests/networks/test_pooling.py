"""Pooling and unpooling, against TensorFlow's own and NumPy in float64."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import numpy_networks as oracle
from tf_deeppaint.networks import pooling


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
    pooled, mask = pooling.max_pool(x)
    assert pooled.dtype == dtype
    np.testing.assert_array_equal(tf.cast(pooled, "float32"), expected)
    carried = upstream(pooled.shape, dtype)
    unpooled = pooling.max_unpool(carried, mask)
    assert unpooled.dtype == dtype
    np.testing.assert_array_equal(
        tf.reshape(tf.cast(unpooled, "float32"), [-1]),
        scatter(tf.cast(carried, "float32"), argmax, x.shape),
    )


@with_ties
@in_both_precisions
def test_the_gradient_of_pooling_goes_to_the_first_maximum_alone(name: str, dtype: str) -> None:
    x = tied(name, dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        pooled, _ = pooling.max_pool(x)
    above = upstream(pooled.shape, dtype)
    gradient = tape.gradient(pooled, x, output_gradients=above)
    _, place = oracle.max_pool(np.asarray(x, "float64"))
    expected = oracle.max_unpool(np.asarray(above, "float64"), place)
    np.testing.assert_array_equal(np.asarray(gradient, "float64"), expected)


@with_ties
@in_both_precisions
def test_the_gradient_of_unpooling_is_read_where_the_value_was_put(name: str, dtype: str) -> None:
    x = tied(name, dtype)
    pooled, mask = pooling.max_pool(x)
    with tf.GradientTape() as tape:
        tape.watch(pooled)
        unpooled = pooling.max_unpool(pooled, mask)
    above = upstream(unpooled.shape, dtype)
    gradient = tape.gradient(unpooled, pooled, output_gradients=above)
    _, place = oracle.max_pool(np.asarray(x, "float64"))
    expected = oracle.take(oracle.cells(np.asarray(above, "float64")), place)
    np.testing.assert_array_equal(np.asarray(gradient, "float64"), expected)


@with_ties
def test_pooling_written_without_tensorflow_computes_the_same(name: str, monkeypatch) -> None:
    x = tied(name, "float32")
    pooled, mask = pooling.max_pool(x)
    carried = upstream(pooled.shape, "float32")
    unpooled = pooling.max_unpool(carried, mask)
    monkeypatch.setattr(keras.backend, "backend", lambda: "another")
    plain_pooled, plain_mask = pooling.max_pool(x)
    np.testing.assert_array_equal(pooled, plain_pooled)
    np.testing.assert_array_equal(np.stack(mask), np.stack(plain_mask))
    np.testing.assert_array_equal(unpooled, pooling.max_unpool(carried, mask))


def test_pooling_unpooling_and_their_gradients_use_no_argmax_op() -> None:
    @tf.function
    def there_and_back(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            pooled, mask = pooling.max_pool(x)
            y = pooling.max_unpool(2.0 * pooled, mask)
        return tape.gradient(y, x)

    graph = there_and_back.get_concrete_function(tf.TensorSpec((None, 8, 8, 2))).graph
    kinds = {operation.type for operation in graph.get_operations()}
    assert not [kind for kind in kinds if "ArgM" in kind or "Argm" in kind or "Scatter" in kind]


@with_ties
def test_pooling_for_exported_graphs_computes_the_same(name: str) -> None:
    x = tied(name, "float32")
    pooled, mask = pooling.max_pool(x)
    exported, numbers = pooling.max_pool_arithmetic(x)
    np.testing.assert_array_equal(exported, pooled)
    carried = upstream(pooled.shape, "float32")
    np.testing.assert_array_equal(
        pooling.max_unpool_arithmetic(carried, numbers), pooling.max_unpool(carried, mask)
    )
