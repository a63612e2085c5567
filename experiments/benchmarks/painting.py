"""How long coloring takes from files to files: the whole program, and a served model."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from absl import flags

from experiments.benchmarks.harness import ROOT, alternate, peak_mib, rounds, run_program
from experiments.benchmarks.results import Row
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

_MODEL = flags.DEFINE_string("model", None, "The SavedModel of the bundled model to serve.")
_SIDES = flags.DEFINE_list("sides", ["512", "1024", "2048", "4096"], "Sides of served sketches.")

# Most seconds that `colorize` may take by each backend: the goals.
START_GOALS = {"TensorFlow": 6.0, "LiteRT": 1.2}


def start() -> Iterator[Row]:
    """One sketch from the command line, the whole process, by the bundled model."""
    pictures = ROOT / "docs/pictures"
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "model.tflite")
        run_program("export.litert", f"--output={model}")
        arguments = [
            "tf_deeppaint.colorize",
            f"--output={Path(folder, 'painted.png')}",
            f"--sketch={pictures / 'sketch.png'}",
            f"--reference={pictures / 'reference.png'}",
        ]
        functions = {
            "TensorFlow": lambda: run_program(*arguments),
            "LiteRT": lambda: run_program(*arguments, f"--model={model}"),
        }
        seconds = alternate(functions, rounds(5))
    for backend, goal in START_GOALS.items():
        yield Row("colorize one sketch", backend, seconds[backend], "s", goal=goal)


def serving() -> Iterator[Row]:
    """A SavedModel beside the Painter.

    Both are loaded into this process and asked for one picture at a time, PNG to PNG. Peak memory
    is that of this process after each size.
    """
    if not _MODEL.value:
        raise DeepPaintError("give --model, a SavedModel that export.saved_model has written")
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
