"""Makes tfa.npz beside itself: what TensorFlow Addons computes, for test_tfa_parity.py.

Runs where requirements.txt is installed, which cannot be beside this project's TensorFlow:

    python3.11 -m venv ENV && ENV/bin/pip install -r requirements.txt
    ENV/bin/python make_golden.py

Every group of arrays holds its inputs too, so that a test needs nothing else.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

RNG = np.random.default_rng(23)
PACKAGES = ("tensorflow", "keras", "tensorflow-addons", "typeguard", "numpy")

SPECTRAL_STEPS = 4
OPTIMIZER_STEPS = 6


def numbers(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype("float32")


def instance_normalization() -> dict:
    # A mean that is large beside the deviation shows how the variance is computed.
    x, above = 0.5 * numbers(2, 5, 7, 3) + 3.0, numbers(2, 5, 7, 3)
    layer = tfa.layers.InstanceNormalization()
    layer.build(x.shape)
    layer.gamma.assign(numbers(3))
    layer.beta.assign(numbers(3))
    watched = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(watched)
        y = layer(watched)
    gradients = tape.gradient(y, [watched, layer.gamma, layer.beta], output_gradients=above)
    names = ("x_gradient", "gamma_gradient", "beta_gradient")
    return {
        "x": x,
        "above": above,
        "gamma": layer.gamma,
        "beta": layer.beta,
        "epsilon": layer.epsilon,
        "y": y,
        **dict(zip(names, gradients, strict=True)),
    }


def spectral_normalization() -> dict:
    x = numbers(2, 6, 6, 2)
    layer = tfa.layers.SpectralNormalization(tf.keras.layers.Conv2D(4, 3, padding="same"))
    layer.build(x.shape)
    layer.layer.kernel.assign(0.3 * numbers(3, 3, 2, 4))
    layer.layer.bias.assign(numbers(4))
    layer.u.assign(numbers(1, 4))
    start = {"kernel": layer.w.numpy(), "bias": layer.layer.bias.numpy(), "u": layer.u.numpy()}
    above = numbers(2, 6, 6, 4)
    kernels, vectors, outputs, gradients = [], [], [], []
    for _ in range(SPECTRAL_STEPS):
        with tf.GradientTape() as tape:
            y = layer(x, training=True)
        gradients.append(tape.gradient(y, layer.w, output_gradients=above))
        kernels.append(layer.w.numpy())
        vectors.append(layer.u.numpy())
        outputs.append(y)
    return {
        "x": x,
        "above": above,
        **start,
        "kernels": kernels,
        "vectors": vectors,
        "outputs": outputs,
        "gradients": gradients,
    }


def max_unpooling() -> dict:
    # No two are equal, so that there is one winner whatever the order of comparison.
    x = RNG.permutation(2 * 6 * 8 * 3).reshape(2, 6, 8, 3).astype("float32") - 100.0
    pooled, mask = tf.nn.max_pool_with_argmax(x, 2, 2, "SAME")
    carried, above = numbers(*pooled.shape), numbers(*x.shape)
    watched = tf.constant(carried)
    with tf.GradientTape() as tape:
        tape.watch(watched)
        unpooled = tfa.layers.MaxUnpooling2D()(watched, mask)
    gradient = tape.gradient(unpooled, watched, output_gradients=above)
    return {
        "x": x,
        "carried": carried,
        "above": above,
        "pooled": pooled,
        "unpooled": unpooled,
        "gradient": gradient,
    }


def trained(optimizer, start: np.ndarray, gradients: np.ndarray, look) -> np.ndarray:
    """What `look` sees of a variable after each step of an optimizer."""
    variable = tf.Variable(start)
    seen = []
    for gradient in gradients:
        optimizer.apply_gradients([(tf.constant(gradient), variable)])
        seen.append(look(variable).numpy())
    return np.stack(seen)


def moving_average() -> dict:
    start, gradients = numbers(3, 2), numbers(OPTIMIZER_STEPS, 3, 2)
    rate, decay = 0.1, 0.9

    def averages(start_step: int) -> np.ndarray:
        optimizer = tfa.optimizers.MovingAverage(
            tf.keras.optimizers.legacy.SGD(rate), average_decay=decay, start_step=start_step
        )
        return trained(optimizer, start, gradients, lambda v: optimizer.get_slot(v, "average"))

    sgd = tf.keras.optimizers.legacy.SGD(rate)
    return {
        "start": start,
        "gradients": gradients,
        "learning_rate": rate,
        "decay": decay,
        "variables": trained(sgd, start, gradients, tf.identity),
        "averages": averages(start_step=0),
        "averages_from_step_1": averages(start_step=1),
    }


def adamw() -> dict:
    start, gradients = numbers(3, 2), numbers(OPTIMIZER_STEPS, 3, 2)
    # The project's Adam, but a rate and a decay that show within a few steps.
    options = {"beta_1": 0.5, "beta_2": 0.999, "epsilon": 1e-8}
    rate, decay = 0.02, 0.004
    falling = np.array([rate] * 3 + [rate / 4] * 3, "float32")
    schedule = tf.keras.optimizers.schedules.PiecewiseConstantDecay([2], [rate, rate / 4])
    variables = {
        name: trained(
            tfa.optimizers.AdamW(weight_decay=decay, learning_rate=learning_rate, **options),
            start,
            gradients,
            tf.identity,
        )
        for name, learning_rate in (("variables", rate), ("variables_falling", schedule))
    }
    return {
        "start": start,
        "gradients": gradients,
        **options,
        "learning_rate": rate,
        "learning_rates_falling": falling,
        "weight_decay": decay,
        **variables,
    }


def main() -> None:
    groups = (
        instance_normalization,
        spectral_normalization,
        max_unpooling,
        moving_average,
        adamw,
    )
    arrays = {
        f"{group.__name__}/{name}": np.asarray(value)
        for group in groups
        for name, value in group().items()
    }
    arrays["made_with"] = np.array([f"{package}=={version(package)}" for package in PACKAGES])
    target = Path(__file__).with_name("tfa.npz")
    np.savez_compressed(target, **arrays)
    print(f"{target.name}: {len(arrays)} arrays, {target.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
