"""How fast palettes are extracted, shards built and batches read, beside the published Python."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from absl import flags

from experiments.benchmarks.harness import ROOT, Workload, alternate, measure, rounds, seconds_of
from experiments.benchmarks.results import Row, speedup
from tf_deeppaint.utils.silence import import_tensorflow

_PICTURES = flags.DEFINE_integer("pictures", 2000, "Pictures to build from.", lower_bound=1)
_MANY = flags.DEFINE_integer(
    "many", 0, "Pictures of a second build whose memory is compared; 0: none.", lower_bound=0
)

SIZE = 512
# Palettes extracted at once in the graph.
PALETTES = 16
# Pictures drawn for a build; the others are these with channels permuted, mirrored and shifted.
DRAWN = 40
# Pictures that the published Python prepares, each time.
SAMPLE = 20
# Records of the data set that is read, and how much of it in a round.
RECORDS, BATCH, BATCHES = 48, 4, 20
# Width of the network, and steps whose waiting is timed after a first one that traces the graph.
WIDTH, STEPS = 16, 12


def palette() -> Iterator[Row]:
    """Palettes by `colorgram.py` on four bands, by NumPy, and in the graph.

    Ours counts runs of equal pixels, which drawings have; so noise, which has none, is measured.
    """
    tf = import_tensorflow()
    from experiments.benchmarks.workloads import published_python
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.encoding import write_picture
    from tf_deeppaint.palette.extraction import extract_palette
    from tf_deeppaint.palette.graph import extract_palettes

    dolls = Dolls(PALETTES, seed=1)
    pictures = [dolls.load(doll, SIZE).picture for doll in dolls.examples()]
    batch = tf.constant(np.stack(pictures))
    in_graph = tf.function(extract_palettes)
    np.testing.assert_array_equal(in_graph(batch), [extract_palette(p) for p in pictures])
    noise = np.random.default_rng(1).integers(0, 256, pictures[0].shape, dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        picture_file, noise_file = Path(folder, "picture.png"), Path(folder, "noise.png")
        write_picture(picture_file, pictures[0])
        write_picture(noise_file, noise)
        functions = {
            "colorgram.py": lambda: published_python.palette(picture_file),
            "NumPy": lambda: extract_palette(pictures[0]),
            "in the graph": lambda: in_graph(batch).numpy(),
            "colorgram.py on noise": lambda: published_python.palette(noise_file),
            "NumPy on noise": lambda: extract_palette(noise),
        }
        seconds = alternate(functions, rounds(15))
    seconds["in the graph"] = [value / PALETTES for value in seconds["in the graph"]]
    work = f"palette of a picture, {SIZE} px"
    yield speedup(work, "NumPy", "colorgram.py", seconds, 100.0)
    yield speedup(work, "in the graph", "colorgram.py", seconds, 60.0)
    yield speedup(work, "NumPy on noise", "colorgram.py on noise", seconds)


def build() -> Iterator[Row]:
    """Shards of the pictures that the published Python prepares.

    The published Python runs in this process, a picture at a time (the palette of four bands by
    `colorgram.py`, lines by XDoG), once before and once after ours. Ours is the whole process
    `tfrecords.build`, with its start, the search for duplicates, and the shards.
    """
    with tempfile.TemporaryDirectory() as folder:
        pictures = _write_pictures(Path(folder, "pictures"), _PICTURES.value)
        sample = sorted(pictures.iterdir())[:SAMPLE]
        before = _published_seconds(sample)
        seconds, mib = _build(pictures, Path(folder, "data"))
        theirs, ours = [*before, *_published_seconds(sample)], seconds / _PICTURES.value
        yield Row(
            f"palette, sketch and record of a picture, {SIZE} px",
            "a whole build, the published Python",
            [value / ours for value in theirs],
            goal=20.0,
            seconds=(ours, statistics.median(theirs)),
        )
        if _MANY.value:
            many = _write_pictures(Path(folder, "many"), _MANY.value)
            _, many_mib = _build(many, Path(folder, "more"))
            work = f"memory of building {_MANY.value} pictures, beside {_PICTURES.value}"
            yield Row(work, f"{many_mib} and {mib} MiB", [many_mib / mib], "times", goal=1.05)


def read() -> Iterator[Row]:
    """Whether the input pipeline keeps the training step busy.

    PNG pairs with their histogram images, mirrored at random as in the published code: read by its
    loader, one process a core, and by ours from shards; then ours with all augmentations. And how
    long training steps wait for their batch, with all augmentations.
    """
    import_tensorflow()
    from experiments.benchmarks.workloads.published_python import write_pairs
    from tf_deeppaint.data.augmentation import AUGMENTATIONS
    from tf_deeppaint.data.build.builder import build_dataset
    from tf_deeppaint.data.build.config import BuildConfig
    from tf_deeppaint.data.loading import first_records
    from tf_deeppaint.data.sources.dolls.source import Dolls

    with tempfile.TemporaryDirectory() as folder:
        shards, pairs = f"{folder}/shards", f"{folder}/pairs"
        build_dataset(Dolls(RECORDS, seed=1), shards, BuildConfig(SIZE, "white"))
        write_pairs(Path(pairs), *first_records(shards, "train", RECORDS))
        ours, theirs = "keras_workloads:reading", "torch_workloads:reading"
        amount = {"folder": shards, "batch": BATCH, "batches": BATCHES}
        workloads = {
            "ours": Workload(ours, amount | {"augmentations": ["flip"]}),
            "ours, all augmentations": Workload(ours, amount | {"augmentations": AUGMENTATIONS}),
            "the published loader": Workload(theirs, amount | {"folder": pairs}),
        }
        measurements = measure(workloads, rounds(5), warm_up=2)
        seconds = {name: measurement.seconds for name, measurement in measurements.items()}
        work = f"{BATCH * BATCHES} pairs read, {SIZE} px"
        yield speedup(work, "ours", "the published loader", seconds, 4.0)
        yield speedup(work, "ours, all augmentations", "the published loader", seconds)
        shares = _waiting_shares(shards)
        work = f"waiting for input, {SIZE} px, batch 1, width {WIDTH}"
        yield Row(work, "bfloat16, all augmentations", shares, "% of a step", goal=3.0)


def _write_pictures(folder: Path, count: int) -> Path:
    """Writes `count` different pictures as PNG files; returns their folder."""
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.encoding import write_picture

    dolls = Dolls(min(DRAWN, count), seed=1)
    drawn = [dolls.load(doll, SIZE).picture for doll in dolls.examples()]
    rng = np.random.default_rng(0)
    for number in range(count):
        picture = drawn[number % len(drawn)][:, :: rng.choice([-1, 1]), rng.permutation(3)]
        shifted = np.roll(picture, rng.integers(-SIZE // 4, SIZE // 4, 2), (0, 1))
        write_picture(folder / f"{number:06d}.png", shifted)
    return folder


def _published_seconds(paths: list[Path]) -> list[float]:
    """Seconds that the published Python takes for each picture."""
    import cv2

    from experiments.benchmarks.workloads import published_python as published

    cv2.setNumThreads(1)
    return [seconds_of(lambda p=p: (published.palette(p), published.sketch(p))) for p in paths]


def _build(pictures: Path, output: Path) -> tuple[float, int]:
    """Seconds of a whole build, one process a core, and the peak MiB of the writing process."""
    command = [sys.executable, "-m", "tfrecords.build", "--source=folder", f"--input={pictures}"]
    command += [f"--output={output}", f"--size={SIZE}", "--sketch=xdog"]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the build failed with status {status}")
    return time.perf_counter() - started, usage.ru_maxrss // 1024


def _waiting_shares(folder: str) -> list[float]:
    """For each of several steps, the percentage of its time spent waiting for its batch."""
    from experiments.benchmarks.workloads.keras_workloads import make_training_step
    from tf_deeppaint.data.augmentation import AUGMENTATIONS
    from tf_deeppaint.data.loading import load_training

    step = make_training_step(WIDTH, SIZE, "mixed_bfloat16")
    batches = iter(load_training([folder], 1, 0, AUGMENTATIONS))
    step(next(batches))
    shares = []
    for _ in range(STEPS):
        started = time.perf_counter()
        batch = next(batches)
        waited = time.perf_counter() - started
        float(step(batch)["generator_loss"])
        shares.append(100 * waited / (time.perf_counter() - started))
    return shares
