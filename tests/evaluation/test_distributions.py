"""Distances between sets against their formulas; feature networks against plain averages."""

import json
import zipfile

import keras
import numpy as np
import pytest
import scipy.linalg
from PIL import Image

from tests.golden.make_lpips import random_arrays
from tests.helpers.vgg16 import vgg16_features
from tf_deeppaint.evaluation import distributions
from tf_deeppaint.evaluation.distributions import (
    Features,
    frechet_distance,
    kernel_distance,
    load_features,
    title,
)
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
    monkeypatch.setattr(distributions, "BLOCK", block)
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


# --- feature networks ---------------------------------------------------------------------------


def pictures(count: int, height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(height)
    return rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def saved(path, *layers, shape=(None, None, 3)) -> str:
    model = keras.Sequential([keras.Input(shape), *layers])
    model.save(path)
    return str(path)


def test_vgg16_gives_the_mean_of_its_last_feature(tmp_path):
    arrays = random_arrays()
    np.savez(tmp_path / "weights.npz", **arrays)
    features = load_features(tmp_path / "weights.npz")
    assert features.name == "VGG16"
    shown = pictures(2, 33, 48)
    found = features(shown)
    assert found.shape == (2, 512) and found.dtype == np.float64
    expected = vgg16_features(arrays, shown)[-1].mean((1, 2))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_keras_map_is_averaged_at_the_pictures_own_size(tmp_path):
    kernel = np.random.default_rng(0).normal(size=(3, 5))
    conv = keras.layers.Conv2D(5, 1, use_bias=False, activation="relu")
    path = saved(tmp_path / "mine.keras", conv)
    conv.set_weights([kernel[None, None]])
    path = saved(tmp_path / "mine.keras", conv)
    features = load_features(path)
    assert features.name == "mine"
    for shown in (pictures(3, 6, 9), pictures(2, 10, 4)):
        expected = np.maximum((shown / 127.5 - 1) @ kernel, 0).mean((1, 2))
        np.testing.assert_allclose(features(shown), expected, rtol=1e-5, atol=1e-6)


def test_a_keras_network_of_one_size_gets_it(tmp_path):
    path = saved(tmp_path / "small.keras", keras.layers.Flatten(), shape=(6, 8, 3))
    shown = pictures(2, 3, 4)
    # Doubled by Pillow, whose bilinear enlargement has the same pixel centers.
    channels = shown.transpose(0, 3, 1, 2).reshape(-1, 3, 4).astype("float32")
    size = (8, 6)
    large = [Image.fromarray(c).resize(size, Image.Resampling.BILINEAR) for c in channels]
    expected = np.stack(large).reshape(2, 3, 6, 8).transpose(0, 2, 3, 1) / 127.5 - 1
    np.testing.assert_allclose(load_features(path)(shown), expected.reshape(2, -1), atol=1e-4)


def test_a_keras_network_is_at_rest(tmp_path):
    layers = [keras.layers.Dropout(0.5), keras.layers.BatchNormalization()]
    features = load_features(saved(tmp_path / "resting.keras", *layers))
    shown = pictures(2, 5, 5)
    expected = (shown / 127.5 - 1).mean((1, 2)) / np.sqrt(1 + 1e-3)
    np.testing.assert_allclose(features(shown), expected, atol=1e-5)


def test_more_pictures_than_go_through_at_once(monkeypatch):
    seen = []

    def network(x):
        seen.append(x.shape)
        return x

    monkeypatch.setattr(distributions, "BATCH", 4)
    features, shown = Features("plain", network), pictures(9, 3, 3)
    expected = (shown / 127.5 - 1).mean((1, 2))
    np.testing.assert_allclose(features(shown), expected, atol=1e-6)
    assert len(seen) == 1  # traced once, whatever the batch


def test_features_that_are_no_numbers_are_refused():
    features = Features("broken", lambda x: 1 / (0 * x))
    with pytest.raises(DeepPaintError, match=r"broken: .* not finite"):
        features(pictures(1, 3, 3))


@pytest.mark.parametrize("stem", ["InceptionV3", "VGG16"])
def test_no_file_passes_for_a_known_network(tmp_path, stem):
    path = saved(tmp_path / f"{stem}.keras", keras.layers.GlobalAveragePooling2D())
    assert load_features(path).name == f"{stem}.keras"
    assert title("FID", load_features(path).name) == f"FD ({stem}.keras)"


# --- InceptionV3 --------------------------------------------------------------------------------


def test_inception_gets_299_pixels_and_gives_its_pooled_features(monkeypatch):
    asked = {}

    def pretended(**options):
        asked.update(options)
        largest = [keras.layers.MaxPooling2D(299), keras.layers.Flatten()]
        return keras.Sequential([keras.Input(options["input_shape"]), *largest])

    monkeypatch.setattr(keras.applications, "InceptionV3", pretended)
    features = load_features("inception")
    assert asked == {
        "include_top": False,
        "weights": "imagenet",
        "input_shape": (299, 299, 3),
        "pooling": "avg",
    }
    assert features.name == "InceptionV3"
    shown = np.stack([np.full((8, 9, 3), level, np.uint8) for level in (0, 51, 255)])
    expected = np.repeat([[-1.0], [-0.6], [1.0]], 3, axis=1)
    np.testing.assert_allclose(features(shown), expected, atol=1e-4)


def test_inception_that_cannot_be_had_is_one_line_that_names_the_flag(monkeypatch, capfd):
    def unreachable(**options):
        print("Downloading data from https://example.org/weights.h5")
        raise Exception("URL fetch failure on https://example.org: None -- no\nroute")

    monkeypatch.setattr(keras.applications, "InceptionV3", unreachable)
    with pytest.raises(DeepPaintError, match=r"InceptionV3's weights .* --features") as caught:
        load_features("inception")
    assert "URL fetch failure" in str(caught.value) and "\n" not in str(caught.value)
    assert capfd.readouterr().out == ""


# --- files --------------------------------------------------------------------------------------


def refused(path, message: str) -> None:
    with pytest.raises(DeepPaintError, match=message) as caught:
        load_features(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["incepton", "vgg16", "weights.h5", ""])
def test_another_name_is_refused(name):
    refused(name, "--features=.*give inception")


def test_files_that_are_no_networks_are_refused(tmp_path):
    (tmp_path / "text.npz").write_text("no archive")
    (tmp_path / "text.keras").write_text("no archive")
    refused(tmp_path / "none.npz", "VGG16")
    refused(tmp_path / "text.npz", "VGG16")
    refused(tmp_path / "none.keras", "does not exist")
    refused(tmp_path / "text.keras", "cannot be loaded")


def test_a_file_that_names_a_function_to_call_is_refused(tmp_path):
    path, mark = tmp_path / "hostile.keras", tmp_path / "was here"
    call = {"module": "subprocess", "class_name": "run", "config": {"args": ["touch", str(mark)]}}
    source = saved(tmp_path / "plain.keras", keras.layers.GlobalAveragePooling2D())
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(path, "w") as target:
        for item in given.namelist():
            target.writestr(item, json.dumps(call) if item == "config.json" else given.read(item))
    refused(path, "cannot be loaded")
    assert not mark.exists()


def other_networks() -> dict[str, keras.Model]:
    picture, gray = keras.Input((8, 8, 3)), keras.Input((8, 8, 1))
    fixed = keras.Input(batch_shape=(2, 8, 8, 3))
    return {
        "gray": keras.Model(gray, keras.layers.Flatten()(gray)),
        "two inputs": keras.Model([picture, gray], keras.layers.Concatenate()([picture, gray])),
        "two outputs": keras.Model(picture, [picture, keras.layers.Flatten()(picture)]),
        "rows": keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]),
        "two pictures": keras.Model(fixed, keras.layers.ReLU()(fixed)),
    }


@pytest.mark.parametrize("kind", other_networks())
def test_a_network_of_another_signature_is_refused(tmp_path, kind):
    other_networks()[kind].save(tmp_path / "other.keras")
    refused(tmp_path / "other.keras", "is no feature network")
