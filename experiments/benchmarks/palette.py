"""How fast palettes are extracted, beside `colorgram.py` as the published code calls it.

python -m experiments.benchmarks.palette --results=results.jsonl

Each of a 512 px picture: by colorgram.py on four bands, by NumPy, and in the graph, 16 at a time.
Ours counts runs of equal pixels, which drawings have; so noise, which has none, is measured too.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from experiments.benchmarks import harness
from experiments.benchmarks.results import Row
from experiments.benchmarks.rounds import alternate
from tf_deeppaint.utils.silence import import_tensorflow

SIZE, BATCH = 512, 16


def main() -> Iterator[Row]:
    tf = import_tensorflow()
    import numpy as np

    from experiments.benchmarks.workloads import published_python
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.encoding import write_picture
    from tf_deeppaint.palette.extraction import extract_palette
    from tf_deeppaint.palette.graph import extract_palettes

    dolls = Dolls(BATCH, seed=1)
    pictures = [dolls.load(drawing, SIZE).picture for drawing in dolls.examples()]
    batch = tf.constant(np.stack(pictures))
    in_graph = tf.function(extract_palettes)
    np.testing.assert_array_equal(in_graph(batch), [extract_palette(p) for p in pictures])
    noise = np.random.default_rng(1).integers(0, 256, pictures[0].shape, dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        picture_file, noise_file = Path(folder, "picture.png"), Path(folder, "noise.png")
        write_picture(picture_file, pictures[0])
        write_picture(noise_file, noise)
        seconds = alternate(
            {
                "colorgram.py": lambda: published_python.palette(picture_file),
                "NumPy": lambda: extract_palette(pictures[0]),
                "in the graph": lambda: in_graph(batch).numpy(),
                "colorgram.py on noise": lambda: published_python.palette(noise_file),
                "NumPy on noise": lambda: extract_palette(noise),
            },
            harness.rounds(15),
        )
    seconds["in the graph"] = [value / BATCH for value in seconds["in the graph"]]
    work = f"palette of a picture, {SIZE} px"
    yield Row.of_speedup(work, "NumPy", "colorgram.py", seconds, 100.0)
    yield Row.of_speedup(work, "in the graph", "colorgram.py", seconds, 60.0)
    yield Row.of_speedup(work, "NumPy on noise", "colorgram.py on noise", seconds)


if __name__ == "__main__":
    harness.run(main)
