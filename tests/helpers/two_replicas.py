"""What networks compute on two replicas, and on one device with the same whole batch.

TensorFlow's devices are fixed once it has started, so this file is a script too:

    python -m tests.helpers.two_replicas CASE RESULTS.npz
"""

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from tf_deeppaint.networks.discriminator import Discriminator
from tf_deeppaint.networks.normalization import BatchNormalization
from tf_deeppaint.training.optimizers import Adam, GuardedOptimizer
from tf_deeppaint.training.trainer import on_every_replica

# Replicas with three pictures and with one: a mean of their means would be another number.
CUT = 3


def numbers(*shape: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def spread(strategy: tf.distribute.Strategy, array: np.ndarray, cut: int):
    """An array's rows, the first `cut` for one replica; all for it where it is the only one."""
    parts = [array[:cut], array[cut:]] if strategy.num_replicas_in_sync == 2 else [array]
    return strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(parts[context.replica_id_in_sync_group])
    )


def gathered(strategy: tf.distribute.Strategy, values) -> np.ndarray:
    return np.concatenate([np.asarray(v) for v in strategy.experimental_local_results(values)])


def summed(strategy: tf.distribute.Strategy, values) -> np.ndarray:
    return sum(np.asarray(v) for v in strategy.experimental_local_results(values))


def norm_case_inputs() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The whole batch that the norms see, and the weights they start with."""
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    start = {name: np.abs(numbers(3, seed=seed)) for seed, name in enumerate(names)}
    # A mean of 50 beside a deviation of 1, which a variance by E(x^2) - E(x)^2 would blur.
    return 50.0 + numbers(4, 3, 5, 3, seed=4), start


def norm_case(strategy: tf.distribute.Strategy, synchronized: bool) -> dict[str, np.ndarray]:
    """One training call of a norm: output, gradients, moving statistics."""
    with strategy.scope():
        layer = BatchNormalization(synchronized=synchronized)
        layer.build((None, None, None, 3))
    x, start = norm_case_inputs()
    for weight in layer.weights:
        weight.assign(start[weight.name])

    @tf.function(autograph=False)
    def step(x, above):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        return y, tape.gradient(y, [x, *layer.trainable_variables], output_gradients=above)

    above = numbers(*x.shape, seed=5)
    y, (x_gradient, *gradients) = strategy.run(
        step, [spread(strategy, array, CUT) for array in (x, above)]
    )
    return {
        "y": gathered(strategy, y),
        "x_gradient": gathered(strategy, x_gradient),
        "gamma_gradient": summed(strategy, gradients[0]),
        "beta_gradient": summed(strategy, gradients[1]),
        "moving_mean": np.asarray(layer.moving_mean),
        "moving_variance": np.asarray(layer.moving_variance),
    }


def discriminator_case(strategy: tf.distribute.Strategy) -> dict[str, np.ndarray]:
    """The weights after two steps of SGD that call a spectrally normed discriminator thrice."""
    with strategy.scope():
        network = Discriminator(2, spectral_norm=True, synchronized=True, name="judge")
        optimizer = keras.optimizers.SGD(0.05)
        optimizer.build(network.trainable_variables)
    for seed, weight in enumerate(network.weights):
        values = numbers(*weight.shape, seed=seed)
        weight.assign(np.abs(values) if weight.name == "moving_variance" else values)

    @tf.function(autograph=False)
    def step(pairs):
        with tf.GradientTape() as tape:
            logits = [network(scale * pairs, training=True) for scale in (1.0, -0.5, 0.3)]
            # Gradients are summed over the replicas, which have a half of the mean each.
            losses = [tf.reduce_mean(tf.square(y - 1.0)) for y in logits]
            loss = tf.add_n(losses) / strategy.num_replicas_in_sync
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)

    for seed in (20, 21):
        strategy.run(step, [spread(strategy, numbers(4, 32, 32, 6, seed=seed), cut=2)])
    return {
        f"{index:02} {weight.path}": np.asarray(weight)
        for index, weight in enumerate(network.weights)
    }


def guarded_case(strategy: tf.distribute.Strategy) -> dict[str, np.ndarray]:
    """A weight and its moments after good steps, and after one that is bad on one replica."""
    with strategy.scope():
        weight = keras.Variable(np.ones(3, "float32"))
        optimizer = GuardedOptimizer(Adam(0.1, use_ema=True))
        optimizer.build([weight])

    @tf.function(autograph=False)
    def step(rows):
        gradient = tf.reduce_sum(rows, axis=0)
        finite = on_every_replica(tf.reduce_all(tf.math.is_finite(gradient)))
        optimizer.apply([gradient], [weight], finite)

    rows, results = numbers(4, 3, seed=6), {}
    bad = rows.copy()
    bad[3] = np.nan
    for name, shown in (("first", rows), ("skipped", bad), ("last", -2.0 * rows)):
        strategy.run(step, [spread(strategy, shown, cut=2)])
        state = [weight, *optimizer.inner_optimizer.variables]
        results |= {f"{name} {index}": np.array(value) for index, value in enumerate(state)}
    return results


CASES = {
    "guarded": guarded_case,
    "norm": functools.partial(norm_case, synchronized=True),
    "separate norm": functools.partial(norm_case, synchronized=False),
    "discriminator": discriminator_case,
}


@functools.cache
def on_two_replicas(name: str) -> dict[str, np.ndarray]:
    """A case's results on two replicas, computed by another process."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.npz"
        subprocess.run([sys.executable, "-m", __name__, name, str(results)], check=True)
        with np.load(results) as file:
            return dict(file)


def on_one_device(name: str) -> dict[str, np.ndarray]:
    return CASES[name](tf.distribute.get_strategy())


def main(name: str, results: str) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, 2 * [tf.config.LogicalDeviceConfiguration()])
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    np.savez(results, **CASES[name](strategy))


if __name__ == "__main__":
    main(*sys.argv[1:])
