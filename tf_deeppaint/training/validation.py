"""What a model in training paints of held-out drawings: mean differences, and sheets to look at.

Every drawing is painted twice: with its own palette, and with the swapped one, which is that of the
next drawing of the batch.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tf_deeppaint.images.pixels import from_signed_unit_range, to_signed_unit_range
from tf_deeppaint.training.deep_paint import DeepPaint, to_generator_inputs
from tf_deeppaint.visualization import contact_sheets

# Drawings on a sheet.
SAMPLES = 6


def make_validation(model: DeepPaint) -> Callable[[tf.data.Dataset], dict[str, float]]:
    """Makes a function that measures the model, as it is when called, on one device.

    It maps batches to means over their pictures: `l1` with the own and `l1_swapped` with the
    swapped palette. Without a batch the result is empty.
    """

    @tf.function(reduce_retracing=True)
    def differences(batch: dict) -> dict[str, tf.Tensor]:
        swapped = batch | {"palette": tf.roll(batch["palette"], -1, axis=0)}
        return {
            name: tf.reduce_mean(tf.abs(batch["picture"] - model(inputs)), axis=(1, 2, 3))  # (N,)
            for name, inputs in (("l1", batch), ("l1_swapped", swapped))
        }

    def validate(batches: tf.data.Dataset) -> dict[str, float]:
        keys = ("sketch", "palette", "picture")
        measured = [differences({key: batch[key] for key in keys}) for batch in batches]
        return {
            name: float(np.mean(np.concatenate([values[name] for values in measured])))
            for name in (measured[0] if measured else ())
        }

    return validate


def draw_samples(model: DeepPaint, batch: dict) -> np.ndarray:
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


def draw_attention(model: DeepPaint, batch: dict) -> np.ndarray | None:
    """Draws a batch's sketches and attention maps, uint8 RGB; None where there are no gates."""
    _, maps = model.generator(to_generator_inputs(batch), return_attention=True)
    if not maps:
        return None
    sketches = from_signed_unit_range(batch["sketch"])[..., 0]
    return contact_sheets.draw_attention(
        sketches, [keras.ops.convert_to_numpy(level)[..., 0] for level in maps]
    )
