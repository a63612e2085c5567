"""Artifacts of every format against their network, and figures against hand-made differences."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.small_networks import make_network
from tf_deeppaint.exporting import fidelity
from tf_deeppaint.exporting.artifacts import Artifact, open_artifact
from tf_deeppaint.exporting.fidelity import find_violations, measure
from tf_deeppaint.exporting.stock_keras import make_stock_model
from tf_deeppaint.networks.model_files import write_generator
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.painting.litert_backend import LiteRtBackend
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture(scope="module", name="network")
def make_the_network():
    return make_network("U-Net")


@pytest.fixture(scope="module", name="given")
def draw_what_is_given():
    return fidelity.drawn_samples(64, "drop", 2)


@pytest.fixture(scope="module", name="true")
def paint_the_truth(network, given) -> np.ndarray:
    return np.stack([prediction.values for prediction in KerasBackend(network).run(*given)])


def save_model(network, path) -> None:
    """A SavedModel of the signature that is looked at, as small as can be."""

    class Module(tf.Module):
        def __init__(self):
            self.variables_of_network = network.variables

        @tf.function(
            input_signature=[
                tf.TensorSpec((None, None, None, 3), name="sketch"),
                tf.TensorSpec((None, None, None, 12), name="histogram"),
            ]
        )
        def tensors(self, sketch, histogram):
            return {"image": network({"sketch": sketch, "histogram": histogram})}

    module = Module()
    tf.saved_model.save(module, path, signatures={"tensors": module.tensors})


def test_every_format_is_opened_and_paints_the_networks_pictures(network, given, true, tmp_path):
    write_generator(network, tmp_path / "whole.keras")
    write_generator(network, tmp_path / "half.keras", "float16")
    make_stock_model(network).save(tmp_path / "plain.keras")
    save_model(network, tmp_path / "saved")
    expected = {
        "whole.keras": ("float32", 0, 1e-5),
        "half.keras": ("float16", 0, 1e-2),
        "plain.keras": ("float32", 64, 1e-4),
        "saved": ("float32", 0, 1e-5),
    }
    for name, (precision, size, apart) in expected.items():
        artifact = open_artifact(tmp_path / name)
        assert (artifact.precision, artifact.size) == (precision, size)
        painted = [artifact.paint(*(part[n : n + 1] for part in given)) for n in range(2)]
        np.testing.assert_allclose(np.concatenate(painted), true, rtol=0, atol=apart)


def test_a_litert_file_is_opened_as_well(litert_model):
    pytest.importorskip("ai_edge_litert", reason="needs the extra litert")
    network, path = litert_model
    artifact = open_artifact(path)
    assert (artifact.precision, artifact.size) == ("float32", 64)
    rng = np.random.default_rng(0)
    sketches = rng.integers(0, 256, (2, 64, 64), dtype=np.uint8)
    found = measure(network, artifact, sketches, sketches[:, :4, :12].reshape(2, 4, 4, 3))
    assert find_violations(found) == []
    assert found.bytes == path.stat().st_size
    assert (found.pictures, found.size) == (2, 64)
    assert found.milliseconds > 0 and found.network_milliseconds > 0


@pytest.mark.parametrize("part", ["weights", "shade", "ink"])
def test_a_file_whose_parts_paint_another_picture_is_found(litert_model, monkeypatch, part):
    """Painting takes the parts; the picture beside them may be right all the same."""
    pytest.importorskip("ai_edge_litert", reason="needs the extra litert")
    network, path = litert_model
    outputs = LiteRtBackend.outputs

    def other_outputs(self, sketches, palettes, names):
        values = outputs(self, sketches, palettes, names)
        shifted = {"weights": lambda v: np.roll(v, 1, axis=-1)}.get(part, lambda v: v * 0.8)
        return [
            shifted(value) if name == part else value
            for name, value in zip(names, values, strict=True)
        ]

    monkeypatch.setattr(LiteRtBackend, "outputs", other_outputs)
    rng = np.random.default_rng(0)
    sketches = rng.integers(0, 256, (2, 64, 64), dtype=np.uint8)
    palettes = sketches[:, :4, :12].reshape(2, 4, 4, 3)
    assert find_violations(measure(network, open_artifact(path), sketches, palettes))


def paint_with(true: np.ndarray, given: tuple, change) -> Artifact:
    """An artifact that paints the truth, changed."""

    def paint(sketch, palette):
        place = next(n for n in range(2) if np.array_equal(given[1][n], palette[0]))
        return change(true[place])[None]

    return Artifact(__file__, "float32", 64, paint)


def test_the_figures_are_those_of_a_known_difference(network, given, true):
    def change(picture):
        changed = picture.copy()
        changed[:32] += 0.2
        changed[0, 0, 0] += 0.3
        return changed

    found = measure(network, paint_with(true, given, change), *given)
    assert found.largest == pytest.approx(0.5, abs=1e-4)
    assert found.nearly_all == pytest.approx(0.2, abs=1e-4)
    assert found.mean == pytest.approx(0.1 + 0.3 / 64**2 / 3, abs=1e-4)
    square = 0.02 + (0.25 - 0.04) / 64**2 / 3
    assert found.psnr == pytest.approx(10 * np.log10(4 / square), abs=0.01)
    assert found.ciede2000 > 1


def test_equal_pictures_have_no_difference(network, given, true):
    found = measure(network, paint_with(true, given, lambda picture: picture), *given)
    assert found.largest < 1e-5 and found.ciede2000 == 0 and find_violations(found) == []


FOUND = fidelity.Fidelity(3, 64, "float32", 0.0, 0.0, 0.0, 90.0, 0.0, 1.0, 1.0, 1)


@pytest.mark.parametrize(
    "precision, change, word",
    [
        ("float32", {"nearly_all": 1.1e-3}, "difference of 0.0011, over 0.001"),
        ("float32", {"psnr": 59.0}, "59.0 dB, under 60"),
        ("float16", {"psnr": 44.9}, "44.9 dB, under 45"),
        ("dynamic_int8", {"psnr": 31.9}, "31.9 dB, under 32"),
        ("full_int8", {"psnr": 31.9}, "31.9 dB, under 32"),
        ("full_int8", {"ciede2000": 2.1}, "CIEDE2000 of 2.10, over 2.0"),
        ("full_int8", {"psnr": float("nan")}, "nan dB"),
        ("float32", {"nearly_all": float("nan")}, "nan"),
    ],
)
def test_what_is_over_a_bound_is_complained_about(precision, change, word):
    kept = FOUND._replace(precision=precision)
    assert find_violations(kept) == []
    (complaint,) = find_violations(kept._replace(**change))
    assert word in complaint


def test_bounds_of_coarser_precisions_are_wider():
    coarse = FOUND._replace(precision="full_int8", psnr=33.0, ciede2000=1.9, nearly_all=0.1)
    assert find_violations(coarse) == []
    assert len(find_violations(coarse._replace(precision="float32"))) == 2


def test_stored_records_are_fitted_onto_the_canvas(doll_shards):
    sketches, palettes = fidelity.stored_samples(doll_shards, "test", 128, "drop", 2)
    assert sketches.shape == (2, 128, 128) and palettes.shape == (2, 4, 4, 3)
    with pytest.raises(DeepPaintError, match="built with background=drop"):
        fidelity.stored_samples(doll_shards, "test", 64, "white")


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, content, word",
    [
        ("x.keras", b"no zip", "cannot be loaded as a Keras model"),
        ("x.tflite", b"no model", "not a LiteRT model"),
        ("x.png", b"", "neither a SavedModel nor a file that ends in .tflite, .onnx, .keras"),
        ("saved_model.pb", b"no graph", "cannot be loaded as a SavedModel"),
    ],
)
def test_a_bad_artifact_is_one_line(tmp_path, name, content, word):
    pytest.importorskip("ai_edge_litert", reason="needs the extra litert")
    (tmp_path / name).write_bytes(content)
    path = tmp_path if name == "saved_model.pb" else tmp_path / name
    with pytest.raises(DeepPaintError, match=word) as caught:
        open_artifact(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_what_is_not_there_is_named(tmp_path):
    for name in ("x.keras", "x.tflite", "x.onnx"):
        with pytest.raises(DeepPaintError, match=f"{name}: no such file"):
            open_artifact(tmp_path / name)
    with pytest.raises(DeepPaintError, match="neither a SavedModel"):
        open_artifact(tmp_path)


def test_a_saved_model_of_others_is_named(tmp_path):
    tf.saved_model.save(tf.Module(), tmp_path / "m")
    with pytest.raises(DeepPaintError, match="has no signature 'tensors'"):
        open_artifact(tmp_path / "m")


def test_a_keras_model_of_others_is_named(tmp_path):
    import keras

    keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "x.keras")
    with pytest.raises(DeepPaintError, match=r"not written by `.*deeppaint export keras`"):
        open_artifact(tmp_path / "x.keras")
