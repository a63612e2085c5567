"""The one way in which benchmarks measure: works of several processes, done in turns.

Every work has a process of its own, with its own environment, threads and memory, and rests while
another works. Whatever slows the machine down for a while then slows all of them.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Work(NamedTuple):
    """What a process is to do again and again.

    Attributes:
        function: `module:function` below this package; it prepares and returns what is timed.
        arguments: For the function, by name; plain values.
        environment: Added to this process's own.
    """

    function: str
    arguments: Mapping = {}
    environment: Mapping[str, str] = {}


class Measured(NamedTuple):
    """What was measured of one work.

    Attributes:
        seconds: Of every turn.
        peak_mib: The process's peak memory.
        idle_mib: What it had taken before it prepared the work.
    """

    seconds: list[float]
    peak_mib: int
    idle_mib: int


class Ratio(NamedTuple):
    """How many times as fast something is: the median of the turns' ratios, least and most."""

    median: float
    least: float
    most: float


def measure(works: Mapping[str, Work], turns: int, warm_up: int = 2) -> dict[str, Measured]:
    """Does works in turns.

    Args:
        works: By name.
        turns: How often each is timed.
        warm_up: How often each is done before.

    Returns:
        What was measured, by name.
    """
    with contextlib.ExitStack() as stack:
        # One after another: while one prepares, the others must not.
        sides = {name: stack.enter_context(_side(work, warm_up)) for name, work in works.items()}
        seconds: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(turns):
            for name, ask in sides.items():
                seconds[name].append(ask("work"))
        return {
            name: Measured(seconds[name], round(ask("peak")), round(ask("idle")))
            for name, ask in sides.items()
        }


def alternate(works: Mapping[str, Callable[[], object]], turns: int) -> dict[str, list[float]]:
    """Seconds of each work, done in turns in this process, or in one that the work starts."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(turns):
        for name, work in works.items():
            seconds[name].append(seconds_of(work))
    return seconds


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def ratio(slower: list[float], faster: list[float]) -> Ratio:
    """How many times as fast the second is, turn by turn."""
    each = [a / b for a, b in zip(slower, faster, strict=True)]
    return Ratio(statistics.median(each), min(each), max(each))


@contextlib.contextmanager
def _side(work: Work, warm_up: int) -> Iterator[Callable[[str], float]]:
    """A process that has prepared a work; what asks it for one number."""
    command = [sys.executable, "-m", f"{__package__}.worker", work.function]
    process = subprocess.Popen(
        [*command, json.dumps(dict(work.arguments)), str(warm_up)],
        cwd=ROOT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | dict(work.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def ask(question: str) -> float:
        process.stdin.write(f"{question}\n")
        process.stdin.flush()
        if not (answer := process.stdout.readline()):
            raise SystemExit(f"{work.function} {dict(work.arguments)} failed: {process.wait()}")
        return float(answer)

    try:
        ask("ready")
        yield ask
    finally:
        process.stdin.close()
        process.wait()
