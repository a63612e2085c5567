"""Distances between sets against their formulas."""

import numpy as np
import pytest
import scipy.linalg

from tf_deeppaint.evaluation import set_distances
from tf_deeppaint.evaluation.set_distances import frechet_distance, kernel_distance, title
from tf_deeppaint.utils.errors import DeepPaintError


def rows(count: int, width: int, seed: int = 0) -> np.ndarray:
    """Correlated numbers about a mean of their own."""
    rng = np.random.default_rng(seed)
    numbers, mixture = rng.normal(size=(count, width)), rng.normal(size=(width, width))
    return numbers @ mixture + rng.normal(size=width)


def exact_rows(mean: np.ndarray, covariance: np.ndarray, count: int = 40) -> np.ndarray:
    """Rows of which mean and unbiased covariance are these to rounding."""
    noise = np.random.default_rng(len(mean)).normal(size=(count, len(mean)))
    noise -= noise.mean(axis=0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise, rowvar=False))).T
    return white @ np.linalg.cholesky(covariance).T + mean


# --- Fréchet distance ---------------------------------------------------------------------------


@pytest.mark.parametrize("width", [2, 5, 40])
def test_the_frechet_distance_is_that_of_the_matrix_square_root(width):
    a, b = rows(200, width, 1), rows(150, width, 2)
    covariances = [np.cov(x, rowvar=False) for x in (a, b)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(sum(covariances) - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-8)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-8)


def test_the_frechet_distance_of_known_gaussians():
    scales_a, scales_b = np.array([1.0, 2.0, 0.5]), np.array([3.0, 0.1, 0.5])
    a = exact_rows(np.array([1.0, 0.0, -2.0]), np.diag(scales_a**2))
    b = exact_rows(np.array([0.0, 0.5, -2.0]), np.diag(scales_b**2), 30)
    # Where the axes agree it is |m_a - m_b|^2 + sum (s_a - s_b)^2.
    expected = 1.25 + np.sum((scales_a - scales_b) ** 2)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)


def test_the_frechet_distance_of_gaussians_with_other_axes():
    one, other = np.array([[4.0, 1.0], [1.0, 2.0]]), np.array([[1.0, -0.7], [-0.7, 3.0]])
    found = frechet_distance(exact_rows(np.zeros(2), one), exact_rows(np.zeros(2), other))
    # In two dimensions tr M^(1/2) = (tr M + 2 det(M)^(1/2))^(1/2).
    root = np.sqrt(np.trace(one @ other) + 2 * np.sqrt(np.linalg.det(one @ other)))
    assert found == pytest.approx(np.trace(one + other) - 2 * root, rel=1e-9)


@pytest.mark.parametrize("counts", [(10, 12), (12, 10), (2, 2), (10, 300)])
def test_fewer_rows_than_columns_are_no_trouble(counts):
    a, b = (rows(count, 60, seed) for seed, count in enumerate(counts))
    centered = [(x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (a, b)]
    # Of S_a = A^T A and S_b = B^T B the trace of the root is the sum of A B^T's singular values.
    between = np.linalg.svd(centered[0] @ centered[1].T, compute_uv=False).sum()
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2) - 2 * between
    expected += sum(np.sum(x**2) for x in centered)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-6)


def test_equal_sets_have_no_frechet_distance():
    a = rows(50, 20)
    assert frechet_distance(a, a[::-1]) == pytest.approx(0, abs=1e-9 * np.trace(a.T @ a))
    assert frechet_distance(a, a + 2) == pytest.approx(80)


# --- kernel distance ----------------------------------------------------------------------------


def kernel_distance_by_loops(a: np.ndarray, b: np.ndarray) -> float:
    def kernel(x, y):
        return (sum(p * q for p, q in zip(x, y, strict=True)) / len(x) + 1) ** 3

    def within(x):
        count = len(x)
        pairs = [kernel(x[i], x[j]) for i in range(count) for j in range(count) if i != j]
        return sum(pairs) / (count * (count - 1))

    between = sum(kernel(x, y) for x in a for y in b) / (len(a) * len(b))
    return within(a) + within(b) - 2 * between


@pytest.mark.parametrize("block", [3, 1000])
def test_the_kernel_distance_is_that_of_plain_loops(monkeypatch, block):
    monkeypatch.setattr(set_distances, "BLOCK", block)
    a, b = rows(11, 6, 1), rows(8, 6, 2)
    expected = kernel_distance_by_loops(a, b)
    assert abs(expected) > 0.1
    assert kernel_distance(a, b) == pytest.approx(expected, rel=1e-9)
    assert kernel_distance(b, a) == pytest.approx(expected, rel=1e-9)


def test_the_kernel_distance_is_unbiased():
    """Sets drawn alike lie about nothing apart, as often below as above."""
    rng = np.random.default_rng(5)
    found = [kernel_distance(*rng.normal(size=(2, 10, 4))) for _ in range(400)]
    error = np.std(found) / 20
    assert abs(np.mean(found)) < 3 * error and min(found) < 0 < max(found)
    assert kernel_distance(rng.normal(size=(10, 4)), 1 + rng.normal(size=(10, 4))) > 10 * error


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
@pytest.mark.parametrize("counts", [(1, 5), (5, 1)])
def test_a_single_picture_is_no_set(distance, counts):
    with pytest.raises(DeepPaintError, match="two are needed"):
        distance(*(rows(count, 3) for count in counts))


@pytest.mark.parametrize(
    ("kind", "network", "expected"),
    [
        ("FID", "InceptionV3", "FID"),
        ("KID", "InceptionV3", "KID"),
        ("FID", "VGG16", "FD (VGG16)"),
        ("KID", "VGG16", "KD (VGG16)"),
        ("FID", "mine", "FD (mine)"),
    ],
)
def test_only_distances_of_inception_are_called_so(kind, network, expected):
    assert title(kind, network) == expected
