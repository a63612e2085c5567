"""Programs go on where nothing can be printed, and no file name steers a terminal."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.programs import PATIENCE_S, ROOT
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.utils import streams

FULL = "/dev/full"
# Starts a program with some of its descriptors closed.
CLOSED = "import os, sys\nfor n in sys.argv[1]: os.close(int(n))\nos.execv(sys.executable, "
CLOSED += "[sys.executable, *sys.argv[2:]])"

NOTING = """
import sys
from tf_deeppaint.utils import streams
with streams.kept_open():
    print("note: something", file=sys.stderr, flush=True)
    print("done")
"""

needs_full = pytest.mark.skipif(not os.path.exists(FULL), reason="no /dev/full here")


@pytest.fixture(scope="module", name="picture")
def make_picture(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("streams") / "a.png"
    write_picture(path, np.zeros((8, 8, 3), np.uint8))
    return path


def palette(*arguments: object) -> list[str]:
    return ["-m", "tf_deeppaint.palette", *map(str, arguments)]


def run(command: list[str], **more) -> subprocess.CompletedProcess:
    command = [sys.executable, *command]
    return subprocess.run(command, cwd=ROOT, text=True, timeout=PATIENCE_S, **more)


@needs_full
@pytest.mark.parametrize("wanted", ["--help", "--picture"])
def test_a_full_disk_behind_stdout_is_one_line_and_exit_status_1(picture, wanted):
    arguments = [f"--picture={picture}"] if wanted == "--picture" else [wanted]
    with open(FULL, "w") as full:
        done = run(palette(*arguments), stdout=full, stderr=subprocess.PIPE)
    told = "error: stdout: cannot be written (No space left on device)\n"
    assert (done.returncode, done.stderr) == (1, told)


@needs_full
def test_an_error_that_cannot_be_printed_is_told_by_the_exit_status(picture):
    with open(FULL, "w") as full:
        done = run(palette("--picture=nowhere.png"), stdout=subprocess.PIPE, stderr=full)
        assert (done.returncode, done.stdout) == (1, "")
        done = run(palette("--no_such_flag"), stdout=full, stderr=full)
        assert done.returncode == 1
        done = run(palette(f"--picture={picture}"), stdout=subprocess.PIPE, stderr=full)
        assert done.returncode == 0 and done.stdout.startswith("{")
        # What goes to stderr besides an error is no reason to fail.
        done = run(["-c", NOTING], stdout=subprocess.PIPE, stderr=full)
        assert (done.returncode, done.stdout) == (0, "done\n")


@pytest.mark.parametrize("wanted", ["--help", "--picture", "nowhere.png"])
def test_a_reader_who_has_left_is_no_error(picture, wanted):
    """As `head` does; errors are told all the same."""
    flag = {"--help": "--help", "--picture": f"--picture={picture}"}.get(
        wanted, f"--picture={wanted}"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = run(palette(flag), stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    is_error = wanted == "nowhere.png"
    assert done.returncode == is_error and done.stderr.count("\n") == is_error


@pytest.mark.parametrize("closed", ["0", "1", "2", "012"])
def test_closed_streams_are_as_the_null_device(picture, tmp_path, closed):
    output = tmp_path / "palette.json"
    command = palette(f"--picture={picture}", f"--output={output}")
    done = run(["-c", CLOSED, closed, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")
    expected = "" if "1" in closed else f"{output}\n"
    assert done.stdout == expected and output.read_text().startswith("{")
    done = run(
        ["-c", CLOSED, closed, *palette("--picture=nowhere.png")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 1 and ("error: " in done.stderr) == ("2" not in closed)


def test_control_characters_of_file_names_do_not_reach_a_terminal(picture, tmp_path):
    evil = tmp_path / "a\x1b[2J\r\x07\x9b\u202eb.png"
    os.link(picture, evil)
    done = run(
        palette(f"--picture={evil}", f"--output={evil}.json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0 and (tmp_path / f"{evil}.json").is_file()
    assert done.stdout == f"{tmp_path}/a\\x1b[2J\\r\\x07\\x9b\\u202eb.png.json\n"
    evil.write_bytes(b"no picture")
    done = run(palette(f"--picture={evil}"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 1 and done.stderr.startswith(f"error: {tmp_path}/a\\x1b[2J ")
    assert done.stderr.count("\n") == 1
    assert not any(letter in done.stderr for letter in "\x1b\r\x07\x9b\u202e")


@pytest.mark.parametrize("text", ["a\tb\n", "äöü 猫 🐱", "\\x1b", ""])
def test_what_is_no_control_character_is_printed_as_it_is(text):
    assert streams.printable(text) == text


def test_a_line_over_the_last_one_on_a_terminal(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(written, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdout", streams.Output(written))
    streams.print_line("one \x1b[2J", stays=False)
    streams.print_line("two")
    assert written.getvalue() == "\rone \\x1b[2J\x1b[K\rtwo\x1b[K\n"


TRAIN = [
    *("-m", "tf_deeppaint.train", "--generator=matcher", "--width=2", "--batch_size=2"),
    *("--augment=flip", "--steps=4", "--log_every=1", "--strategy=one"),
]


@pytest.mark.slow
@pytest.mark.parametrize("streams_are", ["full", "left", "closed"])
def test_a_training_goes_on_where_nothing_can_be_printed(doll_shards, tmp_path, streams_are):
    run_folder = tmp_path / "run"
    command = [sys.executable, *TRAIN, f"--data={doll_shards}", f"--run={run_folder}"]
    if streams_are == "closed":
        command[1:1] = ["-c", CLOSED, "012"]
        process = subprocess.Popen(command, cwd=ROOT)
    elif streams_are == "full":
        with open(FULL, "w") as full:
            process = subprocess.Popen(command, cwd=ROOT, stdout=full, stderr=full)
    else:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        process.stdout.close()
    assert process.wait(600) == (1 if streams_are == "full" else 0)
    assert (run_folder / "generator.keras").is_file()
    assert (run_folder / "checkpoints" / "state-4.index").is_file()
