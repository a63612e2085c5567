"""Feature networks against plain averages, and what is refused."""

import json
import zipfile

import keras
import numpy as np
import pytest
from PIL import Image

from tests.golden.make_lpips import random_arrays
from tests.helpers.vgg16 import vgg16_features
from tf_deeppaint.evaluation import features as feature_networks
from tf_deeppaint.evaluation.features import Features, load_features
from tf_deeppaint.evaluation.set_distances import title
from tf_deeppaint.utils.errors import DeepPaintError


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

    monkeypatch.setattr(feature_networks, "BATCH", 4)
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
