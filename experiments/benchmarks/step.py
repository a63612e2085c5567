r"""How fast a training step of the whole GAN is, and in what memory, beside PyTorch.

python -m experiments.benchmarks.step --results=results.jsonl

The reference's step as written (eager, `NCHW`), the same with PyTorch tuned, and under its
autocast to bfloat16; ours in float32 and in mixed bfloat16. Memory is the peak of the process,
less what it has taken with nothing but the framework loaded.
"""

from absl import flags

from experiments.benchmarks.results import Row, write_rows
from experiments.benchmarks.turns import Measured, Work, measure
from tf_deeppaint.utils import programs

_TURNS = flags.DEFINE_integer("turns", 3, "How often each is timed.", lower_bound=1)
_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")
_CASES = flags.DEFINE_list(
    "cases", ["16x4", "64x1", "64x4"], "Widths and batches, as in 16x4, comma-separated."
)

SIZE = 256
OURS, OURS_16 = "float32", "bfloat16"
WRITTEN, TUNED, TUNED_16 = "PyTorch as written", "PyTorch tuned", "PyTorch tuned, bfloat16"
# Ours, the other, and how many times as fast it should be; by width.
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


def main() -> None:
    for case in _CASES.value:
        width, batch = map(int, case.split("x"))
        measured = measure(works(width, batch), _TURNS.value, warm_up=1)
        write_rows("step", rows(width, batch, measured), _RESULTS.value)


def works(width: int, batch: int) -> dict[str, Work]:
    from experiments.benchmarks.torch_reference import TUNED_ENVIRONMENT

    shape = {"width": width, "size": SIZE, "batch": batch}
    tuned = {"tuned": True, "bfloat16": False}

    def ours(precision: str) -> Work:
        return Work("keras_work:training_step", shape | {"precision": precision})

    def theirs(options: dict, environment: dict) -> Work:
        return Work("torch_work:training_step", shape | options, environment)

    every = {
        OURS: ours("float32"),
        OURS_16: ours("mixed_bfloat16"),
        WRITTEN: theirs({"tuned": False}, {}),
        TUNED: theirs(tuned, TUNED_ENVIRONMENT),
        TUNED_16: theirs(tuned | {"bfloat16": True}, TUNED_ENVIRONMENT),
    }
    needed = {name for goal in GOALS[width] for name in goal[:2]}
    return {name: work for name, work in every.items() if name in needed}


def rows(width: int, batch: int, measured: dict[str, Measured]) -> list[Row]:
    work = f"training step, {SIZE} px, width {width}, batch {batch}"
    seconds = {name: one.seconds for name, one in measured.items()}
    found = [Row.of_ratio(work, *both, seconds, goal) for *both, goal in GOALS[width]]
    for ours, other in ((OURS, TUNED), (OURS_16, TUNED_16)):
        if {ours, other} <= measured.keys():
            found += memory_rows(work, (ours, measured[ours]), (other, measured[other]))
    return found


def memory_rows(work: str, *sides: tuple[str, Measured]) -> list[Row]:
    """Of the whole processes, and of the steps alone."""
    names = ", ".join(name for name, _ in sides)
    of_processes = [measured.peak_mib for _, measured in sides]
    of_steps = [measured.peak_mib - measured.idle_mib for _, measured in sides]
    return [
        Row(
            f"peak memory, {work}",
            f"{names}; {what}: {ours} and {other} MiB",
            ours / other,
            unit="times",
            at_most=1.0,
        )
        for what, (ours, other) in (
            ("whole processes", of_processes),
            ("without what the frameworks take", of_steps),
        )
    ]


if __name__ == "__main__":
    programs.run(main)
