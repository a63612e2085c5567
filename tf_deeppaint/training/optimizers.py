"""Optimizers fit for the training step: Adam in one pass, and none of it where a step is bad."""

import keras
import tensorflow as tf
from keras import ops

from tf_deeppaint.networks.layers import PACKAGE

SCHEDULES = ("constant", "linear", "cosine")
ADAM = {"learning_rate": 2e-4, "beta_1": 0.5, "beta_2": 0.999, "epsilon": 1e-8}
# Each overflow halves it; from here few are needed before the first step.
FLOAT16_SCALE = 2.0**13


@keras.saving.register_keras_serializable(PACKAGE)
class Adam(keras.optimizers.Adam):
    """Keras's Adam by TensorFlow's kernel, which passes over the numbers once.

    Keras's own takes twelve operations a variable, each of which reads and writes all of it: a
    sixth of the training step of the published network. Options, states and results are the same.

    Example:
    >>> model.compile(Adam(2e-4, beta_1=0.5), Adam(2e-4, beta_1=0.5))
    """

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        dtype = variable.dtype
        beta_1, beta_2, epsilon = (
            tf.constant(value, dtype) for value in (self.beta_1, self.beta_2, self.epsilon)
        )
        step = tf.cast(self.iterations + 1, dtype)
        place = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=beta_1**step,
            beta2_power=beta_2**step,
            lr=tf.cast(learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=epsilon,
            grad=tf.cast(gradient, dtype),
        )


@keras.saving.register_keras_serializable(PACKAGE)
class GuardedOptimizer(keras.optimizers.LossScaleOptimizer):
    """Leaves out steps that are not finite, and scales the loss where it begins with a scale.

    Keras's own looks at every gradient and divides it by the scale, in two passes over all of
    them. Here the caller, who has looked at them, marks a bad step by the first gradient; and
    without a scale nothing is divided.

    Args:
        inner_optimizer: Takes the steps.
        initial_scale: 1: the loss is not scaled. Anything else falls with every bad step, and
            grows again after some good ones.

    Example:
    >>> optimizer = GuardedOptimizer(Adam(2e-4), initial_scale=2.0**13)
    """

    def __init__(self, inner_optimizer, initial_scale: float = 1.0, **kwargs):
        super().__init__(inner_optimizer, initial_scale, **kwargs)

    def scale_loss(self, loss):
        return loss if self._is_plain() else super().scale_loss(loss)

    def check_finite(self, grads):
        return ops.all(ops.isfinite(grads[0]))

    def _stateful_handle_finite_grads(self, grads, trainable_variables):
        if self._is_plain():
            self.inner_optimizer.apply(grads, trainable_variables)
        else:
            super()._stateful_handle_finite_grads(grads, trainable_variables)

    def _is_plain(self) -> bool:
        return self.initial_scale == 1.0


def make_adam(
    learning_rate: float,
    schedule: str,
    steps: int,
    clip_norm: float = 0.0,
    accumulate: int = 1,
    ema: float = 0.0,
) -> Adam:
    """Adam with the reference's moments.

    Args:
        learning_rate: At the start.
        schedule: `"constant"`; `"linear"` or `"cosine"`, which fall to 0 at the end.
        steps: Steps of the whole training.
        clip_norm: The gradients' largest norm, all of them taken together; 0 leaves them alone.
        accumulate: Steps whose gradients are averaged before the weights change.
        ema: Share of the old that an average of the weights keeps at a step; 0 keeps no average.
            `keras.optimizers.Optimizer.finalize_variable_values` puts it in the weights' place.

    Raises:
        ValueError: no such schedule.
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule={schedule!r}: one of {SCHEDULES}")
    rate: float | keras.optimizers.schedules.LearningRateSchedule = learning_rate
    if schedule == "linear":
        rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, steps, 0.0)
    elif schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    return Adam(
        **ADAM | {"learning_rate": rate},
        global_clipnorm=clip_norm or None,
        gradient_accumulation_steps=accumulate if accumulate > 1 else None,
        use_ema=ema > 0,
        ema_momentum=ema or 0.99,
    )
