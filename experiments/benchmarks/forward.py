r"""How fast one picture is painted, beside PyTorch: every backend that we ship.

python -m experiments.benchmarks.forward --results=results.jsonl

The network alone, one picture at a time, from NumPy to NumPy; norms are folded into kernels where
our backends do so. Ours are TensorFlow in float32 and bfloat16, and LiteRT files.
"""

import statistics

from absl import flags

from experiments.benchmarks.results import Row, write_rows
from experiments.benchmarks.turns import Work, measure
from tf_deeppaint.utils import programs

_TURNS = flags.DEFINE_integer("turns", 4, "How often each is timed.", lower_bound=1)
_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")
_WIDTHS = flags.DEFINE_list("widths", ["64", "16"], "Widths of the network, comma-separated.")

SIZE = 512
WRITTEN, TUNED, TUNED_16 = "PyTorch as written", "PyTorch tuned", "PyTorch tuned, bfloat16"
ENGINES = {
    "float32": ("keras_work:forward", "float32"),
    "bfloat16": ("keras_work:forward", "mixed_bfloat16"),
    "LiteRT float32": ("keras_work:litert", "float32"),
    "LiteRT dynamic int8": ("keras_work:litert", "dynamic_int8"),
    "LiteRT full int8": ("keras_work:litert", "full_int8"),
}
# Of a width so large files of all precisions take minutes to make; `artifacts` has them.
SLOW_TO_MAKE = {64: ("LiteRT float32", "LiteRT full int8"), 16: ()}
# By width and backend: how many times as fast as PyTorch as written and as tuned it should be.
SMALL = (4.0, 2.0)
GOALS = {
    64: {
        "float32": (2.0, 1.0),
        "bfloat16": SMALL,
        "LiteRT dynamic int8": SMALL,
    },
    16: {},
}
# Of width 16 these are for the fastest backend.
GOALS_OF_FASTEST = (4.5, 1.7)
MOST_MS = 100.0


def main() -> None:
    for width in map(int, _WIDTHS.value):
        measured = measure(works(width), _TURNS.value, warm_up=1)
        seconds = {name: one.seconds for name, one in measured.items()}
        write_rows("forward", rows(width, seconds), _RESULTS.value)


def works(width: int) -> dict[str, Work]:
    from experiments.benchmarks.torch_reference import TUNED_ENVIRONMENT

    shape = {"width": width, "size": SIZE}
    ours = {
        name: Work(function, shape | {"precision": precision})
        for name, (function, precision) in ENGINES.items()
        if name not in SLOW_TO_MAKE[width]
    }
    tuned = shape | {"tuned": True}
    return ours | {
        WRITTEN: Work("torch_work:forward", shape | {"tuned": False}),
        TUNED: Work("torch_work:forward", tuned, TUNED_ENVIRONMENT),
        TUNED_16: Work("torch_work:forward", tuned | {"bfloat16": True}, TUNED_ENVIRONMENT),
    }


def rows(width: int, seconds: dict[str, list[float]]) -> list[Row]:
    work = f"one picture, {SIZE} px, width {width}"
    backends = [name for name in ENGINES if name in seconds]
    fastest = min(backends, key=lambda name: statistics.median(seconds[name]))
    goals_of = GOALS[width] or {fastest: GOALS_OF_FASTEST}
    found = []
    for name in backends:
        goals = goals_of.get(name, (None, None))
        for other, goal in zip((WRITTEN, TUNED), goals, strict=True):
            found.append(Row.of_ratio(work, name, other, seconds, goal))
    found.append(Row.of_ratio(work, "bfloat16", TUNED_16, seconds))
    if width == 16:
        times = [1000 * value for value in seconds[fastest]]
        found.append(Row.of_many(work, f"{fastest}, the fastest", times, "ms", at_most=MOST_MS))
    return found


if __name__ == "__main__":
    programs.run(main)
