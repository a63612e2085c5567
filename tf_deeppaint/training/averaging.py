"""The generator with its averaged weights, for saving and validation.

Optimizers with `use_ema` keep an exponential average of the weights. Its activations differ from
those of the last weights, to which the moving statistics of the batch norms belong; with these it
paints worse than either. So the statistics are measured anew: as plain means over some batches
("precise" batch norm: Wu and Johnson, arXiv:2105.07576).
"""

import contextlib
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from tf_deeppaint.networks.normalization import BatchNormalization
from tf_deeppaint.training.deep_paint import DeepPaint


@contextlib.contextmanager
def averaged_weights(model: DeepPaint, measure_norms: Callable[[], None]) -> Iterator[None]:
    """Inside the block the generator has its averaged weights; afterwards the last ones again.

    Args:
        model: Its generator's optimizer keeps an average.
        measure_norms: Called once the averaged weights are in place; sets the norms' statistics.
    """
    variables = model.generator.variables
    last = [variable.numpy() for variable in variables]
    try:
        model.generator_optimizer.finalize_variable_values(model.generator.trainable_variables)
        measure_norms()
        yield
    finally:
        for variable, value in zip(variables, last, strict=True):
            variable.assign(value)


def make_norm_measurement(model: DeepPaint) -> Callable[[tf.data.Dataset], None]:
    """Makes a function that sets the statistics of the generator's batch norms.

    Returns:
        A function of training batches, as `loading` yields them. Nothing but the statistics
        changes; without a batch, or in a network of other norms, not even these.
    """
    generator = model.generator
    norms = [norm for _, norm in generator.normalized_convolutions()]
    norms = [norm for norm in norms if isinstance(norm, BatchNormalization)]
    statistics = [(norm.moving_mean, norm.momentum) for norm in norms]
    statistics += [(norm.moving_variance, norm.momentum) for norm in norms]
    ids = {id(variable) for variable, _ in statistics}
    others = [v for v in generator.non_trainable_variables if id(v) not in ids]

    @tf.function(reduce_retracing=True)
    def paint(batch: dict) -> None:
        model.distribute_strategy.run(model, args=(batch,), kwargs={"training": True})

    def measure(batches: tf.data.Dataset) -> None:
        before = [variable.numpy() for variable in others]
        of_batches = []
        for batch in batches if norms else ():
            for variable, _ in statistics:
                variable.assign(tf.zeros_like(variable))
            paint({key: batch[key] for key in ("sketch", "palette", "picture")})
            # From 0, one forward pass moves a statistic by (1 - momentum) of the batch's own.
            of_batches.append([v.numpy() / (1 - momentum) for v, momentum in statistics])
        if of_batches:
            for (variable, _), values in zip(
                statistics, zip(*of_batches, strict=True), strict=True
            ):
                variable.assign(np.mean(values, axis=0))
        for variable, value in zip(others, before, strict=True):
            variable.assign(value)

    return measure
