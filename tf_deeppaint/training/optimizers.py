"""The optimizers of the training step: Adam in one kernel, and the guard against bad steps."""

import keras
import tensorflow as tf
from keras import ops

from tf_deeppaint.networks import PACKAGE

SCHEDULES = ("constant", "linear", "cosine")
# Of pix2pix (Isola et al., arXiv:1611.07004), which the paper follows.
ADAM = {"learning_rate": 2e-4, "beta_1": 0.5, "beta_2": 0.999, "epsilon": 1e-8}
# Initial loss scale for float16. Every overflow halves it; from here few are needed before the
# first step that is taken.
FLOAT16_SCALE = 2.0**13


@keras.saving.register_keras_serializable(PACKAGE)
class Adam(keras.optimizers.Adam):
    """Keras's Adam by TensorFlow's kernel, which reads and writes every number once.

    Keras's own takes twelve operations a variable, each of which reads and writes all of it: a
    sixth of the training step of the published network. Options, states and results are the same.
    """

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        dtype = variable.dtype
        constants = (self.beta_1, self.beta_2, self.epsilon)
        beta_1, beta_2, epsilon = (tf.constant(value, dtype) for value in constants)
        step = tf.cast(self.iterations + 1, dtype)
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=beta_1**step,
            beta2_power=beta_2**step,
            lr=tf.cast(learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=epsilon,
            grad=tf.cast(gradient, dtype),
        )


def make_adam(
    learning_rate: float,
    schedule: str,
    steps: int,
    clip_norm: float = 0.0,
    accumulate: int = 1,
    ema: float = 0.0,
) -> Adam:
    """Makes Adam with the paper's moments.

    Args:
        learning_rate: At the start.
        schedule: One of `SCHEDULES`; `"linear"` and `"cosine"` fall to 0 at the end.
        steps: Steps of the whole training.
        clip_norm: Largest norm of all gradients together; 0: no limit.
        accumulate: Steps whose gradients are averaged before the weights change.
        ema: Decay per step of an average of the weights; 0: no average.
            `keras.optimizers.Optimizer.finalize_variable_values` puts it in the weights' place.
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


@keras.saving.register_keras_serializable(PACKAGE)
class GuardedOptimizer(keras.optimizers.LossScaleOptimizer):
    """Takes a step only where it is told that the gradients are finite; may scale the loss.

    Keras's own looks at every gradient and divides it by the scale, in two passes over all of
    them. Here the caller, who has looked at them, passes the result; and without a scale nothing
    is divided. The variables are those of Keras's own.

    Args:
        inner_optimizer: Takes the steps.
        initial_scale: 1: the loss is not scaled. Any other scale is halved by every step that is
            left out and doubled after `dynamic_growth_steps` good ones.
    """

    def __init__(self, inner_optimizer, initial_scale: float = 1.0, **kwargs):
        super().__init__(inner_optimizer, initial_scale, **kwargs)
        self.is_scaled = initial_scale != 1.0

    def scale_loss(self, loss):
        return super().scale_loss(loss) if self.is_scaled else loss

    def apply(self, grads, trainable_variables=None, finite=True):
        """Takes a step where `finite`; else no weight, moment or counter of steps changes.

        The gradients are those of the scaled loss; `finite` is a boolean scalar that says whether
        all of them are finite, equal on all replicas.
        """
        if not self.built:
            self.build(trainable_variables)
        finite = tf.convert_to_tensor(finite)
        if tf.__internal__.distribute.strategy_supports_no_merge_call():
            ops.cond(finite, lambda: self._step(grads, trainable_variables), self._skip)
        else:
            context = tf.distribute.get_replica_context()
            context.merge_call(self._apply_on_all, (grads, trainable_variables, finite))

    def _apply_on_all(self, strategy, grads, trainable_variables, finite):
        """`apply` outside of the replicas: updates meet there, which no branch of one may do."""
        arguments = (grads, trainable_variables)
        ops.cond(
            strategy.experimental_local_results(finite)[0],
            lambda: strategy.extended.call_for_each_replica(self._step, arguments),
            self._skip,
        )

    def _step(self, grads, trainable_variables):
        if self.is_scaled:
            self._stateful_handle_finite_grads(grads, trainable_variables)
        else:
            self.inner_optimizer.apply(grads, trainable_variables)

    def _skip(self):
        if self.is_scaled:
            self._stateful_handle_non_finite_grads()
