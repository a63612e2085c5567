"""The GAN: generator and discriminator in one Keras model, and the training step of both.

One step, from a batch of sketches, palettes and pictures (pix2pix: Isola et al., arXiv:1611.07004,
which "Attentioned Deep Paint" follows):

1. The generator paints the sketches. This is its only forward pass in the step.
2. The discriminator learns from real pairs (sketch, picture) and from fake pairs of a pool: those
   of this step or of earlier ones.
3. The generator learns. The updated discriminator sees the painted pairs of this step. The
   gradient passes through it to the painted picture, and from there through the generator.

Each update is left out, and the step counted as skipped, where a loss or gradient is not finite on
any replica.
"""

import dataclasses
from collections.abc import Callable

import keras
import tensorflow as tf

from tf_deeppaint.networks import PACKAGE
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.training.gan import losses
from tf_deeppaint.training.gan.image_pool import ImagePool
from tf_deeppaint.training.trainer import Trainer, l1_loss, replicas, to_batch

DEFAULT = losses.Objective()
METRICS = ("generator_loss", "discriminator_loss", "adversarial", "l1", "perceptual", "tv")


@keras.saving.register_keras_serializable(PACKAGE)
class DeepPaint(Trainer):
    """Trains a generator against a discriminator, as "Attentioned Deep Paint" does.

    Batches are those of `Trainer`, with H = W = `generator.size`. R replicas of N / R pictures take
    the step of one with N. Each has its own dropout and pool, and, unless synchronized, its own
    statistics of the norms. A subclass may add to `generator_losses`, and names what it adds in
    `metric_names`.

    Args:
        generator: Paints: any `PaintingNetwork`.
        discriminator: Tells real pairs from painted ones: any Keras model of `(N, H, W, 6)`, sketch
            and picture, that gives logits of any shape.
        objective: The losses that both minimize, and their weights.
        pool_size: Number of past pairs kept to show the discriminator again.
        seed: Seed of the pool's choices.
        perceptual: Compares two batches of pictures, such as `losses.perceptual_loss` with its
            network; needed where the objective gives it a weight. It cannot be saved: a model that
            `keras.saving` loads has the perceptual loss's weight at 0. Checkpoints of a training
            restore into a model made from the options, which has it.

    Example:
    >>> model = DeepPaint(Generator(width=16, size=256), Discriminator(width=16))
    >>> model.compile()
    >>> model.fit(batches)
    >>> model.generator.save("generator.keras")
    """

    network_names = ("generator", "discriminator")
    metric_names = METRICS

    def __init__(
        self,
        generator: PaintingNetwork,
        discriminator: keras.Model,
        objective: losses.Objective = DEFAULT,
        pool_size: int = 50,
        seed: int = 0,
        perceptual: Callable | None = None,
        **kwargs,
    ):
        super().__init__(generator, self.metric_names, **kwargs)
        if objective.gan_loss not in losses.GAN_LOSSES:
            raise ValueError(f"gan_loss={objective.gan_loss!r}: one of {losses.GAN_LOSSES}")
        if objective.perceptual_weight and perceptual is None:
            raise ValueError("perceptual_weight needs `perceptual`")
        self.discriminator = discriminator
        self.objective = objective
        self.pool_size = pool_size
        self.seed = seed
        self.perceptual = perceptual
        self.pool = ImagePool(pool_size, (generator.size, generator.size, 6), seed)
        self.built = True

    def more_state(self) -> dict:
        return {"pool": self.pool, "pool_random": self.pool.random.state}

    def train_step(self, data: dict | tuple) -> dict:
        """Takes one step of both networks; returns the mean of each loss since the last reset."""
        batch = to_batch(data)
        sketch, picture = batch["sketch"], batch["picture"]  # (N, H, W, 3) each
        with tf.GradientTape() as generator_tape:
            painted = self(batch, training=True)  # (N, H, W, 3)
        finite = tf.reduce_all(tf.math.is_finite(painted))  # ()

        discriminator_loss, discriminator_stepped = self._update_discriminator(
            sketch, picture, tf.stop_gradient(painted), finite
        )

        optimizer = self.generator_optimizer
        with tf.GradientTape() as picture_tape:
            picture_tape.watch(painted)
            logits = self._discriminate(sketch, painted)  # (N, H/8 - 2, W/8 - 2, 1)
            terms = self.generator_losses(logits, picture, painted)  # () each
            scaled_loss = optimizer.scale_loss(terms["generator_loss"] / replicas())
        # First with respect to the painted picture, then on through the generator: each of its
        # tapes is used once.
        picture_gradient = picture_tape.gradient(scaled_loss, painted)  # (N, H, W, 3)
        variables = self.generator.trainable_variables
        gradients = generator_tape.gradient(painted, variables, output_gradients=picture_gradient)
        finite &= tf.math.is_finite(terms["generator_loss"])
        generator_stepped = self.apply_gradients(optimizer, gradients, variables, finite)

        stepped = discriminator_stepped & generator_stepped
        return self.end_step(stepped, {"discriminator_loss": discriminator_loss, **terms})

    def _update_discriminator(self, sketch, picture, painted, finite) -> tuple:
        """Updates the discriminator; returns its loss and whether the step was taken, both `()`."""
        fake_pair = tf.concat([sketch, painted], axis=-1)  # (N, H, W, 6)
        past_pair = self.pool.exchange(fake_pair, finite)  # (N, H, W, 6)
        optimizer = self.discriminator_optimizer
        with tf.GradientTape() as tape:
            real, penalty = self._discriminate_real(sketch, picture)
            fake = self.discriminator(past_pair, training=True)  # (N, H/8 - 2, W/8 - 2, 1)
            loss = losses.discriminator_loss(self.objective.gan_loss, real, fake) + penalty
            scaled_loss = optimizer.scale_loss(loss / replicas())
        variables = self.discriminator.trainable_variables
        gradients = tape.gradient(scaled_loss, variables)
        finite &= tf.math.is_finite(loss)
        return loss, self.apply_gradients(optimizer, gradients, variables, finite)

    def _discriminate_real(self, sketch, picture) -> tuple:
        """Logits of the real pairs, and the weighted penalty `()`."""
        if not self.objective.r1_weight:
            return self._discriminate(sketch, picture), 0.0
        with tf.GradientTape() as tape:
            tape.watch(picture)
            real = self._discriminate(sketch, picture)
            mean_logits = tf.reduce_sum(tf.reduce_mean(real, axis=(1, 2, 3)))  # (), a sum over N
        penalty = losses.gradient_penalty(tape.gradient(mean_logits, picture))
        return real, 0.5 * self.objective.r1_weight * penalty

    def _discriminate(self, sketch, picture) -> tf.Tensor:
        pair = tf.concat([sketch, picture], axis=-1)  # (N, H, W, 6)
        return self.discriminator(pair, training=True)  # (N, H/8 - 2, W/8 - 2, 1)

    def generator_losses(self, logits, picture, painted) -> dict[str, tf.Tensor]:
        """The losses of the generator, `()` each, by name; it minimizes `"generator_loss"`.

        Args:
            logits: What the discriminator says of the painted pairs.
            picture: The true pictures, `(N, H, W, 3)` in [-1, 1].
            painted: What the generator painted, likewise.
        """
        objective, l1 = self.objective, l1_loss(picture, painted)
        terms = {"adversarial": losses.adversarial_loss(objective.gan_loss, logits), "l1": l1}
        total = terms["adversarial"] + objective.l1_weight * l1
        if objective.perceptual_weight:
            terms["perceptual"] = self.perceptual(picture, painted)
            total += objective.perceptual_weight * terms["perceptual"]
        if objective.tv_weight:
            terms["tv"] = losses.total_variation(painted)
            total += objective.tv_weight * terms["tv"]
        return terms | {"generator_loss": total}

    def get_config(self) -> dict:
        # VGG16's weights belong to a file of the user's; without them the loss has no meaning.
        objective = dataclasses.replace(self.objective, perceptual_weight=0.0)
        return super().get_config() | {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "objective": dataclasses.asdict(objective),
            "pool_size": self.pool_size,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict) -> "DeepPaint":
        parts = {"objective": losses.Objective(**config["objective"])}
        for name in ("generator", "discriminator"):
            parts[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config | parts)
