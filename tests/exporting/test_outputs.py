"""Exports from outside: checked before they are in place, and nothing left when they fail."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.small_networks import make_network
from tf_deeppaint.exporting import outputs
from tf_deeppaint.exporting.outputs import export_file, written_aside
from tf_deeppaint.networks.model_files import load_generator, write_generator
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", name="run")
def make_run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_generator(make_network("U-Net"), folder / "generator.keras")
    return folder


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_put_in_place_with_its_card(run, tmp_path):
    output = tmp_path / "out" / "model.keras"
    found = export_file(run, output, ".keras", write_generator)
    assert written(output.parent) == ["model.keras", "model_card.md"]
    assert found.largest == 0 and found.precision == "float32" and found.bytes > 0
    assert isinstance(load_generator(output), UNet)
    before = output.read_bytes()
    with pytest.raises(DeepPaintError, match="is there already; --overwrite replaces it"):
        export_file(run, output, ".keras", write_generator)
    assert output.read_bytes() == before

    def write_half(network, path) -> None:
        write_generator(network, path, "float16")

    assert export_file(run, output, ".keras", write_half, True).precision == "float16"
    assert output.read_bytes() != before


def test_what_paints_otherwise_is_not_put_in_place(run, tmp_path):
    def write(network, path) -> None:
        other = type(network).from_config(network.get_config())
        other.set_weights([1.1 * weight for weight in network.get_weights()])
        write_generator(other, path)

    with pytest.raises(DeepPaintError, match="its pictures are not the network's: a difference"):
        export_file(run, tmp_path / "x.keras", ".keras", write)
    assert written(tmp_path) == []


def make_folder(path: Path, text: str) -> None:
    path.mkdir()
    (path / "model").write_text(text)


@pytest.mark.parametrize("one_step", [True, False])
def test_a_folder_takes_the_place_of_another(tmp_path, monkeypatch, one_step):
    if not one_step:  # as on systems that cannot exchange names
        monkeypatch.setattr(files, "exchange", lambda path, other: False)
    make_folder(tmp_path / "served", "old")
    with written_aside(tmp_path / "served") as aside:
        make_folder(aside, "new")
    assert (tmp_path / "served" / "model").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["served"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux exchanges names")
@pytest.mark.parametrize("after", [0, 1])
def test_a_kill_while_a_folder_is_replaced_leaves_one_and_the_next_clears_up(tmp_path, after):
    """Killed at the first change of a name, or right behind it."""
    script = f"""
import os, signal
from pathlib import Path
from tf_deeppaint.exporting.outputs import written_aside
from tf_deeppaint.utils import files
def killed(change):
    def change_and_die(*names):
        if {after}: change(*names)
        os.kill(os.getpid(), signal.SIGKILL)
    return change_and_die
files.exchange, Path.rename = killed(files.exchange), killed(Path.rename)
with written_aside(Path("served")) as aside:
    aside.mkdir()
    (aside / "model").write_text("new")
"""
    make_folder(tmp_path / "served", "old")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=False)
    assert run.returncode == -9
    assert (tmp_path / "served" / "model").read_text() == ("new" if after else "old")
    with written_aside(tmp_path / "served") as aside:
        make_folder(aside, "newest")
    assert (tmp_path / "served" / "model").read_text() == "newest"
    assert [path.name for path in tmp_path.iterdir()] == ["served"]


def test_a_link_in_the_place_of_an_export_aside_is_not_written_through(tmp_path):
    """It may have the name of the one before: the next has another."""
    with written_aside(tmp_path / "served") as before:
        make_folder(before, "old")
    (tmp_path / "mine").mkdir()
    before.symlink_to(tmp_path / "mine")
    with written_aside(tmp_path / "served") as aside:
        aside.mkdir(exist_ok=True)  # as TensorFlow does
        (aside / "model").write_text("new")
    assert list((tmp_path / "mine").iterdir()) == []
    assert (tmp_path / "served" / "model").read_text() == "new"
    assert written(tmp_path) == ["mine", "served"]


def test_whoever_lost_the_folder_replaces_nothing_in_it(tmp_path, monkeypatch):
    def lose() -> None:
        raise DeepPaintError("no longer names this process")

    make_folder(tmp_path / "served", "old")
    monkeypatch.setattr(files, "exchange", lambda path, other: False)  # which checks it, too
    with (
        pytest.raises(DeepPaintError, match="no longer names"),
        written_aside(tmp_path / "served") as aside,
    ):
        make_folder(aside, "new")
        monkeypatch.setattr(outputs.locks, "check", lose)
    assert (tmp_path / "served" / "model").read_text() == "old"


@pytest.mark.parametrize("error", [DeepPaintError("no such operation"), KeyboardInterrupt()])
def test_a_conversion_that_breaks_off_leaves_what_was_there(run, tmp_path, error):
    def write(network, path) -> None:
        path.write_bytes(b"half")
        raise error

    (tmp_path / "x.keras").write_bytes(b"before")
    with pytest.raises(type(error)):
        export_file(run, tmp_path / "x.keras", ".keras", write, overwrite=True)
    assert written(tmp_path) == ["x.keras"]
    assert (tmp_path / "x.keras").read_bytes() == b"before"


def test_a_full_disk_is_one_line(run, tmp_path):
    def write(network, path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(DeepPaintError, match=r"x\.keras: cannot be written \(No space left"):
        export_file(run, tmp_path / "x.keras", ".keras", write)


def refuse(*_):
    raise AssertionError("nothing is to be written")


@pytest.mark.parametrize(
    "output, size, word",
    [
        ("x.onnx", None, r"x\.onnx: the name must end in \.keras"),
        ("folder.keras", None, "is a folder"),
        ("x.keras", 100, "--size=100: a multiple of 64"),
    ],
)
def test_what_cannot_be_is_told_at_once(run, tmp_path, output, size, word):
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(DeepPaintError, match=word):
        export_file(run, tmp_path / output, ".keras", refuse, size=size)
    assert written(tmp_path) == ["folder.keras"]


def test_a_run_without_weights_is_named(tmp_path):
    with pytest.raises(DeepPaintError, match=r"run/generator\.keras: no such model"):
        (tmp_path / "run").mkdir()
        export_file(tmp_path / "run", tmp_path / "x.keras", ".keras", refuse)
    assert written(tmp_path) == ["run"]


# --- the programs -------------------------------------------------------------------------------


def program(name: str, *flags) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", f"export.{name}", *map(str, flags)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def assert_refused(done: subprocess.CompletedProcess, word: str) -> None:
    assert done.returncode == 1 and word in done.stderr
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


@pytest.mark.slow
def test_keras_model_writes_weights_in_half_the_size(run, tmp_path):
    output = tmp_path / "half.keras"
    flags = (f"--model={run}", f"--output={output}", "--precision=float16")
    done = program("keras_model", *flags)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{output}: ")
    network = load_generator(run)
    for weight, whole in zip(load_generator(output).weights, network.weights, strict=True):
        assert weight.dtype in ("float16", "float32")
        np.testing.assert_allclose(weight.numpy(), whole.numpy(), rtol=1e-3, atol=1e-6)


def test_verify_tells_what_is_over_the_bounds(run, doll_shards, tmp_path):
    network = load_generator(run)
    network.set_weights([1.1 * weight for weight in network.get_weights()])
    write_generator(network, tmp_path / "other.keras")
    flags = (f"--model={run}", f"--data={doll_shards}")
    done = program("verify", *flags, f"--artifact={tmp_path / 'other.keras'}")
    note, refusal = done.stderr.splitlines()
    assert done.returncode == 1 and note.startswith("note: ") and " only 4 test records" in note
    assert refusal.startswith("error: ") and "other.keras: a difference of" in refusal
    figures = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert figures["pictures"] == "4 of 64 pixels" and figures["PSNR"].endswith(" dB")


@pytest.mark.parametrize(
    "name, flags, word",
    [
        ("keras_model", ["--stock", "--precision=float16"], "--stock is written in float32"),
        ("keras_model", ["--size=128"], "--size goes with --stock"),
        ("litert", ["--precision=full_int8"], "--precision=full_int8 and --data=FOLDER"),
        ("litert", ["--data=nowhere"], "--precision=full_int8 and --data=FOLDER"),
    ],
)
def test_flags_that_do_not_go_together_are_one_line(tmp_path, name, flags, word):
    assert_refused(program(name, *flags, f"--output={tmp_path / 'x'}"), word)
    assert written(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["litert", "onnx", "keras_model"])
def test_each_program_writes_what_verify_passes(name, run, doll_shards, tmp_path):
    suffix = {"litert": "tflite", "onnx": "onnx", "keras_model": "keras"}[name]
    output = tmp_path / f"x.{suffix}"
    extra = ["--stock", "--size=128"] if name == "keras_model" else ["--size=128"]
    done = program(name, f"--model={run}", f"--output={output}", *extra)
    assert done.returncode == 0, done.stderr
    assert written(tmp_path) == ["model_card.md", output.name]
    done = program("verify", f"--model={run}", f"--artifact={output}", f"--data={doll_shards}")
    assert done.returncode == 0, done.stderr
    assert "4 of 128 pixels" in done.stdout
