r"""How fast palettes are found, beside `colorgram.py` as the reference calls it.

python -m experiments.benchmarks.palette --results=results.jsonl

Each a 512 px picture: by the package on four bands, by NumPy, and in the graph, 16 at a time. Ours
counts runs of equal pixels, which drawings have; so noise, which has none, is measured as well.
"""

import tempfile
from pathlib import Path

from absl import flags

from experiments.benchmarks import reference_python
from experiments.benchmarks.results import Row, write_rows
from experiments.benchmarks.turns import alternate
from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_TURNS = flags.DEFINE_integer("turns", 15, "How often each is timed.", lower_bound=1)
_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")

SIZE, BATCH = 512, 16


def main() -> None:
    tf = import_tensorflow()
    import numpy as np

    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.encoding import write_picture
    from tf_deeppaint.palette.extraction import extract_palette
    from tf_deeppaint.palette.graph import extract_palettes

    dolls = Dolls(BATCH, seed=1)
    pictures = [dolls.load(drawing, SIZE).picture for drawing in dolls.drawings()]
    batch = tf.constant(np.stack(pictures))
    in_graph = tf.function(extract_palettes)
    np.testing.assert_array_equal(in_graph(batch), [extract_palette(one) for one in pictures])
    noise = np.random.default_rng(1).integers(0, 256, pictures[0].shape, dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path, noisy = Path(folder, "picture.png"), Path(folder, "noise.png")
        write_picture(path, pictures[0])
        write_picture(noisy, noise)
        seconds = alternate(
            {
                "colorgram.py": lambda: reference_python.palette(path),
                "NumPy": lambda: extract_palette(pictures[0]),
                "in the graph": lambda: in_graph(batch).numpy(),
                "colorgram.py on noise": lambda: reference_python.palette(noisy),
                "NumPy on noise": lambda: extract_palette(noise),
            },
            _TURNS.value,
        )
    seconds["in the graph"] = [value / BATCH for value in seconds["in the graph"]]
    work = f"palette of a picture, {SIZE} px"
    found = [
        Row.of_ratio(work, "NumPy", "colorgram.py", seconds, 100.0),
        Row.of_ratio(work, "in the graph", "colorgram.py", seconds, 60.0),
        Row.of_ratio(work, "NumPy on noise", "colorgram.py on noise", seconds),
    ]
    write_rows("palette", found, _RESULTS.value)


if __name__ == "__main__":
    programs.run(main)
