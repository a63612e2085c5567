"""The SavedModel behind gRPC and REST: painted as by the Painter, and nothing bad gets through.

A server runs in a process of its own, without this package and Keras; see `stand_in`.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request

import numpy as np
import pytest
import tensorflow as tf

from export.serving import client
from tests.helpers import picture_files
from tests.helpers.huge_files import FILES, huge
from tests.helpers.painters import tiny_painter
from tests.helpers.programs import ROOT, assert_refused, run
from tf_deeppaint import palette_to_histogram
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.exporting import saved_model
from tf_deeppaint.images.canvas import resize
from tf_deeppaint.images.decoding import decode_picture
from tf_deeppaint.images.encoding import encode_png, write_picture
from tf_deeppaint.palette.palette_files import write_palette

grpc = pytest.importorskip("grpc", reason="the `serving` extra")
pytest.importorskip("tensorflow_serving.apis", reason="the `serving` extra")
from tests.helpers.stand_in import Model, StandIn  # noqa: E402 - needs gRPC

MAX_PIXELS = 1 << 18
# How far the pictures may be from the Painter's, in levels on average and in dB. The tiny network
# here paints noise, which is the hardest to enlarge alike.
MOST, LEAST = 2.0, 45.0
SIZES = [(64, 64), (200, 150), (50, 90), (300, 500)]


@pytest.fixture(scope="module")
def painter():
    return tiny_painter("mixture")


@pytest.fixture(scope="module")
def folder(painter, tmp_path_factory):
    """Not compared with the Painter when it is written; that is what the tests here do."""
    folder = tmp_path_factory.mktemp("deeppaint") / "1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(saved_model, "_compare", lambda *_: [])
        saved_model.write_saved_model(painter.backend.generator, folder, MAX_PIXELS)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with StandIn(folder) as server:
        yield server


def drawings(count: int) -> list[np.ndarray]:
    dolls = Dolls(count, seed=3)
    sides = zip(dolls.examples(), SIZES * count, strict=False)
    return [resize(dolls.load(doll, max(s)).sketch, *s) for doll, s in sides]


def references(count: int) -> list[np.ndarray]:
    dolls = Dolls(count, seed=4)
    return [dolls.load(doll, 120).picture for doll in dolls.examples()]


def encoded(pictures: list[np.ndarray]) -> list[bytes]:
    return [encode_png(picture) for picture in pictures]


def predict(server: StandIn, signature: str, **inputs) -> dict[str, np.ndarray]:
    """Asks over gRPC; lists of bytes and arrays go in."""
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "deeppaint", signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    stub = prediction_service_pb2_grpc.PredictionServiceStub(server.channel)
    answer = stub.Predict(request, timeout=100)
    return {name: tf.make_ndarray(value) for name, value in answer.outputs.items()}


def refusal(server: StandIn, signature: str, **inputs) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        predict(server, signature, **inputs)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return caught.value.details()


def post(server: StandIn, body: dict) -> dict:
    """Asks over REST."""
    url = f"http://{server.rest}/v1/models/deeppaint:predict"
    with urllib.request.urlopen(url, json.dumps(body).encode(), timeout=100) as answer:
        return json.load(answer)


def b64(data: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(data).decode()}


def assert_alike(data: bytes, expected: np.ndarray) -> None:
    picture = decode_picture(data, "painted").astype(int)
    assert picture.shape == expected.shape
    assert np.abs(picture - expected).mean() < MOST
    assert 10 * np.log10(255**2 / np.square(picture - expected).mean()) > LEAST


# --- good requests ------------------------------------------------------------------------------


def test_a_batch_of_all_sizes_is_painted_as_the_painter_does_it(server, painter):
    sketches, given = drawings(4), references(4)
    found = predict(
        server, "serving_default", sketch_bytes=encoded(sketches), reference_bytes=encoded(given)
    )
    for data, sketch, reference in zip(found["image_bytes"], sketches, given, strict=True):
        assert_alike(data, painter.paint(sketch, reference=reference))


def test_curl_paints_as_the_document_says(server, painter, tmp_path):
    if not all(map(shutil.which, ("bash", "base64", "curl"))):
        pytest.skip("needs bash, base64 and curl")
    (sketch,), (reference,) = drawings(1), references(1)
    for name, picture in (("sketch.png", sketch), ("reference.png", reference)):
        (tmp_path / name).write_bytes(encode_png(picture))
    text = (ROOT / "docs/serving.md").read_text()
    (script,) = re.findall(r"```sh\n(b64\(\).*?)```", text, re.DOTALL)
    script = script.replace("localhost:8501", server.rest).replace("python -c", '"$PYTHON" -c')
    environment = {**os.environ, "PYTHON": sys.executable}
    command = ["bash", "-ec", script]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    expected = painter.paint(sketch, reference=reference)
    assert_alike((tmp_path / "painted.png").read_bytes(), expected)


def test_tensorflow_paints_as_the_document_says(folder, painter, tmp_path, monkeypatch):
    (sketch,), (reference,) = drawings(1), references(1)
    for name, picture in (("sketch.png", sketch), ("reference.png", reference)):
        (tmp_path / name).write_bytes(encode_png(picture))
    (tmp_path / "models/deeppaint").mkdir(parents=True)
    (tmp_path / "models/deeppaint/1").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/serving.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(code, "docs/serving.md", "exec"), {})
    expected = painter.paint(sketch, reference=reference)
    assert_alike((tmp_path / "painted.png").read_bytes(), expected)


def test_rows_and_columns_of_json(server, painter):
    (sketch,), (reference,) = drawings(1), references(1)
    data, other = encoded([sketch])[0], encoded([reference])[0]
    expected = painter.paint(sketch, reference=reference)
    row = {"sketch_bytes": b64(data), "reference_bytes": b64(other)}
    (painted,) = post(server, {"instances": [row]})["predictions"]
    assert_alike(base64.b64decode(painted["b64"]), expected)
    column = {"sketch_bytes": [b64(data)], "reference_bytes": [b64(other)]}
    assert post(server, {"inputs": column})["outputs"] == [painted]
    asked = {"signature_name": "palette", "instances": [b64(other)]}
    (palette,) = post(server, asked)["predictions"]
    np.testing.assert_array_equal(palette, painter.palette_of(reference))
    row = {"sketch_bytes": b64(data), "palette": palette}
    asked = {"signature_name": "paint_palette", "instances": [row]}
    assert post(server, asked)["predictions"] == [painted]


@pytest.mark.parametrize("shape", [(2, 64, 64), (1, 128, 192), (0, 64, 64)])
def test_tensors_of_any_size_are_what_the_network_says(server, painter, shape):
    rng = np.random.default_rng(0)
    sketch = rng.uniform(-1, 1, (*shape, 3)).astype(np.float32)
    colors = rng.integers(0, 256, (max(1, shape[0]), 4, 4, 3), dtype=np.uint8)
    drawn = [palette_to_histogram(palette, *shape[1:]) for palette in colors]
    histogram = np.stack(drawn)[: shape[0]]
    found = predict(server, "tensors", sketch=sketch, histogram=histogram)
    assert sorted(found) == [*(f"attention_{level}" for level in range(6)), "image"]
    assert found["image"].shape == sketch.shape
    if shape[0]:
        inputs = {"sketch": sketch, "histogram": histogram}
        image, maps = painter.backend.generator(inputs, return_attention=True)
        np.testing.assert_allclose(found["image"], image, atol=1e-4)
        for level, attention in enumerate(maps):
            np.testing.assert_allclose(found[f"attention_{level}"], attention, atol=1e-5)


def test_a_batch_of_none(server):
    nothing = np.zeros(0, object)
    found = predict(server, "serving_default", sketch_bytes=nothing, reference_bytes=nothing)
    assert found["image_bytes"].shape == (0,)
    assert predict(server, "palette", reference_bytes=nothing)["palette"].shape == (0, 4, 4, 3)


def test_numbers_that_are_none_do_no_harm(server):
    shape = (1, 64, 64)
    sketch, histogram = (np.full((*shape, n), np.nan, np.float32) for n in (3, 12))
    assert predict(server, "tensors", sketch=sketch, histogram=histogram)["image"].shape


def test_a_signature_that_is_not_there_never_comes_to_be(tmp_path):
    """The map of signatures made an empty one where it was asked, whose graph took seconds."""
    module = tf.Module()
    module.same = tf.function(lambda x: {"y": x}, input_signature=[tf.TensorSpec([None])])
    tf.saved_model.save(module, str(tmp_path), signatures={"same": module.same})
    model = Model(str(tmp_path))
    there = set(model.signatures)
    for name in ("", "x", "serving_default"):
        for body in ({"instances": [[]]}, {"instances": [{}]}, {"inputs": {}}, {"inputs": [1.0]}):
            for _ in range(2):
                with pytest.raises(tf.errors.FailedPreconditionError, match="not found"):
                    model.from_json(name, body)
    assert set(model.signatures) == there and "same" in there
    (found,) = model.run("same", model.from_json("same", {"inputs": [1.0, 2.0]})).values()
    assert found.tolist() == [1.0, 2.0]


def test_the_requests_to_warm_up_with_are_answered(server, folder):
    from tensorflow_serving.apis import prediction_log_pb2

    dataset = tf.data.TFRecordDataset(str(folder / saved_model.WARMUP))
    warmed = set()
    for record in dataset.as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        request = log.predict_log.request
        inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        assert predict(server, request.model_spec.signature_name, **inputs)
        warmed.add(request.model_spec.signature_name)
    assert warmed == {"serving_default", "paint_palette", "palette", "tensors"}


# --- the client ---------------------------------------------------------------------------------


@pytest.mark.parametrize("colors", ["reference", "palette"])
def test_the_client_paints_over_both_protocols(server, painter, colors):
    (sketch,), (reference,) = drawings(1), references(1)
    palette = painter.palette_of(reference).tolist()
    given = palette if colors == "palette" else encoded([reference])[0]
    data = encoded([sketch])[0]
    pictures = [
        client.paint_over_rest(server.rest, "deeppaint", data, given),
        client.paint_over_grpc(server.grpc, "deeppaint", data, given),
    ]
    assert pictures[0] == pictures[1]
    assert_alike(pictures[0], painter.paint(sketch, reference=reference))


@pytest.mark.parametrize("paint", [client.paint_over_rest, client.paint_over_grpc])
def test_the_client_hands_on_what_the_server_says(server, paint):
    address = server.rest if paint is client.paint_over_rest else server.grpc
    good = encoded(references(1))[0]
    with pytest.raises(ConnectionError, match=r"sketch_bytes\[0\]: the file is empty"):
        paint(address, "deeppaint", b"", good)
    with pytest.raises(ConnectionError):
        paint("127.0.0.1:1", "deeppaint", good, good)


def test_the_client_as_a_program(server, painter, tmp_path):
    (sketch,), (reference,) = drawings(1), references(1)
    write_picture(tmp_path / "a.png", sketch)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    write_palette(tmp_path / "p.json", painter.palette_of(reference))
    colors, output = f"--palette={tmp_path / 'p.json'}", tmp_path / "c.png"
    program = ("export.serving.client", f"--server={server.rest}", colors, f"--output={output}")
    bad = run(*program, f"--sketch={tmp_path / 'bad.png'}")
    assert_refused(bad, "sketch_bytes[0]: not a PNG or JPEG picture")
    assert not output.exists()
    done = run(*program, f"--sketch={tmp_path / 'a.png'}")
    assert done.returncode == 0, done.stderr
    assert_alike(output.read_bytes(), painter.paint(sketch, reference=reference))


# --- bad requests -------------------------------------------------------------------------------


PICTURE = picture_files.one_of_each()["PNG gray"]
PALETTE = np.zeros((1, 4, 4, 3), np.uint8)
TENSORS = {
    name: np.zeros((1, 64, 64, n), np.float32) for name, n in (("sketch", 3), ("histogram", 12))
}

MISTAKES = {
    "another number of references": (
        "serving_default",
        {"sketch_bytes": [PICTURE] * 2, "reference_bytes": [PICTURE]},
        "as many sketch_bytes as reference_bytes are needed, not 2 and 1",
    ),
    "another number of palettes": (
        "paint_palette",
        {"sketch_bytes": [PICTURE] * 2, "palette": PALETTE},
        "as many sketch_bytes as palette are needed, not 2 and 1",
    ),
    "no batch": ("palette", {"reference_bytes": PICTURE}, "reference_bytes: shape (N) is needed"),
    "a batch of batches": ("palette", {"reference_bytes": [[PICTURE]]}, "shape (N) is needed"),
    "a palette alone": (
        "paint_palette",
        {"sketch_bytes": [PICTURE], "palette": PALETTE[0]},
        "palette: shape (N, 4, 4, 3) is needed",
    ),
    "a palette of three bands": (
        "paint_palette",
        {"sketch_bytes": [PICTURE], "palette": PALETTE[:, :3]},
        "palette: shape (N, 4, 4, 3) is needed",
    ),
    "a palette of another type": (
        "paint_palette",
        {"sketch_bytes": [PICTURE], "palette": PALETTE.astype(np.int32)},
        "uint8",
    ),
    "numbers for a picture": ("palette", {"reference_bytes": np.zeros(1, np.float32)}, "string"),
    "an input left out": ("serving_default", {"sketch_bytes": [PICTURE]}, "reference_bytes"),
    "too many pictures": ("palette", {"reference_bytes": [PICTURE] * 65}, "at most 64 pictures"),
    "a good and a bad picture": (
        "palette",
        {"reference_bytes": [PICTURE, b"", PICTURE]},
        "reference_bytes[1]: the file is empty",
    ),
    "a damaged picture": (
        "serving_default",
        {"sketch_bytes": [PICTURE] * 3, "reference_bytes": [PICTURE, PICTURE, PICTURE[:70]]},
        "reference_bytes[2]: the picture is damaged",
    ),
    "a side that is no multiple": (
        "tensors",
        {name: value[:, :60] for name, value in TENSORS.items()},
        "multiples of 64",
    ),
    "no pixels": ("tensors", {name: value[:, :0] for name, value in TENSORS.items()}, "multiples"),
    "tensors that differ": (
        "tensors",
        TENSORS | {"sketch": np.zeros((2, 64, 64, 3), np.float32)},
        "differ",
    ),
    "gray": ("tensors", TENSORS | {"sketch": np.zeros((1, 64, 64, 1), np.float32)}, "(N, H, W, 3)"),
    "a picture alone": (
        "tensors",
        TENSORS | {"sketch": np.zeros((64, 64, 3), np.float32)},
        "(N, H, W, 3)",
    ),
    "too many pixels": (
        "tensors",
        {
            name: np.zeros((1, 1024, 1088, n), np.float32)
            for name, n in (("sketch", 3), ("histogram", 12))
        },
        "at most 1048576 pixels",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_in_words(server, mistake):
    signature, inputs, words = MISTAKES[mistake]
    assert words in refusal(server, signature, **inputs)


def test_all_sketches_of_a_batch_together_have_a_limit(server):
    sketch = encode_png(np.full((500, 500), 255, np.uint8))
    words = refusal(
        server, "paint_palette", sketch_bytes=[sketch] * 5, palette=PALETTE.repeat(5, 0)
    )
    assert "at most 1048576 pixels a batch are taken" in words


def hostile(rng: np.random.Generator, good: bytes) -> bytes:
    """A file that is no picture, or damaged such that it cannot be decoded."""
    kinds = {
        "truncated": good[: int(rng.integers(1, len(good) - 12))],
        "empty": b"",
        "random": rng.bytes(int(rng.integers(1, 2000))),
        "random behind a magic": good[:16] + rng.bytes(int(rng.integers(20, 200))),
        "another type": picture_files.one_of_each()["WebP"],
        "huge": list(huge().values())[rng.integers(len(huge()))],
    }
    return list(kinds.values())[rng.integers(len(kinds))]


@pytest.mark.slow
def test_no_mutated_file_brings_the_server_down(server):
    rng = np.random.default_rng(0)
    files = list(FILES.values())
    refused = 0
    for number in range(60):
        data = np.frombuffer(files[number % len(files)], np.uint8).copy()
        places = rng.integers(0, min(len(data), 200), rng.integers(1, 4))
        data[places] = rng.integers(0, 256, len(places))
        try:
            found = predict(server, "palette", reference_bytes=[data.tobytes()])
            assert found["palette"].shape == (1, 4, 4, 3)
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert "reference_bytes[0]: " in error.details()
            refused += 1
    assert 10 < refused < 60


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_every_good_request_is_answered_rightly_and_every_bad_one_refused(server, painter, count):
    """A third are bad, among them claims of 30000 x 30000 pixels, which would be 2.7 GB each."""
    rng = np.random.default_rng(count)
    sketches, given = drawings(3), references(3)
    files = encoded([resize(sketch, 64, 48) for sketch in sketches])
    sketches = [decode_picture(data, "sketch") for data in files]
    expected = [
        [painter.paint(sketch, reference=reference) for reference in given] for sketch in sketches
    ]
    colors = encoded(given)
    before = None
    for number in range(count):
        one, other = rng.integers(0, 3, 2)
        inputs = {"sketch_bytes": [files[one]], "reference_bytes": [colors[other]]}
        if number % 3 == 2:
            name = str(rng.choice(list(inputs)))
            inputs[name] = [hostile(rng, inputs[name][0])]
            assert f"{name}[0]: " in refusal(server, "serving_default", **inputs)
        else:
            found = predict(server, "serving_default", **inputs)["image_bytes"]
            assert_alike(found[0], expected[one][other])
        if number == 2:
            before = peak(server)
    assert peak(server) - before < 150 << 20


def peak(server: StandIn) -> int:
    """The most memory that the server has taken so far, in bytes."""
    with urllib.request.urlopen(f"http://{server.rest}/") as answer:
        return json.load(answer)["peak"]
