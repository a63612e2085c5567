r"""Whether the input pipeline keeps the training step fed, beside the reference's loader.

python -m experiments.benchmarks.input --results=results.jsonl

512 px PNG pairs with their histogram images, mirrored at random as the reference has it: read by
its loader, a process a core, and by ours from shards; then ours with all augmentations. And how
long training steps wait for their batch, all augmentations on.
"""

import tempfile
import time
from pathlib import Path

from absl import flags

from experiments.benchmarks.reference_python import write_pair
from experiments.benchmarks.results import Row, write_rows
from experiments.benchmarks.turns import Work, measure
from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_TURNS = flags.DEFINE_integer("turns", 5, "How often each is timed.", lower_bound=1)
_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")

SIZE = 512
DRAWINGS = 48
BATCH, BATCHES = 4, 20
# Of networks of two widths, steps timed after the first, which only traces.
STEPS = {16: 12, 64: 4}


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.data.augmentation import AUGMENTATIONS

    with tempfile.TemporaryDirectory() as folder:
        shards, pairs = Path(folder, "shards"), Path(folder, "pairs")
        make_data(shards, pairs)
        amount = {"batch": BATCH, "batches": BATCHES}
        ours = {"folder": str(shards), **amount}
        measured = measure(
            {
                "ours": Work("keras_work:reading", ours | {"augmentations": ["flip"]}),
                "ours, all augmentations": Work(
                    "keras_work:reading", ours | {"augmentations": list(AUGMENTATIONS)}
                ),
                "the reference's loader": Work(
                    "torch_work:reading", {"folder": str(pairs), **amount}
                ),
            },
            _TURNS.value,
        )
        seconds = {name: one.seconds for name, one in measured.items()}
        theirs = "the reference's loader"
        work = f"{BATCH * BATCHES} pairs read, {SIZE} px"
        found = [
            Row.of_ratio(work, "ours", theirs, seconds, 4.0),
            Row.of_ratio(work, "ours, all augmentations", theirs, seconds),
        ]
        for width, steps in STEPS.items():
            waits = waiting(str(shards), width, steps, AUGMENTATIONS)
            found.append(
                Row.of_many(
                    f"waiting for input, {SIZE} px, batch 1, width {width}",
                    "bfloat16, all augmentations",
                    waits,
                    "% of a step",
                    at_most=3.0,
                )
            )
    write_rows("input", found, _RESULTS.value)


def make_data(shards: Path, pairs: Path) -> None:
    """The same drawings as shards, and as the reference's pairs."""
    from tf_deeppaint.data.build.builder import build_dataset
    from tf_deeppaint.data.build.preparation import BuildConfig
    from tf_deeppaint.data.loading import first_records
    from tf_deeppaint.data.sources.dolls.source import Dolls

    build_dataset(Dolls(DRAWINGS, seed=1), shards, BuildConfig(SIZE, "white"))
    pairs.mkdir()
    for number, drawing in enumerate(zip(*first_records(shards, "train", DRAWINGS), strict=True)):
        lines, picture, colors = drawing
        write_pair(pairs, f"{number:04d}", picture, lines, colors)


def waiting(folder: str, width: int, steps: int, augmentations: tuple[str, ...]) -> list[float]:
    """Of each of several steps, the share in % that passes before its batch is there."""
    import tensorflow as tf

    from tf_deeppaint import DeepPaint, Discriminator, Generator
    from tf_deeppaint.data.loading import load_training

    options = {"dtype": "mixed_bfloat16"}
    model = DeepPaint(Generator(width, size=SIZE, **options), Discriminator(width, **options))
    model.compile()
    step = tf.function(model.train_step)
    batches = iter(load_training([folder], 1, 0, augmentations))
    step(next(batches))
    shares = []
    for _ in range(steps):
        started = time.perf_counter()
        batch = next(batches)
        got = time.perf_counter()
        float(step(batch)["generator_loss"])
        shares.append(100 * (got - started) / (time.perf_counter() - started))
    return shares


if __name__ == "__main__":
    programs.run(main)
