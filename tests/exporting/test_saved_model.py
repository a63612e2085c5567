"""What a SavedModel's folder goes through: aside, compared, renamed; nothing half-written.

The signatures themselves are tried in `test_serving`; here a small module stands in for them.
"""

import functools
import re

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.programs import assert_refused, run
from tests.helpers.small_networks import make_network
from tf_deeppaint.exporting import saved_model
from tf_deeppaint.images.decoding import decode_picture
from tf_deeppaint.images.encoding import encode_png
from tf_deeppaint.networks.model_files import write_generator
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.utils.errors import DeepPaintError

pytest.importorskip("tensorflow_serving.apis", reason="the `serving` extra")


ROWS = [(saved_model.BESIDE, "50 dB or more")]


class Doubling(tf.Module):
    """A module that is quick to save."""

    def __init__(self, *_):
        super().__init__()
        self.factor = tf.Variable(2.0)

    def signatures(self) -> dict:
        spec = tf.TensorSpec((None,), tf.float32, "x")
        double = tf.function(lambda x: {"y": self.factor * x}, input_signature=[spec])
        return {"serving_default": double.get_concrete_function()}


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(saved_model, "ServedGenerator", Doubling)
    monkeypatch.setattr(saved_model, "_compare", lambda *_: ROWS)
    return monkeypatch


@pytest.fixture(scope="module", name="network")
def make_the_network():
    return make_network("U-Net")


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


def double(folder) -> np.ndarray:
    loaded = tf.saved_model.load(folder)
    return loaded.signatures["serving_default"](x=tf.constant([1.0, 2.0]))["y"].numpy()


def test_a_saved_model_is_written_with_its_requests(quick, tmp_path):
    output = tmp_path / "models" / "1"
    assert saved_model.write_saved_model(None, output) == ROWS
    assert names(output.parent) == {"1"}
    assert (output / saved_model.WARMUP).stat().st_size > 1000
    np.testing.assert_array_equal(double(output), [2, 4])


def test_what_is_there_is_replaced_only_on_demand(quick, tmp_path):
    output = tmp_path / "1"
    saved_model.write_saved_model(None, output)
    (output / "old").touch()
    with pytest.raises(DeepPaintError, match="is there already; give --overwrite"):
        saved_model.write_saved_model(None, output)
    assert "old" in names(output)
    saved_model.write_saved_model(None, output, overwrite=True)
    assert "old" not in names(output) and "saved_model.pb" in names(output)
    assert names(tmp_path) == {"1"}


def test_a_folder_that_is_no_saved_model_is_never_replaced(quick, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").touch()
    with pytest.raises(DeepPaintError, match="is no SavedModel"):
        saved_model.write_saved_model(None, tmp_path / "thesis", overwrite=True)
    assert names(tmp_path / "thesis") == {"chapter"}


def test_one_that_paints_otherwise_leaves_nothing_and_the_old_one_stays(quick, tmp_path):
    output = tmp_path / "1"
    saved_model.write_saved_model(None, output)
    (output / "old").touch()

    def differ(*_):
        raise DeepPaintError("the SavedModel paints otherwise")

    quick.setattr(saved_model, "_compare", differ)
    with pytest.raises(DeepPaintError, match="paints otherwise"):
        saved_model.write_saved_model(None, output, overwrite=True)
    with pytest.raises(DeepPaintError, match="paints otherwise"):
        saved_model.write_saved_model(None, tmp_path / "2")
    assert names(tmp_path) == {"1"} and "old" in names(output)


class Signatures:
    """A SavedModel that answers as a Painter does, but for one signature."""

    def __init__(self, painter: Painter, wrong: str | None):
        self.painter = painter
        self.signatures = {
            name: functools.partial(self.answer, name, name == wrong)
            for name in ("serving_default", "paint_palette", "palette")
        }

    def answer(self, name: str, is_wrong: bool, **inputs) -> dict:
        files = {key: value.numpy() for key, value in inputs.items()}
        references = [decode_picture(data, "r") for data in files.get("reference_bytes", ())]
        palettes = [self.painter.palette_of(reference) for reference in references]
        palettes = np.stack(palettes or list(files["palette"]))
        if is_wrong:
            palettes = palettes[:, ::-1]
        if name == "palette":
            return {"palette": tf.constant(palettes)}
        sketches = [decode_picture(data, "s") for data in files["sketch_bytes"]]
        painted = [
            encode_png(self.painter.paint(sketch, colors=colors, clean=False))
            for sketch, colors in zip(sketches, palettes, strict=True)
        ]
        return {"image_bytes": tf.constant(np.array(painted, object))}


@pytest.mark.parametrize("wrong", [None, "serving_default", "paint_palette", "palette"])
def test_every_signature_is_compared(monkeypatch, tmp_path, network, wrong):
    loaded = Signatures(Painter(KerasBackend(network)), wrong)
    monkeypatch.setattr(tf.saved_model, "load", lambda folder: loaded)
    monkeypatch.setattr(saved_model.fidelity, "check_artifact", lambda *_: None)
    monkeypatch.setattr(saved_model.fidelity, "describe", lambda _: [])
    rng = np.random.default_rng(0)
    sketch = np.full((64, 64), 255, np.uint8)
    sketch[20:44, 20:22] = 0
    pictures = [(sketch, rng.integers(0, 256, (32, 32, 3), dtype=np.uint8))]
    if wrong is None:
        assert saved_model._compare(tmp_path, network, pictures)[-1][0] == saved_model.BESIDE
        return
    kind = "palettes" if wrong == "palette" else "pictures"
    with pytest.raises(DeepPaintError, match=f"its {kind} are not the Painter's"):
        saved_model._compare(tmp_path, network, pictures)


def save_with_wrong_palettes(network, folder) -> None:
    """A SavedModel whose signature of tensors is the network's; that of palettes tells black."""
    sketch = tf.TensorSpec((None, None, None, 3), tf.float32, "sketch")
    histogram = tf.TensorSpec((None, None, None, 12), tf.float32, "histogram")

    @tf.function(input_signature=[sketch, histogram], autograph=False)
    def tensors(sketch, histogram):
        return {"image": network({"sketch": sketch, "histogram": histogram})}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, "reference_bytes")])
    def palette(reference_bytes):
        return {"palette": tf.zeros([tf.size(reference_bytes), 4, 4, 3], tf.uint8)}

    module = tf.Module()
    module.kept, module.tensors, module.palette = network.variables, tensors, palette
    tf.saved_model.save(module, folder, signatures={"tensors": tensors, "palette": palette})


def test_verify_compares_every_signature(network, doll_shards, tmp_path):
    save_with_wrong_palettes(network, tmp_path / "1")
    write_generator(network, tmp_path / "model.keras")
    flags = (f"--artifact={tmp_path / '1'}", f"--model={tmp_path / 'model.keras'}")
    done = run("export.verify", *flags, f"--data={doll_shards}")
    *_, told = done.stderr.splitlines()
    assert done.returncode == 1
    assert told == f"error: {tmp_path / '1'}: its palettes are not the Painter's"


def test_a_folder_that_cannot_be_written_is_named(quick, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DeepPaintError, match="file"):
        saved_model.write_saved_model(None, tmp_path / "file" / "1")
    with pytest.raises(
        DeepPaintError, match="gs://bucket/1: a SavedModel is written on this machine"
    ):
        saved_model.write_saved_model(None, "gs://bucket/1")


@pytest.mark.slow
def test_the_bundled_model_is_exported_and_paints_as_the_painter_does(tmp_path):
    done = run("export.saved_model", f"--output={tmp_path / '1'}")
    assert (done.returncode, done.stderr) == (0, "")
    assert float(re.search(r": ([\d.]+) dB or more beside the Painter", done.stdout)[1]) > 36
    assert names(tmp_path) == {"1", "model_card.md"}
    assert "dB or more" in (tmp_path / "model_card.md").read_text()


def test_a_run_without_weights_is_one_line(tmp_path):
    arguments = (f"--model={tmp_path / 'run'}", f"--output={tmp_path / '1'}")
    assert_refused(run("export.saved_model", *arguments), "no such model")
    assert not names(tmp_path)
