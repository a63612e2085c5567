"""The run directory: the same run goes on in it, no other does."""

import dataclasses
import json
from pathlib import Path

import pytest

from tf_deeppaint.training.options import TrainingOptions
from tf_deeppaint.training.run_directory import hold_run, open_run
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture
def options(tmp_path) -> TrainingOptions:
    return TrainingOptions(data=("a", "b"), run=str(tmp_path / "run"), augment=("flip",))


def test_it_holds_the_options_as_flags_and_as_json(options) -> None:
    run = open_run(options)
    assert "--data=a,b\n" in (run / "flags.txt").read_text()
    assert json.loads((run / "options.json").read_text()) == {
        **dataclasses.asdict(options),
        "data": ["a", "b"],
        "augment": ["flip"],
    }


def test_the_same_run_is_resumed(options) -> None:
    run = open_run(options)
    (run / "generator.keras").write_bytes(b"trained")
    assert open_run(dataclasses.replace(options, epochs=7)) == run
    assert (run / "generator.keras").read_bytes() == b"trained"
    assert "--epochs=7\n" in (run / "flags.txt").read_text()


RESUMABLE = {
    "run",
    "steps",
    "epochs",
    "strategy",
    "init_from",
    "fresh",
    "log_every",
    "save_every",
    "checkpoint_every",
    "on_bad_record",
    "checkpoint_minutes",
    "keep_checkpoints",
    "validation_records",
}


def test_lengths_devices_and_reporting_may_change_and_nothing_else() -> None:
    fields = dataclasses.fields(TrainingOptions)
    assert {field.name for field in fields if field.metadata.get("resumable")} == RESUMABLE


def test_a_resumed_run_may_be_longer_and_log_otherwise(options) -> None:
    open_run(options)
    open_run(dataclasses.replace(options, steps=70, log_every=3, keep_checkpoints=9))


def test_a_run_whose_options_are_spelled_as_earlier_is_the_same_run(options) -> None:
    run = open_run(dataclasses.replace(options, augment=("flip", "color")))
    path = run / "options.json"
    path.write_text(path.read_text().replace('"color"', '"colour"'))
    open_run(dataclasses.replace(options, augment=("flip", "color")))
    with pytest.raises(DeepPaintError, match="another augment"):
        open_run(options)


@pytest.mark.parametrize("generator", ["deeppaint", "pix2pix"])
def test_a_run_of_a_version_whose_weight_of_l1_was_always_100_is_the_same_run(
    options, generator
) -> None:
    options = dataclasses.replace(options, generator=generator)
    run = open_run(options)
    assert json.loads((run / "options.json").read_text())["l1_weight"] == 100.0
    open_run(options)


def test_options_that_a_run_of_an_earlier_version_lacks_have_their_defaults(options) -> None:
    run = open_run(options)
    stored = json.loads((run / "options.json").read_text())
    for name in ("size", "swapped_palettes", "augment", "r1_weight"):
        del stored[name]
    (run / "options.json").write_text(json.dumps(stored))
    with pytest.raises(DeepPaintError, match=r"another size \(size was 0\)"):
        open_run(dataclasses.replace(options, size=128))
    open_run(options)


def test_a_color_matcher_that_was_trained_with_another_weight_of_l1_keeps_it(options) -> None:
    matcher = {"data": options.data, "run": options.run, "generator": "matcher"}
    run = open_run(TrainingOptions(**matcher, l1_weight=100.0))  # once the default
    open_run(TrainingOptions(**matcher, l1_weight=100.0))
    with pytest.raises(DeepPaintError, match=r"another l1_weight \(l1_weight was 100\.0\)"):
        open_run(TrainingOptions(**matcher))
    assert "--l1_weight=100.0\n" in (run / "flags.txt").read_text()


def test_what_had_no_effect_may_be_left_out_of_a_run_of_an_earlier_version(options) -> None:
    options = TrainingOptions(data=options.data, run=options.run, generator="matcher")
    run = open_run(dataclasses.replace(options, pool_size=2, tv_weight=1.0))
    assert '"pool_size": 2' in (run / "options.json").read_text()
    open_run(options)
    with pytest.raises(DeepPaintError, match="another color_weight"):
        open_run(dataclasses.replace(options, color_weight=3.0))


def test_workers_that_are_not_the_chief_write_to_a_folder_that_vanishes(options) -> None:
    with hold_run(options, is_chief=False) as folder:
        (folder / "checkpoints" / "state-1.index").write_bytes(b"")
        assert not (folder / "options.json").exists()
    assert not folder.exists() and not Path(options.run).exists()


@pytest.mark.parametrize(
    "change", [{"width": 16}, {"batch_size": 8}, {"data": ("a",)}, {"gan_loss": "hinge"}], ids=str
)
def test_another_run_is_refused_and_nothing_changes(options, change) -> None:
    run = open_run(options)
    before = (run / "flags.txt").read_text()
    (key,) = change
    with pytest.raises(DeepPaintError, match=f"run: holds a run of another {key} .*--fresh"):
        open_run(dataclasses.replace(options, **change))
    assert (run / "flags.txt").read_text() == before


def test_a_fresh_run_removes_the_old_one_and_nothing_else(options) -> None:
    run = open_run(options)
    for name in ("generator.keras", "best.keras", "metrics.jsonl", "notes.txt"):
        (run / name).write_text("old")
    (run / "checkpoints" / "state-7.index").write_text("old")
    open_run(dataclasses.replace(options, width=16, fresh=True))
    left = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert left == {"flags.txt", "options.json", "data.json", "notes.txt"}


@pytest.mark.parametrize("name", ["samples/mine.png", "checkpoints/a/b", "flags.txt", "best.keras"])
def test_fresh_removes_nothing_from_a_folder_that_is_no_run(options, name) -> None:
    mine = Path(options.run) / name
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(DeepPaintError, match=rf"holds no run .* its {name.split('/')[0]}"):
        open_run(dataclasses.replace(options, fresh=True))
    assert [path.read_text() for path in Path(options.run).rglob("*") if path.is_file()] == ["mine"]


def test_fresh_begins_in_a_folder_of_other_things(options) -> None:
    run = Path(options.run)
    (run / "samples").mkdir(parents=True)
    (run / "notes.txt").write_text("mine")
    open_run(dataclasses.replace(options, fresh=True))
    assert (run / "notes.txt").read_text() == "mine" and (run / "options.json").exists()


def test_a_data_set_that_was_built_anew_is_noticed(options, tmp_path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "manifest.json").write_text("{}")
    options = dataclasses.replace(options, data=(str(data),))
    run = open_run(options)
    assert open_run(options) == run
    (data / "manifest.json").write_text('{"other": 1}')
    with pytest.raises(DeepPaintError, match=r"data: built anew since .*--init_from=.*--fresh"):
        open_run(options)
    open_run(dataclasses.replace(options, fresh=True))
    (run / "data.json").unlink()  # as runs of earlier versions
    open_run(options)


@pytest.mark.parametrize("content", ["", "{", "[]", "7"])
def test_damaged_options_are_told(options, content) -> None:
    run = open_run(options)
    (run / "options.json").write_text(content)
    with pytest.raises(DeepPaintError, match=r"options\.json: damaged .*--fresh"):
        open_run(options)


def test_a_run_directory_that_cannot_be_made_is_refused(options, tmp_path) -> None:
    (tmp_path / "run").write_text("in the way")
    with pytest.raises(DeepPaintError, match="run"):
        open_run(options)
    assert (tmp_path / "run").read_text() == "in the way"
