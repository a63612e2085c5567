"""Rows of the benchmarks' table: printed, kept as JSON with the machine, put on a page."""

import dataclasses
import json
import os
import platform
import re
import statistics
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path

from experiments.benchmarks.turns import ratio

PAGE = Path(__file__).with_name("README.md")
PARTS = ("tensorflow", "keras", "torch", "numpy", "opencv-python-headless")
# What decides how fast bfloat16 and int8 are.
EXTENSIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8")


@dataclasses.dataclass(frozen=True)
class Row:
    """One result.

    Attributes:
        work: What was done.
        compared: Which way of ours, and against what.
        value: What was measured: the median.
        least: Its least in any turn.
        most: Its most in any turn.
        unit: `"x"` where it says how many times as fast ours is.
        at_least: The goal; None where there is none.
        at_most: The goal, where less is better.
        seconds: Median seconds of ours and of the other, where a ratio was taken.
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
    def of_ratio(
        cls,
        work: str,
        ours: str,
        other: str,
        seconds: Mapping[str, list[float]],
        goal: float | None = None,
    ) -> "Row":
        """How many times as fast one of several works done in turns is as another."""
        both = (statistics.median(seconds[ours]), statistics.median(seconds[other]))
        times = ratio(seconds[other], seconds[ours])
        return cls(work, f"{ours}, {other}", *times, at_least=goal, seconds=both)

    @classmethod
    def of_many(cls, work: str, compared: str, values: list[float], unit: str, **goal) -> "Row":
        """What was measured several times in one unit."""
        return cls(
            work, compared, statistics.median(values), min(values), max(values), unit, **goal
        )

    @property
    def goal(self) -> str:
        if self.at_least is not None:
            return f"at least {_figures(self.at_least)} {self.unit}"
        return "" if self.at_most is None else f"at most {_figures(self.at_most)} {self.unit}"

    @property
    def met(self) -> str:
        if self.at_least is not None:
            return "yes" if self.value >= self.at_least else "no"
        return "" if self.at_most is None else "yes" if self.value <= self.at_most else "no"

    @property
    def result(self) -> str:
        spread = ""
        if self.least is not None and self.most is not None:
            spread = f" [{_figures(self.least)}, {_figures(self.most)}]"
        return f"{_figures(self.value)} {self.unit}{spread}"

    @property
    def took(self) -> str:
        return " / ".join(map(_time, self.seconds)) if self.seconds else ""


def write_rows(benchmark: str, rows: Iterable[Row], path: str | None) -> None:
    """Prints rows; appends them to a file of JSON lines where one is named."""
    for row in rows:
        goal = f"  (goal: {row.goal})" if row.goal else ""
        took = f"  {row.took}" if row.took else ""
        print(f"{row.work}; {row.compared}: {row.result}{took}{goal}", flush=True)
        if path is not None:
            line = {"benchmark": benchmark, "date": date.today().isoformat(), "machine": machine()}
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line | dataclasses.asdict(row)) + "\n")


def read_rows(path: str | os.PathLike) -> list[Row]:
    """The rows of a file that `write_rows` has written."""
    names = {field.name for field in dataclasses.fields(Row)}
    lines = map(json.loads, Path(path).read_text(encoding="utf-8").splitlines())
    return [Row(**{name: value for name, value in line.items() if name in names}) for line in lines]


def to_table(rows: Iterable[Row]) -> str:
    """Rows as a Markdown table."""
    head = ["work", "ours against", "goal", "result [least, most]", "ours / the other", "met"]
    lines = [head, ["---"] * len(head)]
    lines += [[r.work, r.compared, r.goal, r.result, r.took, r.met] for r in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write_page(name: str, text: str, page: Path = PAGE) -> None:
    """Puts text between a page's markers of a name."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    whole = page.read_text(encoding="utf-8")
    before, rest = whole.split(begin, 1)
    after = rest.split(end, 1)[1]
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def machine() -> str:
    """Processor, cores, memory and versions of what matters here."""
    processor, extensions = platform.processor() or platform.machine(), []
    if Path("/proc/cpuinfo").exists():
        text = Path("/proc/cpuinfo").read_text()
        if named := re.search(r"^model name\s*: (.+)$", text, re.MULTILINE):
            processor = named[1]
        flags = re.search(r"^flags\s*: (.+)$", text, re.MULTILINE)
        present = flags[1].split() if flags else []
        extensions = [name for name in EXTENSIONS if name in present]
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = ", ".join(f"{part} {version(part)}" for part in PARTS)
    return (
        f"{processor} ({', '.join(extensions)}), {os.cpu_count()} cores, {gib:.0f} GiB; "
        f"Python {platform.python_version()}, {parts}"
    )


def _figures(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 20 else f"{value:.3g}"


def _time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
