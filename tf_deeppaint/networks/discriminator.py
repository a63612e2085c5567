"""The discriminator: judges which patches of a picture look real (70 x 70 PatchGAN)."""

import keras
from keras import ops

from tf_deeppaint.networks import PACKAGE, Configured
from tf_deeppaint.networks.convolution import SpectralConv, conv
from tf_deeppaint.networks.normalization import make_norm

# Channels of the levels in multiples of `width`, and the strides of their convolutions.
FACTORS = (1, 2, 4, 8)
STRIDES = (2, 2, 2, 1)


@keras.saving.register_keras_serializable(PACKAGE)
class Discriminator(Configured, keras.Model):
    """Judges each patch of a pair of sketch and picture (Isola et al., arXiv:1611.07004).

    Args:
        width: Channels of the first layer; the original code has 64.
        norm: Kind of its normalization; see `normalization.make_norm`.
        spectral_norm: Whether every kernel is divided by its largest singular value; see
            `convolution.SpectralConv`.
        synchronized: See `normalization.BatchNormalization`.

    Call arguments:
        inputs: Sketch and picture, stacked by channel, `(N, H, W, 6)` in [-1, 1].

    Returns:
        Logits, float32 `(N, H/8 - 2, W/8 - 2, 1)`: above 0 where the patch looks real.

    Example:
    >>> logits = Discriminator(width=16)(np.zeros((1, 256, 256, 6), "float32"))  # (1, 30, 30, 1)
    """

    def __init__(
        self,
        width: int = 64,
        norm: str = "batch",
        spectral_norm: bool = False,
        synchronized: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.width = width
        self.norm = norm
        self.spectral_norm = spectral_norm
        self.synchronized = synchronized

        options = {"dtype": self.dtype_policy}
        make_conv = SpectralConv if spectral_norm else conv
        # By 1 on each side, as PyTorch pads; "same" pads otherwise at stride 2 and some sizes.
        self.pad = keras.layers.ZeroPadding2D(1, name="pad", **options)
        self.convs = [
            make_conv(
                factor * width, 4, strides=stride, padding="valid", name=f"conv_{i}", **options
            )
            for i, (factor, stride) in enumerate(zip(FACTORS, STRIDES, strict=True))
        ]
        self.norms = [
            make_norm(norm, f"norm_{i}", synchronized, **options) for i in range(1, len(FACTORS))
        ]
        self.head = make_conv(1, 4, padding="valid", name="head", **options)
        self.build((None, None, None, 6))

    def build(self, input_shape):
        for layer, norm in zip(self.convs, (None, *self.norms), strict=True):
            layer.build(input_shape)
            input_shape = (None, None, None, layer.filters)
            if norm is not None:
                norm.build(input_shape)
        self.head.build(input_shape)
        self.built = True

    def call(self, inputs, training=False):
        x = self.convs[0](self.pad(inputs), training=training)  # (N, H/2, W/2, width)
        x = ops.leaky_relu(x, 0.2)
        for layer, norm in zip(self.convs[1:], self.norms, strict=True):
            # (N, H/4, W/4, 2 width), (N, H/8, W/8, 4 width), (N, H/8 - 1, W/8 - 1, 8 width)
            x = norm(layer(self.pad(x), training=training), training=training)
            x = ops.leaky_relu(x, 0.2)
        logits = self.head(self.pad(x), training=training)  # (N, H/8 - 2, W/8 - 2, 1)
        return ops.cast(logits, "float32")
