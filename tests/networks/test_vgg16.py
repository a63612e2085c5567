"""VGG16's features, against Keras's own VGG16 with the same weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.networks.vgg16 import Vgg16
from tf_deeppaint.utils.errors import DeepPaintError

TAPS = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")
PICTURE = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")


@pytest.fixture(scope="module")
def vgg16() -> keras.Model:
    """VGG16 with random weights whose features neither vanish nor grow."""
    keras.utils.set_random_seed(0)
    whole = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    rng = np.random.default_rng(1)
    for layer in whole.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            scale = (2 / np.prod(kernel.shape[:3])) ** 0.5
            layer.set_weights([rng.normal(0, scale, kernel.shape), rng.normal(0, 0.1, bias.shape)])
    return keras.Model(whole.inputs, [whole.get_layer(name).output for name in TAPS])


@pytest.fixture(scope="module")
def stored(vgg16, tmp_path_factory) -> str:
    names = ("kernel", "bias")
    convs = [layer for layer in vgg16.layers if layer.weights]
    arrays = {
        f"VGG16_0.Conv_{i}.{name}": array
        for i, layer in enumerate(convs)
        for name, array in zip(names, layer.get_weights(), strict=True)
    }
    path = tmp_path_factory.mktemp("weights") / "vgg16.npz"
    np.savez(path, **arrays)
    return str(path)


def normalized(pictures: np.ndarray) -> np.ndarray:
    return (pictures - [-0.030, -0.088, -0.188]) / [0.458, 0.448, 0.450]


def test_features_are_those_of_keras(vgg16, stored) -> None:
    ours = Vgg16.load(stored).features(tf.constant(PICTURE))
    for feature, expected in zip(ours, vgg16(normalized(PICTURE)), strict=True):
        np.testing.assert_allclose(feature, expected, rtol=1e-4, atol=1e-4)


def test_lower_precision_gives_nearly_the_same_features(vgg16, stored) -> None:
    features = Vgg16.load(stored, "bfloat16").features(tf.constant(PICTURE))
    for feature, expected in zip(features, vgg16(normalized(PICTURE)), strict=True):
        assert feature.dtype == tf.bfloat16
        expected = np.asarray(expected)
        difference = np.abs(np.asarray(feature, "float32") - expected).mean()
        assert difference < 0.03 * np.abs(expected).mean()


def test_the_weights_are_no_variables(stored) -> None:
    assert not Vgg16.load(stored).variables


def test_files_that_are_no_weights_are_refused(stored, tmp_path) -> None:
    with np.load(stored) as arrays:
        weights = dict(arrays)
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "few.npz", **dict(list(weights.items())[:5]))
    np.savez(tmp_path / "other.npz", **weights | {"VGG16_0.Conv_3.bias": np.zeros(7)})
    np.savez(tmp_path / "pickled.npz", **weights | {"VGG16_0.Conv_0.bias": np.array([{}])})
    for name in ("none", "text", "few", "other", "pickled"):
        with pytest.raises(DeepPaintError, match=rf"{name}\.npz") as caught:
            Vgg16.load(tmp_path / f"{name}.npz")
        assert "\n" not in str(caught.value)
