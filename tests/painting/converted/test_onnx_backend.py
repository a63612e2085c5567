"""ONNX Runtime in the place of LiteRT: the same pictures, and bad files in one line."""

import numpy as np
import pytest

from tf_deeppaint import Painter
from tf_deeppaint.painting.converted.onnx_backend import OnnxBackend
from tf_deeppaint.painting.litert_backend import LiteRtBackend
from tf_deeppaint.utils.errors import DeepPaintError

pytest.importorskip("onnxruntime", reason="needs the extra onnx")
onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
pytest.importorskip("tf2onnx", reason="needs the extra onnx")


@pytest.fixture(scope="module", name="onnx_file")
def convert_the_network(litert_model, tmp_path_factory):
    """The network of `litert_model`, as ONNX."""
    from tf_deeppaint.exporting.onnx_model import convert

    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    path.write_bytes(convert(litert_model[0]))
    return path


def test_the_painter_paints_with_it_as_with_litert(litert_model, onnx_file):
    rng = np.random.default_rng(2)
    sketch = np.where(rng.random((90, 70)) < 0.1, 0, 255).astype(np.uint8)
    palette = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    ours, theirs = Painter.load(onnx_file), Painter.load(litert_model[1])
    assert isinstance(ours.backend, OnnxBackend) and isinstance(theirs.backend, LiteRtBackend)
    assert (ours.size, ours.background, ours.even_regions) == (64, "white", True)
    painted = [np.asarray(p.paint(sketch, colors=palette)).astype(int) for p in (ours, theirs)]
    assert painted[0].shape == (90, 70, 3) and painted[0].std() > 10
    assert (np.abs(painted[0] - painted[1]) <= 1).mean() > 0.99

    canvases = rng.integers(0, 256, (2, 64, 64), dtype=np.uint8)
    palettes = rng.integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    maps = zip(
        ours.backend.attention(canvases, palettes),
        theirs.backend.attention(canvases, palettes),
        strict=True,
    )
    for level, expected in maps:
        assert level.shape == expected.shape
        assert np.quantile(np.abs(level - expected), 0.99) < 1e-5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"size": 128}, "damaged"),
        ({"size": "64"}, "damaged"),
        ({"background": "blue"}, "damaged"),
        ({"gates": 2}, "damaged"),
        (None, "not written by"),
    ],
    ids=str,
)
def test_a_description_that_is_wrong_is_one_line(onnx_file, tmp_path, change, words):
    import json

    model = onnx.load(onnx_file)
    (entry,) = model.metadata_props
    if change is None:
        del model.metadata_props[:]
    else:
        entry.value = json.dumps(json.loads(entry.value) | change)
    path = tmp_path / "x.onnx"
    onnx.save(model, path)
    with pytest.raises(DeepPaintError, match=rf"x\.onnx: {words}") as caught:
        Painter.load(path)
    assert "\n" not in str(caught.value)


def test_weights_in_another_file_are_not_followed(onnx_file, tmp_path):
    """A file from anybody must not read others."""
    model = onnx.load(onnx_file)
    path = tmp_path / "x.onnx"
    onnx.save(model, path, save_as_external_data=True, location="weights", size_threshold=0)
    assert (tmp_path / "weights").stat().st_size > 1000
    with pytest.raises(DeepPaintError, match=r"x\.onnx: cannot be loaded"):
        Painter.load(path)


@pytest.mark.parametrize("name", ["model.pt", "model", "model.h5"])
def test_what_formats_there_are_is_said_of_any_other(tmp_path, name):
    (tmp_path / name).write_bytes(b"weights")
    with pytest.raises(DeepPaintError, match=r"a \.keras, \.tflite or \.onnx file"):
        Painter.load(tmp_path / name)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DeepPaintError, match=r"none\.onnx: no such file"):
        Painter.load(tmp_path / "none.onnx")
