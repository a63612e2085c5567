"""The palette-mixture head: every pixel is a mix of the palette's colors, shaded and lined.

    picture = clip(sum_k weight_k color_k * shade, 0, 1) * (1 - ink)      (white is 1, black is 0)

The colors are the palette's sixteen, then white and black. Such a picture keeps to its palette by
construction, and `mix` paints it in other colors without the network. `palette.mixing` has the
formula in NumPy.
"""

import keras
import numpy as np
from keras import ops

from tf_deeppaint.networks import PACKAGE
from tf_deeppaint.palette.mixing import SLOTS, Mixture
from tf_deeppaint.palette.rules import BANDS, COLORS

# Shading multiplies a color by 1 - SHADING .. 1 + SHADING.
SHADING = 0.3
# Logits are multiplied by it: a softmax learns slowly from small ones.
LOGIT_SCALE = 4.0

# Length of queries and keys, and the hidden units of the network that makes keys.
_QUERY = 16
_HIDDEN = 32
# A pixel begins by mixing the colors of its own band: exp(4) = 55 times as much as others.
_OWN_BAND = 1.0


def mix(mixture: Mixture, palette):
    """Mixes pictures with their lines.

    Args:
        mixture: As `PaletteMixture` returns it.
        palette: Floats `(N, 4, 4, 3)` in [-1, 1].

    Returns:
        float32 `(N, H, W, 3)` in [-1, 1].
    """
    return 2.0 * (mix_color(mixture, palette) * (1.0 - mixture.ink)) - 1.0


def mix_color(mixture: Mixture, palette):
    """Mixes the color under the lines: as `mix`, but float32 `(N, H, W, 3)` in [0, 1]."""
    palette = ops.reshape(ops.cast(palette, "float32"), (-1, BANDS * COLORS, 3))  # (N, 16, 3)
    white = ops.ones_like(palette[:, :1])
    colors = (ops.concatenate([palette, white, -white], axis=1) + 1.0) / 2.0  # (N, 18, 3)
    _, height, width, _ = ops.shape(mixture.weights)
    weights = ops.reshape(mixture.weights, (-1, height * width, SLOTS))  # (N, H W, 18)
    mixed = ops.reshape(ops.matmul(weights, colors), (-1, height, width, 3))
    return ops.clip(mixed * mixture.shade, 0.0, 1.0)


def make_mixture(logits, shade, ink, sketch) -> Mixture:
    """Makes a mixture of a head's raw channels.

    Args:
        logits: `(N, H, W, 18)`.
        shade: `(N, H, W, 1)`.
        ink: `(N, H, W, 1)`; 0 shows nearly all of a line.
        sketch: `(N, H, W, 3)` in [-1, 1], its channels equal.
    """
    paper = (sketch[..., :1] + 1.0) / 2.0  # (N, H, W, 1)
    return Mixture(
        ops.softmax(logits, axis=-1),
        1.0 + SHADING * ops.tanh(shade),
        ops.sigmoid(ink + 2.0) * (1.0 - paper),
    )


@keras.saving.register_keras_serializable(PACKAGE)
class PaletteMixture(keras.layers.Layer):
    """Chooses colors by dot products of a query per pixel with a key per color of the palette.

    A pixel's query comes from a convolution; a color's key from its RGB, band and rank by a small
    dense network. Two preferences are added: one for each rank, by pixel, and one for bands by how
    far below or above the pixel's own they are, the same for all pixels.

    Call arguments:
        features: `(N, H, W, C)`, H a multiple of four.
        sketch: `(N, H, W, 3)` in [-1, 1], its channels equal.
        palette: `(N, 4, 4, 3)` in [-1, 1].

    Returns:
        A `Mixture` of float32 tensors.

    Example:
    >>> mixture = PaletteMixture()(features, sketch, palette)
    >>> picture = mix(mixture, palette)
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        options = {"dtype": self.dtype_policy, "kernel_initializer": "he_normal"}
        # Channels of: query, rank preferences, white and black, shade, ink.
        self.parts = [_QUERY, COLORS, 2, 1, 1]
        self.conv = keras.layers.Conv2D(sum(self.parts), 3, padding="same", name="conv", **options)
        self.hidden = keras.layers.Dense(_HIDDEN, activation="relu", name="hidden", **options)
        self.key = keras.layers.Dense(_QUERY, name="key", **options)

    def build(self, features_shape, *_):
        self.conv.build(features_shape)
        self.hidden.build((None, BANDS * COLORS, 3 + BANDS + COLORS))
        self.key.build((None, BANDS * COLORS, _HIDDEN))
        self.band_offset = self.add_weight(
            name="band_offset",
            shape=(2 * BANDS - 1,),
            initializer=keras.initializers.Constant(_OWN_BAND * np.eye(2 * BANDS - 1)[BANDS - 1]),
            dtype="float32",
            autocast=False,
        )

    def call(self, features, sketch, palette):
        ends = [sum(self.parts[: i + 1]) for i in range(len(self.parts) - 1)]
        channels = ops.cast(self.conv(features), "float32")  # (N, H, W, 24)
        query, rank, extremes, shade, ink = ops.split(channels, ends, axis=-1)
        logits = self._color_logits(query, rank, palette)  # (N, H, W, 16)
        logits = ops.concatenate([logits, extremes], axis=-1)  # (N, H, W, 18)
        return make_mixture(LOGIT_SCALE * logits, shade, ink, ops.cast(sketch, "float32"))

    def band_offsets(self):
        """The preference for a color's band (column) by the pixel's band (row), `(4, 4)`."""
        rows = [self.band_offset[BANDS - 1 - b : 2 * BANDS - 1 - b] for b in range(BANDS)]
        return ops.stack(rows)

    def _color_logits(self, query, rank, palette):
        """The logits of the palette's colors, float32 `(N, H, W, 16)`."""
        _, height, width, _ = ops.shape(query)
        keys = ops.cast(self.key(self.hidden(describe_colors(palette))), "float32")  # (N, 16, 16)
        queries = ops.reshape(query, (-1, height * width, _QUERY))  # (N, H W, 16)
        products = ops.matmul(queries, ops.transpose(keys, (0, 2, 1))) / _QUERY**0.5
        # The axes: picture, band of the pixel, position in it, color. Runtimes want four at most.
        by_band = (-1, BANDS, height // BANDS * width, BANDS * COLORS)
        rank = ops.concatenate([rank] * BANDS, axis=-1)  # (N, H, W, 16)
        offsets = ops.repeat(self.band_offsets(), COLORS, axis=1)  # (4, 16)
        logits = ops.reshape(products, by_band) + ops.reshape(rank, by_band) + offsets[:, None]
        return ops.reshape(logits, (-1, height, width, BANDS * COLORS))


def describe_colors(palette):
    """What keys are made of: RGB, band and rank of each color, `(N, 16, 11)`."""
    colors = ops.reshape(palette, (-1, BANDS * COLORS, 3))  # (N, 16, 3)
    bands = ops.repeat(ops.eye(BANDS, dtype=colors.dtype), COLORS, axis=0)  # (16, 4)
    ranks = ops.tile(ops.eye(COLORS, dtype=colors.dtype), (BANDS, 1))  # (16, 4)
    positions = ops.concatenate([bands, ranks], axis=-1)  # (16, 8)
    positions = ops.zeros_like(colors[..., :1]) + positions  # (N, 16, 8)
    return ops.concatenate([colors, positions], axis=-1)
