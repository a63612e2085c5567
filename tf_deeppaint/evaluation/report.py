"""The report of an evaluation: a page with a table and pictures, and all scores as JSON."""

import html
import json
import math
import os
import string
from collections.abc import Callable, Iterator
from importlib import resources

import numpy as np

from tf_deeppaint.evaluation.bootstrap import LEVEL, Estimate
from tf_deeppaint.evaluation.held_out_records import Paths, load_records
from tf_deeppaint.evaluation.scoring import HIGHER_IS_BETTER, OWN, WITH_SWAPPED, Evaluation
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.utils import files
from tf_deeppaint.visualization import contact_sheets

PAGE = "report.html"
# The measure, with the own palette, that the best and the worst records are chosen by.
JUDGED_BY = "CIEDE2000"
# Measures between 0 and 1, written with four digits; others have two.
FINE = ("L1", "SSIM", "MS-SSIM", "LPIPS")
NO_VALUE = "\N{EN DASH}"

_ATTENTION = """<h2>Attention</h2>
<p>Sketches of the first records and their attention maps, the deepest first. White: all passes.</p>
<img src="attention.png" alt="Attention">"""


def to_table(evaluation: Evaluation) -> str:
    """The means as a Markdown table, a row a method."""
    head, *rows = _rows(evaluation, lambda measure, values: write_number(measure, values.mean))
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def write_report(
    directory: str | os.PathLike,
    painter: Painter,
    model: str,
    directories: Paths,
    evaluation: Evaluation,
    rows: int,
) -> None:
    """Writes a report. Files of an earlier one are replaced, the page last.

    `report.html` shows `grid.png` (the first records), `best.png`, `worst.png` and `attention.png`;
    `metrics.jsonl` holds a line for each record and method, `summary.json` means and intervals.

    Args:
        directory: Folder to write to; created if missing.
        painter: The painter that was evaluated.
        model: Its name.
        directories: The data sets.
        evaluation: The result.
        rows: Records on each sheet.

    Raises:
        DeepPaintError: the folder cannot be written.
    """
    files.make_folder(directory)

    def path(name: str) -> str:
        return files.join(directory, name)

    order = np.argsort(evaluation.scores[OWN][JUDGED_BY], kind="stable")
    first = np.arange(min(rows, len(order)))
    sheets = {"grid": first, "best": order[:rows], "worst": order[::-1][:rows]}
    for name, numbers in sheets.items():
        sheet = _draw_sheet(painter, directories, evaluation, numbers)
        write_picture(path(f"{name}.png"), sheet)
    sketches, palettes, _ = load_records(directories, first)
    if maps := painter.backend.attention(sketches, palettes):
        write_picture(path("attention.png"), contact_sheets.draw_attention(sketches, maps))
    files.write_lines(path("metrics.jsonl"), _score_lines(evaluation))
    summary = to_summary(evaluation, model, directories)
    files.write_bytes(path("summary.json"), (json.dumps(summary, indent=1) + "\n").encode())
    template = resources.files(__package__).joinpath(PAGE).read_text(encoding="utf-8")
    page = string.Template(template).substitute(
        model=html.escape(model),
        records=summary["records"],
        groups=summary["groups"],
        data=html.escape(", ".join(summary["data"])),
        table=_make_html_table(evaluation),
        higher=", ".join(HIGHER_IS_BETTER),
        judged_by=JUDGED_BY,
        attention=_ATTENTION if maps else "",
    )
    files.write_bytes(path(PAGE), page.encode())


def to_summary(evaluation: Evaluation, model: str, directories: Paths) -> dict:
    """Means and ends of their intervals for JSON; None where there is no value."""
    methods = {
        method: {
            measure: [None if math.isnan(value) else round(value, 6) for value in values]
            for measure, values in row.items()
        }
        for method, row in evaluation.estimates().items()
    }
    return {
        "model": model,
        "data": [str(directory) for directory in directories],
        "records": len(evaluation.names),
        "groups": len(set(evaluation.groups)),
        "level": LEVEL,
        "methods": methods,
        "sets": evaluation.sets,
    }


def write_number(measure: str, value: float) -> str:
    """The value of a measure with its usual digits; a dash for NaN."""
    return NO_VALUE if math.isnan(value) else f"{value:.{4 if measure in FINE else 2}f}"


def _draw_sheet(painter, directories, evaluation: Evaluation, numbers: np.ndarray) -> np.ndarray:
    own = load_records(directories, numbers)
    other = load_records(directories, evaluation.donors[numbers])
    painted = painter.paint_canvases(own.sketches, own.palettes)
    swapped = painter.paint_canvases(own.sketches, other.palettes)
    return contact_sheets.draw_results(*own, painted, other.truth, other.palettes, swapped)


def _score_lines(evaluation: Evaluation) -> Iterator[str]:
    for number, name in enumerate(evaluation.names):
        for method, row in evaluation.scores.items():
            line = {"record": name, "group": evaluation.groups[number].decode(), "method": method}
            if method.endswith(WITH_SWAPPED):
                line["palette_of"] = evaluation.names[evaluation.donors[number]]
            scores = {measure: float(values[number]) for measure, values in row.items()}
            line |= {key: round(score, 6) for key, score in scores.items() if not math.isnan(score)}
            yield json.dumps(line)


def _make_html_table(evaluation: Evaluation) -> str:
    def with_interval(measure: str, values: Estimate) -> str:
        mean, low, high = (write_number(measure, value) for value in values)
        return mean if mean == NO_VALUE else f"{mean} <small>[{low}, {high}]</small>"

    lines = []
    for number, row in enumerate(_rows(evaluation, with_interval, html.escape)):
        tag = "td" if number else "th"
        lines.append("<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in row) + "</tr>")
    return "\n".join(lines)


def _rows(
    evaluation: Evaluation,
    cell: Callable[[str, Estimate], str],
    escape: Callable[[str], str] = str,
) -> Iterator[list[str]]:
    """The rows of a table: headings, then each method's name, measures, and measures of the set."""
    estimates = evaluation.estimates()
    measures, set_measures = list(estimates[OWN]), list(evaluation.sets.get(OWN, {}))
    yield ["method", *map(escape, (*measures, *set_measures))]
    for method, row in estimates.items():
        values = evaluation.sets.get(method, {})
        yield [
            escape(method),
            *(cell(measure, row[measure]) for measure in measures),
            *(f"{values[name]:.4g}" if name in values else NO_VALUE for name in set_measures),
        ]
