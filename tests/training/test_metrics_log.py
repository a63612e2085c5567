"""The metrics of a run: written, read, rewound; damaged lines cost themselves alone."""

import json

import pytest

from tf_deeppaint.training.metrics_log import MetricsLog
from tf_deeppaint.utils import locks
from tf_deeppaint.utils.errors import DeepPaintError


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_will_be_done_again_is_forgotten(tmp_path) -> None:
    metrics_log = MetricsLog(tmp_path / "m")
    for step in (2, 4, 6):
        metrics_log.write(step, "training", {"l1": float(step)})
    with metrics_log.path.open("a") as file:
        file.write('{"step": 8, "gro')  # the run was killed while it wrote
    metrics_log.rewind(4)
    assert [line["step"] for line in lines(tmp_path / "m")] == [2, 4]
    MetricsLog(tmp_path / "none").rewind(0)
    assert not (tmp_path / "none").exists()


def test_damaged_lines_cost_themselves_alone(tmp_path) -> None:
    metrics_log = MetricsLog(tmp_path / "m")
    metrics_log.write(1, "validation", {"l1": 0.5})
    with metrics_log.path.open("ab") as file:
        file.write(b'\xff\xfe\n7\n[]\n{"step": "2", "group": "validation"}\n{"step": 2}\n')
        file.write(b'{"step": 2, "group": "validation", "l1": "0.1"}\n' + b"[" * 99_999 + b"\n")
        file.write(b'{"step": 3, "group": "validation", "l1": 0.4}\n{"step": 4')
    assert metrics_log.smallest("validation", "l1") == 0.4 and not metrics_log.has(2, "validation")
    metrics_log.rewind(9)
    assert [line["step"] for line in lines(tmp_path / "m")] == [1, 3]


def test_the_smallest_figure_of_a_group_is_known(tmp_path) -> None:
    metrics_log = MetricsLog(tmp_path / "m")
    assert metrics_log.smallest("validation", "l1") == float("inf")
    metrics_log.write(1, "training", {"l1": 0.1})
    for step, l1 in ((1, 0.5), (2, 0.3), (3, 0.4)):
        metrics_log.write(step, "validation", {"l1": l1})
    assert metrics_log.smallest("validation", "l1") == 0.3
    assert metrics_log.has(2, "validation") and not metrics_log.has(2, "training")


def test_a_full_disk_is_told(tmp_path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(DeepPaintError, match="folder: cannot be written"):
        MetricsLog(tmp_path / "folder").write(1, "training", {})


def test_whoever_lost_the_run_appends_no_line(tmp_path) -> None:
    """The lock names a process of another machine by then."""
    metrics_log, lock = MetricsLog(tmp_path / "m"), tmp_path / ".lock"
    with locks.hold(lock, "training"):
        metrics_log.write(1, "training", {"l1": 0.5})
        lock.write_text('{"host": "elsewhere", "pid": 7, "since": "now"}')
        with pytest.raises(DeepPaintError, match="process 7 on elsewhere since now"):
            metrics_log.write(2, "training", {"l1": 0.4})
    assert [line["step"] for line in lines(tmp_path / "m")] == [1]


def test_a_metric_of_an_old_run_is_read_under_its_new_name(tmp_path) -> None:
    (tmp_path / "m").write_text(
        '{"step": 2, "group": "validation", "l1": 0.5, "l1_another": 0.7}\n'
        '{"step": 4, "group": "validation", "l1": 0.4, "l1_swapped": 0.6}\n'
    )
    metrics_log = MetricsLog(tmp_path / "m")
    assert [line["l1_swapped"] for line in metrics_log.lines()] == [0.7, 0.6]
    assert metrics_log.smallest("validation", "l1_swapped") == 0.6
    metrics_log.rewind(3)
    assert lines(tmp_path / "m") == [
        {"step": 2, "group": "validation", "l1": 0.5, "l1_swapped": 0.7}
    ]
