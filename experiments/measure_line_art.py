r"""Measures how pens, ink and gaps change what is colored, and writes a table in Markdown.

    python -m experiments.measure_line_art --report=docs/line-art.md

Dolls of a seed of their own are drawn anew by pens of 0.05 % to 3 % of the side, in black and in
gray, with a dozen gaps of up to 2 % of the side torn into their lines. `colorize` paints all of
them. *Leak* is the share of the background that got color; *left white* the share of the figure
that got none. The background is the paper that the drawing without gaps leaves open to the border,
paper that lines enclose and nothing is drawn on counts as neither. The palette has no white.

`--version=FOLDER` measures another checkout of this project: its `colorize` paints the same
sketches. The table of before was made of the version of 2026-11-27:

    git worktree add ../before 59578e3
    python -m experiments.measure_line_art --version=../before --title=Before \
        --report=docs/line-art.md
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from absl import flags

from experiments.tables import with_table
from tf_deeppaint.utils import programs

_REPORT = flags.DEFINE_string("report", None, "Markdown file whose table of this title is written.")
_TITLE = flags.DEFINE_string("title", "Now", "The title of the table.")
_VERSION = flags.DEFINE_string(
    "version", None, "A checkout of this project whose colorize paints; by default this one."
)
_DOLLS = flags.DEFINE_integer("dolls", 3, "How many dolls.", lower_bound=1)
_FOLDER = flags.DEFINE_string("folder", None, "Keep sketches and paintings here.")

SEED, SIDE = 4343, 2000
# Widths of pens and lengths of gaps in percent of the side; levels of ink.
PENS, GAPS, INKS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0), (0.0, 0.5, 1.0, 2.0), (0, 170)
GAP_COUNT = 12
# Pixels lighter than this in every channel are white.
WHITE = 250


class Case(NamedTuple):
    """One drawing: number of the doll, pen and gap in percent, level of the ink."""

    doll: int
    pen: float
    ink: int
    gap: float

    @property
    def name(self) -> str:
        return f"{self.doll}-{self.pen}-{self.ink}-{self.gap}"


class Truth(NamedTuple):
    """Where a drawing's background and figure show, bool `(H, W)` each."""

    background: np.ndarray
    figure: np.ndarray


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(_FOLDER.value or scratch)
        truths = dict(draw_sketches(folder / "sketches"))
        paint(folder)
        shares = {case: measure(folder / "painted", case, truths[case]) for case in truths}
    text = table(shares)
    print(text)
    if _REPORT.value:
        path = Path(_REPORT.value)
        path.write_text(with_table(path.read_text(), _TITLE.value, text))


def draw_sketches(folder: Path) -> Iterator[tuple[Case, Truth]]:
    """Writes every sketch as PNG; returns the cases and their truths."""
    import cv2
    from skimage.morphology import skeletonize

    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.encoding import write_picture

    dolls = Dolls(_DOLLS.value, seed=SEED)
    for doll, example in enumerate(dolls.examples()):
        drawing = dolls.load(example, SIDE // 2)
        large = cv2.resize(drawing.sketch, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        lines = skeletonize(large < 128).astype(np.uint8)
        parts = cv2.resize(drawing.parts, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
        for pen in PENS:
            truth = find_truth(draw(lines, pen), parts)
            for gap in GAPS:
                is_ink = draw(tear(lines, gap, pen, doll), pen)
                for ink in INKS:
                    case = Case(doll, pen, ink, gap)
                    write_picture(
                        folder / f"{case.name}.png", np.where(is_ink, ink, 255).astype(np.uint8)
                    )
                    yield case, Truth(truth.background & ~is_ink, truth.figure & ~is_ink)


def draw(lines: np.ndarray, pen: float) -> np.ndarray:
    """Draws lines one pixel wide, uint8 `(H, W)`, by a round pen, in percent of the side: bool."""
    import cv2

    return cv2.dilate(lines, disc(max(1, round(pen * SIDE / 100)))) > 0


def tear(lines: np.ndarray, gap: float, pen: float, seed: int) -> np.ndarray:
    """Tears gaps, in percent of the side, into lines that a pen will draw; none near another."""
    import cv2

    torn = lines.copy()
    size, free = round((gap + pen) * SIDE / 100), lines > 0
    rng = np.random.default_rng((SEED, seed))
    for _ in range(GAP_COUNT if gap else 0):
        rows, columns = np.nonzero(free)
        if not len(rows):
            break
        number = rng.integers(len(rows))
        center = int(columns[number]), int(rows[number])
        cv2.circle(torn, center, size // 2, 0, -1)
        cv2.circle(near := np.zeros_like(lines), center, 2 * size, 1, -1)
        free &= near == 0
    return torn


def disc(width: int) -> np.ndarray:
    """A disc of a width in pixels, uint8."""
    offsets = np.arange(width) - (width - 1) / 2
    return (np.hypot(*np.meshgrid(offsets, offsets)) <= width / 2).astype(np.uint8)


def find_truth(is_ink: np.ndarray, parts: np.ndarray) -> Truth:
    """Background and figure of a drawing without gaps; `parts` is 0 where nothing is drawn."""
    import cv2

    framed = np.pad((~is_ink).astype(np.uint8), 1, constant_values=1)
    cv2.floodFill(framed, None, (0, 0), 2)
    background = framed[1:-1, 1:-1] == 2
    return Truth(background & (parts == 0), ~is_ink & ~background & (parts > 0))


def paint(folder: Path) -> None:
    """Colors all sketches by `colorize` of the version."""
    from tf_deeppaint.palette.palette_files import write_palette

    hues = np.arange(16).reshape(4, 4) / 16
    phases = 2 * np.pi * (hues[..., None] + [0, 1 / 3, 2 / 3])
    write_palette(folder / "palette.json", np.uint8(np.rint(135 + 75 * np.cos(phases))))
    command = [sys.executable, "-m", "tf_deeppaint.colorize", f"--sketch={folder / 'sketches'}"]
    command += [f"--palette={folder / 'palette.json'}", f"--output={folder / 'painted'}"]
    checkout = Path(_VERSION.value or Path(__file__).parents[1]).resolve()
    subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": str(checkout)}, check=True)


def measure(folder: Path, case: Case, truth: Truth) -> tuple[float, float]:
    """Leak and figure left white, both in percent."""
    from tf_deeppaint.images.decoding import read_picture

    is_white = (read_picture(folder / f"{case.name}.png") >= WHITE).all(axis=-1)
    leak = 100 * (truth.background & ~is_white).sum() / truth.background.sum()
    return leak, 100 * (truth.figure & is_white).sum() / max(1, truth.figure.sum())


def table(shares: dict[Case, tuple[float, float]]) -> str:
    """Rows of pens and inks, columns of gaps; means over the dolls."""
    lines = [
        "| pen | ink | " + " | ".join(f"gap {gap:g} %" for gap in GAPS) + " |",
        "|---|---|" + "---|" * len(GAPS),
    ]
    for pen in PENS:
        for ink in INKS:
            cells = []
            for gap in GAPS:
                of_dolls = [shares[case] for case in shares if case[1:] == (pen, ink, gap)]
                leak, white = np.mean(of_dolls, axis=0)
                cells.append(f"{leak:.2f} / {white:.2f}")
            lines.append(f"| {pen:g} % | {ink} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    programs.run(main)
