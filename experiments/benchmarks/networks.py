"""How fast the networks are, and in what memory, beside PyTorch.

The published network and step as written (eager, `NCHW`), the same with PyTorch tuned, and under
its autocast to bfloat16; ours in float32 and in mixed bfloat16.
"""

import statistics
from collections.abc import Iterator

from absl import flags

from experiments.benchmarks.harness import Workload, measure, rounds
from experiments.benchmarks.results import Row, speedup

# Of width 64 alone steps and pictures take ten minutes.
_CASES = flags.DEFINE_list(
    "cases", ["16x4"], "Widths and batches of steps, comma-separated, such as 16x4,64x1,64x4."
)
_WIDTHS = flags.DEFINE_list("widths", ["16"], "Widths that paint, comma-separated: 16 and 64.")

STEP_SIZE, PAINTED_SIZE = 256, 512
OURS, OURS_16 = "float32", "bfloat16"
WRITTEN, TUNED, TUNED_16 = "PyTorch as written", "PyTorch tuned", "PyTorch tuned, bfloat16"
# By width: ours, the other, and the least speedup that is the goal.
STEP_GOALS = {
    16: [
        (OURS, WRITTEN, 2.3),
        (OURS, TUNED, 1.15),
        (OURS_16, WRITTEN, 4.0),
        (OURS_16, TUNED, 2.0),
        (OURS_16, TUNED_16, 1.15),
    ],
    64: [(OURS, TUNED, 1.1), (OURS_16, TUNED, 2.0), (OURS_16, TUNED_16, None)],
}
BACKENDS = {
    OURS: ("keras_workloads:forward", "float32"),
    OURS_16: ("keras_workloads:forward", "mixed_bfloat16"),
    "LiteRT float32": ("keras_workloads:litert", "float32"),
    "LiteRT dynamic int8": ("keras_workloads:litert", "dynamic_int8"),
    "LiteRT full int8": ("keras_workloads:litert", "full_int8"),
}
# Backends of width 64, and the least speedups over PyTorch as written and tuned that are the goals.
# Converting so large a network to the others takes minutes; `artifacts` has them.
PAINTING_GOALS = {OURS: (2.0, 1.0), OURS_16: (4.0, 2.0), "LiteRT dynamic int8": (4.0, 2.0)}
# The same for the fastest backend of width 16, and its goal in milliseconds.
GOALS_OF_FASTEST, MOST_MS = (4.5, 1.7), 100.0

# Makes malloc keep freed memory. Otherwise large tensors go back to the system every time, and
# their pages are mapped again, which takes up to half of the time of a step in PyTorch.
TUNED_ENVIRONMENT = {
    "MALLOC_MMAP_THRESHOLD_": str(8 * 2**30),
    "MALLOC_TRIM_THRESHOLD_": str(16 * 2**30),
    "MALLOC_TOP_PAD_": str(256 * 2**20),
}


def cases() -> list[tuple[int, int]]:
    """Width and batch of the training steps to measure."""
    return [tuple(map(int, case.split("x"))) for case in _CASES.value]


def widths() -> list[int]:
    """Width of the networks that paint."""
    return list(map(int, _WIDTHS.value))


def step() -> Iterator[Row]:
    """A training step of the whole GAN.

    Memory is the peak of the process, whole and without what it takes with only the framework
    loaded.
    """
    for width, batch in cases():
        arguments = {"width": width, "size": STEP_SIZE, "batch": batch}
        workloads = _pytorch("training_step", arguments)
        for name, precision in ((OURS, "float32"), (OURS_16, "mixed_bfloat16")):
            ours = arguments | {"precision": precision}
            workloads[name] = Workload("keras_workloads:training_step", ours)
        compared = {name for *names, _ in STEP_GOALS[width] for name in names}
        workloads = {name: workloads[name] for name in workloads if name in compared}
        measurements = measure(workloads, rounds(3))

        work = f"training step, {STEP_SIZE} px, width {width}, batch {batch}"
        seconds = {name: measurement.seconds for name, measurement in measurements.items()}
        for ours, other, goal in STEP_GOALS[width]:
            yield speedup(work, ours, other, seconds, goal)
        for names in ((OURS, TUNED), (OURS_16, TUNED_16)):
            measured = [measurements[name] for name in names]
            for share, (ours, other) in (
                ("whole processes", [m.peak_mib for m in measured]),
                ("without what the frameworks take", [m.peak_mib - m.idle_mib for m in measured]),
            ):
                compared = f"{', '.join(names)}; {share}: {ours} and {other} MiB"
                yield Row(f"peak memory, {work}", compared, [ours / other], "times", goal=1.0)


def forward() -> Iterator[Row]:
    """The network alone, one picture at a time, from NumPy to NumPy, by each of our backends.

    Norms are folded into kernels where our backends do so.
    """
    for width in widths():
        arguments = {"width": width, "size": PAINTED_SIZE}
        backends = list(PAINTING_GOALS if width == 64 else BACKENDS)
        workloads = _pytorch("forward", arguments)
        for name in backends:
            function, precision = BACKENDS[name]
            workloads[name] = Workload(function, arguments | {"precision": precision})
        measurements = measure(workloads, rounds(4))

        seconds = {name: measurement.seconds for name, measurement in measurements.items()}
        fastest = min(backends, key=lambda name: statistics.median(seconds[name]))
        goals = PAINTING_GOALS if width == 64 else {fastest: GOALS_OF_FASTEST}
        work = f"one picture, {PAINTED_SIZE} px, width {width}"
        for name in backends:
            for other, goal in zip((WRITTEN, TUNED), goals.get(name, (None, None)), strict=True):
                yield speedup(work, name, other, seconds, goal)
        yield speedup(work, OURS_16, TUNED_16, seconds)
        if width == 16:
            milliseconds = [1000 * value for value in seconds[fastest]]
            yield Row(work, f"{fastest}, the fastest", milliseconds, "ms", goal=MOST_MS)


def _pytorch(function: str, arguments: dict) -> dict[str, Workload]:
    """A workload of the published network in PyTorch: as written, tuned, tuned in bfloat16."""
    function, tuned = f"torch_workloads:{function}", arguments | {"tuned": True}
    return {
        WRITTEN: Workload(function, arguments | {"tuned": False}),
        TUNED: Workload(function, tuned, TUNED_ENVIRONMENT),
        TUNED_16: Workload(function, tuned | {"bfloat16": True}, TUNED_ENVIRONMENT),
    }
