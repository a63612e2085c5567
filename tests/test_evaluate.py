"""The programs that look at data and models, run as their users run them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.character_files import write_comicgen, write_styles
from tf_deeppaint.data.loading import first_records
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.visualization.contact_sheets import CELL, GAP, LINE, draw_records

ROOT = Path(__file__).parent.parent


def run(module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module", name="model")
def make_model(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    Generator(2, size=64, background="drop", seed=0).save(folder / "generator.keras")
    return folder


def test_evaluate_prints_a_table_and_writes_a_report(model, doll_shards, tmp_path):
    folder = tmp_path / "out" / "report"
    done = run(
        "tf_deeppaint.evaluate",
        f"--model={model}",
        f"--data={doll_shards}",
        f"--output={folder}",
        "--features=none",
        "--rows=2",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"{folder}/report.html"
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["model"], summary["data"]) == (str(model), [str(doll_shards)])
    assert (summary["records"], summary["groups"], summary["sets"]) == (4, 4, {})
    # What is printed is what is written, of all seven methods.
    _, *table = (line for line in done.stdout.splitlines() if line.startswith("| "))
    rows = {row.split(" | ")[0].strip("| "): row for row in table}
    assert list(rows) == list(summary["methods"]) and len(rows) == 7
    for method, row in rows.items():
        assert f"| {summary['methods'][method]['L1'][0]:.4f} |" in row
    assert len((folder / "metrics.jsonl").read_text().splitlines()) == 4 * 7
    height = 2 * (CELL + GAP) + GAP
    for name, columns in (("grid", 7), ("best", 7), ("worst", 7), ("attention", 7)):
        expected = (height, columns * (CELL + GAP) + GAP, 3)
        assert read_picture(folder / f"{name}.png").shape == expected


def test_the_benchmark_of_characters_prints_its_tables_and_writes_a_report(model, tmp_path):
    pytest.importorskip("resvg_py", reason="characters are rasterized by resvg_py")
    art = write_comicgen(write_styles(tmp_path / "art"))
    done = run(
        "tf_deeppaint.evaluate",
        f"--model={model}",
        "--benchmark=characters",
        "--count=1",
        f"--input={art}",
        f"--output={tmp_path}/out",
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == f"{tmp_path}/out/characters.md"
    assert "without LPIPS: --lpips names no file of its weights" in lines
    assert any(line.startswith("without sprites: ") for line in lines)
    tables = (tmp_path / "out/characters.md").read_text()
    assert tables.startswith(f"Model: {model}; palette rule: drop; drawings of each source: 1;")
    assert [line for line in lines if line.startswith("| ")] == [
        line for line in tables.splitlines() if line.startswith("| ")
    ]
    assert len(list((tmp_path / "out").glob("*.png"))) == 10


@pytest.mark.parametrize("arguments", [(), ("--data=x", "--benchmark=characters")])
def test_data_or_a_benchmark_is_asked_for(arguments):
    done = run("tf_deeppaint.evaluate", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ") and "--benchmark" in done.stderr


def test_a_folder_in_the_way_is_told_of_before_the_work(model, doll_shards, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = run(
        "tf_deeppaint.evaluate",
        f"--model={model}",
        f"--data={doll_shards}",
        f"--output={tmp_path}/file/report",
        "--features=none",
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert f"{tmp_path}/file" in done.stderr


@pytest.mark.slow
def test_where_inceptions_weights_cannot_be_had_the_rest_is_scored(model, doll_shards, tmp_path):
    # Keras looks for them in an empty folder, and then behind a proxy that is not there.
    nowhere = {"KERAS_HOME": str(tmp_path), "https_proxy": "http://127.0.0.1:9"}
    arguments = (f"--model={model}", f"--data={doll_shards}")
    done = run("tf_deeppaint.evaluate", *arguments, "--nobaselines", **nowhere)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("without FID and KID: ")
    head, *rows = (line for line in done.stdout.splitlines() if line.startswith("| "))
    assert "FID" not in head and len(rows) == 3
    done = run("tf_deeppaint.evaluate", *arguments, "--features=inception", **nowhere)
    assert (done.returncode, done.stdout) == (1, "")
    assert "--features" in done.stderr


def test_show_draws_records_as_stored_and_with_each_augmentation(doll_shards, tmp_path):
    sheet = tmp_path / "sheet.png"
    arguments = [f"--data={doll_shards}", f"--output={sheet}", "--count=3", "--augment=lines,color"]
    done = run("tfrecords.show", *arguments)
    assert done.returncode == 0, done.stderr
    step = CELL + GAP
    drawn = read_picture(sheet)
    assert drawn.shape == (LINE + 3 * step + 2 * GAP, 9 * step + GAP, 3)
    # Sketch, picture and palette, as stored and with either augmentation.
    columns = np.split(drawn[LINE : LINE + 3 * step, : 9 * step], 9, axis=1)
    stored = draw_records(*first_records(doll_shards, "train", 3))[: 3 * step, : 3 * step]
    for number, column in enumerate(np.split(stored, 3, axis=1)):
        np.testing.assert_array_equal(columns[number], column)
    for number, other in ((3, 0), (7, 1), (8, 2)):
        assert (columns[number] != columns[other]).any()
    for number, same in ((4, 1), (5, 2), (6, 0)):
        np.testing.assert_array_equal(columns[number], columns[same])


def test_show_of_no_data_is_one_line(tmp_path):
    done = run("tfrecords.show", f"--data={tmp_path}", f"--output={tmp_path}/sheet.png")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path}: holds no manifest.json")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "sheet.png").exists()
