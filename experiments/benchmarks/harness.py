"""How benchmark programs start: flags, rows of results, and other programs that they run."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from absl import flags

from experiments.benchmarks.results import Row, write_rows
from tf_deeppaint.utils import programs
from tf_deeppaint.utils.errors import DeepPaintError

_ROUNDS = flags.DEFINE_integer(
    "rounds", None, "Timed rounds; medians are shown. By default each benchmark's own.", 1
)
RESULTS = flags.DEFINE_string("results", None, "File to append the results to, as JSON lines.")

ROOT = Path(__file__).parents[2]


def rounds(default: int) -> int:
    """The number of rounds: that of the flag, or a default."""
    return _ROUNDS.value or default


def run(make_rows: Callable[[], Iterable[Row]]) -> None:
    """Runs a benchmark as a program: prints its rows, and appends them to `--results`."""
    name = Path(sys.argv[0]).stem
    for flag in (_ROUNDS, RESULTS):
        # `--help` lists the flags that are registered for the main module.
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flags.FLAGS[flag.name])
    programs.run(lambda: write_rows(name, make_rows(), RESULTS.value))


def run_program(name: str, *arguments: str) -> None:
    """Runs `python -m NAME`.

    Raises:
        DeepPaintError: it fails.
    """
    command = [sys.executable, "-m", name, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DeepPaintError(f"{name}: {done.stderr.strip().splitlines()[-1]}")
