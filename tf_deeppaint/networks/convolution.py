"""Convolutions: as the original code initializes them, and with a spectrally normalized kernel."""

import keras
from keras import ops

from tf_deeppaint.networks import PACKAGE, Configured


def conv(
    filters: int, kernel: int, padding: str = "same", kind: type = keras.layers.Conv2D, **options
) -> keras.layers.Layer:
    """Makes a convolution, or a transposed one, with the original code's initial kernel."""
    return kind(filters, kernel, padding=padding, kernel_initializer=initial_kernel(), **options)


def initial_kernel() -> keras.initializers.Initializer:
    """The distribution of a fresh kernel, N(0, 0.02), as in pix2pix (arXiv:1611.07004)."""
    return keras.initializers.RandomNormal(0.0, 0.02)


@keras.saving.register_keras_serializable(PACKAGE)
class SpectralConv(Configured, keras.layers.Layer):
    """A convolution whose kernel is divided by its largest singular value (spectral norm).

    `W / sigma(W)` of Miyato et al., arXiv:1802.05957, where W is the kernel as a matrix with one
    column per filter. Each call estimates sigma in float32 by one step of power iteration, which
    is kept in training only. The kernel itself is not changed, and the gradient passes through
    sigma. `keras.layers.SpectralNormalization` differs: in training it overwrites the kernel with a
    value rounded to the compute dtype, and treats sigma as a constant.

    Args:
        filters: Channels of the result.
        kernel_size: Side of the kernel in pixels.
        strides: Step of the kernel in pixels, in both directions.
        padding: `"same"` or `"valid"`.

    Call arguments:
        x: `(N, H, W, C)`.

    Returns:
        `(N, h, w, filters)`, as `keras.layers.Conv2D` with the divided kernel.

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
        # Without autocast: in bfloat16 sigma would be wrong by up to 1/256.
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.kernel_size, self.kernel_size, input_shape[-1], self.filters),
            initializer=initial_kernel(),
            autocast=False,
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        # All replicas compute the same vector from the same kernel, so its mean is that vector.
        self.u = self.add_weight(
            name="u",
            shape=(self.filters,),
            initializer=keras.initializers.RandomNormal(),
            trainable=False,
            aggregation="mean",
            autocast=False,
        )

    def call(self, x, training=False):
        sigma, u = self._estimate_sigma()
        if training:
            self.u.assign(u)
        kernel = ops.cast(self.kernel / sigma, x.dtype)
        y = ops.conv(x, kernel, self.strides, self.padding, data_format="channels_last")
        return y + self.bias  # (N, h, w, filters)

    def _estimate_sigma(self) -> tuple:
        """Sigma after one more step of power iteration, and that step's right singular vector."""
        matrix = ops.reshape(self.kernel, (-1, self.filters))  # (kernel_size^2 C, filters)
        v = ops.normalize(ops.matmul(matrix, self.u), axis=0)  # (kernel_size^2 C,)
        u = ops.normalize(ops.matmul(v, matrix), axis=0)  # (filters,)
        # The gradient of a singular value is v u^T: the vectors count as constants.
        u, v = ops.stop_gradient(u), ops.stop_gradient(v)
        return ops.sum(ops.matmul(v, matrix) * u), u
