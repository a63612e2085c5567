r"""How fast shards are built, beside the reference's way of preparing pictures, and in what memory.

python -m experiments.benchmarks.build --results=results.jsonl

Both are timed in one run on the same pictures: the reference's Python in this process (the palette
of four bands by `colorgram.py`, and lines by XDoG, a picture at a time), once before and once
after; ours as the whole process `tfrecords.build`, with its start, its look for duplicates and the
writing of the shards.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from absl import flags

from experiments.benchmarks import reference_python
from experiments.benchmarks.results import Row, write_rows
from experiments.benchmarks.turns import seconds_of
from tf_deeppaint.utils import programs

SIZE = 512
# Drawn anew; the other pictures are these recolored, mirrored and moved.
DRAWN = 40

_PICTURES = flags.DEFINE_integer("pictures", 2000, "Pictures to build from.", lower_bound=1)
_MANY = flags.DEFINE_integer(
    "many", 0, "Pictures of the build whose memory is compared; 0: none.", lower_bound=0
)
_REFERENCE = flags.DEFINE_integer(
    "reference", 20, "Pictures the reference prepares, each time.", lower_bound=1
)
_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder, "few"), Path(folder, "many")
        draw_pictures(few, _PICTURES.value)
        sample = sorted(few.iterdir())[: _REFERENCE.value]
        before = seconds_of_reference(sample)
        seconds, memory = build(few, Path(folder, "data"))
        theirs = [*before, *seconds_of_reference(sample)]
        found = [build_row(seconds, theirs)]
        if _MANY.value:
            draw_pictures(many, _MANY.value)
            _, more = build(many, Path(folder, "more"))
            compared = f"{more} and {memory} MiB"
            work = f"memory of building {_MANY.value} pictures, beside {_PICTURES.value}"
            found.append(Row(work, compared, more / memory, unit="times", at_most=1.05))
        write_rows("build", found, _RESULTS.value)


def build_row(seconds: float, theirs: list[float]) -> Row:
    """How many times as fast a build is as the reference, by its median, least and slowest."""
    ours = seconds / _PICTURES.value
    times = [statistics.median(theirs) / ours, min(theirs) / ours, max(theirs) / ours]
    return Row(
        f"palette, sketch and record of a picture, {SIZE} px",
        "a whole build, the reference's Python",
        *times,
        at_least=20.0,
        seconds=(ours, statistics.median(theirs)),
    )


def draw_pictures(folder: Path, count: int) -> None:
    """Writes `count` different pictures of 512 x 512 pixels as PNG files."""
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.encoding import write_picture

    dolls = Dolls(min(DRAWN, count), seed=1)
    drawn = [dolls.load(drawing, SIZE).picture for drawing in dolls.drawings()]
    rng = np.random.default_rng(0)
    for number in range(count):
        picture = drawn[number % len(drawn)][:, :: rng.choice([-1, 1]), rng.permutation(3)]
        moved = np.roll(picture, rng.integers(-SIZE // 4, SIZE // 4, 2), (0, 1))
        write_picture(folder / f"{number:06d}.png", moved)


def seconds_of_reference(paths: list[Path]) -> list[float]:
    """Seconds that each picture takes, prepared as the reference does."""
    import cv2

    cv2.setNumThreads(1)
    return [seconds_of(lambda path=path: prepare_as_reference(path)) for path in paths]


def prepare_as_reference(path: Path) -> None:
    reference_python.palette(path)
    reference_python.sketch(path)


def build(pictures: Path, output: Path) -> tuple[float, int]:
    """Seconds of a whole build with a process a core, and the peak memory of the writing one."""
    command = [sys.executable, "-m", "tfrecords.build", "--source=folder", f"--input={pictures}"]
    command += [f"--output={output}", f"--size={SIZE}", "--sketch=xdog"]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the build failed with status {status}")
    return time.perf_counter() - started, usage.ru_maxrss // 1024


if __name__ == "__main__":
    programs.run(main)
