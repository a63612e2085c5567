"""Runs the benchmarks, one after another, and writes their table to README.md beside this file.

python -m experiments.benchmarks --results=results.jsonl
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from absl import flags

from experiments.benchmarks.harness import RESULTS
from experiments.benchmarks.results import load_rows, machine, to_table, write_page
from tf_deeppaint.utils import programs

PROGRAMS = ("palette", "build", "step", "forward", "input", "start", "roofline")

flags.declare_key_flag("results")
_ONLY = flags.DEFINE_list("only", list(PROGRAMS), "Which of them, comma-separated.")


def main() -> None:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        results = Path(RESULTS.value or Path(folder, "results.jsonl"))
        for name in _ONLY.value:
            print(f"== {name}", flush=True)
            command = [sys.executable, "-m", f"{__package__}.{name}", f"--results={results}"]
            subprocess.run(command, check=True)
        rows = load_rows(results)
    write_page("machine", f"Machine: {machine()}.")
    write_page("results", to_table(rows))
    print(f"{len(rows)} results in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    programs.run(main)
