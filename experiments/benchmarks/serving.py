"""How long a SavedModel takes for a sketch, beside the Painter, and how much memory.

python -m experiments.benchmarks.serving --model=models/deeppaint/1 --results=results.jsonl

Both are loaded into this process and asked for one picture at a time, PNG to PNG. Peak memory is
that of this process after each size.
"""

from collections.abc import Iterator

from absl import flags

from experiments.benchmarks import harness
from experiments.benchmarks.results import Row
from experiments.benchmarks.rounds import alternate
from experiments.benchmarks.workloads.worker import peak_mib
from tf_deeppaint.utils.silence import import_tensorflow

_MODEL = flags.DEFINE_string("model", None, "A SavedModel of the bundled model.", required=True)
_SIDES = flags.DEFINE_list("sides", ["512", "1024", "2048", "4096"], "Sides of the sketches.")


def main() -> Iterator[Row]:
    tf = import_tensorflow()
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.decoding import decode_picture
    from tf_deeppaint.images.encoding import encode_png
    from tf_deeppaint.images.pixels import to_gray
    from tf_deeppaint.painting.painter import Painter

    served = tf.saved_model.load(_MODEL.value).signatures["serving_default"]
    painter = Painter.load()
    dolls = Dolls(2, seed=1)
    sketch, other = dolls.examples()
    reference = encode_png(dolls.load(other, 512).picture)
    yield Row("peak memory", "both models loaded", peak_mib(), unit="MiB")
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

        seconds = alternate({"SavedModel": ask, "Painter": paint}, harness.rounds(3))
        work = f"a sketch of {side} px, PNG to PNG"
        for name, values in seconds.items():
            yield Row.of_values(work, name, values, "s")
        yield Row("peak memory", f"after {side} px", peak_mib(), unit="MiB")


if __name__ == "__main__":
    harness.run(main)
