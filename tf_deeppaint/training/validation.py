"""What a model in training paints of held-out drawings: mean differences, and sheets to look at.

Every drawing is painted with its own palette, and with the swapped one, which is that of the next
drawing of the batch. Where another drawing in the same colors is known, it is painted with that
one's palette, too: then the true picture is known.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tf_deeppaint.images.pixels import from_signed_unit_range, to_signed_unit_range
from tf_deeppaint.training.matching.losses import to_lab
from tf_deeppaint.training.trainer import Trainer, to_generator_inputs
from tf_deeppaint.visualization import contact_sheets

# Drawings on a sheet.
SAMPLES = 6
# Colors that are so near in CIELAB count as equal.
RIGHT = 10.0


def make_validation(model: Trainer) -> Callable[[tf.data.Dataset], dict[str, float]]:
    """Makes a function that measures the model, as it is when called, on one device.

    It maps batches to means over their pictures: `l1` with the own and `l1_swapped` with the
    swapped palette; `right_color` with the own and `right_color_partner` with the palette of
    another drawing in the same colors, where there are any. Without a batch the result is empty.
    """

    @tf.function(reduce_retracing=True, autograph=False)
    def measure(batch: dict) -> dict[str, tf.Tensor]:
        swapped = model(batch | {"palette": tf.roll(batch["palette"], -1, axis=0)})
        own, partner = model(batch), model(batch | {"palette": batch["partner_palette"]})
        differences = {"l1": own, "l1_swapped": swapped}
        return {
            name: tf.reduce_mean(tf.abs(batch["picture"] - painted), axis=(1, 2, 3))  # (N,)
            for name, painted in differences.items()
        } | {
            "right_color": right_color_share(batch["picture"], own),
            "right_color_partner": tf.boolean_mask(
                right_color_share(batch["picture"], partner), batch["has_partner"]
            ),
        }

    def validate(batches: tf.data.Dataset) -> dict[str, float]:
        keys = ("sketch", "palette", "picture", "partner_palette", "has_partner")
        measured = [measure({key: batch[key] for key in keys}) for batch in batches]
        values = {
            name: np.concatenate([batch[name] for batch in measured])
            for name in (measured[0] if measured else ())
        }
        return {name: float(np.mean(value)) for name, value in values.items() if value.size}

    return validate


def right_color_share(picture: tf.Tensor, painted: tf.Tensor) -> tf.Tensor:
    """Share of the colored pixels whose color is right: at most `RIGHT` from the truth in CIELAB.

    Colored is what is neither white nor nearly black in the true picture, whose lines are black.
    Both are `(N, H, W, 3)` in [-1, 1]; the result is `(N,)`, 1 where nothing is colored.
    """
    counts = tf.reduce_min(picture, axis=-1) < 0.97
    counts = tf.cast(counts & (tf.reduce_max(picture, axis=-1) > -0.5), tf.float32)
    distance = tf.norm(to_lab(picture) - to_lab(painted), axis=-1)  # (N, H, W)
    right = tf.reduce_sum(counts * tf.cast(distance <= RIGHT, tf.float32), axis=(1, 2))
    total = tf.reduce_sum(counts, axis=(1, 2))
    return tf.where(total > 0, right / tf.maximum(total, 1.0), 1.0)


def draw_samples(model: Trainer, batch: dict) -> np.ndarray:
    """Draws what a model paints of a batch by `contact_sheets.draw_results`, uint8 RGB."""

    def paint(palettes: np.ndarray) -> np.ndarray:
        return from_signed_unit_range(
            model(batch | {"palette": to_signed_unit_range(palettes)}, training=False)
        )

    sketches, palettes, truth = (
        from_signed_unit_range(batch[key]) for key in ("sketch", "palette", "picture")
    )
    references, swapped = (np.roll(own, -1, axis=0) for own in (truth, palettes))
    return contact_sheets.draw_results(
        sketches[..., 0], palettes, truth, paint(palettes), references, swapped, paint(swapped)
    )


def draw_attention(model: Trainer, batch: dict) -> np.ndarray | None:
    """Draws a batch's sketches and attention maps, uint8 RGB; None where there are no gates."""
    _, maps = model.generator(to_generator_inputs(batch), return_attention=True)
    if not maps:
        return None
    sketches = from_signed_unit_range(batch["sketch"])[..., 0]
    return contact_sheets.draw_attention(
        sketches, [keras.ops.convert_to_numpy(level)[..., 0] for level in maps]
    )
