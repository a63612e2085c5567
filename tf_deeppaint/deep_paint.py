"""The GAN: generator and discriminator in one Keras model with its own training step."""

import keras
import tensorflow as tf

from tf_deeppaint import losses
from tf_deeppaint.discriminator import Discriminator
from tf_deeppaint.generator import Generator
from tf_deeppaint.image_pool import ImagePool
from tf_deeppaint.layers import PACKAGE
from tf_deeppaint.palette_ops import palettes_to_histograms

ADAM = {"learning_rate": 2e-4, "beta_1": 0.5, "beta_2": 0.999, "epsilon": 1e-8}


@keras.saving.register_keras_serializable(PACKAGE)
class DeepPaint(keras.Model):
    """Trains a generator against a discriminator, as "Attentioned Deep Paint" does.

    One forward of the generator a step serves both updates: the discriminator's first (real pairs
    against 1, pairs from the pool of past fakes against 0, the mean of both losses), then the
    generator's through the updated discriminator (fakes against 1, plus `l1_weight` * L1).

    Batches are `{"sketch": (N, H, W, 3), "palette": (N, 4, 4, 3), "picture": (N, H, W, 3)}`, all
    floats in [-1, 1], with a fixed N; H = W = `generator.size`.

    Args:
        generator: What is trained to paint.
        discriminator: What it is trained against.
        l1_weight: Weight of the L1 loss beside the adversarial one.
        pool_size: Number of past fakes the discriminator is shown again.
        seed: Seed of the pool's choices.

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
        l1_weight: float = 100.0,
        pool_size: int = 50,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.l1_weight = l1_weight
        self.pool_size = pool_size
        self.seed = seed
        self.pool = ImagePool(pool_size, (generator.size, generator.size, 6), seed)
        self.trackers = {
            name: keras.metrics.Mean(name=name)
            for name in ("generator_loss", "discriminator_loss", "l1")
        }
        self.built = True

    def compile(self, generator_optimizer=None, discriminator_optimizer=None, **kwargs):
        """Sets the two optimisers; Adam as the reference has it where none is given."""
        # XLA on a CPU takes 1.7 times as long for this step.
        super().compile(**{"optimizer": None, "jit_compile": False} | kwargs)
        self.generator_optimizer = generator_optimizer or keras.optimizers.Adam(**ADAM)
        self.discriminator_optimizer = discriminator_optimizer or keras.optimizers.Adam(**ADAM)
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)

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
            l1 = losses.l1_loss(picture, painted)
        fake_pair = tf.concat([sketch, painted], axis=-1)
        discriminator_loss = self._update_discriminator(
            tf.concat([sketch, picture], axis=-1), tf.stop_gradient(fake_pair)
        )
        # Through the updated discriminator down to the picture, then through the generator: the
        # forward above is taped once and used once.
        with tf.GradientTape() as picture_tape:
            picture_tape.watch(painted)
            logits = self.discriminator(tf.concat([sketch, painted], axis=-1), training=True)
            adversarial = losses.adversarial_loss(logits, real=True)
            generator_loss = adversarial + self.l1_weight * losses.l1_loss(picture, painted)
        towards_picture = picture_tape.gradient(generator_loss, painted)
        variables = self.generator.trainable_variables
        gradients = generator_tape.gradient(painted, variables, output_gradients=towards_picture)
        self.generator_optimizer.apply(gradients, variables)
        return self._track(
            generator_loss=generator_loss, discriminator_loss=discriminator_loss, l1=l1
        )

    def test_step(self, batch: dict) -> dict:
        return self._track(l1=losses.l1_loss(batch["picture"], self(batch)))

    def _update_discriminator(self, real_pair: tf.Tensor, fake_pair: tf.Tensor) -> tf.Tensor:
        shown = self.pool.exchange(fake_pair)
        with tf.GradientTape() as tape:
            real = self.discriminator(real_pair, training=True)
            fake = self.discriminator(shown, training=True)
            loss = 0.5 * (
                losses.adversarial_loss(real, real=True) + losses.adversarial_loss(fake, real=False)
            )
        variables = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def _generator_inputs(self, batch: dict) -> dict:
        _, height, width, _ = batch["sketch"].shape
        histogram = palettes_to_histograms(batch["palette"], height, width)
        return {"sketch": batch["sketch"], "histogram": histogram}

    def _track(self, **values) -> dict:
        for name, value in values.items():
            self.trackers[name].update_state(value)
        return {name: self.trackers[name].result() for name in values}

    def get_config(self) -> dict:
        return super().get_config() | {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "l1_weight": self.l1_weight,
            "pool_size": self.pool_size,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict) -> "DeepPaint":
        parts = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("generator", "discriminator")
        }
        return cls(**config | parts)
