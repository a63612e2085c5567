"""The blocks of the color matcher: residual convolutions and self-attention."""

import keras
from keras import ops

from tf_deeppaint.networks import PACKAGE, Configured
from tf_deeppaint.networks.normalization import make_norm


def make_conv(filters: int, kernel: int, **options) -> keras.layers.Layer:
    """Makes a convolution that keeps the size, with He's initial kernel (arXiv:1502.01852)."""
    return keras.layers.Conv2D(
        filters, kernel, padding="same", kernel_initializer="he_normal", **options
    )


@keras.saving.register_keras_serializable(PACKAGE)
class ResidualBlock(Configured, keras.layers.Layer):
    """Two 3 x 3 convolutions with norms, added to their input; then ReLU (arXiv:1512.03385).

    Args:
        filters: Channels of input and result.
        norm_kind: Kind of its normalization; see `normalization.make_norm`.
        synchronized: See `normalization.BatchNormalization`.

    Call arguments:
        x: `(N, H, W, filters)`; the result has the same shape.

    Example:
    >>> y = ResidualBlock(32)(np.zeros((1, 64, 64, 32), "float32"))
    """

    def __init__(
        self, filters: int, norm_kind: str = "batch", synchronized: bool = False, **kwargs
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.norm_kind = norm_kind
        self.synchronized = synchronized
        options = {"dtype": self.dtype_policy}
        self.conv_1 = make_conv(filters, 3, name="conv_1", **options)
        self.norm_1 = make_norm(norm_kind, "norm_1", synchronized, **options)
        self.conv_2 = make_conv(filters, 3, name="conv_2", **options)
        self.norm_2 = make_norm(norm_kind, "norm_2", synchronized, **options)

    def build(self, input_shape):
        for layer in (self.conv_1, self.norm_1, self.conv_2, self.norm_2):
            layer.build(input_shape)

    def call(self, x, training=False):
        y = ops.relu(self.norm_1(self.conv_1(x), training=training))
        return ops.relu(x + self.norm_2(self.conv_2(y), training=training))


@keras.saving.register_keras_serializable(PACKAGE)
class AttentionBlock(Configured, keras.layers.Layer):
    """Self-attention and two dense layers, each normalized before and added (arXiv:2002.04745).

    Args:
        heads: Number of heads; it divides the channels.

    Call arguments:
        x: Tokens `(N, T, C)`; the result has the same shape.

    Example:
    >>> y = AttentionBlock(5)(np.zeros((1, 82, 160), "float32"))
    """

    def __init__(self, heads: int, **kwargs):
        super().__init__(**kwargs)
        self.heads = heads

    def build(self, input_shape):
        channels = input_shape[-1]
        options = {"dtype": self.dtype_policy}
        self.norm_1 = keras.layers.LayerNormalization(name="norm_1", **options)
        self.norm_2 = keras.layers.LayerNormalization(name="norm_2", **options)
        self.split = keras.layers.Dense(3 * channels, name="split", **options)
        self.join = keras.layers.Dense(channels, name="join", **options)
        self.dense_1 = keras.layers.Dense(2 * channels, "gelu", name="dense_1", **options)
        self.dense_2 = keras.layers.Dense(channels, name="dense_2", **options)
        for layer in (self.norm_1, self.norm_2, self.split, self.join, self.dense_1):
            layer.build(input_shape)
        self.dense_2.build((*input_shape[:-1], 2 * channels))

    def call(self, x):
        _, tokens, channels = ops.shape(x)
        size = channels // self.heads
        split = ops.reshape(self.split(self.norm_1(x)), (-1, tokens, 3 * self.heads, size))
        query, key, value = ops.split(ops.transpose(split, (0, 2, 1, 3)), 3, axis=1)
        # query, key, value: (N, heads, T, C / heads)
        products = ops.matmul(query * size**-0.5, ops.transpose(key, (0, 1, 3, 2)))
        attended = ops.matmul(ops.softmax(products, axis=-1), value)  # (N, heads, T, C / heads)
        attended = ops.reshape(ops.transpose(attended, (0, 2, 1, 3)), (-1, tokens, channels))
        x = x + self.join(attended)
        return x + self.dense_2(self.dense_1(self.norm_2(x)))
