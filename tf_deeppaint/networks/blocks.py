"""The blocks of the generator: residual blocks with pooling or unpooling, and attention gates."""

import keras
from keras import ops

from tf_deeppaint.networks import PACKAGE, Configured
from tf_deeppaint.networks.convolution import conv
from tf_deeppaint.networks.normalization import make_norm
from tf_deeppaint.networks.pooling import max_pool, max_unpool


class _ResidualBlock(Configured, keras.layers.Layer):
    """Two 3 x 3 convolutions and a shortcut; a 1 x 1 convolution where the channels change.

    Args:
        filters: Channels of the result.
        norm_kind: Kind of its normalization; see `normalization.make_norm`.
        synchronized: See `normalization.BatchNormalization`.
    """

    def __init__(
        self, filters: int, norm_kind: str = "batch", synchronized: bool = False, **kwargs
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.norm_kind = norm_kind
        self.synchronized = synchronized
        options = {"dtype": self.dtype_policy}
        self.conv_1 = conv(filters, 3, name="conv_1", **options)
        self.norm_1 = make_norm(norm_kind, "norm_1", synchronized, **options)
        self.conv_2 = conv(filters, 3, name="conv_2", **options)
        self.norm_2 = make_norm(norm_kind, "norm_2", synchronized, **options)
        self.shortcut = conv(filters, 1, use_bias=False, name="shortcut", **options)

    def build_residual(self, shape, extra_channels: int = 0) -> None:
        *rest, channels = shape
        inner = (*rest, self.filters)
        self.conv_1.build((*rest, channels + extra_channels))
        self.norm_1.build(inner)
        self.conv_2.build(inner)
        self.norm_2.build(inner)
        if channels == self.filters:
            self.shortcut = None
        else:
            self.shortcut.build(shape)

    def residual(self, y, x, training):
        """The convolutions of `y` plus the shortcut of `x`, `(N, H, W, filters)`."""
        y = self.norm_1(self.conv_1(y), training=training)  # (N, H, W, filters)
        y = self.norm_2(self.conv_2(ops.relu(y)), training=training)
        return y + (x if self.shortcut is None else self.shortcut(x))


@keras.saving.register_keras_serializable(PACKAGE)
class DownBlock(_ResidualBlock):
    """A residual block of the encoder, then max-pooling.

    Args:
        filters, norm_kind, synchronized: See `_ResidualBlock`.

    Call arguments:
        x: `(N, H, W, C)`, H and W even.

    Returns:
        `(pooled, mask, skip)`: `skip` is the residual block's result, `(N, H, W, filters)`;
        `pooled` and `mask` are its `pooling.max_pool`.

    Example:
    >>> pooled, mask, skip = DownBlock(32)(np.zeros((1, 64, 64, 16), "float32"))
    """

    def build(self, input_shape):
        self.build_residual(input_shape)

    def call(self, x, training=False):
        skip = self.residual(ops.relu(x), x, training)  # (N, H, W, filters)
        pooled, mask = max_pool(skip)  # (N, H/2, W/2, filters)
        return pooled, mask, skip


@keras.saving.register_keras_serializable(PACKAGE)
class UpBlock(_ResidualBlock):
    """Unpooling, then a residual block of the decoder that joins the skip connection.

    Args:
        filters, norm_kind, synchronized: See `_ResidualBlock`.
        dropout_rate: Share of whole channels of the result that training drops; 0 for none.
        seed: Seed of the dropout.

    Call arguments:
        x: `(N, H, W, C)`.
        mask: The pooling mask of the encoder's same level; see `pooling.max_pool`.
        skip: The skip connection, gated or not, `(N, 2H, 2W, C)`.

    Returns:
        `(N, 2H, 2W, filters)`.

    Example:
    >>> pooled, mask, skip = DownBlock(32)(np.zeros((1, 64, 64, 16), "float32"))
    >>> y = UpBlock(16)(pooled, mask, skip)  # (1, 64, 64, 16)
    """

    def __init__(self, filters: int, dropout_rate: float = 0.0, seed: int | None = None, **options):
        super().__init__(filters, **options)
        self.dropout_rate = dropout_rate
        self.seed = seed
        if dropout_rate:
            self.dropout = keras.layers.SpatialDropout2D(
                dropout_rate, seed=seed, name="dropout", dtype=self.dtype_policy
            )

    def build(self, input_shape):
        self.build_residual(input_shape, extra_channels=input_shape[-1])

    def call(self, x, mask, skip, training=False):
        x = max_unpool(x, mask)  # (N, 2H, 2W, C)
        joined = ops.concatenate([ops.relu(x), skip], axis=-1)  # (N, 2H, 2W, 2C)
        y = self.residual(joined, x, training)  # (N, 2H, 2W, filters)
        return self.dropout(y, training=training) if self.dropout_rate else y


@keras.saving.register_keras_serializable(PACKAGE)
class AttentionGate(Configured, keras.layers.Layer):
    """Scales a skip connection by attention that a coarse gate signal and the skip decide on.

    `q = sigmoid(psi(relu(Wx(skip) + up(Wg(gate)))))` (Oktay et al., arXiv:1804.03999, in the form
    of the original code: `Wx` is a 2 x 2 convolution of stride 2, `psi` has one channel).

    Args:
        channels: Channels of the skip connection.
        norm_kind: Kind of its normalization; see `normalization.make_norm`.
        synchronized: See `normalization.BatchNormalization`.

    Call arguments:
        skip: `(N, H, W, channels)`.
        gate: `(N, H / 2f, W / 2f, G)` with a whole factor f.

    Returns:
        `(gated, attention)`: the gated skip, shaped like `skip`, and `q`, `(N, H/2, W/2, 1)`, in
        (0, 1).

    Example:
    >>> skip, gate = np.zeros((1, 64, 64, 16), "float32"), np.zeros((1, 8, 8, 32), "float32")
    >>> gated, attention = AttentionGate(16)(skip, gate)
    """

    def __init__(
        self, channels: int, norm_kind: str = "batch", synchronized: bool = False, **kwargs
    ):
        super().__init__(**kwargs)
        self.channels = channels
        self.norm_kind = norm_kind
        self.synchronized = synchronized
        options = {"dtype": self.dtype_policy}
        inner = channels // 2
        self.from_skip = conv(inner, 2, use_bias=False, strides=2, name="from_skip", **options)
        self.from_gate = conv(inner, 1, name="from_gate", **options)
        self.psi = conv(1, 1, name="psi", **options)
        self.out = conv(channels, 1, name="out", **options)
        self.norm = make_norm(norm_kind, "norm", synchronized, **options)

    def build(self, skip_shape, gate_shape):
        inner = (*skip_shape[:-1], self.channels // 2)
        self.from_skip.build(skip_shape)
        self.from_gate.build(gate_shape)
        self.psi.build(inner)
        self.out.build(skip_shape)
        self.norm.build(skip_shape)

    def call(self, skip, gate, training=False):
        signal = self.from_gate(gate)  # (N, H / 2f, W / 2f, channels / 2)
        x = self.from_skip(skip)  # (N, H/2, W/2, channels / 2)
        factor = ops.shape(x)[1] // ops.shape(signal)[1]
        x = ops.relu(x + resize_nearest(signal, factor))
        attention = ops.sigmoid(self.psi(x))  # (N, H/2, W/2, 1)
        gated = self.out(skip * resize_nearest(attention, 2))  # (N, H, W, channels)
        return self.norm(gated, training=training), attention


def resize_nearest(x, factor):
    """Repeats every pixel: `(N, H, W, C)` -> `(N, f H, f W, C)`, f an int or a scalar tensor."""
    if isinstance(factor, int) and factor == 1:
        return x
    if keras.utils.is_keras_tensor(x):  # for an exported graph
        return keras.layers.UpSampling2D(factor)(x)
    return ops.repeat(ops.repeat(x, factor, axis=1), factor, axis=2)
