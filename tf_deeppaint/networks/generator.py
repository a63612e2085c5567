"""The generator: sketch + histogram images -> picture, a residual U-Net with attention gates."""

import keras
from keras import ops

from tf_deeppaint.images.sizes import STRIDE, is_network_size
from tf_deeppaint.networks import mixture
from tf_deeppaint.networks.layers import PACKAGE, AttentionGate, DownBlock, UpBlock, conv, make_norm
from tf_deeppaint.palette.extraction import check_background

# Its name in a run directory.
GENERATOR_FILE = "generator.keras"

DOWN = (2, 4, 8, 8, 8, 8)
UP = (8, 8, 8, 4, 2, 1)
DROPOUT = (0.5, 0.5, 0.5, 0.0, 0.0, 0.0)

SKETCH_CHANNELS = 3
HISTOGRAM_CHANNELS = 12

# What turns the last features into a picture: a convolution to RGB, as in the paper, or
# `mixture.PaletteMixture`.
HEADS = ("rgb", "mixture")


@keras.saving.register_keras_serializable(PACKAGE)
class Generator(keras.Model):
    """Paints a sketch in the colors of a palette ("Attentioned Deep Paint").

    The picture may have any height and width divisible by 64. The weights exist as soon as the
    generator is made.

    Args:
        width: Channels of the outermost level; the poster's network has 64.
        size: Side in pixels of the canvas it is trained on, which is where it paints best. The
            layers do not depend on it; a painter fits its sketches to it.
        background: The palette rule it is trained with; see `palette.extract_palette`.
        seed: Seed of the dropout.
        norm: Kind of its norms; see `layers.make_norm`. With `"instance"` a picture of 64 pixels
            leaves the gates without a signal: a single value has no variance. From 128 pixels on
            there is one. `"none"` is for trained networks: see `folding.fold_norms`.
        attention: Whether gates stand in the skip connections; without them these are plain.
        histogram: Whether it sees the histogram images; without them it colors as it likes.
        head: Of `HEADS`; `"mixture"` needs the histogram images.
        synchronized: See `layers.BatchNormalization`.

    Call arguments:
        inputs: `{"sketch": (N, H, W, 3), "histogram": (N, H, W, 12)}`, floats in [-1, 1]. The
            histogram may be left out, and is not looked at, where `histogram` is false.
        return_attention: Whether to return the attention maps too.

    Returns:
        The picture, float32 `(N, H, W, 3)` in [-1, 1]; with `return_attention` a pair of it and
        the list of the six gates' maps, `(N, h, w, 1)` in (0, 1), deepest level first
        (`h = H / 64 .. H / 2`). The list is empty where there are no gates.

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
        norm: str = "batch",
        attention: bool = True,
        histogram: bool = True,
        head: str = "rgb",
        synchronized: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_options(width, size, background)
        if head not in HEADS or (head == "mixture" and not histogram):
            raise ValueError(f'head="{head}": one of {HEADS}; "mixture" needs the histogram')

        # === Config ===
        self.width = width
        self.size = size
        self.background = background
        self.seed = seed
        self.norm = norm
        self.histogram = histogram
        self.head_kind = head
        self.synchronized = synchronized

        # === Layers ===
        options = {"dtype": self.dtype_policy}
        norms = {"norm": norm, "synchronized": synchronized, **options}
        self.stem = conv(width, 3, name="stem", **options)
        self.stem_norm = make_norm(norm, "stem_norm", synchronized, **options)
        self.down = [
            DownBlock(factor * width, name=f"down_{level}", **norms)
            for level, factor in enumerate(DOWN)
        ]
        # The gates themselves; the option of this name is whether there are any.
        self.attention = []
        if attention:
            self.gate = conv(DOWN[-1] * width, 1, name="gate", **options)
            self.gate_norm = make_norm(norm, "gate_norm", synchronized, **options)
            self.attention = [
                AttentionGate(factor * width, name=f"attention_{stage}", **norms)
                for stage, factor in enumerate(reversed(DOWN))
            ]
        self.up = [
            UpBlock(factor * width, dropout, stage_seed(seed, i), name=f"up_{i}", **norms)
            for i, (factor, dropout) in enumerate(zip(UP, DROPOUT, strict=True))
        ]
        if head == "mixture":
            self.head = mixture.PaletteMixture(name="head", **options)
        else:
            self.head = conv(3, 3, name="head", **options)
        self.build(input_shapes(histogram))

    def build(self, input_shape):
        shape = (None, None, None)
        self.stem.build((*shape, sum(part[-1] for part in input_shape.values())))
        self.stem_norm.build((*shape, self.width))
        channels = self.width
        for block in self.down:
            block.build((*shape, channels))
            channels = block.filters
        if self.attention:
            self.gate.build((*shape, channels))
            self.gate_norm.build((*shape, channels))
        for stage, skip in enumerate(reversed(self.down)):
            if self.attention:
                self.attention[stage].build((*shape, skip.filters), (*shape, channels))
            self.up[stage].build((*shape, skip.filters))
        self.head.build((*shape, self.up[-1].filters))
        self.built = True

    def call(self, inputs, training=False, return_attention=False):
        features, maps = self._features(inputs, training)
        if self.head_kind == "mixture":
            palette = mixture.palette_of(inputs["histogram"])
            picture = mixture.mix(self.head(features, inputs["sketch"], palette), palette)
        else:
            picture = ops.tanh(ops.cast(self.head(features), "float32"))
        return (picture, maps) if return_attention else picture

    def decompose(self, inputs) -> mixture.Mixture:
        """How the picture is mixed, where the head is `"mixture"`; see `call` for the inputs."""
        features, _ = self._features(inputs, training=False)
        palette = mixture.palette_of(inputs["histogram"])
        return self.head(features, inputs["sketch"], palette)

    def _features(self, inputs, training) -> tuple:
        """What the head sees, `(N, H, W, width)`, and the attention maps."""
        x = self.stem_norm(self.stem(stack_inputs(inputs, self.histogram)), training=training)
        levels = []
        for block in self.down:
            x, winner, skip = block(x, training=training)
            levels.append((winner, skip))
        if self.attention:
            gate_signal = self.gate_norm(self.gate(x), training=training)
        maps = []
        for stage, block in enumerate(self.up):
            winner, skip = levels.pop()
            if self.attention:
                skip, attention = self.attention[stage](skip, gate_signal, training=training)
                maps.append(ops.cast(attention, "float32"))
            x = block(x, winner, skip, training=training)
        return ops.relu(x), maps

    def get_config(self) -> dict:
        return super().get_config() | {
            "width": self.width,
            "size": self.size,
            "background": self.background,
            "seed": self.seed,
            "norm": self.norm,
            "attention": bool(self.attention),
            "histogram": self.histogram,
            "head": self.head_kind,
            "synchronized": self.synchronized,
        }


def check_options(width: int, size: int, background: str) -> None:
    """Raises where no generator can be made: of an odd width, or for a canvas that is not halved.

    Raises:
        ValueError: The width or the size is wrong.
        DeepPaintError: There is no such background rule.
    """
    if width < 2 or width % 2:
        raise ValueError(f"width={width}: an even number of at least 2 is needed")
    if not is_network_size(size):
        raise ValueError(f"size={size}: a multiple of {STRIDE} is needed")
    check_background(background)


def input_shapes(histogram: bool) -> dict:
    """The shapes of what a generator with or without histogram images looks at."""
    shapes = {"sketch": (None, None, None, SKETCH_CHANNELS)}
    return shapes | {"histogram": (None, None, None, HISTOGRAM_CHANNELS)} if histogram else shapes


def stack_inputs(inputs: dict, histogram: bool):
    """A generator's inputs as one tensor, `(N, H, W, 15)`, or `(N, H, W, 3)` of sketch alone."""
    if not histogram:
        return inputs["sketch"]
    return ops.concatenate([inputs["sketch"], inputs["histogram"]], axis=-1)


def stage_seed(seed: int | None, stage: int) -> int | None:
    """A seed of its own for each stage of a decoder."""
    return None if seed is None else seed + stage
