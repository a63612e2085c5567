"""Conversion for LiteRT: built-in operations alone, constants, metadata, and what is refused."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.small_networks import make_network

pytest.importorskip("ai_edge_litert", reason="needs the extra litert")

from ai_edge_litert import schema_py_generated as schema

from tf_deeppaint.exporting import litert
from tf_deeppaint.exporting.traced_function import weights_digest
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.painting.litert_backend import LiteRtBackend
from tf_deeppaint.utils.errors import DeepPaintError

# What the network is made of, in the words of LiteRT; all of it is built in.
OPERATIONS = {
    "ADD", "BATCH_MATMUL", "CAST", "CONCATENATION", "CONV_2D", "DEQUANTIZE", "DIV",
    "FULLY_CONNECTED", "LOGISTIC", "MAXIMUM", "MINIMUM", "MUL", "PACK", "QUANTIZE", "RELU",
    "RELU_0_TO_1", "RESHAPE", "SHAPE", "SOFTMAX", "SPLIT_V", "STRIDED_SLICE", "SUB", "TANH", "TILE",
    "TRANSPOSE",
}  # fmt: skip


def operations(data: bytes) -> set[str]:
    codes = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    assert not any(code.customCode for code in model.operatorCodes)
    used = [model.operatorCodes[o.opcodeIndex] for g in model.subgraphs for o in g.operators]
    return {codes[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in used}


def types_of(data: bytes, operation: int) -> list[tuple]:
    """Types of the inputs and of the output of every such operation."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    (graph,) = model.subgraphs
    return [
        tuple(graph.tensors[i].type for i in (*node.inputs[:2], node.outputs[0]))
        for node in graph.operators
        if model.operatorCodes[node.opcodeIndex].builtinCode == operation
    ]


def given(count: int = 4, size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    sketches = rng.integers(0, 2, (count, size // 8, size // 8)).repeat(8, 1).repeat(8, 2) * 255
    return sketches.astype(np.uint8), rng.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)


def test_the_operations_are_built_in_and_the_weights_constants(litert_model):
    _, path = litert_model
    data = path.read_bytes()
    found = operations(data)
    assert {"CONV_2D", "SOFTMAX", "MINIMUM"} <= found <= OPERATIONS
    floats = schema.TensorType.FLOAT32
    assert set(types_of(data, schema.BuiltinOperator.CONV_2D)) == {(floats,) * 3}


def test_metadata_say_what_goes_in(litert_model):
    network, path = litert_model
    described = LiteRtBackend(path).metadata
    assert described["weights_sha256"] == weights_digest(network)
    expected = {"size": 64, "head": "mixture", "background": "white", "precision": "float32"}
    assert {name: described[name] for name in expected} == expected
    assert list(described["inputs"]) == ["sketch", "palette"]
    assert "4 * band + rank" in described["outputs"]["weights"] and "white" in described["padding"]


def pictures(backend, sketches: np.ndarray, palettes: np.ndarray) -> np.ndarray:
    return np.stack([prediction.values for prediction in backend.run(sketches, palettes)])


def psnr(found, expected) -> float:
    return 10 * np.log10(4 / np.mean((np.asarray(found) - expected) ** 2))


def test_in_full_int8_convolutions_are_of_integers_and_pictures_alike(tmp_path):
    network = make_network("rgb")
    sketches, palettes = given()
    data = litert.convert(network, "full_int8", samples=zip(sketches, palettes, strict=True))
    assert operations(data) <= OPERATIONS
    *trunk, head = types_of(data, schema.BuiltinOperator.CONV_2D)
    assert set(trunk) == {(schema.TensorType.INT8,) * 3}
    assert head == (schema.TensorType.FLOAT32,) * 3
    (tmp_path / "x.tflite").write_bytes(data)
    expected = pictures(KerasBackend(network), sketches, palettes)
    assert expected.std() > 0.05
    found = pictures(LiteRtBackend(tmp_path / "x.tflite"), sketches, palettes)
    assert psnr(found, expected) > 32


@pytest.mark.slow
def test_in_full_int8_the_mixture_is_mixed_in_float32(tmp_path):
    network = make_network("mixture")
    sketches, palettes = given()
    data = litert.convert(network, "full_int8", samples=zip(sketches, palettes, strict=True))
    integer, real = schema.TensorType.INT8, schema.TensorType.FLOAT32
    found = types_of(data, schema.BuiltinOperator.CONV_2D)
    # The last convolution is the head's.
    assert set(found[:-1]) == {(integer, integer, integer)} and found[-1] == (real, real, real)
    for kind in ("SOFTMAX", "LOGISTIC", "SPLIT_V", "BATCH_MATMUL"):
        assert types_of(data, getattr(schema.BuiltinOperator, kind))[-1][-1] == real
    (tmp_path / "x.tflite").write_bytes(data)
    expected = KerasBackend(network).run(sketches, palettes)
    found = LiteRtBackend(tmp_path / "x.tflite").run(sketches, palettes)
    assert psnr(*([p.weights for p in each] for each in (found, expected))) > 32


@pytest.mark.slow
@pytest.mark.parametrize(
    "precision, share, least", [("float16", 0.6, 60), ("dynamic_int8", 0.4, 35)]
)
def test_rounded_weights_take_less_room_and_paint_alike(tmp_path, precision, share, least):
    network = make_network("U-Net", width=16)
    data = litert.convert(network, precision)
    assert len(data) / len(litert.convert(network)) < share
    assert operations(data) <= OPERATIONS | {"LEAKY_RELU", "TRANSPOSE_CONV"}
    (tmp_path / "x.tflite").write_bytes(data)
    backend, sketches_and_palettes = LiteRtBackend(tmp_path / "x.tflite"), given()
    assert backend.metadata["precision"] == precision
    assert backend.attention(*sketches_and_palettes) == []
    expected = pictures(KerasBackend(network), *sketches_and_palettes)
    assert psnr(pictures(backend, *sketches_and_palettes), expected) > least


def test_full_int8_needs_pictures():
    with pytest.raises(DeepPaintError, match="calibrated on pictures: give --data"):
        litert.convert(make_network("rgb"), "full_int8")


def test_a_size_that_is_not_halved_six_times_is_refused():
    with pytest.raises(DeepPaintError, match="--size=96: a multiple of 64"):
        litert.convert(make_network("rgb"), size=96)


def test_an_operation_that_litert_lacks_is_one_line(monkeypatch):
    signature = [
        tf.TensorSpec((1, 64, 64), tf.uint8, "sketch"),
        tf.TensorSpec((1, 4, 4, 3), tf.uint8, "palette"),
    ]

    @tf.function(input_signature=signature)
    def paint(sketch, palette):
        return {"image": tf.linalg.det(tf.cast(sketch, tf.float32)) + tf.cast(palette, tf.float32)}

    monkeypatch.setattr(litert, "painting_function", lambda *_: paint)
    with pytest.raises(DeepPaintError, match="cannot be converted for LiteRT") as caught:
        litert.convert(make_network("rgb"))
    assert "\n" not in str(caught.value) and "MatrixDeterminant" in str(caught.value)
