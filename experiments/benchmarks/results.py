"""Rows of the benchmarks' table: printed, stored as JSON lines, and written to README.md."""

import dataclasses
import json
import os
import platform
import re
import statistics
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.metadata import distributions, version
from pathlib import Path

from experiments.benchmarks.rounds import speedup

PAGE = Path(__file__).with_name("README.md")
PACKAGES = ("tensorflow", "keras", "torch", "numpy", "opencv-python-headless")
# Instruction sets that decide how fast bfloat16 and int8 are.
EXTENSIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8")


@dataclasses.dataclass(frozen=True)
class Row:
    """One result.

    Attributes:
        work: The work that was done.
        compared: Which way of ours, and against what.
        value: The result: the median of the rounds.
        least: The least of any round.
        most: The most of any round.
        unit: `"x"` for a speedup: how many times as fast ours is.
        at_least: The goal; None where there is none.
        at_most: The goal, where less is better.
        seconds: Median seconds of ours and of the other, for a speedup.
    """

    work: str
    compared: str
    value: float
    least: float | None = None
    most: float | None = None
    unit: str = "x"
    at_least: float | None = None
    at_most: float | None = None
    seconds: tuple[float, float] | None = None

    @classmethod
    def of_speedup(
        cls,
        work: str,
        ours: str,
        other: str,
        seconds: Mapping[str, list[float]],
        goal: float | None = None,
    ) -> "Row":
        """How many times as fast one of several workloads is as another."""
        medians = (statistics.median(seconds[ours]), statistics.median(seconds[other]))
        ratios = speedup(seconds[other], seconds[ours])
        return cls(work, f"{ours}, {other}", *ratios, at_least=goal, seconds=medians)

    @classmethod
    def of_values(cls, work: str, compared: str, values: list[float], unit: str, **goal) -> "Row":
        """The median of values, with the least and the most."""
        median = statistics.median(values)
        return cls(work, compared, median, min(values), max(values), unit, **goal)

    def cells(self) -> list[str]:
        """The row of a table with the columns of `to_table`."""
        goal, is_met = "", ""
        if self.at_least is not None:
            goal, is_met = f"at least {_digits(self.at_least)}", self.value >= self.at_least
        elif self.at_most is not None:
            goal, is_met = f"at most {_digits(self.at_most)}", self.value <= self.at_most
        result = f"{_digits(self.value)} {self.unit}"
        if self.least is not None:
            result += f" [{_digits(self.least)}, {_digits(self.most)}]"
        return [
            self.work,
            self.compared,
            goal and f"{goal} {self.unit}",
            result,
            " / ".join(map(_time, self.seconds or ())),
            {True: "yes", False: "no"}.get(is_met, ""),
        ]


def write_rows(benchmark: str, rows: Iterable[Row], path: str | None) -> None:
    """Prints rows, and appends them to a file of JSON lines if one is named."""
    for row in rows:
        work, compared, goal, result, seconds, _ = row.cells()
        print(f"{work}; {compared}: {result}  {seconds}{goal and f'  (goal: {goal})'}", flush=True)
        if path is not None:
            line = {"benchmark": benchmark, "date": date.today().isoformat(), "machine": machine()}
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line | dataclasses.asdict(row)) + "\n")


def load_rows(path: str | os.PathLike) -> list[Row]:
    """Loads the rows of a file that `write_rows` has written."""
    names = {field.name for field in dataclasses.fields(Row)}
    lines = map(json.loads, Path(path).read_text(encoding="utf-8").splitlines())
    return [Row(**{name: value for name, value in line.items() if name in names}) for line in lines]


def to_table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    head = ["work", "ours against", "goal", "result [least, most]", "ours / the other", "met"]
    lines = [head, ["---"] * len(head), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write_page(name: str, text: str, page: Path = PAGE) -> None:
    """Replaces the text between the markers of a name on a page."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, rest = page.read_text(encoding="utf-8").split(begin, 1)
    after = rest.split(end, 1)[1]
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def machine() -> str:
    """Processor, cores, memory and versions of the packages that matter."""
    processor, extensions = platform.processor() or platform.machine(), []
    if Path("/proc/cpuinfo").exists():
        text = Path("/proc/cpuinfo").read_text()
        if model := re.search(r"^model name\s*: (.+)$", text, re.MULTILINE):
            processor = model[1]
        flags = re.search(r"^flags\s*: (.+)$", text, re.MULTILINE)
        extensions = [name for name in EXTENSIONS if flags and name in flags[1].split()]
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    installed = [name for name in PACKAGES if next(distributions(name=name), None)]
    packages = ", ".join(f"{name} {version(name)}" for name in installed)
    return (
        f"{processor} ({', '.join(extensions)}), {os.cpu_count()} cores, {gib:.0f} GiB; "
        f"Python {platform.python_version()}, {packages}"
    )


def _digits(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 20 else f"{value:.3g}"


def _time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
