"""What every training of a generator shares: counters, running means, steps that may be skipped.

A step is left out, and counted as skipped, where a loss or gradient is not finite on any replica.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf
from keras import ops

from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.palette.graph import palettes_to_histograms
from tf_deeppaint.training.optimizers import ADAM, FLOAT16_SCALE, Adam, GuardedOptimizer


class Trainer(keras.Model):
    """The base class of models that train a generator.

    A subclass implements `train_step`, which begins with `to_batch` and ends in `end_step`. Batches
    are `{"sketch": (N, H, W, 3), "palette": (N, 4, 4, 3), "picture": (N, H, W, 3)}`, all floats in
    [-1, 1], or pairs `(inputs, picture)` of the same, as `data.loading.load` makes them.

    Args:
        generator: Paints.
        metric_names: The losses whose means it tells, `"l1"` among them.

    Attributes:
        network_names: The attributes that are networks, each with an optimizer `NAME_optimizer`.
        steps: Steps taken or skipped.
        skipped: Steps skipped, and `skipped_in_a_row` those at the end.
    """

    network_names: tuple[str, ...] = ("generator",)

    def __init__(self, generator: PaintingNetwork, metric_names: Sequence[str], **kwargs):
        super().__init__(**kwargs)
        self.generator = generator
        self.steps = _counter("steps")
        self.skipped = _counter("skipped")
        self.skipped_in_a_row = _counter("skipped_in_a_row")
        self.trackers = {name: keras.metrics.Mean(name=name) for name in metric_names}

    def compile(self, *optimizers, **kwargs):
        """Sets the optimizers of `network_names`, by default the paper's Adam.

        Each gets into a `GuardedOptimizer`.
        """
        # XLA on a CPU takes 1.7 times as long for this step.
        super().compile(**{"optimizer": None, "jit_compile": False} | kwargs)
        optimizers += (None,) * (len(self.network_names) - len(optimizers))
        for name, optimizer in zip(self.network_names, optimizers, strict=True):
            setattr(self, f"{name}_optimizer", _guarded(optimizer, getattr(self, name)))

    @property
    def metrics(self) -> list:
        return list(self.trackers.values())

    def more_state(self) -> dict:
        """What a checkpoint must hold beside networks, optimizers and counters, by name."""
        return {}

    def call(self, inputs, training=False):
        """Paints a batch: `(N, H, W, 3)` in [-1, 1]; see the class for `inputs`."""
        return self.generator(to_generator_inputs(inputs), training=training)

    def test_step(self, data: dict | tuple) -> dict:
        """Paints a batch; returns the mean of L1 since the last reset."""
        batch = to_batch(data)
        return self.track(tf.constant(True), {"l1": l1_loss(batch["picture"], self(batch))})

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Nothing: all weights exist. Keras fails here where several workers have dict batches."""

    def apply_gradients(self, optimizer, gradients: list, variables: list, finite) -> tf.Tensor:
        """Takes a step where `finite` and all gradients are, on every replica; returns whether."""
        # A sum is finite only where all its terms are, and takes half the time of testing each.
        sums = tf.stack([tf.reduce_sum(gradient) for gradient in gradients])
        finite = on_every_replica(finite & tf.reduce_all(tf.math.is_finite(sums)))
        optimizer.apply(gradients, variables, finite)
        return finite

    def end_step(self, stepped: tf.Tensor, losses: dict) -> dict:
        """Counts a step, tracks its losses unless it was skipped, and returns their means."""
        skipped = tf.cast(~stepped, tf.int64)
        # A `fit` that does not know the number of batches finds their end inside a step.
        with tf.control_dependencies([skipped]):
            self.steps.assign_add(1)
            self.skipped.assign_add(skipped)
            self.skipped_in_a_row.assign(skipped * (self.skipped_in_a_row + 1))
        return self.track(stepped, losses)

    def track(self, counts: tf.Tensor, losses: dict) -> dict:
        """Adds losses to their running means where they count; returns the means."""
        weight = tf.cast(counts, tf.float32)
        for name, value in losses.items():
            self.trackers[name].update_state(tf.where(counts, value, 0.0), weight)
        means = {name: self.trackers[name].result() for name in losses}
        if isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
            # Keras averages over workers along the first axis, which a scalar does not have.
            means = {name: tf.reshape(mean, (1,)) for name, mean in means.items()}
        return means


def to_batch(data: dict | tuple) -> dict:
    """What `fit` was given, as a batch with all under its name.

    Raises:
        ValueError: It is neither a dictionary nor a pair of inputs and picture.
    """
    if isinstance(data, tuple | list):
        if len(data) != 2 or not isinstance(data[0], dict):
            raise ValueError(
                "batches are {sketch, palette, picture} or ({sketch, palette}, picture)"
            )
        data = {**data[0], "picture": data[1]}
    if missing := {"sketch", "palette", "picture"} - data.keys():
        raise ValueError(f"a batch lacks {', '.join(sorted(missing))}")
    return data


def to_generator_inputs(batch: dict) -> dict:
    """Sketches and palettes of a batch -> sketches and histogram images."""
    _, height, width, _ = batch["sketch"].shape
    histogram = palettes_to_histograms(batch["palette"], height, width)  # (N, H, W, 12)
    return {"sketch": batch["sketch"], "histogram": histogram}


def l1_loss(picture, painted):
    """Mean absolute difference of pictures in [-1, 1], a float32 scalar."""
    return ops.mean(ops.abs(picture - painted))


def replicas() -> int:
    """Number of replicas: gradients are summed over them, so each loss is divided by it."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def on_every_replica(condition: tf.Tensor) -> tf.Tensor:
    """Whether a condition holds on every replica, `()`."""
    if replicas() == 1:
        return condition
    context = tf.distribute.get_replica_context()
    failing = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.cast(~condition, tf.float32))
    return failing == 0


def _guarded(optimizer, network: keras.Model) -> GuardedOptimizer:
    """Wraps an optimizer of a network's variables, by default the paper's Adam, and builds it."""
    scale = FLOAT16_SCALE if network.dtype_policy.compute_dtype == "float16" else 1.0
    guarded = GuardedOptimizer(optimizer or Adam(**ADAM), scale)
    guarded.build(network.trainable_variables)
    return guarded


def _counter(name: str) -> tf.Variable:
    aggregation = tf.VariableAggregation.ONLY_FIRST_REPLICA
    return tf.Variable(0, trainable=False, name=name, dtype=tf.int64, aggregation=aggregation)
