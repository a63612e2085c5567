"""The generator with its averaged weights, for saving and validation.

Optimizers with `use_ema` keep an exponential average of the weights. Its activations differ from
those of the last weights, to which the moving statistics of the batch norms belong; with these it
paints worse than either. So BatchNorm's statistics are re-estimated: as plain means over some
batches ("precise" BatchNorm: Wu and Johnson, arXiv:2105.07576).
"""

import contextlib
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from tf_deeppaint.networks.normalization import BatchNormalization
from tf_deeppaint.training.trainer import Trainer


@contextlib.contextmanager
def averaged_weights(model: Trainer) -> Iterator[None]:
    """Inside the block the generator has its averaged weights; afterwards all is as before.

    Its optimizer must keep an average. Re-estimate BatchNorm's statistics at the block's start.
    """
    variables = model.generator.variables
    last = [variable.numpy() for variable in variables]
    try:
        model.generator_optimizer.finalize_variable_values(model.generator.trainable_variables)
        yield
    finally:
        for variable, value in zip(variables, last, strict=True):
            variable.assign(value)


def make_statistics_estimator(model: Trainer) -> Callable[[tf.data.Dataset], None]:
    """Makes a function that re-estimates the generator's BatchNorm statistics on training batches.

    Nothing else changes; without a batch, or in a network of other norms, not even these.
    """
    statistics = [
        (variable, norm.momentum)
        for _, norm in model.generator.normalized_convolutions()
        if isinstance(norm, BatchNormalization)
        for variable in (norm.moving_mean, norm.moving_variance)
    ]
    ids = {id(variable) for variable, _ in statistics}
    others = [v for v in model.generator.non_trainable_variables if id(v) not in ids]

    @tf.function(reduce_retracing=True, autograph=False)
    def paint(batch: dict) -> None:
        model.distribute_strategy.run(model, args=(batch,), kwargs={"training": True})

    def estimate(batches: tf.data.Dataset) -> None:
        before = [variable.numpy() for variable in others]
        of_batches = []
        for batch in batches if statistics else ():
            for variable, _ in statistics:
                variable.assign(tf.zeros_like(variable))
            paint({key: batch[key] for key in ("sketch", "palette", "picture")})
            # From 0, one forward pass moves a statistic by (1 - momentum) of the batch's own.
            of_batches.append([v.numpy() / (1 - momentum) for v, momentum in statistics])
        if of_batches:
            for (variable, _), *values in zip(statistics, *of_batches, strict=True):
                variable.assign(np.mean(values, axis=0))
        for variable, value in zip(others, before, strict=True):
            variable.assign(value)

    return estimate
