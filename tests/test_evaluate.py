"""The programs that look at data and models, run as their users run them."""

import subprocess
import sys
from pathlib import Path

from tf_deeppaint import images
from tf_deeppaint.generator import Generator
from tf_deeppaint.sheet import CELL, GAP

ROOT = Path(__file__).parent.parent


def run(module: str, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_evaluate_prints_a_table_and_draws_a_sheet(doll_shards, tmp_path):
    Generator(2, size=64, background="drop", seed=0).save(tmp_path / "generator.keras")
    sheet = tmp_path / "sheet.png"
    done = run(
        "tf_deeppaint.evaluate",
        f"--model={tmp_path}",
        f"--data={doll_shards}",
        f"--sheet={sheet}",
        "--rows=2",
    )
    assert done.returncode == 0, done.stderr
    assert "| painted, own palette | 0." in done.stdout
    assert images.read_picture(sheet).shape[0] == 2 * (CELL + GAP) + GAP


def test_show_draws_sketch_picture_and_palette(doll_shards, tmp_path):
    sheet = tmp_path / "sheet.png"
    done = run("tfrecords.show", f"--data={doll_shards}", f"--output={sheet}", "--count=3")
    assert done.returncode == 0, done.stderr
    expected = (3 * (CELL + GAP) + GAP, 3 * (CELL + GAP) + GAP, 3)
    assert images.read_picture(sheet).shape == expected


def test_show_of_no_data_is_one_line(tmp_path):
    done = run("tfrecords.show", f"--data={tmp_path}", f"--output={tmp_path}/sheet.png")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path}: holds no manifest.json")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "sheet.png").exists()
