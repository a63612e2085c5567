"""The losses of a color matcher; all are float32 scalars."""

import dataclasses

import numpy as np
from keras import ops

from tf_deeppaint.palette.rules import BANDS, COLORS

# Of `color_loss`, in units of CIELAB: colors as near as that are equally right, and a pixel that is
# so far from all of them counts 1/e.
NEARLY, FAR = 4.0, 20.0
# How much a pixel of white paper counts; drawings are mostly paper.
PAPER = 0.4

_RGB_TO_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ],
    np.float32,
)
_WHITE_POINT = np.array([0.95047, 1.0, 1.08883], np.float32)


@dataclasses.dataclass(frozen=True)
class MatchingObjective:
    """The weights of the losses that train a color matcher."""

    color_weight: float = 1.0  # of `color_loss`
    l1_weight: float = 5.0
    parts_weight: float = 0.0  # of `parts_loss`


def color_loss(logits, palette, picture, sketch):
    """Cross-entropy of the choice among colors, at every second pixel each way.

    Right are the colors that are, but for `NEARLY`, as near to the true one as any. A pixel counts
    less the farther away these are, not at all under ink, and `PAPER` where it is white.

    Args:
        logits: `(N, H/2, W/2, 18)`: the palette's colors, white, black.
        palette: `(N, 4, 4, 3)` in [-1, 1].
        picture: `(N, H, W, 3)` in [-1, 1].
        sketch: `(N, H, W, 3)` in [-1, 1].
    """
    colors = ops.reshape(palette, (-1, BANDS * COLORS, 3))
    white = ops.ones_like(colors[:, :1])
    colors = to_lab(ops.concatenate([colors, white, -white], axis=1))  # (N, 18, 3)
    truth = to_lab(picture[:, ::2, ::2])  # (N, H/2, W/2, 3)
    # Shade changes lightness, so that counts half.
    scale = ops.convert_to_tensor([0.5, 1.0, 1.0])
    distances = (truth * scale)[:, :, :, None] - (colors * scale)[:, None, None]
    distances = ops.sqrt(ops.sum(ops.square(distances), axis=-1))  # (N, H/2, W/2, 18)
    least = ops.min(distances, axis=-1, keepdims=True)  # (N, H/2, W/2, 1)
    right = ops.where(distances <= least + NEARLY, 0.0, -1e9)
    cross_entropy = ops.logsumexp(logits, axis=-1) - ops.logsumexp(logits + right, axis=-1)
    # The darkest of each four pixels: a half-covered one is neither line nor color.
    paper = -ops.max_pool(-sketch[..., :1], 2, 2)[..., 0]  # (N, H/2, W/2)
    is_white = ops.cast(ops.min(picture[:, ::2, ::2], axis=-1) > 0.97, "float32")
    weights = (paper + 1.0) / 2.0 * ops.exp(-ops.square(least[..., 0] / FAR))
    weights *= 1.0 - (1.0 - PAPER) * is_white
    return ops.sum(weights * cross_entropy) / (ops.sum(weights) + 1e-6)


def parts_loss(logits, parts):
    """Cross-entropy of the parts of a figure, where they are known, at every second pixel each way.

    Paper counts as little as in `color_loss`.

    Args:
        logits: `(N, H/2, W/2, P)`.
        parts: int32 `(N, H, W)`: indices of `color_schemes.ROLES`; those of P and above are not
            known.
    """
    parts = parts[:, ::2, ::2]
    count = ops.shape(logits)[-1]
    chosen = ops.one_hot(parts, count)  # all 0 where not known
    cross_entropy = ops.logsumexp(logits, axis=-1) - ops.sum(chosen * logits, axis=-1)
    weights = ops.cast(parts < count, "float32")
    weights *= 1.0 - (1.0 - PAPER) * ops.cast(parts == 0, "float32")
    return ops.sum(weights * cross_entropy) / (ops.sum(weights) + 1e-6)


def to_lab(pixels):
    """CIELAB (CIE 15:2004; D65, 2 degrees) of sRGB (IEC 61966-2-1) in [-1, 1], `(..., 3)`."""
    levels = ops.clip((pixels + 1.0) / 2.0, 0.0, 1.0)
    linear = ops.where(levels > 0.04045, ops.power((levels + 0.055) / 1.055, 2.4), levels / 12.92)
    xyz = ops.tensordot(linear, ops.convert_to_tensor(_RGB_TO_XYZ), axes=[[-1], [1]]) / _WHITE_POINT
    cube_root = ops.power(ops.maximum(xyz, 1e-8), 1.0 / 3.0)
    xyz = ops.where(xyz > 0.008856, cube_root, 7.787 * xyz + 16.0 / 116.0)
    x, y, z = xyz[..., 0], xyz[..., 1], xyz[..., 2]
    return ops.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)
