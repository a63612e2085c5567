"""The losses of generator and discriminator; all are float32 scalars."""

import dataclasses

import numpy as np
from keras import ops

from tf_deeppaint.networks.vgg16 import Vgg16
from tf_deeppaint.palette.rules import BANDS, COLORS

# Cross-entropy; least squares (Mao et al., arXiv:1611.04076); hinge (Lim and Ye, arXiv:1705.02894).
GAN_LOSSES = ("bce", "lsgan", "hinge")
# Weights of VGG16's five features in the perceptual loss: deeper ones describe content rather than
# texture (Wang et al., arXiv:1711.11585).
FEATURE_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
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
class Objective:
    """Which losses a training minimizes, and their weights; the adversarial one's is 1."""

    gan_loss: str = "bce"  # one of `GAN_LOSSES`
    l1_weight: float = 100.0
    perceptual_weight: float = 0.0
    tv_weight: float = 0.0  # of the total variation
    r1_weight: float = 0.0  # of the discriminator's gradient penalty


@dataclasses.dataclass(frozen=True)
class MatchingObjective:
    """The weights of the losses that train a color matcher."""

    color_weight: float = 1.0  # of `color_loss`
    l1_weight: float = 5.0
    parts_weight: float = 0.0  # of `parts_loss`


def discriminator_loss(kind: str, real, fake):
    """The mean of the discriminator's losses on the logits of real and of fake pairs.

    The kind is one of `GAN_LOSSES`; logits have any shape.
    """
    if kind == "hinge":
        return 0.5 * (ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake)))
    return 0.5 * (_distance(kind, real, real=True) + _distance(kind, fake, real=False))


def adversarial_loss(kind: str, fake):
    """The generator's adversarial loss: low where the logits of its pairs look real."""
    return -ops.mean(fake) if kind == "hinge" else _distance(kind, fake, real=True)


def l1_loss(picture, painted):
    """Mean absolute difference of pictures in [-1, 1]."""
    return ops.mean(ops.abs(picture - painted))


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


def perceptual_loss(vgg16: Vgg16, picture, painted):
    """Weighted sum of the mean absolute differences of VGG16's five features.

    Johnson et al., arXiv:1603.08155. The pictures are `(N, H, W, 3)` in [-1, 1].
    """
    pairs = zip(vgg16.features(picture), vgg16.features(painted), strict=True)
    distances = [ops.mean(ops.cast(ops.abs(a - b), "float32")) for a, b in pairs]
    return sum(w * distance for w, distance in zip(FEATURE_WEIGHTS, distances, strict=True))


def total_variation(painted):
    """Mean absolute difference of neighbors, across plus down, of `(N, H, W, C)`.

    Rudin, Osher, Fatemi, Physica D 60 (1992), in its anisotropic form.
    """
    across = ops.abs(painted[:, :, 1:] - painted[:, :, :-1])
    down = ops.abs(painted[:, 1:] - painted[:, :-1])
    return ops.mean(across) + ops.mean(down)


def gradient_penalty(gradients):
    """The mean over pictures of the squared length of gradients `(N, H, W, C)`.

    These are of each picture's mean logit with respect to its pixels. The R1 penalty of Mescheder
    et al. (arXiv:1801.04406) is half of it, times its weight.
    """
    return ops.mean(ops.sum(ops.square(gradients), axis=(1, 2, 3)))


def _distance(kind: str, logits, real: bool):
    """Mean loss of logits against all 1 (`real`) or all 0."""
    if kind == "lsgan":
        return ops.mean(ops.square(logits - float(real)))
    # softplus(-x) = -log(sigmoid(x)): no sigmoid to saturate.
    return ops.mean(ops.softplus(-logits if real else logits))
