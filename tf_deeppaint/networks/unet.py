"""The baseline: sketch + histogram images -> picture by the plain U-Net of pix2pix."""

from collections.abc import Iterator

import keras
from keras import ops

from tf_deeppaint.networks import PACKAGE
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.convolution import conv
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
        width: Channels of the outermost level.
        **options: See `PaintingNetwork`; `norm` is `"batch"` or `"none"`.

    Call arguments:
        inputs, return_attention: See `PaintingNetwork`, also for what is returned.

    Example:
    >>> generator = UNet(width=16)
    >>> picture = generator({"sketch": sketch, "histogram": histogram})
    """

    def __init__(self, width: int = 64, **options):
        super().__init__(width, **options)
        if self.norm not in ("batch", "none"):
            raise ValueError(f'norm="{self.norm}": "batch" or "none" is needed')

        layer = {"dtype": self.dtype_policy}
        last = len(FACTORS) - 1
        down_kinds = ["none" if level in (0, last) else self.norm for level in range(last + 1)]
        up_kinds = ["none" if stage == last else self.norm for stage in range(last + 1)]
        down = [factor * width for factor in FACTORS]
        up = [*reversed(down[:-1]), 3]
        transposed = {"kind": keras.layers.Conv2DTranspose, **layer}
        # A bias before a norm would have no effect.
        self.down = [
            conv(filters, 4, strides=2, use_bias=kind == "none", name=f"down_{level}", **layer)
            for level, (filters, kind) in enumerate(zip(down, down_kinds, strict=True))
        ]
        self.up = [
            conv(filters, 4, strides=2, use_bias=kind == "none", name=f"up_{stage}", **transposed)
            for stage, (filters, kind) in enumerate(zip(up, up_kinds, strict=True))
        ]
        self.down_norms, self.up_norms = (
            [
                make_norm(kind, f"{name}_{i}", self.synchronized, **layer)
                for i, kind in enumerate(kinds)
            ]
            for name, kinds in (("down_norm", down_kinds), ("up_norm", up_kinds))
        )
        self.dropouts = [
            keras.layers.Dropout(rate, seed=self.stage_seed(i), name=f"dropout_{i}", **layer)
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
