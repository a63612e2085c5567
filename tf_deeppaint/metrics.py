"""Picture measures: how far painted pictures lie from the true ones."""

from collections.abc import Callable

import numpy as np

# Equal pictures have no finite PSNR, and a mean needs one.
HIGHEST_PSNR = 100.0


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
    error = np.square(_difference(painted, truth)).mean(axis=(1, 2, 3))
    least = 10.0 ** (-HIGHEST_PSNR / 10.0)
    return -10.0 * np.log10(np.maximum(error, least))


# Every measure a report shows: its heading, and the function.
METRICS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {"L1": l1, "PSNR": psnr}


def _difference(painted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return (painted.astype(np.float64) - truth) / 255.0
