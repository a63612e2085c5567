r"""Measures how the margins of a page change what is colored, and writes a table in Markdown.

    python -m experiments.measure_margins --report=docs/line-art.md

Drawings of the benchmark of characters, which fill their pages, are laid on larger pages: paper
above, below, left and right of them, or on two sides. They are painted with the palette of another
drawing in the same colors. A cell is the share of the figure that has the right color, the mean
over the sources.

`--version=FOLDER` measures another checkout of this project, whose `colorize` paints the same
sketches. The table of before was made of the version of 2026-11-29:

    git worktree add ../before ec6916a
    python -m experiments.measure_margins --version=../before --title="Margins before" \
        --report=docs/line-art.md
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from absl import flags

from experiments.tables import with_table
from tf_deeppaint.utils import programs

_REPORT = flags.DEFINE_string("report", None, "Markdown file whose table of this title is written.")
_TITLE = flags.DEFINE_string("title", "Margins", "The title of the table.")
_VERSION = flags.DEFINE_string(
    "version", None, "A checkout of this project whose colorize paints; by default this one."
)
_COUNT = flags.DEFINE_integer("count", 20, "Drawings of each source.", lower_bound=1)

# Margins above, below, left and right, in parts of a drawing's side, by what a page shows.
PAGES = {
    "the drawing fills the page": (0, 0, 0, 0),
    "a quarter around": (0.25, 0.25, 0.25, 0.25),
    "a half around": (0.5, 0.5, 0.5, 0.5),
    "the whole around": (1, 1, 1, 1),
    "at the lower right": (1, 0, 1, 0),
    "a wide page": (0, 0, 0.5, 0.5),
}
# Full figures and busts, three hands each, and the one that no model has seen.
SOURCES = ("dolls", "anime dolls", "comicgen", "adventurer", "open-peeps", "toon-head")


def main() -> None:
    from tf_deeppaint.evaluation.characters.cache import load_drawings

    drawn = load_drawings(_COUNT.value).sources
    rows = {}
    for page, margins in PAGES.items():
        rows[page] = [measure(drawn[source], margins) for source in SOURCES]
        print(page, *(f"{share:.3f}" for share in rows[page]), flush=True)
    text = table(rows)
    if _REPORT.value:
        path = Path(_REPORT.value)
        path.write_text(with_table(path.read_text(), _TITLE.value, text))


def measure(drawings, margins: tuple[float, float, float, float]) -> float:
    """The mean share of figures in the right color, of drawings laid on pages with margins.

    Args:
        drawings: `evaluation.characters.drawings.Drawings`.
        margins: Above, below, left and right, in parts of a drawing's side.
    """
    from tf_deeppaint.evaluation.characters.measures import RIGHT, FigureMeasures

    side = drawings.sketches.shape[1]
    top, bottom, left, right = (round(side * margin) for margin in margins)
    pages = np.pad(drawings.sketches, ((0, 0), (top, bottom), (left, right)), constant_values=255)
    painted = paint(pages, drawings.references)[:, top : top + side, left : left + side]
    rows = zip(drawings.sketches, drawings.pictures, drawings.figures, painted, strict=True)
    return np.mean([FigureMeasures(*row[:3])(row[3])[RIGHT] for row in rows])


def paint(sketches: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Colors sketches `(N, H, W)` by `colorize` of the version, each in its reference's colors."""
    from tf_deeppaint.images.decoding import read_picture
    from tf_deeppaint.images.encoding import write_picture

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        names = [f"{number:03}.png" for number in range(len(sketches))]
        for name, sketch, reference in zip(names, sketches, references, strict=True):
            write_picture(folder / "sketch" / name, sketch)
            write_picture(folder / "reference" / name, reference)
        command = [sys.executable, "-m", "tf_deeppaint.colorize", "--noclean"]
        command += [f"--{kind}={folder / kind}" for kind in ("sketch", "reference")]
        checkout = Path(_VERSION.value or Path(__file__).parents[1]).resolve()
        environment = os.environ | {"PYTHONPATH": str(checkout)}
        subprocess.run(
            [*command, f"--output={folder / 'painted'}"],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
        )
        return np.stack([read_picture(folder / "painted" / name) for name in names])


def table(rows: dict[str, list[float]]) -> str:
    """Rows of pages, columns of sources."""
    lines = [f"| paper | {' | '.join(SOURCES)} | mean |", "|---" * (len(SOURCES) + 2) + "|"]
    for page, shares in rows.items():
        cells = [f"{share:.3f}" for share in (*shares, np.mean(shares))]
        lines.append(f"| {page} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    programs.run(main)
