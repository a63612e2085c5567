"""Moving statistics of batch norms, measured anew for weights that no training step has had.

An average of the weights has other activations than the last weights, for which the moving
statistics stand; with those it paints worse than either. What is measured here are plain means
over some batches ("precise" batch norm: Wu and Johnson, arXiv:2105.07576).
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_deeppaint.networks.layers import BatchNormalization
from tf_deeppaint.training.deep_paint import DeepPaint


def make_measurement(model: DeepPaint) -> Callable[[tf.data.Dataset], None]:
    """Makes a function that measures the norms' statistics in the generator as it then is.

    Returns:
        A function of training batches, as `datasets` yields them. Nothing but the statistics is
        changed; without a batch, or in a network of other norms, not even those.
    """
    generator = model.generator
    norms = [one for one in generator._flatten_layers() if isinstance(one, BatchNormalization)]
    statistics = [(norm.moving_mean, norm.momentum) for norm in norms]
    statistics += [(norm.moving_variance, norm.momentum) for norm in norms]
    ours = {id(variable) for variable, _ in statistics}
    others = [one for one in generator.non_trainable_variables if id(one) not in ours]

    @tf.function(reduce_retracing=True)
    def paint(batch: dict) -> None:
        model.distribute_strategy.run(model, args=(batch,), kwargs={"training": True})

    def measure(batches: tf.data.Dataset) -> None:
        before = [variable.numpy() for variable in others]
        found = []
        for batch in batches if norms else ():
            for variable, _ in statistics:
                variable.assign(tf.zeros_like(variable))
            paint({key: batch[key] for key in ("sketch", "palette", "picture")})
            # A step moves them by this share of the way, here from 0.
            found.append([v.numpy() / (1 - momentum) for v, momentum in statistics])
        for (variable, _), values in zip(statistics, zip(*found, strict=True), strict=False):
            variable.assign(np.mean(values, axis=0))
        for variable, value in zip(others, before, strict=True):
            variable.assign(value)

    return measure
