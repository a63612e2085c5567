"""How fast a training step of the whole GAN is, and in what memory, beside PyTorch.

python -m experiments.benchmarks.step --results=results.jsonl

The published step as written (eager, `NCHW`), the same with PyTorch tuned, and under its autocast
to bfloat16; ours in float32 and in mixed bfloat16. Memory is the peak of the process, whole and
without what it takes with only the framework loaded.
"""

from collections.abc import Iterator

from absl import flags

from experiments.benchmarks import harness
from experiments.benchmarks.results import Row
from experiments.benchmarks.rounds import (
    TUNED,
    TUNED_16,
    WRITTEN,
    Measurement,
    Workload,
    measure,
    pytorch_workloads,
)

_CASES = flags.DEFINE_list(
    "cases", ["16x4", "64x1", "64x4"], "Widths and batches, as in 16x4, comma-separated."
)

SIZE = 256
OURS, OURS_16 = "float32", "bfloat16"
# By width: ours, the other, and the least speedup that is the goal.
GOALS = {
    16: [
        (OURS, WRITTEN, 2.3),
        (OURS, TUNED, 1.15),
        (OURS_16, WRITTEN, 4.0),
        (OURS_16, TUNED, 2.0),
        (OURS_16, TUNED_16, 1.15),
    ],
    64: [(OURS, TUNED, 1.1), (OURS_16, TUNED, 2.0), (OURS_16, TUNED_16, None)],
}


def main() -> Iterator[Row]:
    for case in _CASES.value:
        width, batch = map(int, case.split("x"))
        measurements = measure(make_workloads(width, batch), harness.rounds(3))
        yield from make_rows(width, batch, measurements)


def make_workloads(width: int, batch: int) -> dict[str, Workload]:
    arguments = {"width": width, "size": SIZE, "batch": batch}
    ours = "keras_workloads:training_step"
    workloads = {
        OURS: Workload(ours, arguments | {"precision": "float32"}),
        OURS_16: Workload(ours, arguments | {"precision": "mixed_bfloat16"}),
        **pytorch_workloads("torch_workloads:training_step", arguments),
    }
    needed = {name for goal in GOALS[width] for name in goal[:2]}
    return {name: workload for name, workload in workloads.items() if name in needed}


def make_rows(width: int, batch: int, measurements: dict[str, Measurement]) -> Iterator[Row]:
    work = f"training step, {SIZE} px, width {width}, batch {batch}"
    seconds = {name: measurement.seconds for name, measurement in measurements.items()}
    for ours, other, goal in GOALS[width]:
        yield Row.of_speedup(work, ours, other, seconds, goal)
    for names in ((OURS, TUNED), (OURS_16, TUNED_16)):
        ours, other = (measurements[name] for name in names)
        for share, our_mib, other_mib in (
            ("whole processes", ours.peak_mib, other.peak_mib),
            (
                "without what the frameworks take",
                ours.peak_mib - ours.idle_mib,
                other.peak_mib - other.idle_mib,
            ),
        ):
            compared = f"{', '.join(names)}; {share}: {our_mib} and {other_mib} MiB"
            ratio = our_mib / other_mib
            yield Row(f"peak memory, {work}", compared, ratio, unit="times", at_most=1.0)


if __name__ == "__main__":
    harness.run(main)
