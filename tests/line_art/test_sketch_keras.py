"""The user's sketchKeras is run as its authors run it, whatever its file and the picture."""

import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from tf_deeppaint.line_art.sketch_keras import THRESHOLDS, SketchKeras, draw_line_map
from tf_deeppaint.line_art.styles import draw_styles
from tf_deeppaint.utils.errors import DeepPaintError

SIDE = 512


def small_network() -> keras.Model:
    """A network of sketchKeras's signature, whose answer to an empty picture is not paper."""
    edges = keras.Input((SIDE, SIDE, 1))
    hidden = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="hidden")(edges)
    hidden = keras.layers.BatchNormalization(name="norm")(hidden)
    lines = keras.layers.Conv2D(1, 3, padding="same", name="lines")(hidden)
    model = keras.Model(edges, lines)
    rng = np.random.default_rng(0)
    weights = {
        "hidden": [rng.normal(0, 0.3, (3, 3, 1, 4)), rng.normal(0, 0.02, 4)],
        "norm": [np.ones(4), np.zeros(4), np.full(4, 0.01), np.full(4, 0.7)],
        "lines": [rng.normal(0.1, 0.2, (3, 3, 4, 1)), np.full(1, 0.05)],
    }
    for name, values in weights.items():
        model.get_layer(name).set_weights(values)
    return model


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return small_network()


@pytest.fixture(scope="module")
def files(network, tmp_path_factory) -> dict[str, Path]:
    """The network saved in both formats."""
    folder = tmp_path_factory.mktemp("networks")
    for ending in ("h5", "keras"):
        network.save(folder / f"mod.{ending}")
    return {ending: folder / f"mod.{ending}" for ending in ("h5", "keras")}


@pytest.fixture(scope="module", params=["h5", "keras"])
def sketch_keras(request, files) -> SketchKeras:
    return SketchKeras.load(files[request.param])


def drawing(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Flat patches of color, thin strokes and a soft shade: uint8 RGB `(height, width, 3)`."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((height, width)) / max(height, width)
    picture = np.full((height, width, 3), 255.0)
    for _ in range(8):
        row, column, reach = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.05, 0.3)
        distance = np.hypot(rows - row, columns - column)
        picture[distance < reach] = rng.uniform(0, 255, 3)
        picture[np.abs(distance - reach) < 0.004] = 20
    return np.clip(picture - 40 * rows[..., None], 0, 255).astype(np.uint8)


# --- the authors' steps, written out --------------------------------------------------------------


def blurred(levels: np.ndarray) -> np.ndarray:
    """A Gaussian of 3 pixels, out to 3 sigma, edges mirrored, in float64."""
    weights = np.exp(-0.5 * (np.arange(-9, 10) / 3) ** 2)
    for axis in (0, 1):
        widths = [(9, 9) if a == axis else (0, 0) for a in range(levels.ndim)]
        padded = np.pad(levels.astype(float), widths, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 19, axis)
        levels = windows @ (weights / weights.sum())
    return levels


def reference_line_map(picture: np.ndarray, network: keras.Model) -> np.ndarray:
    """The authors' steps for a picture whose longer side has 512 pixels."""
    height, width = picture.shape[:2]
    light = (picture - np.rint(blurred(picture))) / 128
    light /= light.max()
    padded = np.zeros((SIDE, SIDE, 3))
    padded[:height, :width] = light
    answers = network.predict(padded.transpose(2, 0, 1)[..., None], batch_size=1, verbose=0)
    return np.clip(np.amax(answers, axis=0)[:height, :width, 0], 0, 1)


@pytest.mark.parametrize("shape", [(512, 512), (512, 300), (211, 512)])
def test_line_maps_equal_the_reference(sketch_keras, network, shape):
    pictures = [drawing(*shape, seed) for seed in range(2)]
    maps = sketch_keras.line_maps(pictures)
    assert maps.shape == (2, *shape) and maps.dtype == np.float32
    for picture, line_map in zip(pictures, maps, strict=True):
        expected = reference_line_map(picture, network)
        assert expected.max() > 0.5 and 0.01 < (expected > 0.18).mean() < 0.9
        # Here and there the two blurs round to different levels.
        assert np.abs(line_map - expected).max() < 0.03
        assert np.abs(line_map - expected).mean() < 0.0005


@pytest.mark.parametrize("shape", [(1000, 700), (600, 1024)])
def test_a_larger_picture_is_shrunk_by_area_and_its_map_enlarged(sketch_keras, network, shape):
    picture = drawing(*shape)
    height, width = (round(side * SIDE / max(shape)) for side in shape)
    small = Image.fromarray(picture).resize((width, height), Image.Resampling.BOX)
    expected = reference_line_map(np.asarray(small), network)
    expected = np.asarray(Image.fromarray(expected).resize(shape[::-1], Image.Resampling.BICUBIC))
    [line_map] = sketch_keras.line_maps([picture])
    assert line_map.shape == shape and line_map.min() >= 0 and line_map.max() <= 1
    assert np.abs(line_map - expected).mean() < 0.02
    assert np.corrcoef(line_map.ravel(), expected.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("shape", [(128, 128), (100, 256)])
def test_a_smaller_picture_is_enlarged_and_its_map_averaged(sketch_keras, network, shape):
    picture = drawing(*shape)
    size = [side * SIDE // max(shape) for side in shape]
    large = Image.fromarray(picture).resize(size[::-1], Image.Resampling.BICUBIC)
    expected = reference_line_map(np.asarray(large), network)
    step = SIDE // max(shape)
    expected = expected.reshape(shape[0], step, shape[1], step).mean((1, 3))
    [line_map] = sketch_keras.line_maps([picture])
    # OpenCV's cubic is a little sharper than Pillow's.
    assert np.abs(line_map - expected).mean() < 0.02
    assert np.corrcoef(line_map.ravel(), expected.ravel())[0, 1] > 0.98


@pytest.mark.filterwarnings("error::RuntimeWarning")  # NumPy warns of a division by zero
def test_a_picture_of_one_color_is_paper_also_beside_others(sketch_keras):
    flat = [np.full((64, 64, 3), level, np.uint8) for level in (0, 1, 200, 255)]
    maps = sketch_keras.line_maps([*flat, drawing(64, 64)])
    assert not maps[:4].any() and maps[4].any()
    assert (draw_line_map(maps[0], 0.1) == 255).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 3)])
def test_the_smallest_and_narrowest_pictures_have_a_map(sketch_keras, shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    maps = sketch_keras.line_maps(picture[None])
    assert maps.shape == (1, *shape) and np.isfinite(maps).all()


def test_a_map_does_not_depend_on_the_batch(sketch_keras):
    pictures = np.stack([drawing(96, 96, seed) for seed in range(5)])
    together = sketch_keras.line_maps(pictures)
    for number in range(5):
        assert np.array_equal(sketch_keras.line_maps(pictures[number:][:1])[0], together[number])


# --- the sketch ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [*THRESHOLDS.values(), 0.5])
def test_a_map_is_drawn_as_the_reference_draws_it(cut):
    line_map = np.linspace(0, 1, 1001, dtype=np.float32).reshape(7, 143)
    expected = [255 * (1 - (0 if level < np.float32(cut) else level)) for level in line_map.ravel()]
    sketch = draw_line_map(line_map, cut)
    assert sketch.dtype == np.uint8 and sketch.shape == (7, 143)
    assert np.abs(sketch.ravel() - np.array(expected)).max() <= 0.51


def test_the_cuts_are_those_of_the_reference():
    assert THRESHOLDS == {"sketchkeras": 0.1, "sketchkeras_pured": 0.18}


def test_sketches_of_the_network_in_a_batch_of_styles(sketch_keras):
    pictures = [drawing(64, 64, seed) for seed in range(3)]
    rngs = [np.random.default_rng(seed) for seed in range(3)]
    sketches = draw_styles(["soft", "sketchkeras_pured"], rngs, pictures, sketch_keras)
    for (_, pured), line_map in zip(sketches, sketch_keras.line_maps(pictures), strict=True):
        assert np.array_equal(pured, draw_line_map(line_map, 0.18))
        assert pured.min() < 128 < pured.max() == 255


# --- files --------------------------------------------------------------------------------------


def test_both_formats_give_the_same(files):
    pictures = [drawing(128, 90)]
    of_h5, of_keras = (SketchKeras.load(path).line_maps(pictures) for path in files.values())
    assert np.array_equal(of_h5, of_keras)


@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_a_pickled_network_is_its_path(files, ending):
    sent = pickle.dumps(SketchKeras.load(str(files[ending])))
    assert str(files[ending]).encode() in sent and len(sent) < 300
    pictures = [drawing(64, 64)]
    received = pickle.loads(sent)
    assert np.array_equal(
        received.line_maps(pictures), SketchKeras.load(files[ending]).line_maps(pictures)
    )


def test_tensorflow_is_not_imported_before_a_network_is_loaded():
    code = "import sys, tf_deeppaint.line_art.styles; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def refused(path, message: str) -> str:
    """Asserts that a file is refused in one line, and returns the kind of its trouble."""
    with pytest.raises(DeepPaintError, match=message) as caught:
        SketchKeras.load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    return caught.value.kind


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    assert refused(tmp_path / "mod.h5", "does not exist") == "missing"
    (tmp_path / "folder.keras").mkdir()
    refused(tmp_path / "folder.keras", "does not exist")


@pytest.mark.parametrize("name", ["mod.h5", "mod.keras", "mod.hdf5", "mod.pt", "mod"])
@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", b"PK\3\4", bytes(range(256)) * 40])
def test_what_is_no_keras_model_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, "cannot be loaded as a Keras model")


@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_a_file_cut_short_is_refused(tmp_path, files, ending):
    data = files[ending].read_bytes()
    for part in (0.2, 0.5, 0.9):
        path = tmp_path / f"{part}.{ending}"
        path.write_bytes(data[: int(part * len(data))])
        refused(path, "cannot be loaded as a Keras model")


@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_a_file_that_brings_code_is_refused_and_not_run(tmp_path, ending):
    path, mark = tmp_path / f"mod.{ending}", str(tmp_path / "was here")
    hostile = keras.layers.Lambda(lambda x: [x, open(mark, "w").close()][0])
    keras.Sequential([keras.Input((SIDE, SIDE, 1)), hostile]).save(path)
    Path(mark).unlink()
    refused(path, "cannot be loaded as a Keras model")
    assert not Path(mark).exists()


def test_a_file_that_names_a_function_to_call_is_refused(tmp_path, files):
    """A configuration may name any module and class; it must not be able to start a program."""
    mark = tmp_path / "was here"
    path = tmp_path / "mod.keras"
    call = {"module": "subprocess", "class_name": "run", "config": {"args": ["touch", str(mark)]}}
    with zipfile.ZipFile(files["keras"]) as source, zipfile.ZipFile(path, "w") as target:
        for item in source.namelist():
            content = json.dumps(call) if item == "config.json" else source.read(item)
            target.writestr(item, content)
    refused(path, "cannot be loaded as a Keras model")
    assert not mark.exists()


def saved(folder: Path, model: keras.Model) -> Path:
    model.save(folder / "mod.keras")
    return folder / "mod.keras"


def other_networks() -> dict[str, keras.Model]:
    layers = keras.layers
    plain, colored = keras.Input((SIDE, SIDE, 1)), keras.Input((SIDE, SIDE, 3))
    conv = layers.Conv2D(1, 3, padding="same")
    small = keras.Input((256, 256, 1))
    return {
        "color in": keras.Model(colored, layers.Conv2D(1, 3, padding="same")(colored)),
        "color out": keras.Model(plain, layers.Conv2D(3, 3, padding="same")(plain)),
        "smaller": keras.Model(small, layers.Conv2D(1, 3, padding="same")(small)),
        "shrinks": keras.Model(plain, layers.MaxPool2D()(plain)),
        "a vector": keras.Model(plain, layers.Flatten()(layers.MaxPool2D(256)(plain))),
        "two outputs": keras.Model(plain, [conv(plain), conv(plain)]),
        "two inputs": keras.Model([plain, colored], conv(plain) + conv(colored[..., :1])),
        "one picture": keras.Model(one := keras.Input(batch_shape=(1, SIDE, SIDE, 1)), one * 2),
    }


@pytest.mark.parametrize("kind", other_networks())
def test_a_network_of_another_signature_is_refused(tmp_path, kind):
    path = saved(tmp_path, other_networks()[kind])
    refused(path, r"is not sketchKeras; its network takes and gives \(B, 512, 512, 1\)")


def test_a_network_of_any_size_is_taken(tmp_path, network):
    free = keras.Input((None, None, 1))
    path = saved(tmp_path, keras.Model(free, keras.layers.Conv2D(1, 3, padding="same")(free)))
    assert SketchKeras.load(path).line_maps([drawing(40, 60)]).shape == (1, 40, 60)


@pytest.mark.parametrize("broken", ["weights", "size"])
def test_an_answer_that_is_no_line_map_is_refused(tmp_path, broken):
    edges = keras.Input((SIDE, SIDE, 1) if broken == "weights" else (None, None, 1))
    last = keras.layers.Conv2D(1, 3, padding="same" if broken == "weights" else "valid")
    model = keras.Model(edges, last(edges))
    if broken == "weights":
        last.set_weights([np.full((3, 3, 1, 1), np.nan), np.zeros(1)])
    network = SketchKeras.load(saved(tmp_path, model))
    with pytest.raises(DeepPaintError, match=r"mod\.keras: the network's answer is no line map"):
        network.line_maps([drawing(40, 60)])
