"""The layers the networks are made of: pooling that remembers, norms, blocks, gates.

Everything is `(N, H, W, C)`; H and W may be unknown when a TensorFlow graph is built. Only
`keras.ops` is used, with a TensorFlow kernel or gradient beside it where that is markedly faster;
the values are the same.
"""

import keras
from keras import ops

PACKAGE = "tf_deeppaint"

# Added to a variance, as PyTorch does; Keras would add 1e-3.
EPSILON = 1e-5


def conv(filters: int, kernel: int, use_bias: bool = True, **options) -> keras.layers.Conv2D:
    """A convolution as the reference initializes it: kernel N(0, 0.02), size kept."""
    return keras.layers.Conv2D(
        filters,
        kernel,
        padding=options.pop("padding", "same"),
        use_bias=use_bias,
        kernel_initializer=initial_kernel(),
        **options,
    )


def initial_kernel() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(0.0, 0.02)


@keras.saving.register_keras_serializable(PACKAGE)
class SpectralConv(keras.layers.Layer):
    """A convolution whose kernel is divided by its largest singular value (spectral norm).

    `W / sigma(W)` of Miyato et al., arXiv:1802.05957, W being the kernel as a matrix with a column
    a filter. A step of power iteration a call estimates sigma, in float32; only in training is the
    step kept. The kernel itself is never written to, and the gradient passes through sigma:
    `keras.layers.SpectralNormalization` overwrites the kernel at every call in training, with a
    value rounded to the compute dtype, and takes sigma for a constant.

    Args:
        filters: Channels of the result.
        kernel_size: Side of the kernel.
        strides: Step of the kernel, both ways.
        padding: `"same"` or `"valid"`.

    Call arguments:
        x: `(N, H, W, C)`.

    Returns:
        `(N, h, w, filters)`, as `keras.layers.Conv2D` would with the divided kernel.

    Example:
    >>> y = SpectralConv(8, 4, strides=2)(np.zeros((1, 64, 64, 3), "float32"))  # (1, 32, 32, 8)
    """

    def __init__(
        self, filters: int, kernel_size: int, strides: int = 1, padding: str = "same", **kwargs
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.padding = padding

    def build(self, input_shape):
        # Not cast down with the rest: sigma would be off by up to 1/256 in bfloat16.
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.kernel_size, self.kernel_size, input_shape[-1], self.filters),
            initializer=initial_kernel(),
            autocast=False,
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        # Replicas compute the same vector from the same kernel; the mean only says so.
        self.u = self.add_weight(
            name="u",
            shape=(self.filters,),
            initializer=keras.initializers.RandomNormal(),
            trainable=False,
            aggregation="mean",
            autocast=False,
        )

    def call(self, x, training=False):
        sigma, u = self._estimate()
        if training:
            self.u.assign(u)
        kernel = ops.cast(self.kernel / sigma, x.dtype)
        y = ops.conv(x, kernel, self.strides, self.padding, data_format="channels_last")
        return y + self.bias

    def _estimate(self) -> tuple:
        """Sigma after another step of power iteration, and the step's right singular vector."""
        matrix = ops.reshape(self.kernel, (-1, self.filters))
        v = ops.normalize(ops.matmul(matrix, self.u), axis=0)
        u = ops.normalize(ops.matmul(v, matrix), axis=0)
        # The gradient of a singular value is v u^T: its vectors count as constants.
        u, v = ops.stop_gradient(u), ops.stop_gradient(v)
        return ops.sum(ops.matmul(v, matrix) * u), u

    def get_config(self) -> dict:
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
        }


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
    _, height, width, channels = ops.shape(x)
    pairs = ops.reshape(x, (-1, height // 2, 2, width // 2, 2 * channels))
    return [pairs[:, :, row, :, c : c + channels] for row in (0, 1) for c in (0, channels)]


def _from_cells(cells: list):
    """Undoes `_cells`."""
    _, height, width, channels = ops.shape(cells[0])
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


def resize_nearest(x, factor):
    """Repeats every pixel of `(N, H, W, C)` `factor` times each way, an int or a scalar tensor."""
    if isinstance(factor, int) and factor == 1:
        return x
    return ops.repeat(ops.repeat(x, factor, axis=1), factor, axis=2)


@keras.saving.register_keras_serializable(PACKAGE)
class BatchNormalization(keras.layers.Layer):
    """Batch normalization as PyTorch defines it: the moving variance is the unbiased one.

    Keras's own layer keeps the biased variance, which makes a difference at 8 x 8 and below. On
    TensorFlow the fused kernel does the work; statistics are float32 under mixed precision. Where
    a channel's statistics are not finite, its moving statistics stay as they are: one bad batch
    must not spoil the network for good.

    Args:
        momentum: Share of the old moving statistics that a step keeps.
        epsilon: Added to the variance.
        synchronized: Whether the replicas of a `tf.distribute` strategy normalize with the
            statistics of all their batches together, as one device would. Where Keras runs on
            another backend a batch is one array, however it is spread, and this changes nothing.

    Call arguments:
        x: `(N, H, W, C)`.

    Example:
    >>> y = BatchNormalization()(np.zeros((4, 8, 8, 16), "float32"), training=True)
    """

    def __init__(
        self,
        momentum: float = 0.9,
        epsilon: float = EPSILON,
        synchronized: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon
        self.synchronized = synchronized

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

    def get_config(self) -> dict:
        return super().get_config() | {
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "synchronized": self.synchronized,
        }


def make_norm(
    kind: str, name: str, synchronized: bool = False, epsilon: float = EPSILON, **options
):
    """Makes a norm of the kind that a network's option names.

    Args:
        kind: `"batch"` (`BatchNormalization`); `"instance"`: each channel of each picture by its
            own mean and biased variance, float32 under mixed precision (Ulyanov et al.,
            arXiv:1607.08022); `"none"`: nothing is changed.
        name: The layer's name.
        synchronized: See `BatchNormalization`; without effect on the others.
        epsilon: Added to the variance.
        **options: For the layer, e.g. its dtype.

    Raises:
        ValueError: There is no such kind.
    """
    if kind == "batch":
        return BatchNormalization(epsilon=epsilon, synchronized=synchronized, name=name, **options)
    if kind == "instance":
        return keras.layers.GroupNormalization(groups=-1, epsilon=epsilon, name=name, **options)
    if kind == "none":
        return keras.layers.Identity(name=name, **options)
    raise ValueError(f'norm="{kind}": "batch", "instance" or "none" is needed')


def _sum_over_replicas():
    """What sums a tensor over all replicas, differentiably; None where there is only one."""
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
    """What `_fused_norm` returns, written out; `total` sums over the parts of a spread batch."""
    values = ops.cast(x, "float32")
    channels = x.shape[-1]
    size = ops.cast(ops.size(x), "float32") / channels
    sums = total(ops.concatenate([ops.sum(values, axis=(0, 1, 2)), ops.reshape(size, (1,))]))
    count = sums[channels]
    mean = sums[:channels] / count
    # A second sum, since E(x^2) - E(x)^2 cancels where the mean is large.
    variance = total(ops.sum(ops.square(values - mean), axis=(0, 1, 2))) / count
    y = (values - mean) * ops.rsqrt(variance + epsilon) * gamma + beta
    unbiased = variance * count / ops.maximum(count - 1, 1)
    return ops.cast(y, x.dtype), mean, unbiased


class _Block(keras.layers.Layer):
    """Two 3 x 3 convolutions and the way around them; the shared half of both blocks."""

    def __init__(self, filters: int, norm: str = "batch", synchronized: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.norm = norm
        self.synchronized = synchronized
        options = {"dtype": self.dtype_policy}
        self.conv_1 = conv(filters, 3, name="conv_1", **options)
        self.norm_1 = make_norm(norm, "norm_1", synchronized, **options)
        self.conv_2 = conv(filters, 3, name="conv_2", **options)
        self.norm_2 = make_norm(norm, "norm_2", synchronized, **options)
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
        return super().get_config() | {
            "filters": self.filters,
            "norm": self.norm,
            "synchronized": self.synchronized,
        }


@keras.saving.register_keras_serializable(PACKAGE)
class DownBlock(_Block):
    """A residual block of the encoder, then pooling.

    Args:
        filters: Channels of the result.
        norm: Kind of its norms; see `make_norm`.
        synchronized: See `BatchNormalization`.

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
    """Unpooling, then a residual block of the decoder that joins the skip connection.

    Args:
        filters: Channels of the result.
        dropout: Share of whole channels dropped from the result in training; 0 for none.
        seed: Seed of the dropout.
        norm: Kind of its norms; see `make_norm`.
        synchronized: See `BatchNormalization`.

    Call arguments:
        x: `(N, H, W, C)`.
        winner: Where the encoder's maxima of the same level stood; see `max_pool`.
        skip: The skip connection, gated or plain, `(N, 2 H, 2 W, C)`.

    Returns:
        `(N, 2 H, 2 W, filters)`.

    Example:
    >>> pooled, winner, skip = DownBlock(32)(np.zeros((1, 64, 64, 16), "float32"))
    >>> y = UpBlock(16)(pooled, winner, skip)  # (1, 64, 64, 16)
    """

    def __init__(
        self,
        filters: int,
        dropout: float = 0.0,
        seed: int | None = None,
        norm: str = "batch",
        synchronized: bool = False,
        **kwargs,
    ):
        super().__init__(filters, norm, synchronized, **kwargs)
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
    """Scales a skip connection by where the gate signal says color is to be drawn from it.

    `q = sigmoid(psi(relu(Wx(skip) + up(Wg(gate)))))` (Oktay et al., arXiv:1804.03999, in the form
    of the reference: `Wx` a 2 x 2 convolution of stride 2, `psi` to one channel).

    Args:
        channels: Channels of the skip connection.
        norm: Kind of its norm; see `make_norm`.
        synchronized: See `BatchNormalization`.

    Call arguments:
        skip: `(N, H, W, channels)`.
        gate: `(N, H / (2 f), W / (2 f), G)` for a whole factor f.

    Returns:
        `(gated, attention)`: the gated skip, shaped like `skip`, and `q`, `(N, H/2, W/2, 1)`, in
        (0, 1).

    Example:
    >>> skip, gate = np.zeros((1, 64, 64, 16), "float32"), np.zeros((1, 8, 8, 32), "float32")
    >>> gated, attention = AttentionGate(16)(skip, gate)
    """

    def __init__(self, channels: int, norm: str = "batch", synchronized: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        self.norm_kind = norm
        self.synchronized = synchronized
        options = {"dtype": self.dtype_policy}
        inner = channels // 2
        self.from_skip = conv(inner, 2, use_bias=False, strides=2, name="from_skip", **options)
        self.from_gate = conv(inner, 1, name="from_gate", **options)
        self.psi = conv(1, 1, name="psi", **options)
        self.out = conv(channels, 1, name="out", **options)
        self.norm = make_norm(norm, "norm", synchronized, **options)

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
        factor = ops.shape(x)[1] // ops.shape(signal)[1]
        x = ops.relu(x + resize_nearest(signal, factor))
        attention = ops.sigmoid(self.psi(x))
        gated = self.out(skip * resize_nearest(attention, 2))
        return self.norm(gated, training=training), attention

    def get_config(self) -> dict:
        return super().get_config() | {
            "channels": self.channels,
            "norm": self.norm_kind,
            "synchronized": self.synchronized,
        }
