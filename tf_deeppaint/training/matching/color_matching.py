"""The training of a color matcher: for every place of a drawing, which of the colors is right.

The true picture tells which colors of the palette are nearest to the truth at a place; these are
right, and the matcher's logits are trained as a classifier's (cross-entropy). L1 of the mixed
picture trains shade and ink. Where the data knows the parts of a figure (skin, hair, top, ...), a
small classifier of them, which only training has, teaches the shapes of things. There is no
discriminator: colors of a palette look like colors.
"""

import dataclasses

import keras
import tensorflow as tf

from tf_deeppaint.networks import PACKAGE
from tf_deeppaint.networks.heads import mix
from tf_deeppaint.networks.matcher.color_matcher import ColorMatcher
from tf_deeppaint.training.matching import losses
from tf_deeppaint.training.trainer import (
    Trainer,
    l1_loss,
    replicas,
    to_batch,
    to_generator_inputs,
)

DEFAULT = losses.MatchingObjective()
METRICS = ("generator_loss", "color", "l1", "parts")
# Parts of a figure that are told apart: `color_schemes.ROLES`, and room for more.
PARTS = 16


@keras.saving.register_keras_serializable(PACKAGE)
class ColorMatching(Trainer):
    """Trains a color matcher; see `Trainer` for its batches.

    With `parts_weight` batches also hold `"parts"`, int32 `(N, H, W)`: the role of each pixel, an
    index of `color_schemes.ROLES`, or `parsing.UNKNOWN_PART`.

    Args:
        generator: The matcher.
        objective: The losses that it minimizes.

    Example:
    >>> model = ColorMatching(ColorMatcher(width=32, size=256))
    >>> model.compile()
    >>> model.fit(batches)
    >>> model.generator.save("generator.keras")
    """

    network_names = ("generator", "parts_head")

    def __init__(
        self, generator: ColorMatcher, objective: losses.MatchingObjective = DEFAULT, **kwargs
    ):
        super().__init__(generator, METRICS, **kwargs)
        self.objective = objective
        self.parts_head = keras.layers.Conv2D(PARTS, 1, name="parts", dtype=generator.dtype_policy)
        self.parts_head.build((None, None, None, generator.width))
        self.built = True

    def train_step(self, data: dict | tuple) -> dict:
        """Takes one step; returns the mean of each loss since the last reset."""
        batch = to_batch(data)
        optimizer, variables = self.generator_optimizer, self.generator.trainable_variables
        head_variables = self.parts_head.trainable_variables if self.objective.parts_weight else []
        with tf.GradientTape() as tape:
            terms = self._loss_terms(batch)  # () each
            scaled_loss = optimizer.scale_loss(terms["generator_loss"] / replicas())
        gradients, head_gradients = tape.gradient(scaled_loss, (variables, head_variables))
        finite = tf.math.is_finite(terms["generator_loss"])
        stepped = self.apply_gradients(optimizer, gradients, variables, finite)
        if head_variables:
            head_optimizer = self.parts_head_optimizer
            stepped = self.apply_gradients(head_optimizer, head_gradients, head_variables, stepped)
        return self.end_step(stepped, terms)

    def _loss_terms(self, batch: dict) -> dict:
        logits, shade_and_ink, features = self.generator.match(to_generator_inputs(batch), True)
        # logits: (N, H/2, W/2, 18); features: (N, H/2, W/2, C)
        compared = {"logits": logits, "shade_and_ink": shade_and_ink}
        if self.objective.parts_weight:
            # (N, H/2, W/2, PARTS)
            compared["part_logits"] = tf.cast(self.parts_head(features), tf.float32)
        return self._compare(compared, batch)

    # XLA makes one pass over the pictures of what TensorFlow would write to memory operation by
    # operation: a fifth of a step. Convolutions are faster outside of it.
    @tf.function(jit_compile=True)
    def _compare(self, compared: dict, batch: dict) -> dict:
        """The losses, by name, of what `_loss_terms` has made of a batch."""
        sketch, palette, picture = batch["sketch"], batch["palette"], batch["picture"]
        logits, objective = compared["logits"], self.objective
        mixture = self.generator.mixture(logits, compared["shade_and_ink"], sketch)
        terms = {
            "color": losses.color_loss(logits, palette, picture, sketch),
            "l1": l1_loss(picture, mix(mixture, palette)),
        }
        total = objective.color_weight * terms["color"] + objective.l1_weight * terms["l1"]
        if objective.parts_weight:
            terms["parts"] = losses.parts_loss(compared["part_logits"], batch["parts"])
            total += objective.parts_weight * terms["parts"]
        return terms | {"generator_loss": total}

    def get_config(self) -> dict:
        return super().get_config() | {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "objective": dataclasses.asdict(self.objective),
        }

    @classmethod
    def from_config(cls, config: dict) -> "ColorMatching":
        parts = {
            "objective": losses.MatchingObjective(**config["objective"]),
            "generator": keras.saving.deserialize_keras_object(config["generator"]),
        }
        return cls(**config | parts)
