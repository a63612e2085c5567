"""Whether the input pipeline keeps the training step busy, beside the published loader.

python -m experiments.benchmarks.input --results=results.jsonl

512 px PNG pairs with their histogram images, mirrored at random as in the published code: read by
its loader, one process a core, and by ours from shards; then ours with all augmentations. And how
long training steps wait for their batch, with all augmentations.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from experiments.benchmarks import harness
from experiments.benchmarks.results import Row
from experiments.benchmarks.rounds import Workload, measure
from tf_deeppaint.utils.silence import import_tensorflow

SIZE = 512
DRAWINGS = 48
BATCH, BATCHES = 4, 20
# Width of the network -> steps that are timed, after a first one that traces the graph.
STEPS = {16: 12, 64: 4}


def main() -> Iterator[Row]:
    import_tensorflow()
    from tf_deeppaint.data.augmentation import AUGMENTATIONS

    with tempfile.TemporaryDirectory() as folder:
        shards, pairs = Path(folder, "shards"), Path(folder, "pairs")
        write_data(shards, pairs)
        amount = {"batch": BATCH, "batches": BATCHES}
        ours = {"folder": str(shards), **amount}
        everything = ours | {"augmentations": list(AUGMENTATIONS)}
        theirs = "the published loader"
        measurements = measure(
            {
                "ours": Workload("keras_workloads:reading", ours | {"augmentations": ["flip"]}),
                "ours, all augmentations": Workload("keras_workloads:reading", everything),
                theirs: Workload("torch_workloads:reading", {"folder": str(pairs), **amount}),
            },
            harness.rounds(5),
            warm_up=2,
        )
        seconds = {name: measurement.seconds for name, measurement in measurements.items()}
        work = f"{BATCH * BATCHES} pairs read, {SIZE} px"
        yield Row.of_speedup(work, "ours", theirs, seconds, 4.0)
        yield Row.of_speedup(work, "ours, all augmentations", theirs, seconds)
        for width, steps in STEPS.items():
            yield Row.of_values(
                f"waiting for input, {SIZE} px, batch 1, width {width}",
                "bfloat16, all augmentations",
                waiting_shares(str(shards), width, steps, AUGMENTATIONS),
                "% of a step",
                at_most=3.0,
            )


def write_data(shards: Path, pairs: Path) -> None:
    """Writes the same drawings as shards and as the published loader's pairs."""
    from experiments.benchmarks.workloads.published_python import write_pair
    from tf_deeppaint.data.build.builder import build_dataset
    from tf_deeppaint.data.build.config import BuildConfig
    from tf_deeppaint.data.loading import first_records
    from tf_deeppaint.data.sources.dolls.source import Dolls

    build_dataset(Dolls(DRAWINGS, seed=1), shards, BuildConfig(SIZE, "white"))
    pairs.mkdir()
    records = zip(*first_records(shards, "train", DRAWINGS), strict=True)
    for number, (sketch, picture, palette) in enumerate(records):
        write_pair(pairs, f"{number:04d}", picture, sketch, palette)


def waiting_shares(folder: str, width: int, steps: int, augmentations: tuple) -> list[float]:
    """For each of several steps, the percentage of its time spent waiting for its batch."""
    from experiments.benchmarks.workloads.keras_workloads import make_training_step
    from tf_deeppaint.data.loading import load_training

    step = make_training_step(width, SIZE, "mixed_bfloat16")
    batches = iter(load_training([folder], 1, 0, augmentations))
    step(next(batches))
    shares = []
    for _ in range(steps):
        started = time.perf_counter()
        batch = next(batches)
        waited = time.perf_counter() - started
        float(step(batch)["generator_loss"])
        shares.append(100 * waited / (time.perf_counter() - started))
    return shares


if __name__ == "__main__":
    harness.run(main)
