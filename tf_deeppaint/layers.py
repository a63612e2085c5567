"""The layers the networks are made of: pooling that remembers, normalisation, blocks, gates.

Everything is `(N, H, W, C)`. Only `keras.ops` is used, with a TensorFlow kernel or gradient beside
it where that is markedly faster; the values are the same.
"""

import keras
from keras import ops

PACKAGE = "tf_deeppaint"


def conv(filters: int, kernel: int, use_bias: bool = True, **options) -> keras.layers.Conv2D:
    """A convolution as the reference initialises it: kernel N(0, 0.02), size kept."""
    return keras.layers.Conv2D(
        filters,
        kernel,
        padding=options.pop("padding", "same"),
        use_bias=use_bias,
        kernel_initializer=keras.initializers.RandomNormal(0.0, 0.02),
        **options,
    )


def max_pool(x):
    """2 x 2 max-pooling that tells where each maximum stood.

    Args:
        x: `(N, H, W, C)`, H and W even.

    Returns:
        `(pooled, winner)`: `pooled` is `(N, H/2, W/2, C)`; `winner` holds three boolean tensors
        of that shape that say of each cell whether its maximum stood in the bottom row, whether
        the right one led in the top row, and in the bottom row. The first wins on ties.
    """
    if keras.backend.backend() == "tensorflow":
        return _max_pool_tensorflow(x)
    return _max_pool(x)


def max_unpool(x, winner: tuple):
    """Puts every value back at the place `max_pool` took it from; the other places are 0.

    Args:
        x: `(N, H, W, C)`.
        winner: As `max_pool` returns it.

    Returns:
        `(N, 2 H, 2 W, C)`.
    """
    if keras.backend.backend() == "tensorflow":
        return _max_unpool_tensorflow(x, winner)
    return _max_unpool(x, winner)


def _cells(x) -> list:
    """The four places of all 2 x 2 cells, row by row: a list of four `(N, H/2, W/2, C)`."""
    _, height, width, channels = x.shape
    pairs = ops.reshape(x, (-1, height // 2, 2, width // 2, 2 * channels))
    return [pairs[:, :, row, :, c : c + channels] for row in (0, 1) for c in (0, channels)]


def _from_cells(cells: list):
    """Undoes `_cells`."""
    _, height, width, channels = cells[0].shape
    rows = [ops.concatenate(cells[i : i + 2], axis=-1) for i in (0, 2)]
    return ops.reshape(ops.stack(rows, axis=2), (-1, 2 * height, 2 * width, channels))


def _max_pool(x):
    a, b, c, d = _cells(x)
    top, bottom = ops.maximum(a, b), ops.maximum(c, d)
    return ops.maximum(top, bottom), (bottom > top, b > a, d > c)


def _max_unpool(x, winner: tuple):
    low, top_right, bottom_right = winner
    high = ops.logical_not(low)
    places = [
        ops.logical_and(high, ops.logical_not(top_right)),
        ops.logical_and(high, top_right),
        ops.logical_and(low, ops.logical_not(bottom_right)),
        ops.logical_and(low, bottom_right),
    ]
    zero = ops.zeros_like(x)
    return _from_cells([ops.where(place, x, zero) for place in places])


def _pick(x, winner: tuple):
    """The value at each cell's winning place: the gradient of `_max_unpool`."""
    a, b, c, d = _cells(x)
    low, top_right, bottom_right = winner
    return ops.where(low, ops.where(bottom_right, d, c), ops.where(top_right, b, a))


# TensorFlow would differentiate the slices and comparisons one by one, in 2.5 times the time.
def _max_pool_tensorflow(x):
    import tensorflow as tf

    @tf.custom_gradient
    def pool(x):
        pooled, winner = _max_pool(x)
        return (pooled, *winner), lambda upstream, *_: _max_unpool_tensorflow(upstream, winner)

    pooled, *winner = pool(x)
    return pooled, tuple(winner)


def _max_unpool_tensorflow(x, winner: tuple):
    import tensorflow as tf

    @tf.custom_gradient
    def unpool(x):
        return _max_unpool(x, winner), lambda upstream: _pick(upstream, winner)

    return unpool(x)


def resize_nearest(x, factor: int):
    """Repeats every pixel of `(N, H, W, C)` `factor` times each way."""
    if factor == 1:
        return x
    return ops.repeat(ops.repeat(x, factor, axis=1), factor, axis=2)


@keras.saving.register_keras_serializable(PACKAGE)
class BatchNormalization(keras.layers.Layer):
    """Batch normalisation as PyTorch defines it: the moving variance is the unbiased one.

    Keras's own layer keeps the biased variance, which makes a difference at 8 x 8 and below. On
    TensorFlow the fused kernel does the work; statistics are float32 under mixed precision.

    Args:
        momentum: Share of the old moving statistics that a step keeps.
        epsilon: Added to the variance.
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-5, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape):
        def weight(name, initializer, **options):
            return self.add_weight(
                name=name,
                shape=(input_shape[-1],),
                initializer=initializer,
                dtype="float32",
                autocast=False,
                **options,
            )

        # Replicas see different pictures; without "mean" their statistics drift apart.
        moving = {"trainable": False, "aggregation": "mean"}
        self.gamma = weight("gamma", "ones")
        self.beta = weight("beta", "zeros")
        self.moving_mean = weight("moving_mean", "zeros", **moving)
        self.moving_variance = weight("moving_variance", "ones", **moving)

    def call(self, x, training=False):
        if not training:
            scale = self.gamma * ops.rsqrt(self.moving_variance + self.epsilon)
            shift = self.beta - self.moving_mean * scale
            return x * ops.cast(scale, x.dtype) + ops.cast(shift, x.dtype)
        normalise = _fused_norm if keras.backend.backend() == "tensorflow" else _plain_norm
        y, mean, variance = normalise(x, self.gamma, self.beta, self.epsilon)
        self.moving_mean.assign(self._moved(self.moving_mean, mean))
        self.moving_variance.assign(self._moved(self.moving_variance, variance))
        return y

    def _moved(self, moving, batch):
        return moving * self.momentum + batch * (1.0 - self.momentum)

    def get_config(self) -> dict:
        return super().get_config() | {"momentum": self.momentum, "epsilon": self.epsilon}


def _fused_norm(x, gamma, beta, epsilon: float) -> tuple:
    """Normalised `x`, the batch's mean and its unbiased variance, by TensorFlow's kernel."""
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


def _plain_norm(x, gamma, beta, epsilon: float) -> tuple:
    values = ops.cast(x, "float32")
    mean, variance = ops.moments(values, axes=(0, 1, 2))
    y = (values - mean) * ops.rsqrt(variance + epsilon) * gamma + beta
    count = ops.cast(ops.size(x), "float32") / x.shape[-1]
    unbiased = variance * count / ops.maximum(count - 1, 1)
    return ops.cast(y, x.dtype), mean, unbiased


class _Block(keras.layers.Layer):
    """Two 3 x 3 convolutions and the way around them; the shared half of both blocks."""

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        options = {"dtype": self.dtype_policy}
        self.conv_1 = conv(filters, 3, name="conv_1", **options)
        self.norm_1 = BatchNormalization(name="norm_1", **options)
        self.conv_2 = conv(filters, 3, name="conv_2", **options)
        self.norm_2 = BatchNormalization(name="norm_2", **options)
        self.shortcut = conv(filters, 1, use_bias=False, name="shortcut", **options)

    def build_block(self, shape, extra_channels: int = 0) -> None:
        *rest, channels = shape
        inside = (*rest, self.filters)
        self.conv_1.build((*rest, channels + extra_channels))
        self.norm_1.build(inside)
        self.conv_2.build(inside)
        self.norm_2.build(inside)
        if channels == self.filters:
            self.shortcut = None
        else:
            self.shortcut.build(shape)

    def residual(self, feature, around, training):
        feature = self.norm_1(self.conv_1(feature), training=training)
        feature = self.norm_2(self.conv_2(ops.relu(feature)), training=training)
        return feature + (around if self.shortcut is None else self.shortcut(around))

    def get_config(self) -> dict:
        return super().get_config() | {"filters": self.filters}


@keras.saving.register_keras_serializable(PACKAGE)
class DownBlock(_Block):
    """A residual block of the encoder, then pooling.

    Args:
        filters: Channels of the result.

    Call arguments:
        x: `(N, H, W, C)`, H and W even.

    Returns:
        `(pooled, winner, skip)`: `max_pool` of the block's sum, and the sum itself,
        `(N, H, W, filters)`.

    Example:
    >>> pooled, winner, skip = DownBlock(32)(np.zeros((1, 64, 64, 16), "float32"))
    """

    def build(self, input_shape):
        self.build_block(input_shape)

    def call(self, x, training=False):
        skip = self.residual(ops.relu(x), x, training)
        pooled, winner = max_pool(skip)
        return pooled, winner, skip


@keras.saving.register_keras_serializable(PACKAGE)
class UpBlock(_Block):
    """Unpooling, then a residual block of the decoder that joins the gated skip.

    Args:
        filters: Channels of the result.
        dropout: Share of whole channels dropped from the result in training; 0 for none.
        seed: Seed of the dropout.

    Call arguments:
        x: `(N, H, W, C)`.
        winner: Where the encoder's maxima of the same level stood; see `max_pool`.
        skip: The gated skip connection, `(N, 2 H, 2 W, C)`.

    Returns:
        `(N, 2 H, 2 W, filters)`.
    """

    def __init__(self, filters: int, dropout: float = 0.0, seed: int | None = None, **kwargs):
        super().__init__(filters, **kwargs)
        self.dropout_rate = dropout
        self.seed = seed
        if dropout:
            self.dropout = keras.layers.SpatialDropout2D(
                dropout, seed=seed, name="dropout", dtype=self.dtype_policy
            )

    def build(self, input_shape):
        self.build_block(input_shape, extra_channels=input_shape[-1])

    def call(self, x, winner, skip, training=False):
        x = max_unpool(x, winner)
        y = self.residual(ops.concatenate([ops.relu(x), skip], axis=-1), x, training)
        return self.dropout(y, training=training) if self.dropout_rate else y

    def get_config(self) -> dict:
        return super().get_config() | {"dropout": self.dropout_rate, "seed": self.seed}


@keras.saving.register_keras_serializable(PACKAGE)
class AttentionGate(keras.layers.Layer):
    """Scales a skip connection by where the gate signal says colour is to be drawn from it.

    `q = sigmoid(psi(relu(Wx(skip) + up(Wg(gate)))))` (Oktay et al., arXiv:1804.03999, in the form
    of the reference: `Wx` a 2 x 2 convolution of stride 2, `psi` to one channel).

    Args:
        channels: Channels of the skip connection.

    Call arguments:
        skip: `(N, H, W, channels)`.
        gate: `(N, H / (2 f), W / (2 f), G)` for a whole factor f.

    Returns:
        `(gated, attention)`: the gated skip, shaped like `skip`, and `q`, `(N, H/2, W/2, 1)`, in
        (0, 1).
    """

    def __init__(self, channels: int, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        options = {"dtype": self.dtype_policy}
        inner = channels // 2
        self.from_skip = conv(inner, 2, use_bias=False, strides=2, name="from_skip", **options)
        self.from_gate = conv(inner, 1, name="from_gate", **options)
        self.psi = conv(1, 1, name="psi", **options)
        self.out = conv(channels, 1, name="out", **options)
        self.norm = BatchNormalization(name="norm", **options)

    def build(self, skip_shape, gate_shape):
        inner = (*skip_shape[:-1], self.channels // 2)
        self.from_skip.build(skip_shape)
        self.from_gate.build(gate_shape)
        self.psi.build(inner)
        self.out.build(skip_shape)
        self.norm.build(skip_shape)

    def call(self, skip, gate, training=False):
        signal = self.from_gate(gate)
        x = self.from_skip(skip)
        x = ops.relu(x + resize_nearest(signal, x.shape[1] // signal.shape[1]))
        attention = ops.sigmoid(self.psi(x))
        gated = self.out(skip * resize_nearest(attention, 2))
        return self.norm(gated, training=training), attention

    def get_config(self) -> dict:
        return super().get_config() | {"channels": self.channels}
