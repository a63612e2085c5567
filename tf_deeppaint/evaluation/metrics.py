"""Measures of single pictures: how far painted pictures are from the true ones."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from skimage import color

# PSNR in dB of equal pictures, which is infinite by the formula; a mean needs a finite value.
HIGHEST_PSNR = 100.0
# Side of SSIM's window in pixels.
WINDOW = 11
# Weights of MS-SSIM's scales, the finest first (Wang, Simoncelli and Bovik, Asilomar 2003).
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def l1(painted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean absolute difference of each picture, with white 1 and black 0: 0 is equal, 1 opposite.

    Args:
        painted: uint8 `(N, H, W, 3)`.
        truth: uint8, same shape.

    Returns:
        float64 `(N,)`.
    """
    return np.abs(_difference(painted, truth)).mean(axis=(1, 2, 3))


def psnr(painted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio of each picture in dB, 100 at most; see `l1` for the shapes."""
    return to_psnr(np.square(_difference(painted, truth)).mean(axis=(1, 2, 3)))


def to_psnr(mean_squared_error: np.ndarray) -> np.ndarray:
    """PSNR in dB, 100 at most, of the mean squared error of values whose range is 1 wide."""
    least = 10.0 ** (-HIGHEST_PSNR / 10.0)
    return -10.0 * np.log10(np.maximum(mean_squared_error, least))


def ssim(painted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Structural similarity of each picture, above -1; 1 is equal (Wang et al., IEEE TIP 13, 2004).

    The mean over pixels and color channels, in a Gaussian window with a sigma of 1.5 pixels, cut
    off at 11. See `l1` for the shapes; sides are 11 pixels or more.
    """
    # TensorFlow's own mean over a picture sums in float32, which at 512 pixels is 1e-3 off.
    return _on_cpu(tf.image.ssim, painted, truth, return_index_map=True).mean(axis=(1, 2))


def ms_ssim(painted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Structural similarity of each picture over several scales, in [0, 1]; 1 is equal.

    Of the five scales of Wang, Simoncelli and Bovik (Asilomar 2003) those that fit are used, see
    `scales`; the weights of fewer than five are normalized to a sum of 1. A negative mean contrast
    counts as 0, and so does the product then. See `l1` for the shapes; sides are 11 pixels or more.
    """
    weights = SCALE_WEIGHTS[: scales(min(painted.shape[1:3]))]
    if len(weights) < len(SCALE_WEIGHTS):  # the five, as published, sum to 1.0001
        weights = tuple(weight / sum(weights) for weight in weights)
    return _on_cpu(tf.image.ssim_multiscale, painted, truth, power_factors=weights)


def scales(side: int) -> int:
    """The number of MS-SSIM's scales, five at most, for a shorter side in pixels.

    A scale has half the side of the one before, rounded up, and needs 11: from 161 on there are
    five, at 128 four, at 64 three, below 11 none.
    """
    count = 0
    while count < len(SCALE_WEIGHTS) and side >= WINDOW:
        count, side = count + 1, -(-side // 2)
    return count


def ciede2000(painted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean color difference CIEDE2000 over each picture's pixels (CIE 142, 2001).

    About 1 is the least visible difference; 100 is that of black and white. See `l1` for the
    shapes.
    """
    # One picture at a time: the formula needs some thirty arrays of its size.
    pairs = zip(map(to_lab, truth), map(to_lab, painted), strict=True)
    return np.array([color.deltaE_ciede2000(*pair).mean() for pair in pairs], np.float64)


def to_lab(pictures: np.ndarray) -> np.ndarray:
    """uint8 sRGB `(..., 3)` -> CIELAB under D65, float64, L* in [0, 100]."""
    return color.rgb2lab(pictures)


# The measures of a report that compare with the true picture: heading -> function.
METRICS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "L1": l1,
    "PSNR": psnr,
    "SSIM": ssim,
    "MS-SSIM": ms_ssim,
    "CIEDE2000": ciede2000,
}


def _difference(painted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return (painted.astype(np.float64) - truth) / 255.0


def _on_cpu(metric: Callable, painted: np.ndarray, truth: np.ndarray, **options) -> np.ndarray:
    # A GPU may round convolutions to TF32, too coarse for variances that are differences.
    with tf.device("CPU"):
        return metric(painted, truth, max_val=255, **options).numpy().astype(np.float64)
