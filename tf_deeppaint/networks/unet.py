"""The baseline: sketch + histogram images -> picture by the plain U-Net of pix2pix."""

import keras
from keras import ops

from tf_deeppaint.networks.generator import (
    DROPOUT,
    check_options,
    input_shapes,
    stack_inputs,
    stage_seed,
)
from tf_deeppaint.networks.layers import PACKAGE, conv, initial_kernel, make_norm

# The paper's channels stop growing at 8, and it halves a picture of 256 pixels eight times. Six
# levels as the generator has them hold only 29.3 million numbers then; growing on by sqrt(2) makes
# it 48.6, as many as the generator has.
FACTORS = (1, 2, 4, 8, 11, 16)


@keras.saving.register_keras_serializable(PACKAGE)
class UNet(keras.Model):
    """Paints a sketch in the colors of a palette with the generator of pix2pix.

    Isola et al., arXiv:1611.07004, in the form of the authors' code: 4 x 4 convolutions of stride
    2 down, transposed ones up, each after LeakyReLU 0.2 or ReLU and followed by batch
    normalization, except at the outermost level and at the innermost one (their erratum: there the
    norm of a single value would leave 0). The three deepest stages up end in dropout 0.5; every
    stage up is joined to the level it mirrors. Differences: six levels instead of eight, so that
    any picture whose sides are divisible by 64 can be painted; deeper levels wider in exchange, so
    that it has as many weights as `Generator` at the same width; no dropout at inference.

    It takes the place of a `Generator`, whose call it shares; it has no gates.

    Args:
        width: Channels of the outermost level; the paper has 64.
        size: Side in pixels of the canvas it is trained on; see `Generator`.
        background: The palette rule it is trained with; see `palette.extract_palette`.
        seed: Seed of the dropout.
        histogram: Whether it sees the histogram images; see `Generator`.
        norm: `"batch"`, or `"none"` for trained networks: see `folding.fold_norms`.
        synchronized: See `layers.BatchNormalization`.

    Call arguments:
        inputs: `{"sketch": (N, H, W, 3), "histogram": (N, H, W, 12)}`; see `Generator`.
        return_attention: Whether to return an empty list too, as a generator without gates does.

    Returns:
        The picture, float32 `(N, H, W, 3)` in [-1, 1]; with `return_attention` `(picture, [])`.

    Example:
    >>> generator = UNet(width=16)
    >>> picture = generator({"sketch": sketch, "histogram": histogram})
    """

    def __init__(
        self,
        width: int = 64,
        size: int = 512,
        background: str = "drop",
        seed: int | None = None,
        histogram: bool = True,
        norm: str = "batch",
        synchronized: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_options(width, size, background)
        if norm not in ("batch", "none"):
            raise ValueError(f'norm="{norm}": "batch" or "none" is needed')

        # === Config ===
        self.width = width
        self.size = size
        self.background = background
        self.seed = seed
        self.histogram = histogram
        self.norm = norm
        self.synchronized = synchronized

        # === Layers ===
        options = {"dtype": self.dtype_policy}
        last = len(FACTORS) - 1
        down_norms = ["none" if level in (0, last) else norm for level in range(last + 1)]
        up_norms = ["none" if stage == last else norm for stage in range(last + 1)]
        # A norm takes away what a bias before it adds.
        self.down = [
            conv(
                factor * width,
                4,
                use_bias=norm == "none",
                strides=2,
                name=f"down_{i}",
                **options,
            )
            for i, (factor, norm) in enumerate(zip(FACTORS, down_norms, strict=True))
        ]
        self.down_norms = [
            make_norm(norm, f"down_norm_{i}", synchronized, **options)
            for i, norm in enumerate(down_norms)
        ]
        channels = [factor * width for factor in reversed(FACTORS[:-1])] + [3]
        self.up = [
            keras.layers.Conv2DTranspose(
                count,
                4,
                strides=2,
                padding="same",
                use_bias=norm == "none",
                kernel_initializer=initial_kernel(),
                name=f"up_{i}",
                **options,
            )
            for i, (count, norm) in enumerate(zip(channels, up_norms, strict=True))
        ]
        self.up_norms = [
            make_norm(norm, f"up_norm_{i}", synchronized, **options)
            for i, norm in enumerate(up_norms)
        ]
        self.dropouts = [
            keras.layers.Dropout(rate, seed=stage_seed(seed, i), name=f"dropout_{i}", **options)
            for i, rate in enumerate(DROPOUT)
        ]
        self.build(input_shapes(histogram))

    def build(self, input_shape):
        shape = (None, None, None)
        channels = sum(part[-1] for part in input_shape.values())
        for layer, norm in zip(self.down, self.down_norms, strict=True):
            layer.build((*shape, channels))
            channels = layer.filters
            norm.build((*shape, channels))
        skips = [layer.filters for layer in self.down[:-1]]
        for layer, norm in zip(self.up, self.up_norms, strict=True):
            layer.build((*shape, channels))
            norm.build((*shape, layer.filters))
            channels = layer.filters + (skips.pop() if skips else 0)
        self.built = True

    def call(self, inputs, training=False, return_attention=False):
        x = self.down[0](stack_inputs(inputs, self.histogram))
        skips = [x]
        for layer, norm in zip(self.down[1:], self.down_norms[1:], strict=True):
            x = norm(layer(ops.leaky_relu(x, 0.2)), training=training)
            skips.append(x)
        x = skips.pop()
        for layer, norm, dropout in zip(self.up, self.up_norms, self.dropouts, strict=True):
            x = dropout(norm(layer(ops.relu(x)), training=training), training=training)
            if skips:
                x = ops.concatenate([x, skips.pop()], axis=-1)
        picture = ops.tanh(ops.cast(x, "float32"))
        return (picture, []) if return_attention else picture

    def get_config(self) -> dict:
        return super().get_config() | {
            "width": self.width,
            "size": self.size,
            "background": self.background,
            "seed": self.seed,
            "histogram": self.histogram,
            "norm": self.norm,
            "synchronized": self.synchronized,
        }
