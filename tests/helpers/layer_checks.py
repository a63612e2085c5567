"""One routine of checks that every layer and model must pass."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")


def check_layer(
    make: Callable[..., keras.layers.Layer],
    inputs: tuple,
    folder,
    trainable: int,
    non_trainable: int,
    output_dtype: str | None = None,
) -> None:
    """Checks that a layer can be built, copied, saved, loaded, run in any precision and trained.

    Args:
        make: Makes the layer; takes keyword arguments of `keras.layers.Layer`.
        inputs: NumPy arguments of a call; arrays or structures of them, float32 and bool.
        folder: Empty folder for the saved model.
        trainable: Expected number of trainable weights (tensors).
        non_trainable: Expected number of other weights, random states not counted.
        output_dtype: Dtype of the floating-point results; None for the compute dtype.
    """
    layer = make()
    outputs = _values(layer(*inputs))
    assert (len(layer.trainable_weights), len(layer.non_trainable_weights)) == (
        trainable,
        non_trainable,
    )
    _disturb(layer)
    assert not _equal(outputs, layer(*inputs)), "the result does not depend on the weights"
    outputs = _values(layer(*inputs))
    _check_config(layer, inputs, outputs)
    _check_saving(layer, inputs, outputs, folder)
    _check_gradients(layer, inputs)
    for policy in POLICIES:
        _check_precision(make(dtype=policy), inputs, policy, output_dtype)


def _check_config(layer, inputs, outputs) -> None:
    config = layer.get_config()
    copy = type(layer).from_config(config)
    assert copy.get_config() == config
    copy(*inputs)
    copy.set_weights(layer.get_weights())
    assert _equal(outputs, copy(*inputs)), "from_config(get_config()) computes something else"


def _check_saving(layer, inputs, outputs, folder) -> None:
    model, arguments = layer, inputs
    if not isinstance(layer, keras.Model):
        # A layer is saved within a model; a functional one also proves that it runs symbolically.
        symbols = tf.nest.map_structure(
            lambda x: keras.Input(x.shape[1:], dtype=str(x.dtype)), inputs
        )
        model = keras.Model(tf.nest.flatten(symbols), layer(*symbols))
        arguments = (tf.nest.flatten(inputs),)
    path = folder / "saved.keras"
    model.save(path)
    loaded = keras.saving.load_model(path, compile=False)
    assert _equal(outputs, loaded(*arguments)), "the loaded model computes something else"
    assert len(loaded.weights) == len(model.weights)


def _check_gradients(layer, inputs) -> None:
    with tf.GradientTape() as tape:
        results = [y for y in tf.nest.flatten(layer(*inputs, training=True)) if y.dtype.is_floating]
        loss = tf.add_n([tf.reduce_sum(y * _noise(y.shape)) for y in results])
    gradients = tape.gradient(loss, layer.trainable_variables)
    for variable, gradient in zip(layer.trainable_variables, gradients, strict=True):
        assert gradient is not None, f"{variable.path} has no gradient"
        assert np.isfinite(gradient).all(), f"{variable.path} has a gradient that is not finite"


def _check_precision(layer, inputs, policy: str, output_dtype: str | None) -> None:
    compute = keras.DTypePolicy(policy).compute_dtype
    for training in (False, True):
        for y in tf.nest.flatten(layer(*inputs, training=training)):
            if y.dtype.is_floating:
                assert y.dtype.name == (output_dtype or compute), f"{policy}: {y.dtype.name}"
                assert np.isfinite(np.asarray(y, "float32")).all(), f"{policy}: not finite"
    assert layer.compute_dtype == compute
    assert {w.dtype for w in layer.weights} == {"float32"}, f"{policy}: variables not float32"
    for part in sublayers(layer):
        assert part.compute_dtype == compute, f"{policy}: {part.name} computes otherwise"


def sublayers(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """All layers inside a layer, at any depth."""
    return list(layer._flatten_layers(include_self=False))


def _disturb(layer) -> None:
    rng = np.random.default_rng(7)
    for weight in layer.weights:
        # Away from the initial values, but a variance stays positive.
        weight.assign(np.asarray(weight) + rng.uniform(0.05, 0.2, weight.shape))


def _noise(shape) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape).astype("float32")


def _values(structure) -> list[np.ndarray]:
    return [np.asarray(y) for y in tf.nest.flatten(structure)]


def _equal(expected: list[np.ndarray], structure) -> bool:
    # The same kernels on the same numbers; graph and eager may still round differently.
    return all(
        np.allclose(e, v, rtol=1e-5, atol=1e-6)
        for e, v in zip(expected, _values(structure), strict=True)
    )
