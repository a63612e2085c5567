"""The benchmarks' table: what meets a goal, which benchmarks the page names, crowds of clients."""

import re
import threading

import pytest

from experiments.benchmarks import __main__ as program
from experiments.benchmarks import crowds
from experiments.benchmarks.results import HEAD, PAGE, Row, load_rows, to_table, write_rows


@pytest.mark.parametrize(
    ("unit", "values", "goal", "told", "met"),
    [
        ("x", [2.0, 1.0, 3.0], 2.0, "at least 2 x", "yes"),
        ("x", [1.9], 2.0, "at least 2 x", "no"),
        ("pictures/s", [8.5], 8.0, "at least 8 pictures/s", "yes"),
        ("pictures/s", [3.6], 8.0, "at least 8 pictures/s", "no"),
        ("s", [0.6, 0.7, 0.8], 0.7, "at most 0.7 s", "yes"),
        ("ms", [101.0], 100.0, "at most 100 ms", "no"),
        ("s", [1.0], None, "", ""),
    ],
)
def test_a_goal_is_met_by_the_median(unit, values, goal, told, met) -> None:
    cells = dict(zip(HEAD, Row("work", "by", values, unit, goal).cells(), strict=True))
    assert (cells["goal"], cells["met"]) == (told, met)


def test_rows_come_back_from_their_file(tmp_path) -> None:
    rows = [Row("a", "b", [1.0, 2.0], "s", 3.0), Row("c", "d", [4.0])]
    write_rows("start", rows, str(tmp_path / "rows.jsonl"))
    assert to_table(load_rows(tmp_path / "rows.jsonl")) == to_table(rows)


def test_the_page_says_what_each_benchmark_asks() -> None:
    told = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(program.BENCHMARKS)


def test_all_clients_of_a_crowd_ask_at_the_same_time(monkeypatch) -> None:
    monkeypatch.setattr(crowds, "CLIENTS", 5)
    monkeypatch.setattr(crowds, "rounds", lambda default: default)
    together, numbers = threading.Barrier(5), []

    def ask(number: int) -> None:
        together.wait(timeout=60)
        numbers.append(number)

    rates = crowds._ask_at_once(ask)
    assert sorted(numbers) == sorted([*range(5)] * 4)
    assert len(rates) == 3 and all(rate > 0 for rate in rates)


def test_a_crowd_that_is_refused_stops_the_benchmark(monkeypatch) -> None:
    monkeypatch.setattr(crowds, "CLIENTS", 2)

    def ask(number: int) -> None:
        raise OSError("refused")

    monkeypatch.setattr(crowds, "rounds", lambda default: default)
    with pytest.raises(OSError, match="refused"):
        crowds._ask_at_once(ask)
