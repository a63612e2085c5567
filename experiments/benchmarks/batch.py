"""How fast a folder of sketches is colored, beside coloring them one by one.

python -m experiments.benchmarks.batch --results=results.jsonl

Compared are the folder from files to files as `colorize` does it, a loop of `Painter.paint` over
the same files, and a loop of the network alone, one canvas at a time. Peak memory is that of this
process after 25 sketches and after all.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from absl import flags

from experiments.benchmarks import harness
from experiments.benchmarks.results import Row
from experiments.benchmarks.rounds import alternate
from experiments.benchmarks.workloads.worker import peak_mib
from tf_deeppaint.utils.silence import import_tensorflow

_SKETCHES = flags.DEFINE_integer("sketches", 100, "Sketches in the folder.", lower_bound=25)
_SIZE = flags.DEFINE_integer("size", 512, "Their side in pixels.", lower_bound=64)


def main() -> Iterator[Row]:
    import_tensorflow()
    from tf_deeppaint.images.canvas import fit_to_canvas
    from tf_deeppaint.images.decoding import read_picture
    from tf_deeppaint.images.pixels import to_gray
    from tf_deeppaint.painting.jobs import find_pictures, plan_jobs
    from tf_deeppaint.painting.painter import Painter

    with tempfile.TemporaryDirectory() as folder:
        sketches, painted = Path(folder, "sketches"), Path(folder, "painted")
        reference = write_sketches(sketches)
        painter = Painter.load()
        palette = painter.palette_of(reference)
        jobs, _ = plan_jobs(find_pictures(str(sketches)), None, "name")
        canvas = fit_to_canvas(to_gray(read_picture(jobs[0].sketch)), painter.size)[0]

        def paint_each() -> None:
            for job in jobs:
                painter.paint(job.sketch, colors=palette).save(painted / f"{job.name}.png")

        def run_network() -> None:
            for _ in jobs:
                painter.backend.run(canvas[None], palette[None])

        color_folder(painter, palette, jobs[:25], painted)
        few_mib = peak_mib()
        seconds = alternate(
            {
                "the folder": lambda: color_folder(painter, palette, jobs, painted),
                "one by one": paint_each,
                "the network": run_network,
            },
            harness.rounds(3),
            warm_up=0,
        )
    work, all_mib = f"{len(jobs)} sketches of {_SIZE.value} px, from files to files", peak_mib()
    for other in ("one by one", "the network"):
        yield Row.of_speedup(work, "the folder", other, seconds)
    compared = f"{all_mib:.0f} and {few_mib:.0f} MiB"
    yield Row(f"memory of {work}, beside 25", compared, all_mib / few_mib, unit="times")


def write_sketches(folder: Path) -> np.ndarray:
    """Writes drawn sketches as PNG files; returns a reference."""
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.encoding import write_picture

    dolls = Dolls(_SKETCHES.value, seed=1)
    for number, drawing in enumerate(dolls.examples()):
        drawn = dolls.load(drawing, _SIZE.value)
        write_picture(folder / f"{number:04d}.png", drawn.sketch)
    return drawn.picture


def color_folder(painter, palette: np.ndarray, jobs: list, output: Path) -> None:
    """Colors jobs from files to files."""
    from tf_deeppaint.painting.batch import paint_jobs
    from tf_deeppaint.painting.outputs import Outputs, outputs_of, write_painting

    folders = Outputs(str(output))
    failures = paint_jobs(
        painter,
        jobs,
        lambda reference: palette,
        lambda job, done: write_painting(painter, done, outputs_of(job, folders), "original"),
    )
    assert not failures


if __name__ == "__main__":
    harness.run(main)
