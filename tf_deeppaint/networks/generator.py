"""The generator: sketch + histogram images -> picture, a residual U-Net with attention gates."""

from collections.abc import Iterator

import keras
from keras import ops

from tf_deeppaint.networks import PACKAGE
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.blocks import AttentionGate, DownBlock, UpBlock
from tf_deeppaint.networks.convolution import conv
from tf_deeppaint.networks.heads import PaletteMixture
from tf_deeppaint.networks.inputs import histogram_to_palette, stack_inputs
from tf_deeppaint.networks.normalization import make_norm

# Channels of the levels, from the outermost down and from the deepest up, in multiples of `width`.
DOWN = (2, 4, 8, 8, 8, 8)
UP = (8, 8, 8, 4, 2, 1)
DROPOUT = (0.5, 0.5, 0.5, 0.0, 0.0, 0.0)

# "rgb" is a convolution to RGB, as in the original code; "mixture" is `heads.PaletteMixture`.
HEADS = ("rgb", "mixture")
# Options that have another name in older files; their names are those of layers.
OLD_OPTIONS = {"attention": "gated", "head": "head_kind"}


@keras.saving.register_keras_serializable(PACKAGE)
class Generator(PaintingNetwork):
    """Paints a sketch in the colors of a palette ("Attentioned Deep Paint").

    Args:
        width: Channels of the outermost level.
        gated: Whether attention gates stand in the skip connections.
        head_kind: One of `HEADS`; `"mixture"` needs the histogram images.
        **options: See `PaintingNetwork`. With `norm="instance"` a picture of 64 pixels leaves the
            gates without a signal, since a single value has no variance.

    Call arguments:
        inputs, return_attention: See `PaintingNetwork`, also for what is returned.

    Example:
    >>> generator = Generator(width=16)
    >>> picture = generator({"sketch": sketch, "histogram": histogram})
    """

    def __init__(self, width: int = 64, gated: bool = True, head_kind: str = "rgb", **options):
        super().__init__(width, **options)
        if head_kind not in HEADS or (head_kind == "mixture" and not self.histogram):
            raise ValueError(
                f'head_kind="{head_kind}": one of {HEADS}; "mixture" needs the histogram'
            )
        self.gated = gated
        self.head_kind = head_kind

        layer = {"dtype": self.dtype_policy}
        norm = {"synchronized": self.synchronized, **layer}
        block = {"norm_kind": self.norm, **norm}
        self.stem = conv(width, 3, name="stem", **layer)
        self.stem_norm = make_norm(self.norm, "stem_norm", **norm)
        self.down = [
            DownBlock(factor * width, name=f"down_{level}", **block)
            for level, factor in enumerate(DOWN)
        ]
        if gated:
            self.gate = conv(DOWN[-1] * width, 1, name="gate", **layer)
            self.gate_norm = make_norm(self.norm, "gate_norm", **norm)
            self.attention = [
                AttentionGate(factor * width, name=f"attention_{stage}", **block)
                for stage, factor in enumerate(reversed(DOWN))
            ]
        self.up = [
            UpBlock(factor * width, dropout, self.stage_seed(stage), name=f"up_{stage}", **block)
            for stage, (factor, dropout) in enumerate(zip(UP, DROPOUT, strict=True))
        ]
        if head_kind == "mixture":
            self.head = PaletteMixture(name="head", **layer)
        else:
            self.head = conv(3, 3, name="head", **layer)
        self.build()

    def build_layers(self, channels):
        shape = (None, None, None)
        self.stem.build((*shape, channels))
        self.stem_norm.build((*shape, self.width))
        channels = self.width
        for block in self.down:
            block.build((*shape, channels))
            channels = block.filters
        if self.gated:
            self.gate.build((*shape, channels))
            self.gate_norm.build((*shape, channels))
        for stage, skip in enumerate(reversed(self.down)):
            if self.gated:
                self.attention[stage].build((*shape, skip.filters), (*shape, channels))
            self.up[stage].build((*shape, skip.filters))
        self.head.build((*shape, self.up[-1].filters))

    def forward(self, inputs, training=False):
        features, maps = self._features(inputs, training)  # (N, H, W, width)
        if self.head_kind == "mixture":
            palette = histogram_to_palette(inputs["histogram"])
            return self.head(features, inputs["sketch"], palette), maps
        return ops.tanh(ops.cast(self.head(features), "float32")), maps  # (N, H, W, 3)

    def _features(self, inputs, training) -> tuple:
        """The features that the head sees, `(N, H, W, width)`, and the attention maps."""
        x = self.stem(stack_inputs(inputs, self.histogram))  # (N, H, W, width)
        x = self.stem_norm(x, training=training)
        levels = []
        for block in self.down:
            # Level l: x is (N, H / 2^(l+1), W / 2^(l+1), DOWN[l] width), skip twice as large.
            x, mask, skip = block(x, training=training)
            levels.append((mask, skip))
        # x: (N, H/64, W/64, 8 width)
        if self.gated:
            gate_signal = self.gate_norm(self.gate(x), training=training)
        maps = []
        for stage, block in enumerate(self.up):
            mask, skip = levels.pop()
            if self.gated:
                gate = self.attention[stage]
                skip, attention = gate(skip, gate_signal, training=training)
                maps.append(ops.cast(attention, "float32"))
            # Stage s: (N, H / 2^(5-s), W / 2^(5-s), UP[s] width)
            x = block(x, mask, skip, training=training)
        return ops.relu(x), maps

    def normalized_convolutions(self) -> Iterator[tuple[keras.Layer, keras.Layer]]:
        yield self.stem, self.stem_norm
        for block in (*self.down, *self.up):
            yield block.conv_1, block.norm_1
            yield block.conv_2, block.norm_2
        if self.gated:
            yield self.gate, self.gate_norm
            yield from ((gate.out, gate.norm) for gate in self.attention)

    @classmethod
    def from_config(cls, config):
        return super().from_config({OLD_OPTIONS.get(k, k): value for k, value in config.items()})
