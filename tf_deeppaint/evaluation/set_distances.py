"""Distances between two sets of pictures, by the features of a network: FID and KID."""

import numpy as np

from tf_deeppaint.evaluation.features import INCEPTION
from tf_deeppaint.utils.errors import DeepPaintError

# Rows that go into a kernel at once.
BLOCK = 1024


def compare_sets(painted: np.ndarray, truth: np.ndarray, network: str) -> dict[str, float]:
    """Both distances between features of a network, `(N, D)` and `(M, D)`, by their headings.

    Raises:
        DeepPaintError: a set has fewer than two rows.
    """
    return {
        title("FID", network): frechet_distance(painted, truth),
        title("KID", network): kernel_distance(painted, truth),
    }


def title(kind: str, network: str) -> str:
    """The heading of `FID` or `KID` by a network: the I stands for Inception, so `FD (VGG16)`."""
    return kind if network == INCEPTION else f"{kind.replace('I', '')} ({network})"


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Squared Fréchet distance of the Gaussians fitted to two sets (Heusel et al., 1706.08500).

    `|m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2))` with means m and unbiased covariances S, of
    `(N, D)` and `(M, D)`. It is 0 where they are equal, and biased: fewer rows give larger
    distances.

    Raises:
        DeepPaintError: a set has fewer than two rows.
    """
    _check_rows(a, b)
    mean_a, mean_b = (rows.mean(axis=0, dtype=np.float64) for rows in (a, b))
    covariance_a, covariance_b = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (a, b))
    values, vectors = np.linalg.eigh(covariance_a)
    half = vectors * np.sqrt(np.maximum(values, 0.0))
    # S_a = half half^T, so S_a S_b has the eigenvalues of this symmetric matrix, and zeros.
    squares = np.linalg.eigvalsh(half.T @ covariance_b @ half)
    root_trace = np.sqrt(np.maximum(squares, 0.0)).sum()
    mean_distance = np.square(mean_a - mean_b).sum()
    traces = np.trace(covariance_a) + np.trace(covariance_b)
    return max(0.0, float(mean_distance + traces - 2.0 * root_trace))


def kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Squared maximum mean discrepancy of two sets, unbiased (Bińkowski et al., 1801.01401).

    The kernel is `(x y / D + 1)^3`; all rows of `(N, D)` and `(M, D)` are used, not random subsets
    of them. It is about 0, also below 0, for sets of one distribution.

    Raises:
        DeepPaintError: a set has fewer than two rows.
    """
    _check_rows(a, b)
    between = _kernel_sum(a, b) / (len(a) * len(b))
    return _mean_within(a) + _mean_within(b) - 2.0 * between


def _check_rows(*sets: np.ndarray) -> None:
    if (least := min(map(len, sets))) < 2:
        raise DeepPaintError(
            f"sets of pictures cannot be compared with {least} in one; two are needed at least"
        )


def _mean_within(rows: np.ndarray) -> float:
    """The mean of the kernel over all pairs of different rows."""
    count = len(rows)
    own = _kernel(np.square(rows).sum(axis=1), rows.shape[1]).sum()
    return (_kernel_sum(rows, rows) - own) / (count * (count - 1))


def _kernel_sum(a: np.ndarray, b: np.ndarray) -> float:
    # In blocks, so that memory grows with the rows and not with their square.
    starts = range(0, len(a), BLOCK)
    return float(sum(_kernel(a[i : i + BLOCK] @ b.T, a.shape[1]).sum() for i in starts))


def _kernel(products: np.ndarray, width: int) -> np.ndarray:
    return (products / width + 1.0) ** 3
