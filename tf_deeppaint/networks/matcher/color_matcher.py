"""The color matcher; the package has its outline."""

from collections.abc import Iterator

import keras
import numpy as np
from keras import ops

from tf_deeppaint.networks import PACKAGE
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.heads import LOGIT_SCALE, describe_colors, make_mixture
from tf_deeppaint.networks.inputs import histogram_to_palette
from tf_deeppaint.networks.matcher.blocks import AttentionBlock, ResidualBlock, make_conv
from tf_deeppaint.networks.normalization import make_norm
from tf_deeppaint.palette.mixing import SLOTS
from tf_deeppaint.palette.rules import BANDS, COLORS

# Channels of the levels at 1/2, 1/4, 1/8 and 1/16, in multiples of `width`; residual blocks of each
# on the way down. On the way up there is one a level.
LEVELS = (1, 2, 4, 5)
DOWN_BLOCKS = (1, 2, 2, 2)
# Length of queries and keys.
QUERY = 32
# Waves by which a place's position is told: so many half periods over the page.
WAVES = (1, 2, 4, 8)


@keras.saving.register_keras_serializable(PACKAGE)
class ColorMatcher(PaintingNetwork):
    """Matches the places of a sketch with the colors of a palette; see the package.

    Args:
        width: Channels at half the resolution, an even number.
        blocks: Blocks of self-attention.
        **options: See `PaintingNetwork`; the histogram images are needed.

    Call arguments:
        inputs, return_attention: See `PaintingNetwork`, also for what is returned.

    Example:
    >>> matcher = ColorMatcher(width=32)
    >>> picture = matcher({"sketch": sketch, "histogram": histogram})
    """

    head_kind = "mixture"

    def __init__(self, width: int = 32, blocks: int = 4, **options):
        super().__init__(width, **options)
        if not self.histogram:
            raise ValueError("histogram=False: there would be no colors to match")
        self.blocks = blocks

        layer = {"dtype": self.dtype_policy}
        block = {"norm_kind": self.norm, "synchronized": self.synchronized, **layer}
        channels = [factor * width for factor in LEVELS]
        self.stem = make_conv(channels[0], 3, name="stem", **layer)
        self.stem_norm = make_norm(self.norm, "stem_norm", self.synchronized, **layer)
        # One list: Keras saves no lists of lists.
        self.down = [
            ResidualBlock(c, name=f"down_{level}_{i}", **block)
            for level, (c, count) in enumerate(zip(channels, DOWN_BLOCKS, strict=True))
            for i in range(count)
        ]
        self.shrink = [
            make_conv(c, 3, strides=2, name=f"shrink_{level}", **layer)
            for level, c in enumerate(channels[1:])
        ]
        tokens = channels[-1]
        self.place = keras.layers.Dense(tokens, name="place", **layer)
        self.color = [
            keras.layers.Dense(tokens, activation="relu", name="color_0", **layer),
            keras.layers.Dense(tokens, name="color_1", **layer),
        ]
        self.attend = [
            AttentionBlock(tokens // width, name=f"attend_{i}", **layer) for i in range(blocks)
        ]
        self.tokens_norm = keras.layers.LayerNormalization(name="tokens_norm", **layer)
        self.grow = [
            make_conv(c, 1, name=f"grow_{level}", **layer) for level, c in enumerate(channels[:-1])
        ]
        self.up = [
            ResidualBlock(c, name=f"up_{level}", **block) for level, c in enumerate(channels[:-1])
        ]
        # Channels of: query, shade, ink.
        self.query = make_conv(QUERY + 2, 3, name="query", **layer)
        self.key = keras.layers.Dense(QUERY, name="key", **layer)
        self.build()

    def build_layers(self, channels):
        shape = (None, None, None)
        levels = [factor * self.width for factor in LEVELS]
        tokens = levels[-1]
        self.stem.build((*shape, 4))
        self.stem_norm.build((*shape, levels[0]))
        for block in self.down:
            block.build((*shape, block.filters))
        for level, layer in enumerate(self.shrink):
            layer.build((*shape, levels[level]))
        self.place.build((None, None, 4 * len(WAVES)))
        self.color[0].build((None, SLOTS, 3 + BANDS + COLORS + 2))
        self.color[1].build((None, SLOTS, tokens))
        for block in self.attend:
            block.build((None, None, tokens))
        self.tokens_norm.build((None, None, tokens))
        for level, (grow, block) in enumerate(zip(self.grow, self.up, strict=True)):
            grow.build((*shape, levels[level + 1]))
            block.build((*shape, levels[level]))
        self.query.build((*shape, levels[0]))
        self.key.build((None, SLOTS, tokens))

    def forward(self, inputs, training=False):
        logits, shade_and_ink, _ = self.match(inputs, training)
        return self.mixture(logits, shade_and_ink, inputs["sketch"]), []

    def match(self, inputs: dict, training: bool = False) -> tuple:
        """Runs the network, up to what it says at half the resolution.

        Args:
            inputs: See the class.
            training: Whether it is trained.

        Returns:
            Logits of the colors, float32 `(N, H/2, W/2, 18)`; shade and ink before their
            activations, `(N, H/2, W/2, 2)`; the features of the places, `(N, H/2, W/2, width)`.
        """
        paper = ops.cast(inputs["sketch"][..., :1], self.compute_dtype)  # (N, H, W, 1)
        x = self.stem(fold_pixels(1.0 - paper))  # (N, H/2, W/2, width)
        x = ops.relu(self.stem_norm(x, training=training))
        skips, blocks = [], iter(self.down)
        for level, count in enumerate(DOWN_BLOCKS):
            for _ in range(count):
                x = next(blocks)(x, training=training)
            # Level l: (N, H / 2^(l+1), W / 2^(l+1), LEVELS[l] width)
            if level < len(self.shrink):
                skips.append(x)
                x = ops.relu(self.shrink[level](x))  # half of both sides
        x, colors = self._attend(x, histogram_to_palette(inputs["histogram"]))
        for level in reversed(range(len(self.up))):
            x = _enlarge(self.grow[level](x)) + skips[level]
            x = self.up[level](x, training=training)
        channels = ops.cast(self.query(x), "float32")  # (N, H/2, W/2, 34)
        query, shade_and_ink = channels[..., :QUERY], channels[..., QUERY:]
        keys = ops.cast(self.key(colors), "float32")  # (N, 18, 32)
        _, height, width, _ = ops.shape(query)
        query = ops.reshape(query, (-1, height * width, QUERY))  # (N, H/2 W/2, 32)
        logits = ops.matmul(query, ops.transpose(keys, (0, 2, 1))) * (LOGIT_SCALE / QUERY**0.5)
        return ops.reshape(logits, (-1, height, width, SLOTS)), shade_and_ink, x

    def mixture(self, logits, shade_and_ink, sketch):
        """The mixture `(N, H, W, ...)` of what `match` returns; the sketch is `(N, H, W, 3)`."""
        channels = ops.concatenate([logits, shade_and_ink], axis=-1)
        channels = _interpolate(channels)  # (N, H, W, 20)
        logits, shade, ink = channels[..., :SLOTS], channels[..., -2:-1], channels[..., -1:]
        return make_mixture(logits, shade, ink, ops.cast(sketch, "float32"))

    def _attend(self, x, palette) -> tuple:
        """Places `(N, h, w, C)` and palettes look at each other; places and colors `(N, 18, C)`."""
        _, height, width, channels = ops.shape(x)
        colors = self.color[1](self.color[0](_describe_slots(palette)))  # (N, 18, C)
        position = self.place(_describe_places(height, width))  # (1, h w, C)
        places = ops.reshape(x, (-1, height * width, channels)) + ops.cast(position, x.dtype)
        tokens = ops.concatenate([ops.cast(colors, x.dtype), places], axis=1)  # (N, 18 + h w, C)
        for block in self.attend:
            tokens = block(tokens)
        tokens = self.tokens_norm(tokens)
        places = ops.reshape(tokens[:, SLOTS:], (-1, height, width, channels))
        return places, tokens[:, :SLOTS]

    def normalized_convolutions(self) -> Iterator[tuple[keras.Layer, keras.Layer]]:
        yield self.stem, self.stem_norm
        for block in (*self.down, *self.up):
            yield block.conv_1, block.norm_1
            yield block.conv_2, block.norm_2


def fold_pixels(x):
    """2 x 2 pixels as channels of one place: `(N, H, W, C)` -> `(N, H/2, W/2, 4 C)`."""
    cells = [x[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    return ops.concatenate(cells, axis=-1)


def _enlarge(x):
    """`(N, H, W, C)` -> `(N, 2H, 2W, C)`: each place four times."""
    return ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)


def _interpolate(x):
    """`(N, H, W, C)` -> `(N, 2H, 2W, C)`, bilinearly, as pictures are resized.

    `ops.image.resize` does it as well, but takes no size that is unknown while a graph is traced.
    """
    _, height, width, channels = ops.shape(x)
    above = ops.concatenate([x[:, :1], x[:, :-1]], axis=1)
    below = ops.concatenate([x[:, 1:], x[:, -1:]], axis=1)
    rows = ops.stack([0.75 * x + 0.25 * above, 0.75 * x + 0.25 * below], axis=2)
    x = ops.reshape(rows, (-1, 2 * height, width, channels))
    left = ops.concatenate([x[:, :, :1], x[:, :, :-1]], axis=2)
    right = ops.concatenate([x[:, :, 1:], x[:, :, -1:]], axis=2)
    columns = ops.stack([0.75 * x + 0.25 * left, 0.75 * x + 0.25 * right], axis=3)
    return ops.reshape(columns, (-1, 2 * height, 2 * width, channels))


def _describe_slots(palette):
    """What color tokens are made of, `(N, 18, 13)`: RGB, band, rank, and for white and black 1."""
    described = describe_colors(palette)  # (N, 16, 11)
    described = ops.concatenate([described, ops.zeros_like(described[..., :2])], axis=-1)
    extremes = np.zeros((1, 2, 3 + BANDS + COLORS + 2), np.float32)
    extremes[0, :, :3] = [[1.0], [-1.0]]
    extremes[0, :, -2:] = np.eye(2)
    extremes = ops.zeros_like(described[:, :2]) + ops.cast(extremes, described.dtype)
    return ops.concatenate([described, extremes], axis=1)


def _describe_places(height: int, width: int):
    """Sines and cosines of the positions of places on the page, float32 `(1, h w, 16)`."""
    waves = np.pi * np.array(WAVES, np.float32)
    rows, columns = (
        (ops.arange(side, dtype="float32") + 0.5) / ops.cast(side, "float32")
        for side in (height, width)
    )
    rows = ops.reshape(rows, (-1, 1, 1)) * waves  # (h, 1, 4)
    columns = ops.reshape(columns, (1, -1, 1)) * waves  # (1, w, 4)
    rows, columns = rows + 0.0 * columns, columns + 0.0 * rows  # (h, w, 4)
    parts = [ops.sin(rows), ops.cos(rows), ops.sin(columns), ops.cos(columns)]
    return ops.reshape(ops.concatenate(parts, axis=-1), (1, -1, 4 * len(WAVES)))
