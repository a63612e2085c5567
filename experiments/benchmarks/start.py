"""How long one sketch takes from the command line, the whole process.

python -m experiments.benchmarks.start --results=results.jsonl

By the bundled model, in the colors of a reference.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from experiments.benchmarks import harness
from experiments.benchmarks.results import Row
from experiments.benchmarks.rounds import alternate

# Most seconds of each backend that are the goal.
GOALS = {"TensorFlow": 6.0, "LiteRT": 1.2}
PICTURES = harness.ROOT / "docs/pictures"


def main() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "model.tflite")
        harness.run_program("export.litert", f"--output={model}")
        arguments = [
            f"--output={Path(folder, 'painted.png')}",
            f"--sketch={PICTURES / 'sketch.png'}",
            f"--reference={PICTURES / 'reference.png'}",
        ]

        def color(*model_flag: str) -> None:
            harness.run_program("tf_deeppaint.colorize", *arguments, *model_flag)

        seconds = alternate(
            {"TensorFlow": color, "LiteRT": lambda: color(f"--model={model}")}, harness.rounds(5)
        )
    for backend, goal in GOALS.items():
        yield Row.of_values("colorize one sketch", backend, seconds[backend], "s", at_most=goal)


if __name__ == "__main__":
    harness.run(main)
