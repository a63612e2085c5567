"""Builds killed at random moments, as real processes: the same command ends with the same bytes."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tf_deeppaint.data import records
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.images.encoding import write_picture

KILLS = 10
# Shards of twelve records: at 64 pixels real ones hold thousands.
BUILD = """
import runpy, sys
from tf_deeppaint.data.build import builder
builder.SHARD_PIXELS = 12 * 64 * 64
sys.argv = ["build", "--source=folder", f"--input={sys.argv[1]}", f"--output={sys.argv[2]}",
            "--size=64", "--workers=2", "--sketch=mixture,thin"]
if __name__ == "__main__":
    runpy.run_module("tfrecords.build", run_name="__main__")
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Ninety dolls, every fifth of them twice, and two files that are no pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    dolls = Dolls(90, seed=4)
    for number, example in enumerate(dolls.examples()):
        picture = dolls.load(example, 96).picture
        write_picture(folder / f"{number}.png", picture)
        if number % 5 == 0:
            write_picture(folder / "again" / f"{number}.png", picture[::-1][::-1])
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:200])
    (folder / "text.png").write_text("no picture")
    return folder


def start(folder: Path, output: Path) -> subprocess.Popen:
    script = output.parent / "build.py"
    script.write_text(BUILD)
    return subprocess.Popen(
        [sys.executable, script, folder, output],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=Path(__file__).parents[3],
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": "", "HOME": str(output.parent)},
    )


def finish(folder: Path, output: Path) -> str:
    process = start(folder, output)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said.decode()
    return said.decode()


def files_of(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.slow
def test_a_build_killed_at_any_moment_ends_with_the_bytes_of_an_uninterrupted_one(
    pictures, tmp_path
):
    started = time.monotonic()
    finish(pictures, tmp_path / "whole")
    seconds = time.monotonic() - started
    expected = files_of(tmp_path / "whole")
    assert len(expected) > 8
    rng = np.random.default_rng(2026)
    kills = 0
    for attempt in range(4 * KILLS):
        output = tmp_path / f"killed-{attempt}"
        process = start(pictures, output)
        started = time.monotonic()
        try:
            process.wait(timeout=seconds * rng.uniform(0.05, 1.0))
            seconds = min(seconds, time.monotonic() - started)  # it was faster than the kill
        except subprocess.TimeoutExpired:
            process.kill()
        # Ends only when the last worker, which holds the pipe too, is gone.
        process.communicate(timeout=30)
        kills += not (output / records.MANIFEST).exists()
        finish(pictures, output)
        assert files_of(output) == expected, f"attempt {attempt}"
        if kills == KILLS:
            return
    pytest.fail(f"only {kills} of {4 * KILLS} builds were killed before their end")
