"""Model files that are made to do harm: none of it happens, and each is told in one line."""

import contextlib
import io
import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.model_files import load_generator, write_generator
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.utils import keras_archives
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.keras_archives import check_foreign, check_weights, read_config


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> dict[str, bytes]:
    """What a generator's file holds."""
    path = tmp_path_factory.mktemp("sound") / "model.keras"
    write_generator(Generator(2, size=64), path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, parts: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def refused(path: Path, read=load_generator) -> str:
    with pytest.raises(DeepPaintError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and "\n" not in message and len(message) < 600
    return message


def with_config(parts: dict[str, bytes], **changes) -> dict[str, bytes]:
    config = json.loads(parts["config.json"])
    config["config"] |= changes
    return parts | {"config.json": json.dumps(config).encode()}


def with_weights(parts: dict[str, bytes], change) -> dict[str, bytes]:
    buffer = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(buffer, "r+") as stored:
        change(stored)
    return parts | {"model.weights.h5": buffer.getvalue()}


def first_array(stored: h5py.File) -> h5py.Dataset:
    found = []
    stored.visititems(lambda _, o: found.append(o) if isinstance(o, h5py.Dataset) else None)
    return found[0]


def test_a_sound_file_is_read(parts, tmp_path):
    path = write(tmp_path / "model.keras", parts)
    assert read_config(path) == json.loads(parts["config.json"])
    assert load_generator(path).width == 2


@pytest.mark.parametrize(
    "name",
    ["../escaped.txt", "/escaped.txt", "assets/code.py", "a\\b", "config.json/..", "x" * 4000],
)
def test_other_files_in_it_are_refused(parts, tmp_path, name):
    said = refused(write(tmp_path / "m.keras", parts | {name: b"x"}))
    assert "holds other files" in said
    assert {path.name for path in tmp_path.iterdir()} == {"m.keras"}


@pytest.mark.parametrize("name", ["config.json", "metadata.json", "model.weights.h5"])
def test_a_missing_or_second_part_is_refused(parts, tmp_path, name):
    fewer = {key: data for key, data in parts.items() if key != name}
    refused(write(tmp_path / "fewer.keras", fewer))
    path = write(tmp_path / "twice.keras", parts)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(name, b"{}")
    refused(path)


def test_a_zip_bomb_is_refused_before_it_unpacks(parts, tmp_path):
    bomb = parts | {"model.weights.h5": bytes(300 << 20)}
    path = write(tmp_path / "bomb.keras", bomb, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    assert "unpack to more than its size" in refused(path)


def test_a_config_too_long_or_too_deep_is_refused(parts, tmp_path):
    refused(write(tmp_path / "a.keras", parts | {"config.json": b" " * (5 << 20)}))
    refused(write(tmp_path / "b.keras", parts | {"config.json": b"[" * 100_000}))
    refused(write(tmp_path / "c.keras", parts | {"config.json": b"[]"}))
    refused(write(tmp_path / "d.keras", parts | {"config.json": b"\xff\xfe{"}))


@pytest.mark.parametrize("name", ["config.json", "metadata.json"])
def test_a_config_has_four_mib_and_no_byte_more(parts, tmp_path, name):
    longest = b"{}".rjust(4 << 20)
    read_config(write(tmp_path / "a.keras", parts | {name: longest}))
    said = refused(write(tmp_path / "b.keras", parts | {name: longest + b" "}))
    assert "is too long" in said


def test_a_config_has_sixty_levels_below_its_first(parts, tmp_path):
    config = {}
    for level in range(1, 62):
        config = {"config": config}
        path = write(tmp_path / "m.keras", parts | {"config.json": json.dumps(config).encode()})
        if level == 60:
            check_foreign(path)
    assert "is too deep" in refused(path, check_foreign)


def test_a_file_of_over_four_gib_is_refused_unread(tmp_path):
    path = tmp_path / "fat.keras"
    for size, is_over in (((4 << 30) + 1, True), (4 << 30, False)):
        with path.open("wb") as file:
            file.truncate(size)  # takes no room on the disk
        assert ("over 4 GiB" in refused(path)) == is_over


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 10**6},
        {"width": -2},
        {"width": True},
        {"width": "2"},
        {"width": 10**400},
        {"size": 2**40},
        {"size": 0},
        {"size": 65},
        {"norm": {"class_name": "Lambda", "config": {}}},
        {"norm": "another"},
        {"background": ["drop"]},
        {"dtype": "complex64"},
        {"dtype": {"module": "os", "class_name": "system", "config": {"name": "true"}}},
        {"callback": "x"},
        {"self": 1},
        {"kwargs": 1},
    ],
    ids=str,
)
def test_options_that_no_generator_has_are_refused(parts, tmp_path, changes):
    refused(write(tmp_path / "m.keras", with_config(parts, **changes)))


@pytest.mark.parametrize("kind", ["Lambda", "keras>Sequential", "evil>Generator", None, ["x"]])
def test_another_class_is_refused_by_name(parts, tmp_path, kind):
    document = json.loads(parts["config.json"]) | {"registered_name": kind, "class_name": "Evil"}
    path = write(tmp_path / "m.keras", parts | {"config.json": json.dumps(document).encode()})
    assert "holds a Evil; a tf_deeppaint Generator is needed" in refused(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_told(parts, tmp_path, value):
    def spoil(stored):
        array = first_array(stored)
        array[(0,) * array.ndim] = value

    assert "not finite" in refused(write(tmp_path / "m.keras", with_weights(parts, spoil)))


def links_out(stored: h5py.File) -> None:
    stored["layers"]["elsewhere"] = h5py.ExternalLink("/etc/passwd", "/")


def links_softly(stored: h5py.File) -> None:
    stored["layers"]["elsewhere"] = h5py.SoftLink("/nowhere")


def lies_outside(stored: h5py.File) -> None:
    stored.create_dataset("out", (10,), "u1", external=[("/etc/passwd", 0, 10)])


def is_virtual(stored: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    stored.create_virtual_dataset("virtual", layout)


def claims_too_much(stored: h5py.File) -> None:
    stored.create_dataset("huge", (2**40,), "f4", chunks=(2**10,))


def is_compressed(stored: h5py.File) -> None:
    stored.create_dataset("bomb", (2**20,), "f4", compression="gzip")


@pytest.mark.parametrize(
    "change", [links_out, links_softly, lies_outside, is_virtual, claims_too_much, is_compressed]
)
def test_weights_that_lead_out_of_the_file_or_blow_up_are_refused(parts, tmp_path, change):
    path = write(tmp_path / "m.keras", with_weights(parts, change))
    assert "cannot be loaded as a Keras model" in refused(path)


LEADS_OUT = {
    "a link to another file": lambda stored, other: stored.__setitem__(
        "elsewhere", h5py.ExternalLink(other, "/numbers")
    ),
    "a soft link": lambda stored, other: stored.__setitem__(
        "elsewhere", h5py.SoftLink("/model_weights")
    ),
    "an array outside": lambda stored, other: stored.create_dataset(
        "out", (4,), "u1", external=[(str(other), 0, 4)]
    ),
    "a virtual array": lambda stored, other: stored.create_virtual_dataset("out", layout(other)),
}


def layout(other: Path) -> h5py.VirtualLayout:
    numbers = h5py.VirtualLayout((4,), "f4")
    numbers[:] = h5py.VirtualSource(other, "numbers", (4,))
    return numbers


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".h5", ".hdf5"])
@pytest.mark.parametrize("what", LEADS_OUT)
def test_hdf5_that_leads_out_of_itself_is_refused(tmp_path, suffix, what):
    """All that it leads to is there, so that nothing but the check stops at it."""
    other, path = tmp_path / "other.h5", tmp_path / f"model{suffix}"
    with h5py.File(other, "w") as stored:
        stored["numbers"] = np.ones(4, "f4")
    keras.Sequential([keras.layers.Input((8, 8, 1)), keras.layers.Conv2D(1, 3)]).save(path)
    check_foreign(path)
    with h5py.File(path, "r+") as stored:
        LEADS_OUT[what](stored, other)
    said = refused(path, check_foreign)
    assert "is a link to elsewhere" in said or "is not stored plainly" in said


def test_a_group_that_holds_itself_is_walked_once(tmp_path):
    path = tmp_path / "tied.h5"
    with h5py.File(path, "w") as stored:
        stored.create_dataset("inner/numbers", data=np.zeros(200, "f4"))
        stored["inner"]["again"] = stored["/"]
        stored["inner"]["once_more"] = stored["inner/numbers"]
    # Counted twice, the numbers would be more than the bytes of the file.
    with open(path, "rb") as file:
        check_weights(file, 800)
    with open(path, "rb") as file, pytest.raises(ValueError, match="more numbers"):
        check_weights(file, 799)


def test_weights_of_more_parts_than_any_model_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(keras_archives, "MAX_OBJECTS", 5)
    path = tmp_path / "many.h5"
    for groups, is_refused in ((5, False), (6, True)):
        with h5py.File(path, "w") as stored:
            for number in range(groups):
                stored.create_group(str(number))
        with open(path, "rb") as file:
            expected = pytest.raises(ValueError, match="more parts than any model")
            with expected if is_refused else contextlib.nullcontext():
                check_weights(file, path.stat().st_size)


def test_a_file_that_is_none_is_refused(tmp_path):
    for path in (tmp_path / "none.keras", tmp_path / ("n" * 4000)):
        for read in (load_generator, check_foreign):
            with pytest.raises(DeepPaintError) as caught:
                read(path)
            assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


# --- models of others ---------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["m.keras", "m.h5"])
def foreign(request, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("foreign") / request.param
    layers = [keras.layers.Input((8, 8, 1)), keras.layers.Conv2D(1, 3, activation="relu")]
    keras.Sequential(layers).save(path)
    return path


@pytest.mark.filterwarnings("ignore")
def test_plain_layers_of_keras_pass(foreign):
    check_foreign(foreign)


def changed(foreign: Path, path: Path, **layer) -> Path:
    """A copy with another layer in its config."""

    def change(config: dict) -> str:
        config["config"]["layers"].append(layer)
        return json.dumps(config)

    if foreign.suffix == ".h5":
        path.write_bytes(foreign.read_bytes())
        with h5py.File(path, "r+") as stored:
            stored.attrs["model_config"] = change(json.loads(stored.attrs["model_config"]))
        return path
    with zipfile.ZipFile(foreign) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = change(json.loads(parts["config.json"])).encode()
    return write(path, parts)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".h5", ".hdf5", ".keras", "", ".H5", ".zip"])
def test_a_file_that_is_zip_and_hdf5_at_once_is_checked_as_what_keras_opens(tmp_path, suffix):
    """A zip of a sound model at the end of HDF5 that wants another class, under either name."""
    layers = [keras.layers.Input((8, 8, 1)), keras.layers.Conv2D(1, 3)]
    for name in ("sound.keras", "plain.h5"):
        keras.Sequential(layers).save(tmp_path / name)
    evil = {"class_name": "system", "module": "os", "config": "true"}
    wanted = changed(tmp_path / "plain.h5", tmp_path / "evil.h5", **evil).read_bytes()
    both = tmp_path / f"both{suffix}"
    both.write_bytes(wanted + (tmp_path / "sound.keras").read_bytes())
    if suffix == ".keras":  # Keras opens it as a zip, which is sound
        check_foreign(both)
        return
    with pytest.raises(DeepPaintError, match=r"no part of Keras|name a \.keras, \.h5 or \.hdf5"):
        check_foreign(both)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "layer",
    [
        {"class_name": "Lambda", "module": "keras.layers", "config": {}},
        {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
        {"class_name": "IntegerLookup", "config": {"vocabulary": "/etc/passwd"}},
        {"class_name": "TFSMLayer", "module": "keras.layers", "config": {"filepath": "/tmp"}},
        {"class_name": "system", "module": "os", "config": "true"},
        {"class_name": "function", "module": "keras.utils", "config": "get_file"},
        {"class_name": "function", "module": "builtins", "config": "exec"},
        {"class_name": "Dense", "module": "evil", "config": {}},
        {"class_name": ["Dense"], "config": {}},
        {"class_name": "__lambda__", "config": {"value": "x"}},
    ],
    ids=str,
)
def test_layers_that_run_or_read_something_are_refused(foreign, tmp_path, layer):
    said = refused(changed(foreign, tmp_path / foreign.name, **layer), check_foreign)
    assert "holds a layer of kind" in said or "no part of Keras" in said


def test_the_baseline_is_no_wider_than_its_file_either(tmp_path):
    """The bound on the width holds for the smallest network of its width."""
    for number, network in enumerate((UNet(2, size=64), Generator(2, size=64, gated=False))):
        path = tmp_path / f"{number}.keras"
        write_generator(network, path, "float16")
        assert load_generator(path).width == 2
