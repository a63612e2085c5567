r"""Measures how a drawing's place on its page changes what is colored; writes a table in Markdown.

    python -m experiments.measure_margins --report=docs/line-art.md

Drawings of the benchmark of characters, which fill their pages, are laid on larger pages: paper
above, below, left and right of them, or on two sides; or four or nine of them on one page. They are
painted with the palette of another drawing in the same colors, on a page with others those too. A
cell is the share of the figure that has the right color, a row's mean is over the sources.

`--version=FOLDER` measures another checkout of this project, whose `colorize` paints the same
sketches. The table of before was made of the version of 2026-11-29:

    git worktree add ../before ec6916a
    python -m experiments.measure_margins --version=../before --title="Margins before" \
        --report=docs/line-art.md
"""

import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
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
# Rows and columns of drawings on a page, and the paper between them.
SHEETS = {"two by two": 2, "three by three": 3}
BETWEEN = 0.1
# Three hands that draw full figures and three that draw busts; no model has seen the last.
SOURCES = ("dolls", "anime dolls", "comicgen", "adventurer", "open-peeps", "toon-head")


def main() -> None:
    from tf_deeppaint.evaluation.characters.cache import load_drawings

    drawn = load_drawings(_COUNT.value).sources
    layouts = {page: functools.partial(with_margins, margins=m) for page, m in PAGES.items()}
    layouts |= {page: functools.partial(on_sheets, count=n) for page, n in SHEETS.items()}
    rows = {}
    for page, layout in layouts.items():
        rows[page] = [measure(drawn[source], layout) for source in SOURCES]
        print(page, *(f"{share:.3f}" for share in rows[page]), flush=True)
    text = table(rows)
    if _REPORT.value:
        path = Path(_REPORT.value)
        path.write_text(with_table(path.read_text(), _TITLE.value, text))


def measure(drawings, layout: Callable) -> float:
    """The mean share of figures in the right color.

    Args:
        drawings: `evaluation.characters.drawings.Drawings`.
        layout: Takes sketches `(N, S, S)`; returns a page for each, `(N, H, W)`, and the rows and
            columns of it that each sketch lies on.
    """
    from tf_deeppaint.evaluation.characters.measures import RIGHT, FigureMeasures

    pages, places = layout(drawings.sketches)
    painted = paint(pages, drawings.references)
    parts = [picture[place] for picture, place in zip(painted, places, strict=True)]
    rows = zip(drawings.sketches, drawings.pictures, drawings.figures, parts, strict=True)
    return np.mean([FigureMeasures(*row[:3])(row[3])[RIGHT] for row in rows])


def with_margins(sketches: np.ndarray, margins: tuple[float, ...]) -> tuple[np.ndarray, list]:
    """Each sketch on a page with margins above, below, left and right, in parts of its side."""
    side = sketches.shape[1]
    top, bottom, left, right = (round(side * margin) for margin in margins)
    pages = np.pad(sketches, ((0, 0), (top, bottom), (left, right)), constant_values=255)
    return pages, [np.s_[top : top + side, left : left + side]] * len(pages)


def on_sheets(sketches: np.ndarray, count: int) -> tuple[np.ndarray, list]:
    """Each sketch on a page with those that follow it, in `count` rows and columns."""
    side = sketches.shape[1]
    step = round(side * (1 + BETWEEN))
    whole = step * (count - 1) + side
    pages = np.full((len(sketches), whole, whole), 255, np.uint8)
    places = [
        np.s_[step * row : step * row + side, step * column : step * column + side]
        for row in range(count)
        for column in range(count)
    ]
    chosen = []
    for number, page in enumerate(pages):
        for shift, place in enumerate(places):
            page[place] = sketches[(number + shift) % len(sketches)]
        # Each stands in another place than the one before it.
        turn = number % len(places)
        if turn:
            page[places[0]], page[places[turn]] = page[places[turn]].copy(), page[places[0]].copy()
        chosen.append(places[turn])
    return pages, chosen


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
