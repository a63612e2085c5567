r"""How long one sketch takes from the command line, the whole process.

python -m experiments.benchmarks.start --results=results.jsonl

By the model of the package, in the colours of a reference.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from absl import flags

from experiments.benchmarks.results import Row, write_rows
from experiments.benchmarks.turns import ROOT, alternate
from tf_deeppaint import program

_TURNS = flags.DEFINE_integer("turns", 5, "How often each is timed.", lower_bound=1)
_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")

# What is run, and in how many seconds it should be done.
ENGINES = {"TensorFlow": ([], 6.0)}
PICTURES = ROOT / "docs/pictures"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        works = {
            engine: lambda flags=flags: colorize(flags, Path(folder, "painted.png"))
            for engine, (flags, _) in ENGINES.items()
        }
        alternate(works, 1)  # what is read from the disk is read
        seconds = alternate(works, _TURNS.value)
    found = [
        Row.of_many("colorize one sketch", engine, seconds[engine], "s", at_most=goal)
        for engine, (_, goal) in ENGINES.items()
    ]
    write_rows("start", found, _RESULTS.value)


def colorize(flags: list[str], output: Path) -> None:
    command = [sys.executable, "-m", "tf_deeppaint.colorize", f"--output={output}", *flags]
    command += [f"--sketch={PICTURES / 'sketch.png'}"]
    command += [f"--reference={PICTURES / 'reference.png'}"]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    program.run(main)
