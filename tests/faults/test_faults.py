"""Faults, in short: one of each kind that is quick; `make faults` has all, at many moments."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.faults import everywhere, faults, killed, programs
from tests.faults.material import Material
from tf_deeppaint.images.encoding import encode_png
from tf_deeppaint.utils import locks


@pytest.fixture
def material(tmp_path) -> Material:
    return Material(tmp_path, seed=7, kills=1)


@pytest.mark.slow
def test_a_build_killed_at_a_random_moment_goes_on(material):
    assert killed.killed_builds(material) >= 1


def test_an_export_with_no_room_leaves_the_last_model(material):
    output = material.folder / "model.keras"
    shutil.copy("tf_deeppaint/bundled/model.keras", output)
    before = output.read_bytes()
    told = programs.fail(programs.compact(output, limit=1 << 20), "model.keras: cannot be written")
    assert "File too large" in told
    assert output.read_bytes() == before and os.listdir(material.folder).count("model.keras") == 1
    assert not [name for name in os.listdir(material.folder) if "incomplete" in name]


def test_a_folder_survives_a_kill_and_a_failure_at_every_operation(material):
    work = everywhere.folder_work(material)
    folder = material.folder / "it"
    operations = everywhere.killed_everywhere(work, folder)
    assert operations > 10
    assert operations < everywhere.failing_everywhere(work, folder) <= 2 * operations


def test_what_a_rename_too_early_loses_is_found(material):
    """The harness sees a file that gets its name before it is whole."""

    def run(folder):
        with open(folder / "file.json", "w") as file:
            file.write('{"a": 1}')

    def check(folder):
        programs.check_whole(folder)

    def prepare(folder):
        folder.mkdir()
        (folder / "file.json").write_text('{"a": 0}')

    work = everywhere.Work(prepare, run, check, check)
    with pytest.raises(programs.Fault, match=r"killed before write file.json: .*half-written"):
        everywhere.killed_everywhere(work, material.folder / "it")


def test_a_training_where_one_is_at_work_names_it(material, doll_shards):
    run = material.folder / "run"
    with locks.hold(run / locks.LOCK_FILE, "training"):
        told = programs.fail(programs.train(doll_shards, run, 2), "wait for it, or end it")
    assert f"process {os.getpid()} on" in told


class Answering:
    """Stands in for a studio: a picture is always painted, and what is read of its file is told."""

    def __init__(self, status: int, data: bytes, said: str = '{"path":"/files/1/painted.png"}'):
        self.file, self.said = (status, data), said

    def upload(self, data: bytes, name: str) -> dict:
        return {}

    def call(self, event: int, data: list) -> tuple[bool, str]:
        return True, self.said

    def ask(self, method: str, path: str) -> tuple[int, bytes]:
        assert (method, path) == ("GET", "/gradio_api/file=/files/1/painted.png")
        return self.file


def test_load_looks_at_the_pictures_it_gets():
    pytest.importorskip("tensorflow_serving.apis", reason="the `serving` extra")
    from tests.faults.load import StudioLoad

    clients = object.__new__(StudioLoad)
    clients.color, clients.sketches = 0, [encode_png(np.zeros((9, 7), np.uint8))]

    def told(*answer) -> str:
        clients.server = Answering(*answer)
        return clients.ask(random.Random(1))

    painted = encode_png(np.zeros((9, 7, 3), np.uint8))
    assert told(200, painted) == ""
    assert told(404, painted) == "the picture: status 404"
    assert "cut off" in told(200, painted[:-20])
    assert told(200, encode_png(np.zeros((7, 9, 3), np.uint8))) == "a picture of (7, 9, 3)"
    assert told(200, painted, "painted.png").startswith("no picture: ")


# --- the harness itself --------------------------------------------------------------------------


def test_half_written_files_are_seen(tmp_path):
    model = Path("tf_deeppaint/bundled/model.keras").read_bytes()
    (tmp_path / "whole.keras").write_bytes(model)
    (tmp_path / ".x.incomplete.keras").write_bytes(model[:100])
    assert programs.check_whole(tmp_path) == 1
    for name, data in (("m.keras", model[:-9]), ("a.png", b"\x89PNG"), ("a.json", b"{")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(programs.Fault, match=f"{name}: half-written"):
            programs.check_whole(tmp_path)
        (tmp_path / name).unlink()


@pytest.mark.parametrize("code", ["print('error: a'); exit(0)", "print('x'); exit(1)", "1 / 0"])
def test_an_end_that_is_not_told_in_one_line_is_a_fault(code):
    process = programs.spawn([sys.executable, "-c", code])
    with pytest.raises(programs.Fault):
        programs.fail(process)


SKIPS = ("skipped: /in/cut.png: it is cut off", "skipped: /in/text.png: no picture")
COMPLETE = "error: 2 files were skipped; see above. The data set is complete"


def end_build(status: int, *lines: str, anew: bool = True) -> str:
    """What the harness takes from a build that says these lines and ends with this status."""
    code = "import sys; print(*sys.argv[2:], sep='\\n'); sys.exit(int(sys.argv[1]))"
    process = programs.spawn([sys.executable, "-c", code, status, *lines])
    return programs.finish_build(process, anew)


def test_a_build_that_skipped_what_it_had_to_has_ended_well():
    said = end_build(1, *SKIPS, COMPLETE, "data: 9 records; skipped: 2 cut off")
    assert said.splitlines()[:3] == [*SKIPS, COMPLETE]
    assert end_build(1, SKIPS[1], COMPLETE.replace("2", "1"), anew=False)
    assert end_build(0, "data: 9 records; skipped: 2 cut off", anew=False)


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        (0, (*SKIPS, COMPLETE)),
        (0, SKIPS),
        (1, SKIPS),
        (1, (COMPLETE,)),
        (1, (SKIPS[0], COMPLETE)),
        (1, (*SKIPS, COMPLETE, "error: no space")),
        (1, (*SKIPS, COMPLETE, "Traceback (most recent call last):")),
        (1, (*SKIPS, "error: no space")),
        (1, ("error: no space",)),
        (1, (SKIPS[0], SKIPS[0], COMPLETE)),
        (1, (SKIPS[0], "skipped: /in/0.png: it is cut off", COMPLETE)),
        (2, (*SKIPS, COMPLETE)),
    ],
)
def test_any_other_end_of_a_build_is_a_fault(status, lines):
    with pytest.raises(programs.Fault):
        end_build(status, *lines, anew=False)


def test_a_build_anew_names_all_that_are_no_pictures():
    for lines in ((), (SKIPS[0], COMPLETE.replace("2", "1"))):
        with pytest.raises(programs.Fault, match="took what it had to skip"):
            end_build(1 if lines else 0, *lines)


def test_a_table_says_what_was_not_survived(monkeypatch, capsys):
    def bad(material):
        raise programs.Fault("lost")

    scenarios = {"good": (lambda material: 3, "fine"), "bad": (bad, "x")}
    monkeypatch.setattr(faults, "SCENARIOS", scenarios)
    outcomes = faults.run(["good", "bad"], 1, 1)
    assert outcomes == {"good": "3", "bad": "**not survived**"}
    assert "lost" in capsys.readouterr().out
    rows = faults.table({"bad": outcomes["bad"]}, 1, 25, "| good | 2 | fine | an earlier day |\n")
    assert rows[2] == "| good | 2 | fine | an earlier day |" and "| bad | **not" in rows[3]
    assert rows[-1].startswith("| **all** | **2** |")


def test_every_scenario_can_be_chosen():
    command = [sys.executable, "-m", "tests.faults.faults", "--help"]
    done = subprocess.run(command, cwd=programs.ROOT, capture_output=True, text=True, check=True)
    assert all(name in done.stdout.replace("\n", " ") for name in ("build killed", "two at once"))
