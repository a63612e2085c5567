r"""How fast a folder of sketches is colored, beside coloring them one by one.

python -m experiments.benchmarks.batch --results=results.jsonl

In one run, in turns: the folder from files to files as `colorize` does it; a loop of
`Painter.paint` over the same files; and a loop of nothing but the network, a canvas at a time.
Peak memory is that of this process after 25 sketches and after all.
"""

import tempfile
from pathlib import Path

import numpy as np
from absl import flags

from experiments.benchmarks.results import Row, write_rows
from experiments.benchmarks.turns import alternate
from experiments.benchmarks.worker import peak_mib
from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_SKETCHES = flags.DEFINE_integer("sketches", 100, "Sketches in the folder.", lower_bound=25)
_SIZE = flags.DEFINE_integer("size", 512, "Their side in pixels.", lower_bound=64)
_ROUNDS = flags.DEFINE_integer("rounds", 3, "Turns; medians are shown.", lower_bound=1)
_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.images.canvas import fit_to_canvas
    from tf_deeppaint.images.decoding import read_picture
    from tf_deeppaint.images.pixels import to_gray
    from tf_deeppaint.painting.jobs import find_pictures, plan_jobs
    from tf_deeppaint.painting.painter import Painter

    with tempfile.TemporaryDirectory() as folder:
        sketches, reference = draw_sketches(Path(folder, "sketches"))
        painter = Painter.load()
        palette = painter.palette_of(reference)
        jobs, _ = plan_jobs(find_pictures(str(sketches)), None, "name")
        canvas = fit_to_canvas(to_gray(read_picture(jobs[0].sketch)), 256)[0]

        def paint_folder(jobs=jobs) -> None:
            color_folder(painter, palette, jobs, Path(folder, "painted"))

        def paint_each() -> None:
            for job in jobs:
                painted = painter.paint(job.sketch, colors=palette)
                painted.save(Path(folder, "painted", f"{job.name}.png"))

        def run_network() -> None:
            for _ in jobs:
                painter.backend.run(canvas[None], palette[None])

        paint_folder(jobs[:25])
        few = peak_mib()
        seconds = alternate(
            {"the folder": paint_folder, "one by one": paint_each, "the network": run_network},
            _ROUNDS.value,
        )
    work = f"{len(jobs)} sketches of {_SIZE.value} px, from files to files"
    most = peak_mib()
    found = [
        Row.of_ratio(work, "the folder", other, seconds) for other in ("one by one", "the network")
    ]
    compared = f"{most:.0f} and {few:.0f} MiB"
    found.append(Row(f"memory of {work}, beside 25", compared, most / few, unit="times"))
    write_rows("batch", found, _RESULTS.value)


def draw_sketches(folder: Path) -> tuple[Path, np.ndarray]:
    """Writes drawn sketches as PNG files; returns their folder and a reference."""
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.encoding import write_picture

    dolls = Dolls(_SKETCHES.value, seed=1)
    for number, drawing in enumerate(dolls.drawings()):
        drawn = dolls.load(drawing, _SIZE.value)
        write_picture(folder / f"{number:04d}.png", drawn.sketch)
    return folder, drawn.picture


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
    programs.run(main)
