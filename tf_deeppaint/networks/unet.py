"""The baseline: sketch + histogram images -> picture by the plain U-Net of pix2pix."""

from collections.abc import Iterator

import keras
from keras import ops

from tf_deeppaint.networks import PACKAGE
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.convolution import conv, initial_kernel
from tf_deeppaint.networks.generator import DROPOUT
from tf_deeppaint.networks.inputs import stack_inputs
from tf_deeppaint.networks.normalization import make_norm

# Channels of the levels in multiples of `width`. The paper's stop growing at 8, and it halves a
# picture of 256 pixels eight times. Six levels would have only 29.3 million weights then; growing
# further by sqrt(2) gives 48.6 million, as many as `Generator` has.
FACTORS = (1, 2, 4, 8, 11, 16)


@keras.saving.register_keras_serializable(PACKAGE)
class UNet(PaintingNetwork):
    """Paints a sketch in the colors of a palette with the generator of pix2pix.

    Isola et al., arXiv:1611.07004, in the form of the authors' code: 4 x 4 convolutions of stride
    2 down, transposed ones up, each after LeakyReLU 0.2 or ReLU and followed by batch
    normalization, except at the outermost and at the innermost level (their erratum: normalizing a
    single value would give 0). The three deepest stages up end in dropout 0.5; every stage up is
    joined to the level it mirrors. Differences: six levels instead of eight, so that any picture
    whose sides are multiples of 64 can be painted; deeper levels are wider, so that it has as many
    weights as `Generator` of the same width; no dropout at inference.

    Args:
        width: Channels of the outermost level; the paper has 64.
        size: See `PaintingNetwork`.
        background: See `PaintingNetwork`.
        seed: Seed of the dropout.
        histogram: See `PaintingNetwork`.
        norm: `"batch"`, or `"none"` for trained networks: see `folding.fold_norms`.
        synchronized: See `normalization.BatchNormalization`.

    Call arguments:
        inputs, return_attention: See `PaintingNetwork`, also for what is returned.

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
        super().__init__(width, size, background, seed, norm, histogram, synchronized, **kwargs)
        if norm not in ("batch", "none"):
            raise ValueError(f'norm="{norm}": "batch" or "none" is needed')

        # === Layers ===
        options = {"dtype": self.dtype_policy}
        last = len(FACTORS) - 1
        down_norms = ["none" if level in (0, last) else norm for level in range(last + 1)]
        up_norms = ["none" if stage == last else norm for stage in range(last + 1)]
        # A bias before a norm would have no effect.
        self.down = [
            conv(factor * width, 4, use_bias=kind == "none", strides=2, name=f"down_{i}", **options)
            for i, (factor, kind) in enumerate(zip(FACTORS, down_norms, strict=True))
        ]
        self.down_norms = [
            make_norm(kind, f"down_norm_{i}", synchronized, **options)
            for i, kind in enumerate(down_norms)
        ]
        channels = [factor * width for factor in reversed(FACTORS[:-1])] + [3]
        self.up = [
            keras.layers.Conv2DTranspose(
                count,
                4,
                strides=2,
                padding="same",
                use_bias=kind == "none",
                kernel_initializer=initial_kernel(),
                name=f"up_{i}",
                **options,
            )
            for i, (count, kind) in enumerate(zip(channels, up_norms, strict=True))
        ]
        self.up_norms = [
            make_norm(kind, f"up_norm_{i}", synchronized, **options)
            for i, kind in enumerate(up_norms)
        ]
        self.dropouts = [
            keras.layers.Dropout(rate, seed=self.stage_seed(i), name=f"dropout_{i}", **options)
            for i, rate in enumerate(DROPOUT)
        ]
        self.build()

    def build_layers(self, channels):
        shape = (None, None, None)
        for layer, norm in zip(self.down, self.down_norms, strict=True):
            layer.build((*shape, channels))
            channels = layer.filters
            norm.build((*shape, channels))
        skips = [layer.filters for layer in self.down[:-1]]
        for layer, norm in zip(self.up, self.up_norms, strict=True):
            layer.build((*shape, channels))
            norm.build((*shape, layer.filters))
            channels = layer.filters + (skips.pop() if skips else 0)

    def forward(self, inputs, training=False):
        x = self.down[0](stack_inputs(inputs, self.histogram))  # (N, H/2, W/2, width)
        skips = [x]
        for layer, norm in zip(self.down[1:], self.down_norms[1:], strict=True):
            # Level l: (N, H / 2^(l+1), W / 2^(l+1), FACTORS[l] width)
            x = norm(layer(ops.leaky_relu(x, 0.2)), training=training)
            skips.append(x)
        x = skips.pop()  # (N, H/64, W/64, 16 width)
        for layer, norm, dropout in zip(self.up, self.up_norms, self.dropouts, strict=True):
            # Stage s: (N, H / 2^(5-s), W / 2^(5-s), FACTORS[4-s] width); the last: (N, H, W, 3)
            x = dropout(norm(layer(ops.relu(x)), training=training), training=training)
            if skips:
                x = ops.concatenate([x, skips.pop()], axis=-1)  # twice the channels
        return ops.tanh(ops.cast(x, "float32")), []

    def normalized_convolutions(self) -> Iterator[tuple[keras.Layer, keras.Layer]]:
        pairs = zip((*self.down, *self.up), (*self.down_norms, *self.up_norms), strict=True)
        yield from ((layer, norm) for layer, norm in pairs if norm.weights)
