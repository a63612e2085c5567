"""The losses of generator and discriminator; all are float32 scalars."""

import dataclasses

from keras import ops

from tf_deeppaint.networks.vgg16 import Vgg16

# Cross-entropy; least squares (Mao et al., arXiv:1611.04076); hinge (Lim and Ye, arXiv:1705.02894).
GAN_LOSSES = ("bce", "lsgan", "hinge")
# Weights of VGG16's five features in the perceptual loss: deeper ones describe content rather than
# texture (Wang et al., arXiv:1711.11585).
FEATURE_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)


@dataclasses.dataclass(frozen=True)
class Objective:
    """Which losses a training minimizes, and their weights; the adversarial one's is 1."""

    gan_loss: str = "bce"  # one of `GAN_LOSSES`
    l1_weight: float = 100.0
    perceptual_weight: float = 0.0
    tv_weight: float = 0.0  # of the total variation
    r1_weight: float = 0.0  # of the discriminator's gradient penalty


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
