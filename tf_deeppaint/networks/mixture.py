"""The palette-mixture head: every pixel a mix of the palette's colors, shaded and lined.

    picture = clip(sum_k weight_k color_k * shade) * (1 - ink)        with white 1 and black 0

The colors are the sixteen of the palette, then white and black. A picture so made obeys its
palette by construction; with other colors in their place, `mix` recolors it without the network.
"""

import keras
from keras import ops

from tf_deeppaint.networks.layers import PACKAGE
from tf_deeppaint.palette.extraction import BANDS, COLORS
from tf_deeppaint.palette.mixing import SLOTS, Mixture

# Shading multiplies a color by 1 - SHADING .. 1 + SHADING.
SHADING = 0.3

_QUERY = 16
_HIDDEN = 32
# From small logits a softmax learns slowly.
LOGIT_SCALE = 4.0
# A pixel begins by mixing the colors of its own band: exp(4) = 55 times as much as of others.
_OWN_BAND = 1.0


def mix(mixture: Mixture, palette):
    """Mixes a picture.

    Args:
        mixture: As `PaletteMixture` returns it.
        palette: float32 `(N, 4, 4, 3)` in [-1, 1].

    Returns:
        The picture, float32 `(N, H, W, 3)` in [-1, 1].
    """
    colors = (ops.cast(all_colors(palette), "float32") + 1.0) / 2.0
    _, height, width, _ = ops.shape(mixture.weights)
    flat = ops.reshape(mixture.weights, (-1, height * width, SLOTS))
    mixed = ops.reshape(ops.matmul(flat, colors), (-1, height, width, 3))
    shown = ops.clip(mixed * mixture.shade, 0.0, 1.0) * (1.0 - mixture.ink)
    return 2.0 * shown - 1.0


def all_colors(palette):
    """A palette `(N, 4, 4, 3)` in [-1, 1] -> the mixture's colors in order, `(N, 18, 3)`."""
    colors = ops.reshape(palette, (-1, BANDS * COLORS, 3))
    white = ops.ones_like(colors[:, :1])
    return ops.concatenate([colors, white, -white], axis=1)


def palette_of(histogram):
    """Histogram images `(N, H, W, 12)` -> the palette they were drawn from, `(N, 4, 4, 3)`."""
    rows = histogram[:, :: ops.shape(histogram)[1] // BANDS, 0]
    return ops.reshape(rows, (-1, BANDS, COLORS, 3))


@keras.saving.register_keras_serializable(PACKAGE)
class PaletteMixture(keras.layers.Layer):
    """Chooses colors by comparison: what a pixel looks for with what each color is.

    A pixel's query, from a convolution, is multiplied with a key of every color, from its RGB,
    band and rank by a small network; to that come a preference for each rank and, learned once for
    all pixels, for bands by how far below or above the pixel's own they lie.

    Call arguments:
        features: `(N, H, W, C)`; H is divisible by four.
        sketch: `(N, H, W, 3)` in [-1, 1], its channels equal.
        palette: `(N, 4, 4, 3)` in [-1, 1].

    Returns:
        A `Mixture`.

    Example:
    >>> mixture = PaletteMixture()(features, sketch, palette)
    >>> picture = mix(mixture, palette)
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        options = {"dtype": self.dtype_policy, "kernel_initializer": "he_normal"}
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
            initializer=lambda shape, dtype: _OWN_BAND * _one_hot(BANDS - 1, shape[0], dtype),
            dtype="float32",
            autocast=False,
        )

    def call(self, features, sketch, palette):
        ends = [sum(self.parts[: i + 1]) for i in range(len(self.parts) - 1)]
        found = ops.cast(self.conv(features), "float32")
        query, rank, plain, shade, ink = ops.split(found, ends, axis=-1)
        logits = ops.concatenate([self._compare(query, rank, palette), plain], axis=-1)
        paper = (ops.cast(sketch[..., :1], "float32") + 1.0) / 2.0
        return Mixture(
            ops.softmax(LOGIT_SCALE * logits, axis=-1),
            1.0 + SHADING * ops.tanh(shade),
            # Begins near 1, with every line shown.
            ops.sigmoid(ink + 2.0) * (1.0 - paper),
        )

    def _compare(self, query, rank, palette):
        """The logits of the palette's colors, float32 `(N, H, W, 16)`."""
        _, height, width, _ = ops.shape(query)
        keys = ops.cast(self.key(self.hidden(_describe(palette))), "float32")
        flat = ops.reshape(query, (-1, height * width, _QUERY))
        alike = ops.matmul(flat, ops.transpose(keys, (0, 2, 1))) / _QUERY**0.5
        alike = ops.reshape(alike, (-1, BANDS, height // BANDS, width, BANDS, COLORS))
        rank = ops.reshape(rank, (-1, BANDS, height // BANDS, width, 1, COLORS))
        # Row: the pixel's band; column: the color's.
        rows = [self.band_offset[BANDS - 1 - b : 2 * BANDS - 1 - b] for b in range(BANDS)]
        offset = ops.reshape(ops.stack(rows), (1, BANDS, 1, 1, BANDS, 1))
        return ops.reshape(alike + rank + offset, (-1, height, width, BANDS * COLORS))


def _describe(palette):
    """What keys are made from: RGB, band and rank of each color, `(N, 16, 11)`."""
    colors = ops.reshape(palette, (-1, BANDS * COLORS, 3))
    bands = ops.repeat(ops.eye(BANDS, dtype=colors.dtype), COLORS, axis=0)
    ranks = ops.tile(ops.eye(COLORS, dtype=colors.dtype), (BANDS, 1))
    places = ops.concatenate([bands, ranks], axis=-1)[None]
    places = ops.broadcast_to(places, (ops.shape(colors)[0], *places.shape[1:]))
    return ops.concatenate([colors, places], axis=-1)


def _one_hot(index: int, length: int, dtype):
    return ops.one_hot(ops.convert_to_tensor(index), length, dtype=dtype)
