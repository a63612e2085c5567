"""The run directory: the same run goes on in it, no other does."""

import dataclasses
import json

import pytest

from tf_deeppaint.training.options import TrainingOptions
from tf_deeppaint.training.run_directory import FREE, open_run
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture
def options(tmp_path) -> TrainingOptions:
    return TrainingOptions(data=("a", "b"), run=str(tmp_path / "run"), augment=("flip",))


def test_it_states_flags_and_options(options) -> None:
    run = open_run(options, "--run=x\n")
    assert (run / "flags.txt").read_text() == "--run=x\n"
    assert json.loads((run / "options.json").read_text()) == {
        **dataclasses.asdict(options),
        "data": ["a", "b"],
        "augment": ["flip"],
    }


def test_the_same_run_goes_on(options) -> None:
    run = open_run(options, "one\n")
    (run / "generator.keras").write_bytes(b"trained")
    assert open_run(options, "two\n") == run
    assert (run / "generator.keras").read_bytes() == b"trained"
    assert (run / "flags.txt").read_text() == "two\n"


def test_lengths_and_reporting_may_change(options) -> None:
    open_run(options, "")
    names = {field.name for field in dataclasses.fields(TrainingOptions)}
    assert names > FREE
    open_run(dataclasses.replace(options, steps=70, log_every=3, keep_checkpoints=9), "")


@pytest.mark.parametrize(
    "change", [{"width": 16}, {"batch_size": 8}, {"data": ("a",)}, {"gan_loss": "hinge"}], ids=str
)
def test_another_run_is_refused_and_nothing_changes(options, change) -> None:
    run = open_run(options, "one\n")
    (key,) = change
    with pytest.raises(DeepPaintError, match=f"run: holds a run of another {key} .*--fresh"):
        open_run(dataclasses.replace(options, **change), "two\n")
    assert (run / "flags.txt").read_text() == "one\n"


def test_a_fresh_run_removes_the_old_one_and_nothing_else(options) -> None:
    run = open_run(options, "one\n")
    for name in ("generator.keras", "best.keras", "metrics.jsonl", "notes.txt"):
        (run / name).write_text("old")
    (run / "checkpoints" / "state-7.index").write_text("old")
    open_run(dataclasses.replace(options, width=16, fresh=True), "two\n")
    left = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert left == {"flags.txt", "options.json", "notes.txt"}


@pytest.mark.parametrize("content", ["", "{", "[]", "7"])
def test_damaged_options_are_told(options, content) -> None:
    run = open_run(options, "")
    (run / "options.json").write_text(content)
    with pytest.raises(DeepPaintError, match=r"options\.json: damaged .*--fresh"):
        open_run(options, "")


def test_a_run_directory_that_cannot_be_made_is_refused(options, tmp_path) -> None:
    (tmp_path / "run").write_text("in the way")
    with pytest.raises(DeepPaintError, match="run"):
        open_run(options, "")
    assert (tmp_path / "run").read_text() == "in the way"
