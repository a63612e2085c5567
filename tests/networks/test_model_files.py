"""Generators as files: read and written back, in half the size, and what is refused."""

from pathlib import Path

import keras
import numpy as np
import pytest

from tests.helpers.numpy_networks import randomize
from tf_deeppaint import Painter
from tf_deeppaint.networks.folding import fold_norms
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.model_files import (
    load_generator,
    stored_rule,
    with_precision,
    write_generator,
)
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture(scope="module", name="generator")
def make_generator() -> Generator:
    """A generator of weights that matter; no test changes it."""
    generator = Generator(4, size=64, background="white", head_kind="mixture")
    randomize(generator)
    return generator


@pytest.fixture(scope="module", name="compact")
def write_compact(generator, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("compact") / "model.keras"
    write_generator(generator, path, "float16")
    return path


def assert_same_weights(network: keras.Model, expected: list[np.ndarray]) -> None:
    for weight, other in zip(network.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(weight, other)


def rounded(network: keras.Model) -> list[np.ndarray]:
    """The weights with kernels and biases in float16; norms stay in float32."""
    return [
        np.asarray(weight).astype("float16" if weight.name in ("kernel", "bias") else "float32")
        for weight in network.weights
    ]


# --- reading and writing ------------------------------------------------------------------------


def test_what_is_written_is_read_from_the_file_and_its_run_directory(generator, tmp_path):
    write_generator(generator, tmp_path / "generator.keras")
    assert [path.name for path in tmp_path.iterdir()] == ["generator.keras"]
    for path in (tmp_path, tmp_path / "generator.keras", str(tmp_path)):
        found = load_generator(path)
        assert found.get_config() == generator.get_config()
        assert_same_weights(found, generator.get_weights())


def test_of_a_run_that_has_saved_no_generator_yet_the_best_so_far_is_read(generator, tmp_path):
    write_generator(generator, tmp_path / "best.keras")
    assert_same_weights(load_generator(tmp_path), generator.get_weights())
    assert stored_rule(tmp_path) == generator.background
    last = UNet(2, size=64)
    write_generator(last, tmp_path / "generator.keras")
    assert_same_weights(load_generator(tmp_path), last.get_weights())


def test_a_file_of_another_format_is_told_from_a_damaged_one(tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"TFL3")
    with pytest.raises(DeepPaintError, match=r"model\.tflite: .*a run directory or a \.keras file"):
        load_generator(tmp_path / "model.tflite")


def test_the_baseline_is_read_as_well(tmp_path):
    network = UNet(2, size=64)
    write_generator(network, tmp_path / "unet.keras")
    found = load_generator(tmp_path / "unet.keras")
    assert isinstance(found, UNet)
    assert_same_weights(found, network.get_weights())


def test_no_model_is_named(tmp_path):
    with pytest.raises(DeepPaintError, match=r"nowhere.*no such model"):
        load_generator(tmp_path / "nowhere")
    with pytest.raises(DeepPaintError, match=r"generator\.keras.*no such model"):
        load_generator(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"{}" * 100])
def test_a_damaged_model_is_named(tmp_path, content):
    path = tmp_path / "broken.keras"
    path.write_bytes(content)
    with pytest.raises(DeepPaintError, match=r"broken\.keras: cannot be loaded") as caught:
        load_generator(path)
    assert "\n" not in str(caught.value)


def test_a_model_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "other.keras"
    keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)]).save(path)
    with pytest.raises(DeepPaintError, match="holds a Sequential"):
        load_generator(path)


@pytest.mark.parametrize("name", ["model.h5", "model", "model.keras.bak"])
def test_another_suffix_is_refused_and_nothing_written(generator, tmp_path, name):
    with pytest.raises(DeepPaintError, match=f"{name}: models are written as .keras"):
        write_generator(generator, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


class Unsaved:
    """Stands in for a generator whose saving breaks off half-way."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def save(self, path: Path) -> None:
        path.write_bytes(b"half")
        raise self.error


@pytest.mark.parametrize(
    "error, raised", [(OSError(28, "No space left on device"), DeepPaintError),
                      (KeyboardInterrupt(), KeyboardInterrupt)],
    ids=["full disk", "interrupted"],
)  # fmt: skip
def test_a_save_that_breaks_off_leaves_the_previous_generator(tmp_path, error, raised):
    path = tmp_path / "generator.keras"
    path.write_bytes(b"previous")
    with pytest.raises(raised):
        write_generator(Unsaved(error), path)
    assert path.read_bytes() == b"previous"


def test_a_full_disk_is_one_clear_line_and_leaves_no_half_file(tmp_path):
    path = tmp_path / "generator.keras"
    with pytest.raises(DeepPaintError, match="No space left on device") as caught:
        write_generator(Unsaved(OSError(28, "No space left on device")), path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(generator, tmp_path):
    path = tmp_path / "nowhere" / "generator.keras"
    with pytest.raises(DeepPaintError, match=r"nowhere/generator\.keras: cannot be written"):
        write_generator(generator, path)


# --- in another precision -----------------------------------------------------------------------


def test_another_precision_has_the_same_options_and_rounded_weights(generator):
    before = generator.get_weights()
    half = with_precision(generator, "float16")
    assert half.get_config() | {"dtype": None} == generator.get_config() | {"dtype": None}
    assert half.compute_dtype == "float16"
    assert half.stem.kernel.dtype == "float16"
    assert_same_weights(half, rounded(generator))
    # The one that was given stays as it is, and there is no twin without need.
    assert_same_weights(generator, before)
    assert with_precision(generator, "float32") is generator


def test_in_float16_a_file_has_about_half_the_size(tmp_path):
    # Of a network in which the weights are most of the file.
    network = UNet(8, size=64)
    write_generator(network, tmp_path / "whole.keras")
    write_generator(network, tmp_path / "half.keras", "float16")
    sizes = [(tmp_path / f"{name}.keras").stat().st_size for name in ("half", "whole")]
    assert 0.45 < sizes[0] / sizes[1] < 0.6


def test_a_painter_computes_in_float32_with_the_rounded_weights(generator, compact):
    painter = Painter.load(compact)
    assert painter.backend.generator.dtype_policy.name == "float32"
    assert (painter.size, painter.background) == (64, "white")
    assert painter.backend.generator.get_config()["head_kind"] == "mixture"
    half = with_precision(generator, "float16")
    assert_same_weights(painter.backend.generator, fold_norms(half).get_weights())
    rng = np.random.default_rng(0)
    sketches = rng.integers(0, 256, (2, 64, 64), dtype=np.uint8)
    palettes = rng.integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    painted = painter.paint_canvases(sketches, palettes)
    expected = Painter(KerasBackend(generator)).paint_canvases(sketches, palettes)
    assert expected.std() > 10
    # Here and there rounding makes another pixel of four the largest.
    assert np.mean(np.abs(painted.astype(int) - expected) > 1) < 0.02
