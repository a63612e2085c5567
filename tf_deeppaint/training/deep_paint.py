"""The GAN: generator and discriminator in one Keras model with its own training step."""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tf_deeppaint.networks.discriminator import Discriminator
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.layers import PACKAGE
from tf_deeppaint.palette.graph import palettes_to_histograms
from tf_deeppaint.training import losses
from tf_deeppaint.training.image_pool import ImagePool
from tf_deeppaint.training.optimizers import ADAM, FLOAT16_SCALE, Adam, GuardedOptimizer

DEFAULT = losses.Objective()
METRICS = (
    "generator_loss",
    "discriminator_loss",
    "adversarial",
    "l1",
    "perceptual",
    "tv",
)


@keras.saving.register_keras_serializable(PACKAGE)
class DeepPaint(keras.Model):
    """Trains a generator against a discriminator, as "Attentioned Deep Paint" does.

    One forward of the generator a step serves both updates: the discriminator's first (real pairs
    against 1, pairs from the pool of past fakes against 0, the mean of both losses), then the
    generator's through the updated discriminator (fakes against 1, plus the weighted losses of
    `objective`). A step whose picture or gradients are not finite is skipped and counted.

    Batches are `{"sketch": (N, H, W, 3), "palette": (N, 4, 4, 3), "picture": (N, H, W, 3)}`, all
    floats in [-1, 1], with a fixed N; H = W = `generator.size`. Under a distribution strategy
    every replica gets a part of the batch, and R replicas of N / R pictures take the step of one
    with N, but for what they see of the batch alone: the norms' statistics, dropout and the pool.

    Args:
        generator: What is trained to paint.
        discriminator: What it is trained against.
        objective: What both make small.
        pool_size: Number of past fakes the discriminator is shown again.
        seed: Seed of the pool's choices.
        perceptual: Compares two batches of pictures, such as `losses.perceptual_loss` with its
            network; needed where the objective gives it a weight. It is not saved.

    Example:
    >>> model = DeepPaint(Generator(width=16, size=256), Discriminator(width=16))
    >>> model.compile()
    >>> model.fit(batches)
    >>> model.generator.save("generator.keras")
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        objective: losses.Objective = DEFAULT,
        pool_size: int = 50,
        seed: int = 0,
        perceptual: Callable | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if objective.gan_loss not in losses.GAN_LOSSES:
            raise ValueError(f"gan_loss={objective.gan_loss!r}: one of {losses.GAN_LOSSES}")
        if objective.perceptual_weight and perceptual is None:
            raise ValueError("perceptual_weight needs `perceptual`")
        self.generator = generator
        self.discriminator = discriminator
        self.objective = objective
        self.pool_size = pool_size
        self.seed = seed
        self.perceptual = perceptual
        self.pool = ImagePool(pool_size, (generator.size, generator.size, 6), seed)
        self.steps = _counter("steps")
        self.skipped = _counter("skipped")
        self.skipped_in_a_row = _counter("skipped_in_a_row")
        self.trackers = {name: keras.metrics.Mean(name=name) for name in METRICS}
        self.built = True

    def compile(self, generator_optimizer=None, discriminator_optimizer=None, **kwargs):
        """Sets the two optimizers; Adam as the reference has it where none is given.

        Each gets a loss scale of its own: a dynamic one where the network computes in float16,
        else 1. The optimizer that was given is then its `inner_optimizer`.
        """
        # XLA on a CPU takes 1.7 times as long for this step.
        super().compile(**{"optimizer": None, "jit_compile": False} | kwargs)
        self.generator_optimizer = _guarded(generator_optimizer, self.generator)
        self.discriminator_optimizer = _guarded(discriminator_optimizer, self.discriminator)

    @property
    def metrics(self) -> list:
        return list(self.trackers.values())

    def call(self, inputs, training=False):
        """Paints a batch: `(N, H, W, 3)` in [-1, 1]; see the class for `inputs`."""
        return self.generator(self._generator_inputs(inputs), training=training)

    def train_step(self, batch: dict) -> dict:
        sketch, picture = batch["sketch"], batch["picture"]
        with tf.GradientTape() as generator_tape:
            painted = self(batch, training=True)
        finite = tf.reduce_all(tf.math.is_finite(painted))
        fake_pair = tf.concat([sketch, painted], axis=-1)
        discriminator_loss, judged = self._update_discriminator(
            sketch, picture, tf.stop_gradient(fake_pair), finite
        )
        # Through the updated discriminator down to the picture, then through the generator: the
        # forward above is taped once and used once.
        optimizer = self.generator_optimizer
        with tf.GradientTape() as picture_tape:
            picture_tape.watch(painted)
            logits = self.discriminator(tf.concat([sketch, painted], axis=-1), training=True)
            terms = self._generator_losses(logits, picture, painted)
            scaled = optimizer.scale_loss(terms["generator_loss"] / _replicas())
        toward_picture = picture_tape.gradient(scaled, painted)
        variables = self.generator.trainable_variables
        gradients = generator_tape.gradient(painted, variables, output_gradients=toward_picture)
        finite &= tf.math.is_finite(terms["generator_loss"])
        finite = self._apply(optimizer, gradients, variables, finite)
        self._count(finite & judged)
        return self._track(finite & judged, discriminator_loss=discriminator_loss, **terms)

    def test_step(self, batch: dict) -> dict:
        return self._track(tf.constant(True), l1=losses.l1_loss(batch["picture"], self(batch)))

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Nothing: all weights exist. Keras fails here where several workers have dict batches."""

    def _update_discriminator(self, sketch, picture, fake_pair, finite) -> tuple:
        """Takes the discriminator's step: its loss, and whether it was finite."""
        shown = self.pool.exchange(fake_pair, finite)
        optimizer = self.discriminator_optimizer
        with tf.GradientTape() as tape:
            real, penalty = self._judge_real(sketch, picture)
            fake = self.discriminator(shown, training=True)
            loss = losses.discriminator_loss(self.objective.gan_loss, real, fake) + penalty
            scaled = optimizer.scale_loss(loss / _replicas())
        finite &= tf.math.is_finite(loss)
        variables = self.discriminator.trainable_variables
        return loss, self._apply(optimizer, tape.gradient(scaled, variables), variables, finite)

    def _judge_real(self, sketch, picture) -> tuple:
        """Logits of real pairs, and what their gradient costs."""
        if not self.objective.r1_weight:
            return self.discriminator(tf.concat([sketch, picture], axis=-1), training=True), 0.0
        with tf.GradientTape() as tape:
            tape.watch(picture)
            real = self.discriminator(tf.concat([sketch, picture], axis=-1), training=True)
            of_pictures = tf.reduce_sum(tf.reduce_mean(real, axis=(1, 2, 3)))
        penalty = losses.gradient_penalty(tape.gradient(of_pictures, picture))
        return real, 0.5 * self.objective.r1_weight * penalty

    def _generator_losses(self, logits, picture, painted) -> dict:
        objective = self.objective
        terms = {
            "adversarial": losses.adversarial_loss(objective.gan_loss, logits),
            "l1": losses.l1_loss(picture, painted),
        }
        total = terms["adversarial"] + objective.l1_weight * terms["l1"]
        if objective.perceptual_weight:
            terms["perceptual"] = self.perceptual(picture, painted)
            total += objective.perceptual_weight * terms["perceptual"]
        if objective.tv_weight:
            terms["tv"] = losses.total_variation(painted)
            total += objective.tv_weight * terms["tv"]
        return terms | {"generator_loss": total}

    def _apply(self, optimizer, gradients: list, variables: list, finite) -> tf.Tensor:
        """Takes a step, if `finite` and the gradients are, on all replicas: whether it did."""
        # A sum is finite only where all its parts are, and takes half the time of looking at each.
        sums = tf.stack([tf.reduce_sum(gradient) for gradient in gradients])
        finite = _everywhere(finite & tf.reduce_all(tf.math.is_finite(sums)))
        # The optimizer leaves out a step with such a gradient, on the first replica.
        gradients[0] = tf.where(finite, gradients[0], tf.constant(np.nan, gradients[0].dtype))
        optimizer.apply(gradients, variables)
        return finite

    def _count(self, finite: tf.Tensor) -> None:
        bad = tf.cast(~finite, tf.int64)
        self.steps.assign_add(1)
        self.skipped.assign_add(bad)
        self.skipped_in_a_row.assign(bad * (self.skipped_in_a_row + 1))

    def _generator_inputs(self, batch: dict) -> dict:
        _, height, width, _ = batch["sketch"].shape
        histogram = palettes_to_histograms(batch["palette"], height, width)
        return {"sketch": batch["sketch"], "histogram": histogram}

    def _track(self, finite: tf.Tensor, **values) -> dict:
        weight = tf.cast(finite, tf.float32)
        for name, value in values.items():
            self.trackers[name].update_state(tf.where(finite, value, 0.0), weight)
        means = {name: self.trackers[name].result() for name in values}
        if isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
            # Keras averages over workers along the first axis, which a scalar has not.
            means = {name: tf.reshape(mean, (1,)) for name, mean in means.items()}
        return means

    def get_config(self) -> dict:
        return super().get_config() | {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "objective": dataclasses.asdict(self.objective) | {"perceptual_weight": 0.0},
            "pool_size": self.pool_size,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict) -> "DeepPaint":
        parts = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("generator", "discriminator")
        }
        objective = losses.Objective(**config["objective"])
        return cls(**config | parts | {"objective": objective})


def _guarded(optimizer, network: keras.Model) -> GuardedOptimizer:
    """An optimizer of a network's variables that leaves out steps that are not finite."""
    scale = FLOAT16_SCALE if network.dtype_policy.compute_dtype == "float16" else 1.0
    guarded = GuardedOptimizer(optimizer or Adam(**ADAM), scale)
    guarded.build(network.trainable_variables)
    return guarded


def _counter(name: str) -> tf.Variable:
    aggregation = tf.VariableAggregation.ONLY_FIRST_REPLICA
    return tf.Variable(0, trainable=False, name=name, dtype=tf.int64, aggregation=aggregation)


def _replicas() -> int:
    return tf.distribute.get_strategy().num_replicas_in_sync


def _everywhere(condition: tf.Tensor) -> tf.Tensor:
    """Whether a condition holds on every replica."""
    if _replicas() == 1:
        return condition
    context = tf.distribute.get_replica_context()
    failing = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.cast(~condition, tf.float32))
    return failing == 0
