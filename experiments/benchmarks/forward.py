"""How fast one picture is painted by each of our backends, beside PyTorch.

python -m experiments.benchmarks.forward --results=results.jsonl

The network alone, one picture at a time, from NumPy to NumPy; norms are folded into kernels where
our backends do so. Ours are TensorFlow in float32 and bfloat16, and LiteRT files.
"""

import statistics
from collections.abc import Iterator

from absl import flags

from experiments.benchmarks import harness
from experiments.benchmarks.results import Row
from experiments.benchmarks.rounds import (
    TUNED,
    TUNED_16,
    WRITTEN,
    Workload,
    measure,
    pytorch_workloads,
)

_WIDTHS = flags.DEFINE_list("widths", ["64", "16"], "Widths of the network, comma-separated.")

SIZE = 512
BACKENDS = {
    "float32": ("keras_workloads:forward", "float32"),
    "bfloat16": ("keras_workloads:forward", "mixed_bfloat16"),
    "LiteRT float32": ("keras_workloads:litert", "float32"),
    "LiteRT dynamic int8": ("keras_workloads:litert", "dynamic_int8"),
    "LiteRT full int8": ("keras_workloads:litert", "full_int8"),
}
# By width, backends left out: converting so large a network takes minutes; `artifacts` has them.
SLOW_TO_MAKE = {64: ("LiteRT float32", "LiteRT full int8"), 16: ()}
# By width and backend: the least speedups over PyTorch as written and tuned that are the goals.
GOALS = {
    64: {"float32": (2.0, 1.0), "bfloat16": (4.0, 2.0), "LiteRT dynamic int8": (4.0, 2.0)},
    16: {},
}
# The same for the fastest backend of width 16, and its goal in milliseconds.
GOALS_OF_FASTEST, MOST_MS = (4.5, 1.7), 100.0


def main() -> Iterator[Row]:
    for width in map(int, _WIDTHS.value):
        measurements = measure(make_workloads(width), harness.rounds(4))
        yield from make_rows(width, {name: m.seconds for name, m in measurements.items()})


def make_workloads(width: int) -> dict[str, Workload]:
    arguments = {"width": width, "size": SIZE}
    ours = {
        name: Workload(function, arguments | {"precision": precision})
        for name, (function, precision) in BACKENDS.items()
        if name not in SLOW_TO_MAKE[width]
    }
    return ours | pytorch_workloads("torch_workloads:forward", arguments)


def make_rows(width: int, seconds: dict[str, list[float]]) -> Iterator[Row]:
    work = f"one picture, {SIZE} px, width {width}"
    backends = [name for name in BACKENDS if name in seconds]
    fastest = min(backends, key=lambda name: statistics.median(seconds[name]))
    goals = GOALS[width] or {fastest: GOALS_OF_FASTEST}
    for name in backends:
        for other, goal in zip((WRITTEN, TUNED), goals.get(name, (None, None)), strict=True):
            yield Row.of_speedup(work, name, other, seconds, goal)
    yield Row.of_speedup(work, "bfloat16", TUNED_16, seconds)
    if width == 16:
        milliseconds = [1000 * value for value in seconds[fastest]]
        compared = f"{fastest}, the fastest"
        yield Row.of_values(work, compared, milliseconds, "ms", at_most=MOST_MS)


if __name__ == "__main__":
    harness.run(main)
