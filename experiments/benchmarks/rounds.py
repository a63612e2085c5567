"""How benchmarks measure: several workloads, one after another in each round.

Whatever slows the machine down for a while then slows all workloads down. `measure` gives each
workload a process of its own, with its own environment, threads and memory.
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
WRITTEN, TUNED, TUNED_16 = "PyTorch as written", "PyTorch tuned", "PyTorch tuned, bfloat16"

# Makes malloc keep freed memory. Otherwise large tensors go back to the system every time, and
# their pages are mapped again, which takes up to half of the time of a step in PyTorch.
TUNED_ENVIRONMENT = {
    "MALLOC_MMAP_THRESHOLD_": str(8 * 2**30),
    "MALLOC_TRIM_THRESHOLD_": str(16 * 2**30),
    "MALLOC_TOP_PAD_": str(256 * 2**20),
}


class Workload(NamedTuple):
    """What a process does in each round.

    Attributes:
        function: `module:function` of `workloads`; it prepares, and returns what is timed.
        arguments: Of the function, by name; JSON values.
        environment: Added to this process's environment.
    """

    function: str
    arguments: Mapping = {}
    environment: Mapping[str, str] = {}


class Measurement(NamedTuple):
    """The measurement of a workload.

    Attributes:
        seconds: Of every round.
        peak_mib: The process's peak memory.
        idle_mib: Its peak memory before it prepared the workload.
    """

    seconds: list[float]
    peak_mib: int
    idle_mib: int


def pytorch_workloads(function: str, arguments: Mapping) -> dict[str, Workload]:
    """A workload of the published network in PyTorch: as written, tuned, tuned in bfloat16."""
    tuned = {**arguments, "tuned": True}
    return {
        WRITTEN: Workload(function, {**arguments, "tuned": False}),
        TUNED: Workload(function, tuned, TUNED_ENVIRONMENT),
        TUNED_16: Workload(function, {**tuned, "bfloat16": True}, TUNED_ENVIRONMENT),
    }


def measure(
    workloads: Mapping[str, Workload], rounds: int, warm_up: int = 1
) -> dict[str, Measurement]:
    """Measures workloads in processes of their own, by name, after `warm_up` untimed runs each."""
    with contextlib.ExitStack() as stack:
        # One after another, so that none prepares while another is warmed up.
        processes = {
            name: stack.enter_context(_start(workload, warm_up))
            for name, workload in workloads.items()
        }
        seconds: dict[str, list[float]] = {name: [] for name in workloads}
        for _ in range(rounds):
            for name, ask in processes.items():
                seconds[name].append(ask("run"))
        return {
            name: Measurement(seconds[name], round(ask("peak")), round(ask("idle")))
            for name, ask in processes.items()
        }


def alternate(
    functions: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 1
) -> dict[str, list[float]]:
    """Seconds of functions of this process, by name, after `warm_up` untimed rounds."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for number in range(warm_up + rounds):
        for name, function in functions.items():
            elapsed = seconds_of(function)
            if number >= warm_up:
                seconds[name].append(elapsed)
    return seconds


def seconds_of(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def speedup(slower: list[float], faster: list[float]) -> tuple[float, float, float]:
    """How many times as fast the second is: median, least and most of the rounds' ratios."""
    ratios = [a / b for a, b in zip(slower, faster, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)


@contextlib.contextmanager
def _start(workload: Workload, warm_up: int) -> Iterator[Callable[[str], float]]:
    """A process that has prepared a workload, as a function that asks it for one number."""
    command = [sys.executable, "-m", f"{__package__}.workloads.worker", workload.function]
    process = subprocess.Popen(
        [*command, json.dumps(dict(workload.arguments)), str(warm_up)],
        cwd=ROOT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | dict(workload.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def ask(question: str) -> float:
        process.stdin.write(f"{question}\n")
        process.stdin.flush()
        if not (reply := process.stdout.readline()):
            arguments = dict(workload.arguments)
            raise SystemExit(f"{workload.function} {arguments} failed: {process.wait()}")
        return float(reply)

    try:
        ask("ready")
        yield ask
    finally:
        process.stdin.close()
        process.wait()
