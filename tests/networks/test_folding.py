"""Folded norms: no norm is left, and the pictures are the same, also of sizes unknown before."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import numpy_networks as oracle
from tests.helpers.layer_checks import sublayers
from tests.helpers.small_networks import NETWORKS, inputs, make_network
from tf_deeppaint.networks.folding import fold_norms
from tf_deeppaint.networks.model_files import load_generator, with_precision, write_generator
from tf_deeppaint.networks.normalization import BatchNormalization

BATCH_NORMED = [name for name in NETWORKS if name != "instance"]


def norms_of(network: keras.Model) -> list[keras.Layer]:
    return [layer for layer in sublayers(network) if isinstance(layer, BatchNormalization)]


@pytest.mark.parametrize("name", BATCH_NORMED)
def test_without_norms_the_picture_is_the_same(name):
    network = make_network(name)
    assert norms_of(network)
    folded = fold_norms(network)
    assert not norms_of(folded)
    assert folded.get_config() == network.get_config() | {"norm": "none"}
    expected = np.asarray(network(inputs()))
    assert expected.std() > 0.05
    np.testing.assert_allclose(folded(inputs()), expected, rtol=0, atol=1e-5)


def test_the_folded_pictures_are_those_of_the_numpy_networks():
    arguments = inputs()["sketch"], inputs()["histogram"]
    network = make_network("U-Net")
    expected = oracle.unet(network, *arguments)
    np.testing.assert_allclose(fold_norms(network)(inputs()), expected, rtol=0, atol=1e-5)
    network = make_network("rgb")
    expected, expected_maps = oracle.generator(network, *arguments)
    picture, maps = fold_norms(network)(inputs(), return_attention=True)
    np.testing.assert_allclose(picture, expected, rtol=0, atol=1e-5)
    for found, other in zip(maps, expected_maps, strict=True):
        np.testing.assert_allclose(found, other, rtol=0, atol=1e-5)


def test_any_precision_is_folded_in_float32_and_the_network_left_as_it_is():
    network = with_precision(make_network("rgb"), "mixed_bfloat16")
    before = network.get_weights()
    folded = fold_norms(network)
    assert folded.dtype_policy.name == "float32"
    expected = with_precision(network, "float32")(inputs())
    np.testing.assert_allclose(folded(inputs()), expected, rtol=0, atol=1e-5)
    assert network.dtype_policy.name == "mixed_bfloat16"
    for weight, other in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, other)


def test_instance_norms_stay():
    network = make_network("instance")
    assert fold_norms(network) is network
    half = fold_norms(with_precision(network, "mixed_bfloat16"))
    assert half.norm == "instance"
    np.testing.assert_array_equal(half(inputs()), network(inputs()))


def test_folding_again_changes_nothing():
    folded = fold_norms(make_network("rgb"))
    assert fold_norms(folded) is folded


def test_a_folded_network_is_written_and_read(tmp_path):
    folded = fold_norms(make_network("U-Net"))
    write_generator(folded, tmp_path / "folded.keras")
    found = load_generator(tmp_path / "folded.keras")
    np.testing.assert_array_equal(found(inputs()), folded(inputs()))


@pytest.mark.parametrize("name", ["mixture", "U-Net", "instance"])
def test_a_graph_traced_without_sizes_paints_the_same(name):
    network = fold_norms(make_network(name))
    signature = {
        "sketch": tf.TensorSpec((None, None, None, 3)),
        "histogram": tf.TensorSpec((None, None, None, 12)),
    }
    paint = tf.function(
        lambda batch: network(batch, return_attention=True), input_signature=[signature]
    )
    for height, width in ((64, 128), (192, 64)):
        picture, maps = paint(inputs(height, width))
        expected, expected_maps = network(inputs(height, width), return_attention=True)
        np.testing.assert_allclose(picture, expected, rtol=0, atol=1e-5)
        for found, other in zip(maps, expected_maps, strict=True):
            np.testing.assert_allclose(found, other, rtol=0, atol=1e-5)
