r"""Measures whether the input pipeline keeps the training step fed.

python -m experiments.benchmarks.input --results=results.jsonl

Both are timed in one run: 512 px dolls read, decoded and augmented in every way, and the training
step of the width-64 network on such pictures. The first should be at least five times as fast.
"""

import tempfile
import time

from absl import flags

from experiments.benchmarks.results import write_result
from tf_deeppaint import program
from tf_deeppaint.quiet import import_tensorflow

_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")

SIZE, WIDTH = 512, 64
DRAWINGS = 48
READ_BATCH, READ_BATCHES = 4, 40
STEP_BATCH, STEPS = 1, 3


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.augmentation import AUGMENTATIONS

    with tempfile.TemporaryDirectory() as folder:
        build_dolls(folder)
        read = pictures_read_a_second(folder, AUGMENTATIONS)
        plain = pictures_read_a_second(folder, ())
        trained = pictures_trained_a_second(folder)
    figures = {
        "read_augmented_a_second": round(read, 1),
        "read_plain_a_second": round(plain, 1),
        "trained_a_second": round(trained, 4),
        "times_as_fast": round(read / trained, 1),
    }
    write_result("input", figures, _RESULTS.value)


def build_dolls(folder: str) -> None:
    from tf_deeppaint.builder import build_dataset
    from tf_deeppaint.preparation import Recipe
    from tf_deeppaint.sources.dolls import Dolls

    build_dataset(Dolls(DRAWINGS, seed=1), folder, Recipe(SIZE, "white"))


def pictures_read_a_second(folder: str, augmentations: tuple[str, ...]) -> float:
    """Counted after the pipeline has started and found its degree of parallelism."""
    from tf_deeppaint.datasets import load_training

    batches = iter(load_training([folder], READ_BATCH, 0, augmentations))
    for _ in range(READ_BATCHES // 2):
        next(batches)
    started = time.perf_counter()
    for _ in range(READ_BATCHES):
        next(batches)
    return READ_BATCHES * READ_BATCH / (time.perf_counter() - started)


def pictures_trained_a_second(folder: str) -> float:
    """On one batch over and over, so that reading takes no part; the first step only traces."""
    import keras

    from tf_deeppaint.datasets import load_training
    from tf_deeppaint.deep_paint import ADAM, DeepPaint
    from tf_deeppaint.discriminator import Discriminator
    from tf_deeppaint.generator import Generator

    model = DeepPaint(Generator(WIDTH, size=SIZE, background="white"), Discriminator(WIDTH))
    model.compile(keras.optimizers.Adam(**ADAM), keras.optimizers.Adam(**ADAM))
    batch = load_training([folder], STEP_BATCH, 0).take(1).cache().repeat()
    model.fit(batch, steps_per_epoch=1, verbose=0, shuffle=False)
    started = time.perf_counter()
    model.fit(batch, steps_per_epoch=STEPS, verbose=0, shuffle=False)
    return STEPS * STEP_BATCH / (time.perf_counter() - started)


if __name__ == "__main__":
    program.run(main)
