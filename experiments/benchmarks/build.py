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

from experiments.benchmarks.results import write_result
from tf_deeppaint import program

SIZE = 512
# Drawn anew; the other pictures are these recoloured, mirrored and moved.
DRAWN = 40

_PICTURES = flags.DEFINE_integer("pictures", 2000, "Pictures to build from.", lower_bound=1)
_MANY = flags.DEFINE_integer(
    "many", 20000, "Pictures of the build whose memory is compared; 0: none.", lower_bound=0
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
        after = seconds_of_reference(sample)
        reference = statistics.median([*before, *after]) * _PICTURES.value
        figures = {
            "pictures": _PICTURES.value,
            "seconds": round(seconds, 1),
            "pictures_a_second": round(_PICTURES.value / seconds, 1),
            "reference_ms_a_picture": round(1000 * reference / _PICTURES.value, 1),
            "times_as_fast": round(reference / seconds, 1),
            "peak_mib": memory,
        }
        if _MANY.value:
            draw_pictures(many, _MANY.value)
            seconds, memory = build(many, Path(folder, "more"))
            figures |= {
                "many_pictures": _MANY.value,
                "many_seconds": round(seconds, 1),
                "many_peak_mib": memory,
            }
        write_result("build", figures, _RESULTS.value)


def draw_pictures(folder: Path, count: int) -> None:
    """Writes `count` different pictures of 512 x 512 pixels as PNG files."""
    from tf_deeppaint import images
    from tf_deeppaint.sources.dolls import Dolls

    dolls = Dolls(min(DRAWN, count), seed=1)
    drawn = [dolls.load(drawing, SIZE).picture for drawing in dolls.drawings()]
    rng = np.random.default_rng(0)
    for number in range(count):
        picture = drawn[number % len(drawn)][:, :: rng.choice([-1, 1]), rng.permutation(3)]
        moved = np.roll(picture, rng.integers(-SIZE // 4, SIZE // 4, 2), (0, 1))
        images.write_picture(folder / f"{number:06d}.png", moved)


def seconds_of_reference(paths: list[Path]) -> list[float]:
    """Seconds that each picture takes, prepared as the reference does."""
    import cv2

    cv2.setNumThreads(1)
    seconds = []
    for path in paths:
        started = time.perf_counter()
        reference_palette(path)
        reference_sketch(path)
        seconds.append(time.perf_counter() - started)
    return seconds


def reference_palette(path: Path) -> list:
    """Five colours of each of four bands by colorgram.py, as the paper's authors extract them."""
    import colorgram
    from PIL import Image

    picture = Image.open(path).convert("RGB")
    height = picture.height // 4
    bands = [picture.crop((0, i * height, picture.width, (i + 1) * height)) for i in range(4)]
    return [[colour.rgb for colour in colorgram.extract(band, 5)] for band in bands]


def reference_sketch(path: Path) -> np.ndarray:
    """XDoG in float64, as published ports have it (REFERENCE: sigma 0.5, k 4.5, tau 0.95)."""
    import cv2

    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) / 255.0
    near, far = (cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (0.5, 0.5 * 4.5))
    difference = near - 0.95 * far
    lines = np.where(difference >= 0.01, 1.0, 1.0 + np.tanh(200.0 * (difference - 0.01)))
    return np.uint8(255 * lines)


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
    program.run(main)
