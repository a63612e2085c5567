r"""Runs all benchmarks, one after another, and puts their table on the page beside this file.

python -m experiments.benchmarks --results=results.jsonl
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from absl import flags

from experiments.benchmarks.results import machine, read_rows, to_table, write_page
from tf_deeppaint.utils import programs

PROGRAMS = ("palette", "build", "step", "forward", "input", "start", "roofline")

_ONLY = flags.DEFINE_list("only", list(PROGRAMS), "Which of them, comma-separated.")
_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")


def main() -> None:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        results = Path(_RESULTS.value or Path(folder, "results.jsonl"))
        for name in _ONLY.value:
            print(f"== {name}", flush=True)
            command = [sys.executable, "-m", f"{__package__}.{name}", f"--results={results}"]
            subprocess.run(command, check=True)
        rows = read_rows(results)
    write_page("machine", f"Machine: {machine()}.")
    write_page("results", to_table(rows))
    print(f"{len(rows)} results in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    programs.run(main)
