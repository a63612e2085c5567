r"""How long a SavedModel takes for a sketch, beside the Painter, and how much memory.

python -m experiments.benchmarks.serving --model=models/deeppaint/1 --results=results.jsonl

The SavedModel is loaded here and asked for one picture at a time, PNG to PNG; so is the Painter, in
turns. Peak memory is that of this process, which has both, after each size.
"""

import resource
import statistics
import time
from collections.abc import Callable

from absl import flags

from experiments.benchmarks.results import write_result
from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_MODEL = flags.DEFINE_string("model", None, "A SavedModel of the bundled model.", required=True)
_SIDES = flags.DEFINE_list("sides", ["512", "1024", "2048", "4096"], "Sides of the sketches.")
_ROUNDS = flags.DEFINE_integer("rounds", 3, "Turns; medians are shown.", lower_bound=1)
_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")


def main() -> None:
    tf = import_tensorflow()
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.decoding import decode_picture
    from tf_deeppaint.images.encoding import encode_png
    from tf_deeppaint.images.pixels import to_gray
    from tf_deeppaint.painting.painter import Painter

    served = tf.saved_model.load(_MODEL.value).signatures["serving_default"]
    painter = Painter.load()
    dolls = Dolls(2, seed=1)
    sketch, reference = dolls.drawings()
    reference = encode_png(dolls.load(reference, 512).picture)
    figures = {"peak_mib_loaded": peak_mib()}
    for side in map(int, _SIDES.value):
        data = encode_png(dolls.load(sketch, side).sketch)
        inputs = {
            "sketch_bytes": tf.constant([data]),
            "reference_bytes": tf.constant([reference]),
        }

        def ask(inputs=inputs) -> None:
            served(**inputs)["image_bytes"].numpy()

        def paint(data=data) -> None:
            lines = to_gray(decode_picture(data, "sketch"))
            colors = decode_picture(reference, "reference")
            encode_png(painter.paint(lines, reference=colors))

        seconds = [(timed(ask), timed(paint)) for _ in range(1 + _ROUNDS.value)]
        of_served, of_painter = (
            statistics.median(times) for times in zip(*seconds[1:], strict=True)
        )
        figures |= {
            f"served_seconds_{side}": round(of_served, 2),
            f"painter_seconds_{side}": round(of_painter, 2),
            f"peak_mib_{side}": peak_mib(),
        }
    write_result("serving", figures, _RESULTS.value)


def timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    programs.run(main)
