"""LPIPS against its definition in NumPy, and against scores of the package `lpips` itself.

`golden/make_lpips.py` made the scores; the weights it drew are drawn again here.
"""

from pathlib import Path

import numpy as np
import pytest

from tests.golden.make_lpips import SIZES, checksum, make_pictures, random_arrays
from tests.helpers.vgg16 import vgg16_features
from tf_deeppaint.evaluation.lpips import Lpips
from tf_deeppaint.utils.errors import DeepPaintError

GOLDEN = Path(__file__).parents[1] / "golden"
PUBLISHED = Path(__file__).parents[3] / "shared/weights/vgg16_lpips.npz"
# Float32 on both sides, through up to thirteen convolutions; the smallest scores are near 0.03.
CLOSE = {"rtol": 1e-4, "atol": 1e-6}


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / "lpips.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    return random_arrays()


@pytest.fixture(scope="module")
def stored(arrays, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "weights.npz"
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="module")
def lpips(stored) -> Lpips:
    return Lpips.load(stored)


@pytest.fixture(scope="module")
def published() -> Lpips:
    if not PUBLISHED.exists():
        pytest.skip(f"{PUBLISHED} is not on this machine: VGG16's and LPIPS's published weights")
    return Lpips.load(PUBLISHED)


def distances(lpips: Lpips, painted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return lpips.distance_from(truth)(painted)


def lpips_by_definition(arrays: dict, painted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    total = 0.0
    both = zip(vgg16_features(arrays, painted), vgg16_features(arrays, truth), strict=True)
    for i, (one, other) in enumerate(both):
        one, other = (f / np.sqrt((f**2).sum(-1, keepdims=True) + 1e-20) for f in (one, other))
        head = arrays[f"NetLinLayer_{i}.Conv_0.kernel"].reshape(-1)
        total = total + ((one - other) ** 2 @ head).mean((1, 2))
    return total


@pytest.mark.parametrize("shape", [(16, 16), (17, 35)])
def test_lpips_is_its_definition(arrays, lpips, shape):
    pair = make_pictures(*shape)
    found = distances(lpips, *pair)
    assert found.dtype == np.float64 and found.shape == (4,)
    assert found[0] == 0 and found[3] > 0.1
    np.testing.assert_allclose(found, lpips_by_definition(arrays, *pair), **CLOSE)


def test_a_score_does_not_depend_on_the_batch_or_the_order(lpips):
    painted, truth = make_pictures(32, 32)
    together = distances(lpips, painted, truth)
    alone = [distances(lpips, painted[i:][:1], truth[i:][:1])[0] for i in range(4)]
    np.testing.assert_allclose(together, alone, rtol=1e-5)
    np.testing.assert_allclose(together, distances(lpips, truth, painted), rtol=1e-5)


def test_a_channel_that_is_zero_everywhere_is_no_division_by_zero(arrays, tmp_path):
    silent = {name: np.zeros_like(array) for name, array in arrays.items()}
    np.savez_compressed(tmp_path / "silent.npz", **silent)
    painted, truth = make_pictures(16, 16)
    assert (distances(Lpips.load(tmp_path / "silent.npz"), painted, truth) == 0).all()


# --- scores of the package ----------------------------------------------------------------------


def test_the_scores_were_made_by_the_pinned_packages(golden):
    lines = (GOLDEN / "requirements-lpips.txt").read_text().splitlines()
    pins = {line for line in lines if line and not line.startswith("#")}
    assert pins == set(golden["made_with"])


def test_the_weights_and_pictures_are_those_of_the_scores(arrays, golden):
    """If this fails, NumPy draws other numbers, and the scores have to be made again."""
    np.testing.assert_allclose(checksum(arrays), golden["checksum"], rtol=1e-6)
    for size in SIZES:
        painted, truth = make_pictures(*size)
        np.testing.assert_array_equal(painted, golden["{}x{}/painted".format(*size)])
        np.testing.assert_array_equal(truth, golden["{}x{}/truth".format(*size)])


def golden_pair(golden: dict, size: tuple) -> list[np.ndarray]:
    return [golden["{}x{}/".format(*size) + name] for name in ("painted", "truth")]


@pytest.mark.parametrize("size", SIZES)
def test_the_package_gives_the_same_with_random_weights(golden, lpips, size):
    expected = golden["{}x{}/random".format(*size)]
    assert expected.max() > 0.5
    np.testing.assert_allclose(distances(lpips, *golden_pair(golden, size)), expected, **CLOSE)


@pytest.mark.parametrize("size", SIZES)
def test_the_package_gives_the_same_with_the_published_weights(golden, published, size):
    expected = golden["{}x{}/published".format(*size)]
    assert expected.max() > 0.4
    np.testing.assert_allclose(distances(published, *golden_pair(golden, size)), expected, **CLOSE)


def test_published_weights_find_noise_and_other_pictures_worse_than_shade(published):
    _, noisy, shaded, other = distances(published, *make_pictures(64, 64))
    assert 0.01 < shaded < noisy < other < 1


# --- files --------------------------------------------------------------------------------------


def test_files_that_are_no_weights_are_refused(arrays, tmp_path):
    head = "NetLinLayer_2.Conv_0.kernel"
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "vgg16.npz", **{k: v for k, v in arrays.items() if k[:5] == "VGG16"})
    np.savez(tmp_path / "other.npz", **arrays | {head: np.zeros((1, 1, 255, 1))})
    np.savez(tmp_path / "pickled.npz", **arrays | {head: np.array([{}])})
    for name in ("none", "text", "vgg16", "other", "pickled"):
        with pytest.raises(DeepPaintError, match=rf"{name}\.npz") as caught:
            Lpips.load(tmp_path / f"{name}.npz")
        assert "\n" not in str(caught.value)
        assert ("LPIPS" in str(caught.value)) == (name in ("vgg16", "other", "pickled"))
