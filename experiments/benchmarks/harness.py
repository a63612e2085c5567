"""How benchmarks measure.

Workloads that are compared run one after another in each round, so that whatever slows the machine
down for a while slows all of them down. `measure` gives each workload a process of its own, with
its own environment, threads and memory; `alternate` times functions of this process.
"""

import contextlib
import importlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from absl import flags

from tf_deeppaint.utils.errors import DeepPaintError

_ROUNDS = flags.DEFINE_integer(
    "rounds", None, "Timed rounds; medians are shown. By default each benchmark's own.", 1
)
ROOT = Path(__file__).parents[2]


class Workload(NamedTuple):
    """What a process does in each round.

    Attributes:
        function: `module:function` of `workloads`; it prepares, and returns what is timed.
        arguments: Of the function, by name.
        environment: Added to this process's environment.
    """

    function: str
    arguments: Mapping
    environment: Mapping[str, str] = {}


class Measurement(NamedTuple):
    """The seconds of every round, and the process's peak memory: whole, and before preparing."""

    seconds: list[float]
    peak_mib: int
    idle_mib: int


def run_program(name: str, *arguments: str) -> None:
    """Runs `python -m NAME`; raises DeepPaintError where it fails."""
    command = [sys.executable, "-m", name, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DeepPaintError(f"{name}: {done.stderr.strip().splitlines()[-1]}")


def rounds(default: int) -> int:
    """The number of rounds: that of the flag, or a default."""
    return _ROUNDS.value or default


def measure(
    workloads: Mapping[str, Workload], rounds: int, warm_up: int = 1
) -> dict[str, Measurement]:
    """Measures workloads in processes of their own, by name, after `warm_up` untimed runs each."""
    with contextlib.ExitStack() as stack:
        processes = {
            name: stack.enter_context(ProcessPoolExecutor(1, get_context("spawn")))
            for name in workloads
        }
        idle = {}
        # One after another, so that none prepares while another is warmed up.
        for name, (function, arguments, environment) in workloads.items():
            with mock.patch.dict(os.environ, environment):
                prepared = processes[name].submit(_prepare, function, arguments, warm_up)
            idle[name] = prepared.result()
        seconds: dict[str, list[float]] = {name: [] for name in workloads}
        for _ in range(rounds):
            for name, process in processes.items():
                seconds[name].append(process.submit(_run_prepared).result())
        return {
            name: Measurement(seconds[name], process.submit(peak_mib).result(), idle[name])
            for name, process in processes.items()
        }


def alternate(
    functions: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 1
) -> dict[str, list[float]]:
    """Seconds of functions of this process, by name, after `warm_up` untimed rounds."""
    seconds = [
        {name: seconds_of(function) for name, function in functions.items()}
        for _ in range(warm_up + rounds)
    ]
    return {name: [timed[name] for timed in seconds[warm_up:]] for name in functions}


def seconds_of(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def peak_mib() -> int:
    """The peak memory of this process in MiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _prepare(function: str, arguments: Mapping, warm_up: int) -> int:
    """In a process of its own: prepares its workload; returns its peak memory before, in MiB."""
    global _prepared
    module, _, name = function.partition(":")
    prepare = getattr(importlib.import_module(f"{__package__}.workloads.{module}"), name)
    idle_mib = peak_mib()
    _prepared = prepare(**arguments)
    for _ in range(warm_up):
        _prepared()
    return idle_mib


def _run_prepared() -> float:
    return seconds_of(_prepared)
