"""The generator: sketch + histogram images -> picture, a residual U-Net with attention gates."""

import keras
from keras import ops

from tf_deeppaint.layers import PACKAGE, AttentionGate, BatchNormalization, DownBlock, UpBlock, conv
from tf_deeppaint.palette import check_background

# Its name in a run directory.
GENERATOR_FILE = "generator.keras"

# Each of the six levels halves the picture.
STRIDE = 64
DOWN = (2, 4, 8, 8, 8, 8)
UP = (8, 8, 8, 4, 2, 1)
DROPOUT = (0.5, 0.5, 0.5, 0.0, 0.0, 0.0)


@keras.saving.register_keras_serializable(PACKAGE)
class Generator(keras.Model):
    """Paints a sketch in the colours of a palette ("Attentioned Deep Paint").

    The picture may have any height and width divisible by 64. The weights exist as soon as the
    generator is made.

    Args:
        width: Channels of the outermost level; the poster's network has 64.
        size: Side in pixels of the canvas it is trained on, which is where it paints best. The
            layers do not depend on it; a painter fits its sketches to it.
        background: The palette rule it is trained with; see `palette.extract_palette`.
        seed: Seed of the dropout.

    Call arguments:
        inputs: `{"sketch": (N, H, W, 3), "histogram": (N, H, W, 12)}`, floats in [-1, 1].
        return_attention: Whether to return the attention maps too.

    Returns:
        The picture, float32 `(N, H, W, 3)` in [-1, 1]; with `return_attention` a pair of it and
        the list of the six gates' maps, `(N, h, w, 1)` in (0, 1), deepest level first
        (`h = H / 64 .. H / 2`).

    Example:
    >>> generator = Generator(width=16)
    >>> picture = generator({"sketch": sketch, "histogram": histogram})
    """

    def __init__(
        self,
        width: int = 64,
        size: int = 512,
        background: str = "drop",
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if width < 2 or width % 2:
            raise ValueError(f"width={width}: an even number of at least 2 is needed")
        if size < STRIDE or size % STRIDE:
            raise ValueError(f"size={size}: a multiple of {STRIDE} is needed")
        check_background(background)

        # === Config ===
        self.width = width
        self.size = size
        self.background = background
        self.seed = seed

        # === Layers ===
        options = {"dtype": self.dtype_policy}
        self.stem = conv(width, 3, name="stem", **options)
        self.stem_norm = BatchNormalization(name="stem_norm", **options)
        self.down = [
            DownBlock(factor * width, name=f"down_{level}", **options)
            for level, factor in enumerate(DOWN)
        ]
        self.gate = conv(DOWN[-1] * width, 1, name="gate", **options)
        self.gate_norm = BatchNormalization(name="gate_norm", **options)
        self.attention = [
            AttentionGate(factor * width, name=f"attention_{stage}", **options)
            for stage, factor in enumerate(reversed(DOWN))
        ]
        self.up = [
            UpBlock(factor * width, dropout, _stage_seed(seed, i), name=f"up_{i}", **options)
            for i, (factor, dropout) in enumerate(zip(UP, DROPOUT, strict=True))
        ]
        self.head = conv(3, 3, name="head", **options)
        self.build({"sketch": (None, None, None, 3), "histogram": (None, None, None, 12)})

    def build(self, input_shape):
        shape = (None, None, None)
        self.stem.build((*shape, 15))
        self.stem_norm.build((*shape, self.width))
        channels = self.width
        for block in self.down:
            block.build((*shape, channels))
            channels = block.filters
        gate_shape = (*shape, channels)
        self.gate.build(gate_shape)
        self.gate_norm.build(gate_shape)
        for gate, block in zip(self.attention, self.up, strict=True):
            gate.build((*shape, gate.channels), gate_shape)
            block.build((*shape, gate.channels))
        self.head.build((*shape, self.up[-1].filters))
        self.built = True

    def call(self, inputs, training=False, return_attention=False):
        x = ops.concatenate([inputs["sketch"], inputs["histogram"]], axis=-1)
        x = self.stem_norm(self.stem(x), training=training)
        levels = []
        for block in self.down:
            x, winner, skip = block(x, training=training)
            levels.append((winner, skip))
        gate_signal = self.gate_norm(self.gate(x), training=training)
        maps = []
        for block, gate in zip(self.up, self.attention, strict=True):
            winner, skip = levels.pop()
            gated, attention = gate(skip, gate_signal, training=training)
            x = block(x, winner, gated, training=training)
            maps.append(ops.cast(attention, "float32"))
        picture = ops.tanh(ops.cast(self.head(ops.relu(x)), "float32"))
        return (picture, maps) if return_attention else picture

    def get_config(self) -> dict:
        return super().get_config() | {
            "width": self.width,
            "size": self.size,
            "background": self.background,
            "seed": self.seed,
        }


def _stage_seed(seed: int | None, stage: int) -> int | None:
    return None if seed is None else seed + stage
