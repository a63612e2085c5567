r"""How long one sketch takes from the command line, the whole process.

python -m experiments.benchmarks.start --results=results.jsonl

By the model of the package, in the colors of a reference.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from absl import flags

from experiments.benchmarks.results import Row, write_rows
from experiments.benchmarks.turns import ROOT, alternate
from tf_deeppaint.utils import programs

_TURNS = flags.DEFINE_integer("turns", 5, "How often each is timed.", lower_bound=1)
_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")

# In how many seconds it should be done.
GOALS = {"TensorFlow": 6.0, "LiteRT": 1.2}
PICTURES = ROOT / "docs/pictures"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        painted, model = Path(folder, "painted.png"), Path(folder, "model.tflite")
        run_program("export.litert", f"--output={model}")
        works = {
            "TensorFlow": lambda: colorize(painted),
            "LiteRT": lambda: colorize(painted, f"--model={model}"),
        }
        alternate(works, 1)  # what is read from the disk is read
        seconds = alternate(works, _TURNS.value)
    found = [
        Row.of_many("colorize one sketch", backend, seconds[backend], "s", at_most=goal)
        for backend, goal in GOALS.items()
    ]
    write_rows("start", found, _RESULTS.value)


def colorize(output: Path, *arguments: str) -> None:
    sketch, reference = (PICTURES / f"{name}.png" for name in ("sketch", "reference"))
    run_program(
        "tf_deeppaint.colorize",
        *(f"--output={output}", f"--sketch={sketch}", f"--reference={reference}"),
        *arguments,
    )


def run_program(name: str, *arguments: str) -> None:
    command = [sys.executable, "-m", name, *arguments]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    programs.run(main)
