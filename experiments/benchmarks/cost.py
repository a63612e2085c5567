"""Time and memory as work grows: the picture, the batch, the network, the data set.

Each point is a process of its own. Data sets are simulated: their shards are hard links to one
file, so that a million records take the disk space of a thousand.
"""

import dataclasses
import itertools
import os
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from absl import flags

from experiments.benchmarks import harness
from experiments.benchmarks.results import Row
from tf_deeppaint.utils.silence import import_tensorflow

_PICTURE = flags.DEFINE_string("picture", "docs/pictures/cost.png", "The PNG that is drawn.")

STEP = {"width": 16, "size": 256, "batch": 4, "precision": "mixed_bfloat16"}
# Batch 1, since larger sizes and widths would not fit into memory otherwise.
SMALL_STEP = STEP | {"batch": 1}
PAINT = {"width": 16, "size": 512, "precision": "float32"}
# Work, its workload and arguments, the argument that grows, and its values.
GROWTHS = (
    ("training step", "keras_workloads:training_step", SMALL_STEP, "size", (128, 256, 512, 1024)),
    ("training step", "keras_workloads:training_step", STEP, "batch", (1, 2, 4, 8, 16)),
    ("training step", "keras_workloads:training_step", SMALL_STEP, "width", (8, 16, 32, 64)),
    ("one picture", "keras_workloads:forward", PAINT, "size", (128, 256, 512, 1024)),
    ("one picture", "keras_workloads:forward", PAINT, "width", (8, 16, 32, 64)),
)
RECORDS = (10**3, 10**4, 10**5, 10**6)
SHARD_RECORDS = 1000
# What grows, and the label of its axis.
LABELS = {"size": "side, pixels", "batch": "batch", "width": "width", "records": "records"}


class Point(NamedTuple):
    """The cost of one workload: seconds, and MiB beyond what its idle process takes."""

    work: str
    grows: str
    value: int
    seconds: float
    mib: int


def cost() -> Iterator[Row]:
    points = []
    with tempfile.TemporaryDirectory() as folder:
        for work, function, arguments, grows, value in list_work(Path(folder)):
            workload = harness.Workload(function, arguments)
            measurement = harness.measure({work: workload}, harness.rounds(3))[work]
            seconds = statistics.median(measurement.seconds)
            mib = measurement.peak_mib - measurement.idle_mib
            points.append(Point(work, grows, value, seconds, mib))
            yield Row(f"{work}, {grows} {value}", f"{mib} MiB", [1000 * seconds], "ms")
    draw(points, Path(_PICTURE.value))


def list_work(folder: Path) -> Iterator[tuple]:
    """Work, its workload and arguments, what grows, and its value."""
    for work, function, arguments, grows, values in GROWTHS:
        for value in values:
            yield work, function, arguments | {grows: value}, grows, value
    for count in RECORDS:
        data = {"folder": simulate(folder / str(count), count)}
        yield "start of reading", "keras_workloads:first_batch", data, "records", count


def simulate(folder: Path, count: int) -> str:
    """A data set of `count` records at 64 px whose training shards are one file; its path."""
    tf = import_tensorflow()
    from tf_deeppaint.data import records
    from tf_deeppaint.data.build.builder import build_dataset
    from tf_deeppaint.data.build.config import BuildConfig
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.utils import files

    build_dataset(Dolls(24, seed=1), folder, BuildConfig(64, "white"))
    manifest = records.load_manifest(folder)
    built = [str(folder / shard.name) for shard in manifest.shards["train"]]
    drawn = [record.numpy() for record in tf.data.TFRecordDataset(built)]
    names = [records.shard_name("train", number) for number in range(count // SHARD_RECORDS)]
    first = folder / names[0]
    with tf.io.TFRecordWriter(str(first)) as writer:
        for record in itertools.islice(itertools.cycle(drawn), SHARD_RECORDS):
            writer.write(record)
    for name in names[1:]:
        os.link(first, folder / name)
    size, digest = first.stat().st_size, files.sha256(first)
    shards = [records.Shard(name, SHARD_RECORDS, size, digest) for name in names]
    records.write_manifest(
        folder, dataclasses.replace(manifest, shards={"train": shards, "test": []})
    )
    return str(folder)


def draw(points: list[Point], path: Path) -> None:
    """Draws seconds above and memory below, against what grows; all axes are logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    figure, axes = pyplot.subplots(2, len(LABELS), figsize=(13, 6), sharex="col", dpi=100)
    for (above, below), (grows, label) in zip(axes.T, LABELS.items(), strict=True):
        for work in dict.fromkeys(p.work for p in points if p.grows == grows):
            line = [p for p in points if (p.work, p.grows) == (work, grows)]
            values = [p.value for p in line]
            above.loglog(values, [p.seconds for p in line], "o-", label=work)
            below.loglog(values, [p.mib for p in line], "o-", label=work)
        ticks = sorted({p.value for p in points if p.grows == grows})
        below.set_xticks(ticks, [f"{value:,}" for value in ticks], minor=False)
        below.set_xlabel(label)
        above.legend(frameon=False)
    for plot in axes.flat:
        plot.grid(alpha=0.3)
        plot.xaxis.set_minor_formatter(NullFormatter())
        plot.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        plot.yaxis.set_minor_formatter(NullFormatter())
    axes[0, 0].set_ylabel("seconds")
    axes[1, 0].set_ylabel("MiB")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
