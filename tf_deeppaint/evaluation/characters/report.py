"""The report of the benchmark: tables, every score as JSON, and a sheet of pictures a source."""

import json
import math
import os
from collections.abc import Iterator

import numpy as np

from tf_deeppaint.data.sources.sprites import Sprites
from tf_deeppaint.evaluation.baselines import TRUE_PICTURE
from tf_deeppaint.evaluation.bootstrap import LEVEL, Estimate
from tf_deeppaint.evaluation.characters.cache import DrawnSet
from tf_deeppaint.evaluation.characters.drawings import UNSEEN, Drawings, open_sources
from tf_deeppaint.evaluation.characters.measures import DIFFERENCE, RIGHT, SPREAD
from tf_deeppaint.evaluation.characters.scoring import (
    Benchmark,
    estimates,
    paint,
    palettes_of,
)
from tf_deeppaint.evaluation.report import NO_VALUE
from tf_deeppaint.evaluation.scoring import OWN, SWAPPED, WITH_OWN, WITH_SWAPPED
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.utils import files
from tf_deeppaint.visualization.contact_sheets import SHOWN, draw_captioned, draw_sheet

TABLES, SUMMARY, SCORES = "characters.md", "summary.json", "scores.jsonl"
SPRITES, MEAN = "sprites", "mean"
# Digits behind the point: differences of color have two, shares three.
_DIGITS = {DIFFERENCE: 2, SPREAD: 2}
_COLUMNS = ("sketch", "reference", "own palette", "swapped palette", "true picture")

Rows = dict[str, dict[str, dict[str, Estimate]]]


def to_tables(benchmark: Benchmark) -> str:
    """The scores as Markdown tables.

    The first has the share of the figure in the right color, a row a source and a column a method;
    the next all measures of what is painted, with each palette; the last those of every method,
    means over the sources.
    """
    rows = _rows(benchmark)
    methods = list(rows[MEAN])
    compared = [method for method in methods if method != TRUE_PICTURE.name]
    shares = [
        [source, *(_cell(row, method, RIGHT) for method in compared)]
        for source, row in rows.items()
    ]
    parts = [
        "Share of the figure in the right color:",
        _to_table(["source", *compared], shares),
    ]
    measures = list(rows[MEAN][OWN])
    for suffix, method in ((WITH_OWN, OWN), (WITH_SWAPPED, SWAPPED)):
        cells = [
            [source, *(_cell(row, method, measure, True) for measure in measures)]
            for source, row in rows.items()
            if method in row
        ]
        parts += [f"Painted{suffix}:", _to_table(["source", *measures], cells)]
    cells = [
        [method, *(_cell(rows[MEAN], method, measure) for measure in measures)]
        for method in methods
    ]
    parts += ["Every method, mean over the sources:", _to_table(["method", *measures], cells)]
    return "\n\n".join(parts)


def write_report(
    directory: str | os.PathLike,
    painter: Painter,
    model: str,
    drawn: DrawnSet,
    sprites: Drawings | None,
    benchmark: Benchmark,
    rows: int,
) -> None:
    """Writes a report; equal arguments write equal bytes.

    `characters.md` holds the tables, `summary.json` means and intervals, `scores.jsonl` a line for
    each drawing and method. Each source has a sheet, `NAME.png`, of its first drawings;
    `sprites.png` has every sprite in the colors of every sprite.

    Args:
        directory: Folder to write to; created if missing.
        painter: The painter that was scored.
        model: Its name.
        drawn: The drawings.
        sprites: The sprites; None where they were left out.
        benchmark: The scores.
        rows: Drawings on each sheet.

    Raises:
        DeepPaintError: the folder cannot be written.
    """
    files.make_folder(directory)

    def path(name: str) -> str:
        return files.join(directory, name)

    origins = {name: source.origin for name, source in open_sources(1).items()}
    for name, drawings in drawn.sources.items():
        credit = f"Drawings: {origins[name].attribution} ({origins[name].license})."
        if "dolls" not in name:
            # A composite is credited to both of its artists.
            others = dict.fromkeys(
                artist
                for other, origin in origins.items()
                if other not in UNSEEN
                for artist in origin.attribution.split("; ")
            )
            credit += f" References are by one of: {'; '.join(others)}."
        sheet = draw_captioned(_draw_rows(painter, drawings, rows), _COLUMNS, credit)
        write_picture(path(f"{_file_name(name)}.png"), sheet)
    if sprites is not None:
        write_picture(path(f"{SPRITES}.png"), _draw_sprites(painter, sprites))
    files.write_lines(path(SCORES), _score_lines(drawn, sprites, benchmark))
    summary = to_summary(painter, model, drawn, benchmark)
    files.write_bytes(path(SUMMARY), (json.dumps(summary, indent=1) + "\n").encode())
    title = (
        f"Model: {model}; palette rule: {painter.background}; drawings of each source: "
        f"{summary['count']}; their digest: {drawn.digest[:12]}."
    )
    files.write_bytes(path(TABLES), f"{title}\n\n{to_tables(benchmark)}\n".encode())


def to_summary(painter: Painter, model: str, drawn: DrawnSet, benchmark: Benchmark) -> dict:
    """Means and ends of their intervals for JSON; None where there is no value."""
    values = {
        source: {
            method: {
                measure: [None if math.isnan(value) else round(value, 6) for value in numbers]
                for measure, numbers in row.items()
            }
            for method, row in methods.items()
        }
        for source, methods in _rows(benchmark).items()
    }
    return {
        "model": model,
        "background": painter.background,
        "count": max(len(drawings.names) for drawings in drawn.sources.values()),
        "digest": drawn.digest,
        "level": LEVEL,
        "sources": values,
    }


def _rows(benchmark: Benchmark) -> Rows:
    """Sources, their mean, and those in no mean -> method -> measure -> estimate."""
    rows = {source: estimates(scores) for source, scores in benchmark.sources.items()}
    unseen = {source: rows.pop(source) for source in UNSEEN if source in rows}
    rows |= {MEAN: benchmark.means(), **unseen}
    if benchmark.sprites is not None:
        rows[SPRITES] = estimates(benchmark.sprites)
    return rows


def _cell(row: dict, method: str, measure: str, interval: bool = False) -> str:
    """A mean, with its interval if asked for; a dash where there is none."""
    numbers = row.get(method, {}).get(measure, (math.nan,) * 3)
    digits = _DIGITS.get(measure, 3)
    mean, low, high = (f"{value:.{digits}f}" for value in numbers)
    if math.isnan(numbers[0]):
        return NO_VALUE
    return f"{mean} [{low}, {high}]" if interval or method in (OWN, SWAPPED) else mean


def _to_table(head: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def _score_lines(drawn: DrawnSet, sprites: Drawings | None, benchmark: Benchmark) -> Iterator[str]:
    parts = [(name, drawn.sources[name], scores) for name, scores in benchmark.sources.items()]
    if sprites is not None and benchmark.sprites is not None:
        parts.append((SPRITES, sprites, benchmark.sprites))
    for source, drawings, scores in parts:
        for number, name in enumerate(drawings.names):
            for method, row in scores.items():
                values = {measure: float(column[number]) for measure, column in row.items()}
                values = {key: round(v, 6) for key, v in values.items() if not math.isnan(v)}
                yield json.dumps({"source": source, "drawing": name, "method": method} | values)


def _draw_rows(painter: Painter, drawings: Drawings, rows: int) -> np.ndarray:
    sketches, pictures, references = (array[:rows] for array in drawings[1:4])
    painted = [paint(painter, sketches, palettes_of(painter, p)) for p in (pictures, references)]
    columns = (sketches, references, *painted, pictures)
    return draw_sheet(list(zip(*columns, strict=True)), SHOWN)


def _draw_sprites(painter: Painter, sprites: Drawings) -> np.ndarray:
    """Every sprite in the colors of every sprite; on the diagonal in its own."""
    corner = np.full_like(sprites.pictures[0], 255)
    palettes = palettes_of(painter, sprites.pictures)
    rows = [[corner, *sprites.pictures]]
    for sketch in sprites.sketches:
        sketches = np.repeat(sketch[None], len(palettes), axis=0)
        rows.append([sketch, *paint(painter, sketches, palettes)])
    return draw_captioned(draw_sheet(rows, SHOWN), (), f"{Sprites.origin.attribution}.")


def _file_name(source: str) -> str:
    return source.replace(" ", "_")
