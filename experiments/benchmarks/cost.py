r"""Time and memory as work grows: the picture, the batch, the network, the data set.

python -m experiments.benchmarks.cost --picture=docs/pictures/cost.png --results=cost.jsonl

Each point is a process of its own. Data sets are simulated: their shards are one and the same file
under many names, so that a million records take the room of a thousand.
"""

import itertools
import os
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from absl import flags

from experiments.benchmarks.results import Row, write_rows
from experiments.benchmarks.turns import Work, measure
from tf_deeppaint.utils import programs

_TURNS = flags.DEFINE_integer("turns", 3, "How often each is timed.", lower_bound=1)
_PICTURE = flags.DEFINE_string("picture", "docs/pictures/cost.png", "The PNG that is drawn.")
_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")

STEP = {"width": 16, "size": 256, "batch": 4, "precision": "mixed_bfloat16"}
PAINT = {"width": 16, "size": 512, "precision": "float32"}
# The work, what of it grows, and how.
GROWTHS = (
    ("training step", "keras_work:training_step", STEP, "size", (128, 256, 512, 1024)),
    ("training step", "keras_work:training_step", STEP, "batch", (1, 2, 4, 8, 16)),
    ("training step", "keras_work:training_step", STEP, "width", (8, 16, 32, 64)),
    ("one picture", "keras_work:forward", PAINT, "size", (128, 256, 512, 1024)),
    ("one picture", "keras_work:forward", PAINT, "width", (8, 16, 32, 64)),
)
# The step's other arguments where its size grows, which else would not fit into memory.
SMALLER = {"size": {"batch": 1}, "width": {"batch": 1}}
RECORDS = (10**3, 10**4, 10**5, 10**6)
OF_ONE_SHARD = 1000


class Point(NamedTuple):
    """What one work of one extent took."""

    work: str
    grows: str
    extent: int
    seconds: float
    mib: int


def main() -> None:
    points = [*of_networks(), *of_data()]
    rows = []
    for point in points:
        work = f"{point.work}, {point.grows} {point.extent}"
        rows.append(Row(work, f"{point.mib} MiB", 1000 * point.seconds, unit="ms"))
    write_rows("cost", rows, _RESULTS.value)
    draw(points, Path(_PICTURE.value))


def of_networks() -> Iterator[Point]:
    for work, function, arguments, grows, extents in GROWTHS:
        for extent in extents:
            small = SMALLER.get(grows, {}) if "batch" in arguments else {}
            given = arguments | small | {grows: extent}
            yield point(work, grows, extent, Work(function, given))


def of_data() -> Iterator[Point]:
    with tempfile.TemporaryDirectory() as folder:
        shard = make_shard(Path(folder, "one"))
        for count in RECORDS:
            data = simulate(shard, Path(folder, str(count)), count)
            work = Work("keras_work:first_batch", {"folder": str(data)})
            yield point("start of reading", "records", count, work)


def point(work: str, grows: str, extent: int, what: Work) -> Point:
    measured = measure({"": what}, _TURNS.value, warm_up=1)[""]
    seconds = statistics.median(measured.seconds)
    found = Point(work, grows, extent, seconds, measured.peak_mib - measured.idle_mib)
    print(*found, flush=True)
    return found


def make_shard(folder: Path) -> Path:
    """A data set of one training shard of `OF_ONE_SHARD` records at 64 px."""
    from tf_deeppaint.utils.silence import import_tensorflow

    import_tensorflow()
    from tf_deeppaint.data.build.builder import build_dataset
    from tf_deeppaint.data.build.preparation import BuildConfig
    from tf_deeppaint.data.sources.dolls.source import Dolls

    build_dataset(Dolls(24, seed=1), folder, BuildConfig(64, "white"))
    return folder


def simulate(one: Path, folder: Path, count: int) -> Path:
    """A data set of about `count` records whose shards are one file."""
    import dataclasses

    import tensorflow as tf

    from tf_deeppaint.data import records
    from tf_deeppaint.utils import files

    manifest = records.read_manifest(one)
    first = one / manifest.shards["train"][0].name
    few = [record.numpy() for record in tf.data.TFRecordDataset(str(first))]
    folder.mkdir()
    whole = folder / records.shard_name("train", 0)
    with tf.io.TFRecordWriter(str(whole)) as writer:
        for record in itertools.islice(itertools.cycle(few), OF_ONE_SHARD):
            writer.write(record)
    size, digest = whole.stat().st_size, files.sha256(whole)
    shards = []
    for number in range(count // OF_ONE_SHARD):
        name = records.shard_name("train", number)
        if number:
            os.link(whole, folder / name)
        shards.append(records.Shard(name, OF_ONE_SHARD, size, digest))
    records.write_manifest(
        folder, dataclasses.replace(manifest, shards={"train": shards, "test": []})
    )
    return folder


def draw(points: list[Point], path: Path) -> None:
    """Seconds above, memory below, against what grows; both axes logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    plain = FuncFormatter(lambda value, _: f"{value:,.10g}")
    names = {"size": "side, pixels", "batch": "batch", "width": "width", "records": "records"}
    figure, axes = pyplot.subplots(2, len(names), figsize=(13, 6), sharex="col", dpi=100)
    for column, (grows, label) in enumerate(names.items()):
        for work in dict.fromkeys(p.work for p in points if p.grows == grows):
            own = [p for p in points if (p.work, p.grows) == (work, grows)]
            extents = [p.extent for p in own]
            axes[0, column].loglog(extents, [p.seconds for p in own], "o-", label=work)
            axes[1, column].loglog(extents, [p.mib for p in own], "o-", label=work)
        extents = sorted({p.extent for p in points if p.grows == grows})
        axes[1, column].set_xticks(extents, [f"{extent:,}" for extent in extents], minor=False)
        axes[1, column].set_xlabel(label)
        axes[0, column].legend(frameon=False)
    for row in axes:
        for one in row:
            one.grid(alpha=0.3)
            one.xaxis.set_minor_formatter(NullFormatter())
            one.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            one.yaxis.set_major_formatter(plain)
            one.yaxis.set_minor_formatter(NullFormatter())
    axes[0, 0].set_ylabel("seconds")
    axes[1, 0].set_ylabel("MiB")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


if __name__ == "__main__":
    programs.run(main)
