"""Conversion to ONNX, run by ONNX Runtime."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.small_networks import make_network

pytest.importorskip("tf2onnx", reason="needs the extra onnx")
pytest.importorskip("onnxruntime", reason="needs the extra onnx")

import onnx

from tf_deeppaint.exporting import onnx_model
from tf_deeppaint.exporting.traced_function import weights_digest
from tf_deeppaint.networks.matcher.color_matcher import ColorMatcher
from tf_deeppaint.painting.converted.onnx_backend import OnnxBackend
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture(scope="module", name="converted")
def convert_a_network(tmp_path_factory):
    network = make_network("rgb")
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    path.write_bytes(onnx_model.convert(network))
    return network, path


def test_onnx_runtime_paints_the_networks_pictures(converted):
    network, path = converted
    rng = np.random.default_rng(3)
    sketches = rng.integers(0, 256, (2, 64, 64), dtype=np.uint8)
    palettes = rng.integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    predictions = KerasBackend(network).run(sketches, palettes)
    expected = np.stack([prediction.values for prediction in predictions])
    assert expected.std() > 0.05
    found = OnnxBackend(path).outputs(sketches, palettes, ["image"])[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_the_file_is_sound_and_says_what_goes_in(converted):
    network, path = converted
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert {node.domain for node in model.graph.node} <= {"", "ai.onnx"}
    shapes = {
        given.name: [side.dim_value for side in given.type.tensor_type.shape.dim]
        for given in model.graph.input
    }
    assert shapes == {"sketch": [1, 64, 64], "palette": [1, 4, 4, 3]}
    attention = [f"attention_{stage}" for stage in range(6)]
    assert [made.name for made in model.graph.output] == [*attention, "image"]
    described = OnnxBackend(path).metadata
    assert described["weights_sha256"] == weights_digest(network)
    assert (described["size"], described["precision"]) == (64, "float32")
    assert "4 * band + rank" in described["outputs"]["weights"] and "white" in described["padding"]


def test_a_color_matcher_is_converted_too(tmp_path):
    """Its GELU is made of operations that ONNX lacks, its codes of places before it is traced."""
    network = ColorMatcher(width=8, blocks=1, size=64, seed=0)
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_model.convert(network))
    onnx.checker.check_model(onnx.load(path), full_check=True)
    rng = np.random.default_rng(3)
    sketches = rng.integers(0, 256, (2, 64, 64), dtype=np.uint8)
    palettes = rng.integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    expected = [prediction.weights for prediction in KerasBackend(network).run(sketches, palettes)]
    found = OnnxBackend(path).outputs(sketches, palettes, ["weights"])[0]
    # The weights come from a softmax of large logits: a rounding of 2e-5 in them, which differs
    # from processor to processor, moves a weight by 2e-4. A wrong operation moves it by tenths.
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3)


def test_files_that_are_not_ours_are_one_line(tmp_path):
    path = tmp_path / "x.onnx"
    for content in (b"", b"no model", b"\x08\x08" * 50):
        path.write_bytes(content)
        with pytest.raises(DeepPaintError, match=r"x\.onnx: cannot be loaded") as caught:
            OnnxBackend(path)
        assert "\n" not in str(caught.value)
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    other = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], "foreign", [value], [other])
    opset = [onnx.helper.make_opsetid("", 18)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    with pytest.raises(DeepPaintError, match=r"x\.onnx: not written by `.*deeppaint export onnx`"):
        OnnxBackend(path)


def test_an_operation_that_onnx_lacks_is_one_line(monkeypatch):
    signature = [
        tf.TensorSpec((1, 64, 64), tf.uint8, "sketch"),
        tf.TensorSpec((1, 4, 4, 3), tf.uint8, "palette"),
    ]

    @tf.function(input_signature=signature)
    def paint(sketch, palette):
        scaled = tf.cast(palette, tf.float32)
        return {"image": tf.linalg.logm(tf.cast(sketch, tf.complex64)), "other": scaled}

    monkeypatch.setattr(onnx_model, "painting_function", lambda *_: paint)
    with pytest.raises(DeepPaintError, match="it has no MatrixLogarithm") as caught:
        onnx_model.convert(make_network("rgb"))
    assert "\n" not in str(caught.value)
