"""Normalization layers: batch normalization as in PyTorch, instance normalization, or none."""

import keras
from keras import ops

from tf_deeppaint.networks import PACKAGE, Configured

# Added to a variance, as in PyTorch; Keras adds 1e-3.
EPSILON = 1e-5


def make_norm(
    kind: str, name: str, synchronized: bool = False, epsilon: float = EPSILON, **options
) -> keras.layers.Layer:
    """Makes a normalization layer.

    Args:
        kind: `"batch"`: `BatchNormalization`. `"instance"`: each channel of each picture by its own
            mean and biased variance, in float32 under mixed precision (Ulyanov et al.,
            arXiv:1607.08022). `"none"`: the identity.
        name: The layer's name.
        synchronized: See `BatchNormalization`; the other kinds ignore it.
        epsilon: Added to the variance.
        **options: Options of every Keras layer, such as `dtype`.

    Raises:
        ValueError: The kind is unknown.
    """
    if kind == "batch":
        return BatchNormalization(epsilon=epsilon, synchronized=synchronized, name=name, **options)
    if kind == "instance":
        return keras.layers.GroupNormalization(groups=-1, epsilon=epsilon, name=name, **options)
    if kind == "none":
        return keras.layers.Identity(name=name, **options)
    raise ValueError(f'norm="{kind}": "batch", "instance" or "none" is needed')


@keras.saving.register_keras_serializable(PACKAGE)
class BatchNormalization(Configured, keras.layers.Layer):
    """Batch normalization as PyTorch defines it: the moving variance is the unbiased one.

    Keras's own layer keeps the biased variance, which differs at 8 x 8 pixels and below. On
    TensorFlow the fused kernel is used; statistics are float32 under mixed precision. Where the
    statistics of a channel are not finite, its moving statistics are not changed, so that one bad
    batch does not destroy the network.

    Args:
        momentum: Share of the old moving statistics that a step keeps.
        epsilon: Added to the variance.
        synchronized: Whether the replicas of a `tf.distribute` strategy use the statistics of all
            their batches together, as one device would. Without effect on other backends, where a
            batch is one array however it is distributed.

    Call arguments:
        x: `(N, H, W, C)`; the result has the same shape and dtype.

    Example:
    >>> y = BatchNormalization()(np.zeros((4, 8, 8, 16), "float32"), training=True)
    """

    def __init__(
        self, momentum: float = 0.9, epsilon: float = EPSILON, synchronized: bool = False, **kwargs
    ):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon
        self.synchronized = synchronized

    def build(self, input_shape):
        def add_weight(name, initializer, **options):
            return self.add_weight(
                name=name,
                shape=(input_shape[-1],),
                initializer=initializer,
                dtype="float32",
                autocast=False,
                **options,
            )

        # Replicas see different pictures; without "mean" their statistics would drift apart.
        moving = {"trainable": False, "aggregation": "mean"}
        self.gamma = add_weight("gamma", "ones")
        self.beta = add_weight("beta", "zeros")
        self.moving_mean = add_weight("moving_mean", "zeros", **moving)
        self.moving_variance = add_weight("moving_variance", "ones", **moving)

    def call(self, x, training=False):
        if not training:
            scale = self.gamma * ops.rsqrt(self.moving_variance + self.epsilon)
            shift = self.beta - self.moving_mean * scale
            return x * ops.cast(scale, x.dtype) + ops.cast(shift, x.dtype)
        y, mean, variance = self._normalize(x)
        # Both or neither: the variance of large numbers overflows before their mean does.
        finite = ops.logical_and(ops.isfinite(mean), ops.isfinite(variance))
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moved = moving * self.momentum + batch * (1.0 - self.momentum)
            moving.assign(ops.where(finite, moved, moving.value))
        return y

    def _normalize(self, x) -> tuple:
        arguments = (x, self.gamma, self.beta, self.epsilon)
        if keras.backend.backend() != "tensorflow":
            return _plain_norm(*arguments)
        total = _sum_over_replicas() if self.synchronized else None
        return _plain_norm(*arguments, total) if total else _fused_norm(*arguments)


def _sum_over_replicas():
    """The function that sums a tensor over all replicas; None where there is only one."""
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return None
    return lambda value: context.all_reduce(tf.distribute.ReduceOp.SUM, value)


def _fused_norm(x, gamma, beta, epsilon: float) -> tuple:
    """Normalized `x`, the batch's mean and its unbiased variance, by TensorFlow's kernel."""
    import tensorflow as tf

    return tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=gamma,
        offset=beta,
        mean=tf.constant([], tf.float32),
        variance=tf.constant([], tf.float32),
        epsilon=epsilon,
        is_training=True,
    )[:3]


def _plain_norm(x, gamma, beta, epsilon: float, total=lambda value: value) -> tuple:
    """The values of `_fused_norm`, in `keras.ops`; `total` sums over the parts of a batch."""
    values = ops.cast(x, "float32")
    channels = x.shape[-1]
    size = ops.cast(ops.size(x), "float32") / channels
    sums = total(ops.concatenate([ops.sum(values, axis=(0, 1, 2)), ops.reshape(size, (1,))]))
    count = sums[channels]
    mean = sums[:channels] / count  # (C,)
    # A second sum, since E(x^2) - E(x)^2 cancels where the mean is large.
    variance = total(ops.sum(ops.square(values - mean), axis=(0, 1, 2))) / count  # (C,)
    y = (values - mean) * ops.rsqrt(variance + epsilon) * gamma + beta
    unbiased = variance * count / ops.maximum(count - 1, 1)
    return ops.cast(y, x.dtype), mean, unbiased
