"""How fast shards are built, and in what memory, beside the published preparation of pictures.

python -m experiments.benchmarks.build --results=results.jsonl

Both prepare the same pictures. The published Python runs in this process, a picture at a time (the
palette of four bands by `colorgram.py`, lines by XDoG), once before and once after ours. Ours is
the whole process `tfrecords.build`, with its start, the search for duplicates, and the shards.
"""

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

from experiments.benchmarks import harness
from experiments.benchmarks.results import Row
from experiments.benchmarks.rounds import seconds_of

SIZE = 512
# Pictures drawn; the others are these with channels permuted, mirrored and shifted.
DRAWN = 40

_PICTURES = flags.DEFINE_integer("pictures", 2000, "Pictures to build from.", lower_bound=1)
_MANY = flags.DEFINE_integer(
    "many", 0, "Pictures of a second build whose memory is compared; 0: none.", lower_bound=0
)
_REFERENCE = flags.DEFINE_integer(
    "reference", 20, "Pictures that the published Python prepares, each time.", lower_bound=1
)


def main() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder, "pictures")
        write_pictures(pictures, _PICTURES.value)
        sample = sorted(pictures.iterdir())[: _REFERENCE.value]
        before = published_seconds(sample)
        seconds, mib = build(pictures, Path(folder, "data"))
        theirs = [*before, *published_seconds(sample)]
        ours = seconds / _PICTURES.value
        yield Row(
            f"palette, sketch and record of a picture, {SIZE} px",
            "a whole build, the published Python",
            *(value / ours for value in (statistics.median(theirs), min(theirs), max(theirs))),
            at_least=20.0,
            seconds=(ours, statistics.median(theirs)),
        )
        if _MANY.value:
            many = Path(folder, "many")
            write_pictures(many, _MANY.value)
            _, many_mib = build(many, Path(folder, "more"))
            work = f"memory of building {_MANY.value} pictures, beside {_PICTURES.value}"
            compared = f"{many_mib} and {mib} MiB"
            yield Row(work, compared, many_mib / mib, unit="times", at_most=1.05)


def write_pictures(folder: Path, count: int) -> None:
    """Writes `count` different pictures of 512 x 512 pixels as PNG files."""
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.encoding import write_picture

    dolls = Dolls(min(DRAWN, count), seed=1)
    drawn = [dolls.load(drawing, SIZE).picture for drawing in dolls.examples()]
    rng = np.random.default_rng(0)
    for number in range(count):
        picture = drawn[number % len(drawn)][:, :: rng.choice([-1, 1]), rng.permutation(3)]
        shifted = np.roll(picture, rng.integers(-SIZE // 4, SIZE // 4, 2), (0, 1))
        write_picture(folder / f"{number:06d}.png", shifted)


def published_seconds(paths: list[Path]) -> list[float]:
    """Seconds that the published Python takes for each picture."""
    import cv2

    from experiments.benchmarks.workloads import published_python

    def prepare(path: Path) -> None:
        published_python.palette(path)
        published_python.sketch(path)

    cv2.setNumThreads(1)
    return [seconds_of(lambda path=path: prepare(path)) for path in paths]


def build(pictures: Path, output: Path) -> tuple[float, int]:
    """Seconds of a whole build, one process a core, and the peak MiB of the writing process."""
    command = [sys.executable, "-m", "tfrecords.build", "--source=folder", f"--input={pictures}"]
    command += [f"--output={output}", f"--size={SIZE}", "--sketch=xdog"]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=harness.ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the build failed with status {status}")
    return time.perf_counter() - started, usage.ru_maxrss // 1024


if __name__ == "__main__":
    harness.run(main)
