"""TensorBoard's files of a run that was killed and resumed: every reader sees each step once."""

import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer

from tf_deeppaint.training.metrics_log import MetricsLog
from tf_deeppaint.utils.errors import DeepPaintError

TAG = "training/l1"
EVERYTHING = {"tensors": 0}


def walk(board: Path) -> list[tuple[str, int]]:
    """Tag and step of every value, by the records alone."""
    found = []
    for path in sorted(board.iterdir()):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            found += [(value.tag, event.step) for value in event.summary.value]
    return found


def accumulate(board: Path) -> list[int]:
    reader = EventAccumulator(str(board), EVERYTHING)
    reader.Reload()
    return [event.step for event in reader.Tensors(TAG)]


def show(board: Path) -> list[int]:
    """As TensorBoard's page has them."""
    reader = EventMultiplexer(tensor_size_guidance=EVERYTHING)
    reader.AddRunsFromDirectory(str(board.parent))
    reader.Reload()
    return [event.step for event in reader.Tensors(board.name, TAG)]


def write(metrics_log: MetricsLog, steps) -> None:
    for step in steps:
        metrics_log.write(step, "training", {"l1": float(step)})


def age(board: Path, second: int = 1_000_000_000) -> Path:
    """Gives the file of today the name of an earlier one, as if the run was killed long ago."""
    (path,) = board.glob("*.v2")
    return path.rename(path.with_name(f"events.out.tfevents.{second}.host.1.0.old"))


def resume(folder: Path, step: int) -> MetricsLog:
    metrics_log = MetricsLog(folder / "m", folder / "board")
    metrics_log.rewind(step)
    return metrics_log


@pytest.fixture(name="killed")
def write_killed(tmp_path) -> Path:
    """A run that was killed after step 7, while it wrote the eighth."""
    metrics_log = MetricsLog(tmp_path / "m", tmp_path / "board")
    write(metrics_log, range(1, 5))
    metrics_log.show_picture(4, "samples", np.zeros((2, 2, 3), np.uint8))
    write(metrics_log, range(5, 7))
    metrics_log.show_picture(6, "samples", np.zeros((2, 2, 3), np.uint8))
    write(metrics_log, [7])
    path = age(tmp_path / "board")
    with path.open("ab") as file:
        file.write(path.read_bytes()[-40:-10])
    return tmp_path


def test_what_is_written_is_there_when_the_run_is_killed(tmp_path) -> None:
    metrics_log = MetricsLog(tmp_path / "m", tmp_path / "board")
    write(metrics_log, [1, 2])
    assert walk(tmp_path / "board") == [(TAG, 1), (TAG, 2)]
    metrics_log.show_picture(2, "samples", np.zeros((2, 2, 3), np.uint8))
    assert walk(tmp_path / "board")[2:] == [("samples", 2)]


@pytest.mark.parametrize("step", [0, 2, 4, 6, 7])
def test_every_reader_sees_each_step_once(killed, step) -> None:
    with resume(killed, step) as metrics_log:
        write(metrics_log, range(step + 1, 10))
    board, steps = killed / "board", list(range(1, 10))
    assert show(board) == accumulate(board) == steps
    pictures = [("samples", taken) for taken in (4, 6) if taken <= step]
    assert sorted(walk(board)) == pictures + [(TAG, step) for step in steps]


def test_a_run_may_be_killed_many_times(tmp_path) -> None:
    for second, step in enumerate((0, 3, 3, 5, 2), start=1_000_000_000):
        write(resume(tmp_path, step), range(step + 1, step + 6))
        age(tmp_path / "board", second)
    assert show(tmp_path / "board") == accumulate(tmp_path / "board") == [1, 2, 3, 4, 5, 6, 7]
    assert sum(path.suffix == ".resumed" for path in (tmp_path / "board").iterdir()) == 1


def test_a_tensorboard_that_is_running_forgets_the_steps(killed) -> None:
    reader = EventMultiplexer(tensor_size_guidance=EVERYTHING)
    reader.AddRunsFromDirectory(str(killed))
    for second, step in enumerate((5, 7, 5), start=1_000_000_001):
        reader.Reload()
        with resume(killed, step) as metrics_log:
            write(metrics_log, range(step + 1, step + 4))
        age(killed / "board", second)
        reader.Reload()
        shown = [event.step for event in reader.Tensors("board", TAG)]
        assert shown == list(range(1, step + 4))


def test_a_validation_that_is_measured_again_is_shown_once(tmp_path) -> None:
    """The run was killed after it had shown the figure, before its line was in metrics.jsonl."""
    write(MetricsLog(tmp_path / "m", tmp_path / "board"), [1, 2])
    MetricsLog(tmp_path / "other", tmp_path / "board").write(2, "validation", {"l1": 0.5})
    metrics_log = resume(tmp_path, 2)
    assert not metrics_log.has(2, "validation")
    with metrics_log:
        metrics_log.write(2, "validation", {"l1": 0.5})
    assert sorted(walk(tmp_path / "board")) == [(TAG, 1), (TAG, 2), ("validation/l1", 2)]


def test_files_without_later_steps_stay_as_they_are(tmp_path) -> None:
    with MetricsLog(tmp_path / "m", tmp_path / "board") as metrics_log:
        write(metrics_log, range(1, 4))
    (path,) = (tmp_path / "board").iterdir()
    os.utime(path, (1, 1))
    resume(tmp_path, 3)
    assert path.stat().st_mtime == 1
    assert not [name for name in os.listdir(tmp_path / "board") if "incomplete" in name]


def test_after_a_damaged_record_nothing_is_kept(killed) -> None:
    (path,) = (killed / "board").iterdir()
    data = bytearray(path.read_bytes())
    data[data.index(TAG.encode(), len(data) // 4)] ^= 255
    path.write_bytes(data)
    resume(killed, 7)
    steps = [step for _, step in walk(killed / "board")]
    assert steps == list(range(1, 1 + len(steps))) and len(steps) < 7


def test_a_run_without_tensorboards_files_gets_none(tmp_path) -> None:
    resume(tmp_path, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read_is_one_line(tmp_path) -> None:
    (tmp_path / "board" / "events.out.tfevents.1.host").mkdir(parents=True)
    with pytest.raises(DeepPaintError, match=r"tfevents\.1\.host: cannot be rewritten"):
        resume(tmp_path, 0)
