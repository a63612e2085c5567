"""Rows of the benchmarks' table: printed, stored as JSON lines, and written to README.md."""

import dataclasses
import json
import os
import platform
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib.metadata import distributions
from pathlib import Path

PAGE = Path(__file__).with_name("README.md")
HEAD = ["work", "ours against", "goal", "result [least, most]", "ours / the other", "met"]
PACKAGES = ("tensorflow", "keras", "torch", "numpy", "opencv-python-headless")
# Units of which a goal is the least; of any other it is the most.
MORE_IS_BETTER = ("x", "pictures/s")
# Instruction sets that decide how fast bfloat16 and int8 are.
EXTENSIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8")


@dataclasses.dataclass(frozen=True)
class Row:
    """One result: the median of some values, with the least and the most.

    Attributes:
        work: The work that was done.
        compared: Which way of ours, and against what.
        values: Of the rounds.
        unit: `"x"` for a speedup: how many times as fast ours is.
        goal: The least of a unit of `MORE_IS_BETTER`, the most of any other; None: there is none.
        seconds: Median seconds of ours and of the other, for a speedup.
    """

    work: str
    compared: str
    values: Sequence[float]
    unit: str = "x"
    goal: float | None = None
    seconds: Sequence[float] = ()

    def cells(self) -> list[str]:
        """The cells of the table's row, see `HEAD`."""
        value = statistics.median(self.values)
        result = f"{_digits(value)} {self.unit}"
        if len(self.values) > 1:
            result += f" [{_digits(min(self.values))}, {_digits(max(self.values))}]"
        goal = met = ""
        if self.goal is not None:
            is_more_better = self.unit in MORE_IS_BETTER
            goal = f"at {'least' if is_more_better else 'most'} {_digits(self.goal)} {self.unit}"
            met = "yes" if (value >= self.goal if is_more_better else value <= self.goal) else "no"
        times = (f"{s:.3g} s" if s >= 1 else f"{1000 * s:.3g} ms" for s in self.seconds)
        return [self.work, self.compared, goal, result, " / ".join(times), met]


def speedup(
    work: str, ours: str, other: str, seconds: Mapping[str, list[float]], goal: float | None = None
) -> Row:
    """How many times as fast one of several workloads is as another, by the rounds' ratios."""
    ratios = [b / a for a, b in zip(seconds[ours], seconds[other], strict=True)]
    medians = [statistics.median(seconds[name]) for name in (ours, other)]
    return Row(work, f"{ours}, {other}", ratios, goal=goal, seconds=medians)


def write_rows(benchmark: str, rows: Iterable[Row], path: str | None) -> None:
    """Prints rows, and appends them to a file of JSON lines if one is named."""
    for row in rows:
        work, compared, goal, result, seconds, _ = row.cells()
        print(f"{work}; {compared}: {result}  {seconds}{goal and f'  (goal: {goal})'}", flush=True)
        if path is not None:
            line = {"benchmark": benchmark, "date": date.today().isoformat(), "machine": machine()}
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line | dataclasses.asdict(row)) + "\n")


def load_rows(path: Path) -> list[Row]:
    """Loads the rows of a file that `write_rows` has written."""
    names = [field.name for field in dataclasses.fields(Row)]
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Row(**{name: line[name] for name in names}) for line in lines]


def to_table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [HEAD, ["---"] * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write_page(name: str, text: str, page: Path = PAGE) -> None:
    """Replaces the text between the markers of a name on a page."""
    begin, end = f"<!-- {name} -->\n", f"\n<!-- /{name} -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    page.write_text(before + begin + text + rest[rest.index(end) :], encoding="utf-8")


def machine() -> str:
    """Processor, cores, memory and versions of the packages that matter."""
    cpu = Path("/proc/cpuinfo")
    text = cpu.read_text() if cpu.exists() else ""
    model = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    extensions = [name for name in EXTENSIONS if re.search(rf"\b{name}\b", text)]
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    installed = [d for name in PACKAGES for d in list(distributions(name=name))[:1]]
    return (
        f"{model[1] if model else platform.machine()} ({', '.join(extensions)}), "
        f"{os.cpu_count()} cores, {gib:.0f} GiB; Python {platform.python_version()}, "
        + ", ".join(f"{package.name} {package.version}" for package in installed)
    )


def _digits(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 20 else f"{value:.3g}"
