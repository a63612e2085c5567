"""Programs as people run them: help at once, one line for a mistake, nothing half-written."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.programs import ROOT, assert_refused, run
from tf_deeppaint.data import records
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.utils.commands import command

# Every program: its verb, and a flag of its own.
PROGRAMS = {
    "tf_deeppaint.train": ("train", "--width"),
    "tf_deeppaint.colorize": ("colorize", "--sketch"),
    "tf_deeppaint.palette": ("palette", "--swatches"),
    "tf_deeppaint.studio": ("studio", "--port"),
    "tf_deeppaint.evaluate": ("evaluate", "--features"),
    "tf_deeppaint.import_torch": ("import-torch", "--checkpoint"),
    "tfrecords.build": ("build", "--source"),
    "tfrecords.show": ("show", "--split"),
    "tfrecords.verify": ("verify", "--data"),
    "export.keras_model": ("export keras", "--stock"),
    "export.litert": ("export litert", "--precision"),
    "export.onnx": ("export onnx", "--size"),
    "export.verify": ("export verify", "--artifact"),
    "export.saved_model": ("export saved_model", "--max_pixels"),
    "export.serving.client": (None, "--protocol"),
}


@functools.cache
def imported_by_help(program: str) -> tuple[subprocess.CompletedProcess, set[str]]:
    process = run(program, "--help", python=["-X", "importtime"])
    timed = (line for line in process.stderr.splitlines() if line.startswith("import time:"))
    return process, {line.rsplit("|", 1)[1].strip() for line in timed}


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_lists_the_flags(program):
    process, _ = imported_by_help(program)
    assert process.returncode == 0
    verb, flag = PROGRAMS[program]
    called = command(verb) if verb else f"python -m {program}"
    assert f"{called} --" in process.stdout and flag in process.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_imports_no_tensorflow(program):
    _, modules = imported_by_help(program)
    assert "absl.flags" in modules
    slow = {"tensorflow", "keras", "torch", "cv2", "PIL"}
    assert not {module.split(".")[0] for module in modules} & slow


def mistakes(output: Path) -> dict[str, tuple]:
    """Command lines that are wrong in themselves, with the words that must be in the answer."""
    train = ("tf_deeppaint.train", "--data=nowhere", f"--run={output}")
    build = ("tfrecords.build", "--source=dolls", f"--output={output}")
    return {
        "unknown flag": ((*train, "--widht=16"), "widht"),
        "unknown flag of build": ((*build, "--color"), "color"),
        "bad enum value": ((*train, "--precision=float8"), "precision", "float8", "mixed_bfloat16"),
        "bad source": (("tfrecords.build", "--source=cats", f"--output={output}"), "cats", "dolls"),
        "no norm": ((*train, "--norm=none"), "norm", "batch|instance"),
        "no number": ((*train, "--steps=many"), "steps", "many"),
        "number too small": ((*build, "--count=0"), "count"),
        "no such rule": (
            ("tf_deeppaint.palette", "--background=black"),
            "background",
            "keep",
        ),
        "odd width": ((*train, "--width=7"), "width", "multiple of 2"),
        "missing run": (("tf_deeppaint.train", "--data=nowhere"), "--run is missing;"),
        "nothing given": (("tf_deeppaint.colorize",), "--sketch and --output are missing;"),
        "missing source": (("tfrecords.build", f"--output={output}"), "source"),
        "stray argument": ((*build, "surplus"), "surplus"),
        "missing flagfile": ((*train, "--flagfile=nowhere.flags"), "nowhere.flags"),
    }


@pytest.mark.parametrize("mistake", mistakes(Path()))
def test_a_mistaken_command_line_is_one_line(tmp_path, mistake):
    arguments, *words = mistakes(tmp_path / "out")[mistake]
    assert_refused(run(*arguments), *words)
    assert not list(tmp_path.iterdir())


def flagfiles(tmp_path: Path) -> dict[str, tuple[Path, str]]:
    """Flagfiles that cannot be followed, and a word of what is said of each."""
    made = {name: tmp_path / name for name in ("bytes", "long", "pipe", "chain-0", "folder")}
    made["bytes"].write_bytes(b"--size=\xff\xfe")
    made["long"].write_bytes(b"#" * (2 << 20))
    os.mkfifo(made["pipe"])
    made["folder"].mkdir()
    for number in range(200):
        (tmp_path / f"chain-{number}").write_text(f"--flagfile={tmp_path}/chain-{number + 1}\n")
    words = ("not UTF-8", "over 1 MiB", "not a file", "name one another", "not a file")
    return {name: (path, word) for (name, path), word in zip(made.items(), words, strict=True)}


@pytest.mark.parametrize("name", ["bytes", "long", "pipe", "chain-0", "folder"])
def test_a_flagfile_that_is_none_is_one_line(tmp_path, name):
    path, word = flagfiles(tmp_path)[name]
    for arguments in ([f"--flagfile={path}"], ["--flagfile", str(path)]):
        assert_refused(run("tf_deeppaint.palette", *arguments), name.rstrip("-0"), word)


def test_a_flagfile_that_names_itself_is_read_once(tmp_path):
    (tmp_path / "own").write_text(f"--flagfile={tmp_path}/own\n--picture=nowhere.png\n")
    done = run("tf_deeppaint.palette", f"--flagfile={tmp_path}/own")
    assert done.returncode == 1 and "error: nowhere.png: does not exist" in done.stderr


def test_a_name_that_is_no_utf8_is_read_and_written_and_printed(tmp_path):
    name = os.fsdecode(b"a \xff\xfe b")
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    write_picture(tmp_path / f"{name}.png", picture)
    arguments = (f"--picture={tmp_path}/{name}.png", f"--output={tmp_path}/{name}.json")
    done = run("tf_deeppaint.palette", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("a \\udcff\\udcfe b.json\n")
    assert (tmp_path / f"{name}.json").is_file()


def test_a_reader_that_has_had_enough_is_no_error(tmp_path):
    write_picture(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8))
    command = [
        sys.executable,
        "-m",
        "tf_deeppaint.palette",
        f"--picture={tmp_path}/a.png",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait() == 0  # as of those beside it in a pipe


def test_training_on_missing_data_is_one_line_and_makes_no_run(tmp_path):
    arguments = (f"--data={tmp_path / 'nowhere'}", f"--run={tmp_path / 'run'}", "--width=2")
    assert_refused(run("tf_deeppaint.train", *arguments), "nowhere", "no such folder")
    assert not list(tmp_path.iterdir())


def test_building_from_a_missing_folder_is_one_line_and_makes_no_data_set(tmp_path):
    arguments = ("--source=folder", f"--input={tmp_path / 'none'}", f"--output={tmp_path / 'out'}")
    assert_refused(run("tfrecords.build", *arguments), "none: no such folder")
    assert not list(tmp_path.iterdir())


def test_building_reports_bad_pictures_and_builds_from_the_rest(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (80, 70, 3), dtype=np.uint8)
    write_picture(tmp_path / "in" / "good.png", picture)
    cut = (tmp_path / "in" / "good.png").read_bytes()[:-20]
    (tmp_path / "in" / "cut.png").write_bytes(cut)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    (tmp_path / "in" / "out.png").symlink_to(tmp_path / "elsewhere.png")
    write_picture(tmp_path / "elsewhere.png", picture)
    arguments = (f"--input={tmp_path / 'in'}", f"--output={tmp_path / 'out'}", "--size=64")
    process = run("tfrecords.build", "--source=folder", "--workers=1", *arguments)
    assert process.returncode == 1
    *reports, last = process.stderr.splitlines()
    assert [line.split(": ")[:2] for line in sorted(reports)] == [
        ["skipped", str(tmp_path / "in" / name)] for name in ("cut.png", "notes.txt", "out.png")
    ]
    assert last == "error: 3 files were skipped; see above. The data set is complete"
    assert "skipped: 1 a link that leads out of the folder, 1 cut off" in process.stdout
    manifest = records.load_manifest(tmp_path / "out")
    assert manifest.size == 64 and manifest.skipped.keys() >= {
        "cut off",
        "not a picture by its name",
    }
    # What is no example may come and go.
    (tmp_path / "in" / "notes.txt").unlink()
    again = run("tfrecords.build", "--source=folder", "--workers=1", *arguments)
    assert again.returncode == 1 and "out.png" in again.stderr and "cut.png" not in again.stderr
    verified = run("tfrecords.verify", f"--data={tmp_path / 'out'}")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "sound" in verified.stdout


def test_a_strict_build_stops_with_the_bad_pictures_own_line(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "text.png").write_text("no picture")
    arguments = (f"--input={tmp_path / 'in'}", f"--output={tmp_path / 'out'}", "--strict")
    assert_refused(run("tfrecords.build", "--source=folder", *arguments), "text.png: not a PNG")


def test_verifying_a_damaged_data_set_exits_with_one(doll_shards, tmp_path):
    copy = shutil.copytree(doll_shards, tmp_path / "copy")
    shard = copy / "test-00000.tfrecord"
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    process = run("tfrecords.verify", f"--data={copy}")
    assert_refused(process, "copy: 2 faults; build the data set again")
    assert "test-00000.tfrecord: its SHA-256 is not the manifest's" in process.stdout
