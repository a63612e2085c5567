"""How long coloring takes: the whole program, a folder, one picture, a served one; the studio."""

import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from absl import flags

from experiments.benchmarks.crowds import open_studio
from experiments.benchmarks.harness import ROOT, alternate, peak_mib, rounds, run_program
from experiments.benchmarks.results import Row
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

_MODEL = flags.DEFINE_string("model", None, "The SavedModel of the bundled model to serve.")
_SIDES = flags.DEFINE_list("sides", ["512", "1024", "2048", "4096"], "Sides of served sketches.")

# Most seconds that `colorize` may take by each backend, and for a folder: the goals.
START_GOALS = {"LiteRT, the default": 0.7, "TensorFlow": 6.0}
MAKE_GOAL, PAGE_GOAL, FOLDER_GOAL, MOST_MS = 1.0, 3.0, 6.0, 100.0
# The folder's sketches, of so many drawings, and their side in pixels.
SKETCHES, DRAWINGS, SIDE = 100, 10, 512


def start() -> Iterator[Row]:
    """One sketch from the command line, and the studio's page, by the bundled model.

    `make paint` is told where to write; the first run of each is not counted.
    """
    pictures = ROOT / "docs/pictures"
    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            "tf_deeppaint.colorize",
            f"--output={Path(folder, 'painted.png')}",
            f"--sketch={pictures / 'sketch.png'}",
            f"--reference={pictures / 'reference.png'}",
        ]
        network = f"--model={ROOT / 'tf_deeppaint/bundled/model.keras'}"
        functions = {
            "LiteRT, the default": lambda: run_program(*arguments),
            "TensorFlow": lambda: run_program(*arguments, network),
            "make": lambda: _make("paint", f"PAINTED={folder}/made.png", f"SHOWN={folder}/all.png"),
        }
        seconds = alternate(functions, rounds(3))
    for backend, goal in START_GOALS.items():
        yield Row("colorize one sketch", backend, seconds[backend], "s", goal=goal)
    yield Row("make paint, again", "LiteRT, the default", seconds["make"], "s", goal=MAKE_GOAL)
    pages = [_open_page() for _ in range(rounds(3))]
    yield Row("the studio, to its first page", "LiteRT", pages, "s", goal=PAGE_GOAL)


def _make(*arguments: str) -> None:
    subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, check=True)


def _open_page() -> float:
    """Starts the studio, loads its page and ends it; seconds until the page was loaded."""
    began = time.perf_counter()
    with open_studio() as address:
        with urllib.request.urlopen(address) as page:
            page.read()
        return time.perf_counter() - began


def folder() -> Iterator[Row]:
    """A folder of sketches from files to files, the whole process."""
    drawn, reference = _draw()
    with tempfile.TemporaryDirectory() as work:
        sketches = Path(work, "sketches")
        for number in range(SKETCHES):
            write_picture(sketches / f"{number}.png", drawn[number % DRAWINGS])
        write_picture(f"{work}/reference.png", reference)
        arguments = [
            "tf_deeppaint.colorize",
            f"--sketch={sketches}",
            f"--reference={work}/reference.png",
            f"--output={work}/painted",
        ]
        seconds = alternate({"folder": lambda: run_program(*arguments)}, rounds(3))
    work = f"{SKETCHES} sketches of {SIDE} px, files to files"
    yield Row(work, "colorize", seconds["folder"], "s", goal=FOLDER_GOAL)


def picture() -> Iterator[Row]:
    """One picture by the bundled model in a running program, pixels to pixels, by each backend."""
    from tf_deeppaint import Painter

    drawn, reference = _draw()
    with tempfile.TemporaryDirectory() as work:
        int8 = f"{work}/dynamic_int8.tflite"
        run_program("export.litert", "--precision=dynamic_int8", f"--output={int8}")
        painters = {
            "LiteRT, the default": Painter.load(),
            "LiteRT dynamic int8": Painter.load(int8),
            "Keras": Painter.load(ROOT / "tf_deeppaint/bundled/model.keras"),
        }
        functions = {
            name: lambda painter=painter: painter.paint(drawn[0], reference=reference)
            for name, painter in painters.items()
        }
        seconds = alternate(functions, rounds(15))
    milliseconds = {name: [1000 * value for value in seconds[name]] for name in seconds}
    fastest = min(milliseconds, key=lambda name: statistics.median(milliseconds[name]))
    for name, values in milliseconds.items():
        goal = MOST_MS if name == fastest else None
        yield Row(f"one picture, {SIDE} px, the bundled model", name, values, "ms", goal=goal)


def _draw() -> tuple[list[np.ndarray], np.ndarray]:
    """Sketches, and a reference for them."""
    from tf_deeppaint.data.sources.dolls.source import Dolls

    dolls = Dolls(DRAWINGS + 1, seed=1)
    *drawn, other = (dolls.load(example, SIDE) for example in dolls.examples())
    return [one.sketch for one in drawn], other.picture


def serving() -> Iterator[Row]:
    """A SavedModel beside the Painter.

    Both are loaded into this process and asked for one picture at a time, PNG to PNG. Peak memory
    is that of this process after each size.
    """
    if not _MODEL.value:
        raise DeepPaintError("give --model, made by `deeppaint export saved_model`")
    tf = import_tensorflow()
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.decoding import decode_picture
    from tf_deeppaint.images.encoding import encode_png
    from tf_deeppaint.images.pixels import to_gray
    from tf_deeppaint.painting.painter import Painter

    model = tf.saved_model.load(_MODEL.value)  # kept: a signature does not hold it
    served = model.signatures["serving_default"]
    painter, dolls = Painter.load(), Dolls(2, seed=1)
    sketch, other = dolls.examples()
    reference = encode_png(dolls.load(other, 512).picture)
    yield Row("peak memory", "both models loaded", [peak_mib()], "MiB")
    for side in map(int, _SIDES.value):
        data = encode_png(dolls.load(sketch, side).sketch)
        inputs = {"sketch_bytes": tf.constant([data]), "reference_bytes": tf.constant([reference])}

        def paint(data=data) -> None:
            lines = to_gray(decode_picture(data, "sketch"))
            colors = decode_picture(reference, "reference")
            encode_png(painter.paint(lines, reference=colors))

        functions = {
            "SavedModel": lambda inputs=inputs: served(**inputs)["image_bytes"].numpy(),
            "Painter": paint,
        }
        for name, seconds in alternate(functions, rounds(3)).items():
            yield Row(f"a sketch of {side} px, PNG to PNG", name, seconds, "s")
        yield Row("peak memory", f"after {side} px", [peak_mib()], "MiB")
