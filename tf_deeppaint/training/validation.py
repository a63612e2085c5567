"""How well a model in training paints drawings that it is not trained on."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_deeppaint.training.deep_paint import DeepPaint


def make_validation(model: DeepPaint) -> Callable[[tf.data.Dataset], dict[str, float]]:
    """Makes a function that measures the model as it then is, on one device.

    Returns:
        A function from batches, as `datasets` yields them, to the mean over their pictures of
        `l1` with the own palette and `l1_another` with that of the next picture of the batch; no
        figures where there is no batch.
    """

    @tf.function(reduce_retracing=True)
    def differences(batch: dict) -> dict[str, tf.Tensor]:
        another = batch | {"palette": tf.roll(batch["palette"], -1, axis=0)}
        return {
            name: tf.reduce_mean(tf.abs(batch["picture"] - model(shown)), axis=(1, 2, 3))
            for name, shown in (("l1", batch), ("l1_another", another))
        }

    def validate(batches: tf.data.Dataset) -> dict[str, float]:
        keys = ("sketch", "palette", "picture")
        found = [differences({key: batch[key] for key in keys}) for batch in batches]
        if not found:
            return {}
        return {
            name: float(np.mean(np.concatenate([values[name] for values in found])))
            for name in found[0]
        }

    return validate
