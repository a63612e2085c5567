"""How long coloring takes from files to files: the whole program, the studio, a served model."""

import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from absl import flags

from experiments.benchmarks.harness import ROOT, alternate, peak_mib, rounds, run_program
from experiments.benchmarks.results import Row
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

_MODEL = flags.DEFINE_string("model", None, "The SavedModel of the bundled model to serve.")
_SIDES = flags.DEFINE_list("sides", ["512", "1024", "2048", "4096"], "Sides of served sketches.")

# Most seconds that `colorize` may take by each backend, and for a folder: the goals.
START_GOALS = {"LiteRT, the default": 0.7, "TensorFlow": 6.0}
FOLDER_GOAL, PAINT_GOAL, PAGE_GOAL = 6.0, 0.1, 3.0
# The folder's sketches, of so many drawings, and their side in pixels.
SKETCHES, DRAWINGS, SIDE = 100, 10, 512


def start() -> Iterator[Row]:
    """One sketch from the command line, and the studio's page, by the bundled model."""
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
        }
        seconds = alternate(functions, rounds(5))
    for backend, goal in START_GOALS.items():
        yield Row("colorize one sketch", backend, seconds[backend], "s", goal=goal)
    pages = [_open_page() for _ in range(rounds(5))]
    yield Row("the studio, to its first page", "LiteRT", pages, "s", goal=PAGE_GOAL)


def _open_page() -> float:
    """Starts the studio, loads its page and ends it; seconds until the page was loaded."""
    command = [sys.executable, "-m", "tf_deeppaint.studio", "--port=0"]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as studio:
        lines = (line.split() for line in studio.stdout)
        address = next(line[5] for line in lines if line[3:5] == ["open", "at"])
        with urllib.request.urlopen(address) as page:
            page.read()
        seconds = time.perf_counter() - began
        studio.terminate()
    return seconds


def folder() -> Iterator[Row]:
    """A folder of sketches from files to files, the whole process; and one in a running one."""
    from tf_deeppaint import Painter
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.encoding import encode_png

    dolls = Dolls(DRAWINGS + 1, seed=1)
    drawn = [dolls.load(example, SIDE) for example in dolls.examples()]
    reference = drawn.pop().picture
    with tempfile.TemporaryDirectory() as work:
        sketches = Path(work, "sketches")
        sketches.mkdir()
        for number in range(SKETCHES):
            data = encode_png(drawn[number % DRAWINGS].sketch)
            Path(sketches, f"{number}.png").write_bytes(data)
        Path(work, "reference.png").write_bytes(encode_png(reference))
        arguments = [
            "tf_deeppaint.colorize",
            f"--sketch={sketches}",
            f"--reference={work}/reference.png",
            f"--output={work}/painted",
        ]
        painter = Painter.load()
        functions = {
            "folder": lambda: run_program(*arguments),
            "picture": lambda: painter.paint(drawn[0].sketch, reference=reference),
        }
        functions["picture"]()
        seconds = alternate(functions, rounds(3))
    work = f"{SKETCHES} sketches of {SIDE} px, files to files"
    yield Row(work, "colorize", seconds["folder"], "s", goal=FOLDER_GOAL)
    work = f"a sketch of {SIDE} px, pixels to pixels"
    yield Row(work, "Painter", seconds["picture"], "s", goal=PAINT_GOAL)


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
