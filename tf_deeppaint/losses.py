"""What the two networks are trained to make small; all in float32."""

from keras import ops


def adversarial_loss(logits, real: bool):
    """Mean binary cross-entropy of logits against all 1 (`real`) or all 0, from the logits."""
    # softplus(-x) = -log(sigmoid(x)): no sigmoid to saturate.
    return ops.mean(ops.softplus(-logits if real else logits))


def l1_loss(picture, painted):
    """Mean absolute difference, of values in [-1, 1]."""
    return ops.mean(ops.abs(picture - painted))
