"""What the two networks are trained to make small; all in float32."""

import dataclasses

from keras import ops

# Cross-entropy; least squares (Mao et al., arXiv:1611.04076); hinge (Lim and Ye, arXiv:1705.02894).
GAN_LOSSES = ("bce", "lsgan", "hinge")


@dataclasses.dataclass(frozen=True)
class Objective:
    """What a training makes small.

    Attributes:
        gan_loss: Of `GAN_LOSSES`.
        l1_weight: Weight of the L1 loss beside the adversarial one of weight 1.
        perceptual_weight: Weight of the perceptual loss.
        tv_weight: Weight of the total variation.
        r1_weight: Weight of the discriminator's gradient penalty.
    """

    gan_loss: str = "bce"
    l1_weight: float = 100.0
    perceptual_weight: float = 0.0
    tv_weight: float = 0.0
    r1_weight: float = 0.0


def discriminator_loss(kind: str, real, fake):
    """What the discriminator makes small: the mean of its losses on real and on fake pairs.

    Args:
        kind: Of `GAN_LOSSES`.
        real: Logits of real pairs, any shape.
        fake: Logits of fake pairs.
    """
    if kind == "hinge":
        return 0.5 * (ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake)))
    return 0.5 * (_distance(kind, real, real=True) + _distance(kind, fake, real=False))


def adversarial_loss(kind: str, fake):
    """What the generator makes small: how far its pairs, by their logits, are from looking real."""
    return -ops.mean(fake) if kind == "hinge" else _distance(kind, fake, real=True)


def l1_loss(picture, painted):
    """Mean absolute difference, of values in [-1, 1]."""
    return ops.mean(ops.abs(picture - painted))


def total_variation(painted):
    """Mean absolute difference of neighbors, across plus down, of `(N, H, W, C)`.

    Rudin, Osher, Fatemi, Physica D 60 (1992), in its anisotropic form.
    """
    across = ops.abs(painted[:, :, 1:] - painted[:, :, :-1])
    down = ops.abs(painted[:, 1:] - painted[:, :-1])
    return ops.mean(across) + ops.mean(down)


def gradient_penalty(gradients):
    """The mean over pictures of the squared length of the gradient at them.

    R1 of Mescheder et al. (arXiv:1801.04406) is half of it, times its weight.

    Args:
        gradients: Of each picture's mean logit toward its pixels, `(N, H, W, C)`.
    """
    return ops.mean(ops.sum(ops.square(gradients), axis=(1, 2, 3)))


def _distance(kind: str, logits, real: bool):
    """Mean loss of logits against all 1 (`real`) or all 0."""
    if kind == "lsgan":
        return ops.mean(ops.square(logits - float(real)))
    # softplus(-x) = -log(sigmoid(x)): no sigmoid to saturate.
    return ops.mean(ops.softplus(-logits if real else logits))
