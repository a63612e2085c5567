"""The LiteRT backend in the place of the Keras one, without TensorFlow, and on bad files."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="needs the extra litert")

from tf_deeppaint import Painter
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.painting import litert_backend
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.painting.litert_backend import LiteRtBackend
from tf_deeppaint.utils.errors import DeepPaintError

ROOT = Path(__file__).parents[2]


def given(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    sketches = rng.integers(0, 256, (count, 64, 64), dtype=np.uint8)
    return sketches, rng.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)


def assert_alike(found: np.ndarray, expected: np.ndarray) -> None:
    """Equal but for rounding, which where values tie decides which of them is pooled."""
    assert found.shape == expected.shape
    apart = np.abs(found - expected)
    assert np.quantile(apart, 0.99) < 1e-5 and apart.max() < 0.02


def test_it_finds_what_the_keras_backend_finds(litert_model):
    network, path = litert_model
    backend, other = LiteRtBackend(path), KerasBackend(network)
    assert (backend.size, backend.background, backend.mixes) == (64, "white", True)
    found, expected = backend.run(*given(3)), other.run(*given(3))
    for prediction, other_prediction in zip(found, expected, strict=True):
        for part, values in zip(prediction.mixture, other_prediction.mixture, strict=True):
            assert part.dtype == np.float32
            assert_alike(part, values)
    assert expected[0].weights.std() > 0.02
    maps = zip(backend.attention(*given(2)), other.attention(*given(2)), strict=True)
    for level, values in maps:
        assert_alike(level, values)


def test_threads_do_not_mix_up(litert_model):
    backend = LiteRtBackend(litert_model[1])
    sketches, palettes = given(6)
    found, begin = {}, threading.Barrier(6)

    def run(number: int) -> None:
        begin.wait()
        found[number] = backend.run(sketches[number : number + 1], palettes[number : number + 1])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = backend.run(sketches, palettes)
    for number, (alone,) in found.items():
        np.testing.assert_array_equal(alone.weights, together[number].weights)


def test_colorize_paints_with_it_and_imports_no_tensorflow(litert_model, tmp_path):
    network, path = litert_model
    write_picture(tmp_path / "sketch.png", given(1)[0][0, :50].repeat(3, axis=0))
    write_picture(tmp_path / "reference.png", given(1)[1][0].repeat(16, 0).repeat(16, 1))
    flags = ["--sketch=sketch.png", "--reference=reference.png", f"--model={path}"]
    flags += ["--output=out.png", "--layers=out.ora", "--attention=maps", "--show=show.png"]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tf_deeppaint.colorize", *flags],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert all(line.startswith("import time:") for line in lines), "it says nothing else"
    imported = {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}
    assert "ai_edge_litert" in imported
    assert not imported & {"tensorflow", "keras", "skimage", "scipy", "filelock", "asyncio"}
    assert len(list((tmp_path / "maps").iterdir())) == 6
    expected = Painter(KerasBackend(network)).paint(
        tmp_path / "sketch.png", tmp_path / "reference.png"
    )
    painted = read_picture(tmp_path / "out.png")
    assert expected.std() > 10
    assert np.abs(painted.astype(int) - expected).mean() < 0.1


# --- bad files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x03\x04" * 50, b"\0\0\0\0TFL3"])
def test_a_file_that_is_no_model_is_named(tmp_path, content):
    (tmp_path / "x.tflite").write_bytes(content)
    said = r"x\.tflite: (not a LiteRT model|damaged|not written)"
    with pytest.raises(DeepPaintError, match=said) as caught:
        Painter.load(tmp_path / "x.tflite")
    assert "\n" not in str(caught.value)


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DeepPaintError, match=r"x\.tflite: cannot be read \(No such file"):
        Painter.load(tmp_path / "x.tflite")


def test_a_model_of_others_is_named(tmp_path):
    import tensorflow as tf

    double = tf.function(lambda x: 2 * x, input_signature=[tf.TensorSpec((1, 2))])
    concrete = [double.get_concrete_function()]
    foreign = tf.lite.TFLiteConverter.from_concrete_functions(concrete, double).convert()
    (tmp_path / "x.tflite").write_bytes(foreign)
    with pytest.raises(
        DeepPaintError, match=r"x\.tflite: not written by `.*deeppaint export litert`"
    ):
        Painter.load(tmp_path / "x.tflite")


def test_a_model_cut_off_anywhere_is_one_line(litert_model, tmp_path):
    data = litert_model[1].read_bytes()
    path = tmp_path / "cut.tflite"
    for share in (0.05, 0.5, 0.9, 0.999):
        path.write_bytes(data[: int(share * len(data))])
        with pytest.raises(DeepPaintError, match=r"cut\.tflite") as caught:
            Painter.load(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"size": -1},
        {"size": 0},
        {"size": 999},
        {"size": True},
        {"size": 128},
        {"size": 10**12},
        {"gates": -1},
        {"gates": 10**12},
        {"gates": True},
        {"head": 3},
        {"background": "none"},
    ],
    ids=str,
)
def test_metadata_of_another_graph_is_damage(litert_model, tmp_path, change):
    """The JSON is changed in its place: the file stays sound, as its checks see it."""
    data = litert_model[1].read_bytes()
    stored = json.dumps(litert_backend.read_metadata(litert_model[1]))
    changed = json.dumps(json.loads(stored) | change | {"inputs": {}})
    assert data.count(stored.encode()) == 1 and len(changed) <= len(stored)
    path = tmp_path / "x.tflite"
    path.write_bytes(data.replace(stored.encode(), changed.ljust(len(stored)).encode()))
    with pytest.raises(DeepPaintError, match=r"x\.tflite: damaged.*; convert the network again"):
        Painter.load(path)


def test_without_litert_the_extra_is_named(litert_model, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.schema_py_generated", None)
    with pytest.raises(DeepPaintError, match=r'pip install -e "\.\[litert\]"'):
        litert_backend.read_metadata(litert_model[1])
