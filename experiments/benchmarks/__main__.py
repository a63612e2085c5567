"""Runs the benchmarks, one after another, and writes their table to README.md beside this file.

    python -m experiments.benchmarks
    python -m experiments.benchmarks --only=step --cases=16x4 --rounds=9

README.md is written only where `--only` is not given.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from absl import flags

from experiments.benchmarks import (
    cost,
    crowds,
    data,
    harness,
    networks,
    painting,
    recipe,
    results,
    roofline,
)
from tf_deeppaint.utils import programs

# What README.md shows.
TABLE = {
    "palette": data.palette,
    "build": data.build,
    "step": networks.step,
    "forward": networks.forward,
    "input": data.read,
    "start": painting.start,
    "folder": painting.folder,
    "picture": painting.picture,
    "studio": crowds.studio,
    "served": crowds.served,
    "recipe": recipe.recipe,
    "roofline": roofline.roofline,
}
BENCHMARKS = TABLE | {"serving": painting.serving, "cost": cost.cost}

_ONLY = flags.DEFINE_enum("only", None, list(BENCHMARKS), "The one to run; by default the table's.")
_RESULTS = flags.DEFINE_string("results", None, "File to append the results to, as JSON lines.")
for module in (harness, data, networks, painting, cost):
    flags.adopt_module_key_flags(module)


def main() -> None:
    if name := _ONLY.value:
        results.write_rows(name, BENCHMARKS[name](), _RESULTS.value)
        return
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(_RESULTS.value or Path(folder, "results.jsonl"))
        for name in TABLE:
            print(f"== {name}", flush=True)
            # In a process of its own, since memory is measured; the last of equal flags counts.
            own_flags = (f"--only={name}", f"--results={path}")
            command = [sys.executable, "-m", __package__, *sys.argv[1:], *own_flags]
            subprocess.run(command, check=True)
        rows = results.load_rows(path)
    results.write_page("machine", f"Machine: {results.machine()}.")
    results.write_page("results", results.to_table(rows))
    print(f"{len(rows)} results in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    programs.run(main)
