"""Progress of long work, where there is a terminal and where there is none."""

import re
import sys

import pytest

from tf_deeppaint.utils import progress
from tf_deeppaint.utils.progress import Progress


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """A clock that stands still; its one element is the time."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_without_a_terminal_every_tenth_is_a_line(capsys):
    shown = Progress("drawing")
    for done in range(51):
        shown.update(done, 50)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"drawing {done}/50" for done in range(5, 51, 5)
    ]


def test_rate_and_time_left_follow_from_what_is_done(capsys, clock):
    shown = Progress("drawing")
    shown.update(0, 90_000)
    clock[0] += 50
    shown.update(10_000, 90_000)
    clock[0] += 400
    shown.update(90_000, 90_000)
    first, last = capsys.readouterr().out.splitlines()
    assert first == "drawing 10000/90000, 200.00/s, 06:40 left"
    assert last == "drawing 90000/90000, 200.00/s, 00:00 left"


def test_a_rate_below_one_is_per_second_too(capsys, clock):
    shown = Progress("drawing")
    clock[0] += 60
    shown.update(3, 6)
    assert capsys.readouterr().out == "drawing 3/6, 0.05/s, 01:00 left\n"


def test_on_a_terminal_there_is_one_bar(capsys, monkeypatch, clock):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    shown = Progress("drawing")
    for done in (0, 1, 2, 3):
        clock[0] += 1
        shown.update(done, 3)
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.endswith("\n") and out.count("\r") == 4
    bars = re.findall(r"(\d+)%\|([# \d]*)\|", out)
    assert [int(percent) for percent, _ in bars] == [0, 33, 67, 100]
    widths = [bar.count("#") for _, bar in bars]
    assert widths == sorted(set(widths)) and widths[0] == 0 and widths[3] == len(bars[3][1])
    assert "drawing: 100%" in out and "3/3" in out
