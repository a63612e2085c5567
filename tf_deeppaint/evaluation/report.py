"""The report of an evaluation: a page with tables and pictures, and its figures as JSON."""

import html
import json
import math
import os
from collections.abc import Sequence

import numpy as np

from tf_deeppaint.evaluation import scoring
from tf_deeppaint.evaluation.bootstrap import LEVEL, Estimate
from tf_deeppaint.evaluation.scoring import Evaluation
from tf_deeppaint.images.pixels import write_picture
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.utils import files
from tf_deeppaint.visualization import contact_sheets

PAGE, FIGURES, SUMMARY = "report.html", "metrics.jsonl", "summary.json"
# By this, with the own palette, the best and the worst cases are chosen.
JUDGED_BY = "CIEDE2000"

# Of these measures, from 0 to 1, four digits are told; of the others two.
FINE = ("L1", "SSIM", "MS-SSIM", "LPIPS")
NOTHING = "\N{EN DASH}"

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
table { border-collapse: collapse; display: block; overflow-x: auto }
td, th { border-bottom: 1px solid #ddd; padding: .3rem .7rem; text-align: right }
td:first-child, th:first-child { text-align: left }
small { color: #666; white-space: nowrap }
img { image-rendering: auto; max-width: 100% }
"""
_COLUMNS = (
    "Columns: sketch, its own palette, painted with it, the true picture, the other picture, its "
    "palette, painted with that."
)


def to_table(found: Evaluation) -> str:
    """Writes the means as a Markdown table, a row an answer."""
    estimates = found.estimates()
    columns = list(estimates[scoring.OWN])
    more = list(found.sets.get(scoring.OWN, {}))
    lines = [f"| answer | {' | '.join(columns + more)} |", "|---" * (1 + len(columns + more)) + "|"]
    for answer, row in estimates.items():
        cells = [write_number(name, row[name].mean) for name in columns]
        cells += [_of_set(found, answer, name) for name in more]
        lines.append(f"| {answer} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write_report(
    directory: str | os.PathLike,
    painter: Painter,
    model: str,
    directories: Sequence[str | os.PathLike],
    found: Evaluation,
    rows: int,
) -> None:
    """Writes a report, what was there of it before replaced file by file, the page last.

    `report.html` shows `grid.png` (the first records), `best.png`, `worst.png` and
    `attention.png`; `metrics.jsonl` holds a line for each answer to each record, `summary.json`
    the means and intervals.

    Args:
        directory: Folder to write to; made where missing.
        painter: What was evaluated.
        model: Its name.
        directories: The data sets.
        found: What was measured.
        rows: Records on each sheet.

    Raises:
        DeepPaintError: the folder cannot be written.
    """
    files.make_folder(directory)

    def path(name: str) -> str:
        return files.join(directory, name)

    for name, numbers in _choices(found, rows).items():
        write_picture(path(f"{name}.png"), _sheet(painter, directories, found, numbers))
    shown = scoring.read_records(directories, range(min(rows, len(found.names))))
    maps = painter.attention_canvases(shown.sketches, shown.palettes)
    if maps:
        write_picture(path("attention.png"), contact_sheets.draw_attention(shown.sketches, maps))
    files.write_lines(path(FIGURES), _figures(found))
    summary = to_summary(found, model, directories)
    files.write_bytes(path(SUMMARY), (json.dumps(summary, indent=1) + "\n").encode())
    page = _page(found, model, directories, bool(maps))
    files.write_bytes(path(PAGE), page.encode())


def to_summary(found: Evaluation, model: str, directories: Sequence) -> dict:
    """Means and ends of their intervals, as JSON can hold them; None where there is no value."""
    answers = {
        answer: {
            name: [None if math.isnan(x) else round(x, 6) for x in values]
            for name, values in row.items()
        }
        for answer, row in found.estimates().items()
    }
    return {
        "model": model,
        "data": [str(directory) for directory in directories],
        "records": len(found.names),
        "groups": len(set(found.groups)),
        "level": LEVEL,
        "answers": answers,
        "sets": found.sets,
    }


def _choices(found: Evaluation, rows: int) -> dict[str, np.ndarray]:
    """Sheet -> numbers of the records on it."""
    order = np.argsort(found.scores[scoring.OWN][JUDGED_BY], kind="stable")
    return {
        "grid": np.arange(min(rows, len(order))),
        "best": order[:rows],
        "worst": order[::-1][:rows],
    }


def _sheet(painter, directories, found: Evaluation, numbers: np.ndarray) -> np.ndarray:
    own = scoring.read_records(directories, numbers)
    other = scoring.read_records(directories, found.others[numbers])
    painted = [painter.paint_canvases(own.sketches, r.palettes) for r in (own, other)]
    return contact_sheets.draw_results(*own, painted[0], other.truth, other.palettes, painted[1])


def _figures(found: Evaluation):
    for number, name in enumerate(found.names):
        for answer, row in found.scores.items():
            values = {measure: float(scores[number]) for measure, scores in row.items()}
            known = {k: round(v, 6) for k, v in values.items() if not math.isnan(v)}
            head = {"record": name, "group": found.groups[number].decode(), "answer": answer}
            if answer in (scoring.ANOTHER, scoring.FLAT_ANOTHER):
                head["palette_of"] = found.names[found.others[number]]
            yield json.dumps(head | known)


def _page(found: Evaluation, model: str, directories: Sequence, attention: bool) -> str:
    data = ", ".join(map(str, directories))
    sections = [
        _section("The first records", "grid.png", _COLUMNS),
        _section("Best", "best.png", f"Least {JUDGED_BY} with the own palette."),
        _section("Worst", "worst.png", f"Largest {JUDGED_BY} with the own palette."),
    ]
    if attention:
        text = "The sketch, then the attention maps of the first records, the deepest gate first."
        sections.append(_section("Attention", "attention.png", text + " White: all passes."))
    records = f"{len(found.names)} test records of {len(set(found.groups))} drawings"
    return "\n".join(
        [
            '<!doctype html><html lang="en"><meta charset="utf-8">',
            f"<title>{html.escape(model)}</title><style>{_STYLE}</style>",
            f"<h1>{html.escape(model)}</h1>",
            f"<p>{records} of {html.escape(data)}. In brackets the 95 % interval of the mean, by "
            "a bootstrap over drawings. Measures of whole sets have none.</p>",
            _html_table(found),
            f"<p>Higher is better for {', '.join(scoring.HIGHER_IS_BETTER)}, lower for the "
            "others; an area spread is good where it is near that of the true picture. Against "
            "another's palette the true picture keeps its own colors: whoever obeys the palette "
            "must lose there, but for palette distance and area spread.</p>",
            *sections,
            f'<p>Every figure: <a href="{FIGURES}">{FIGURES}</a>, '
            f'<a href="{SUMMARY}">{SUMMARY}</a>.</p></html>\n',
        ]
    )


def _html_table(found: Evaluation) -> str:
    estimates = found.estimates()
    columns = list(estimates[scoring.OWN])
    more = list(found.sets.get(scoring.OWN, {}))
    heads = "".join(f"<th>{html.escape(name)}</th>" for name in ["answer", *columns, *more])
    rows = []
    for answer, row in estimates.items():
        cells = [_cell(name, row[name]) for name in columns]
        cells += [_of_set(found, answer, name) for name in more]
        rows.append("".join(f"<td>{cell}</td>" for cell in [html.escape(answer), *cells]))
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    return f"<table><tr>{heads}</tr>\n{body}</table>"


def write_number(name: str, value: float) -> str:
    """Writes a measure's value with the digits that it has elsewhere; a dash for NaN."""
    if math.isnan(value):
        return NOTHING
    return f"{value:.{4 if name in FINE else 2}f}"


def _of_set(found: Evaluation, answer: str, name: str) -> str:
    value = found.sets.get(answer, {}).get(name)
    return NOTHING if value is None else f"{value:.4g}"


def _cell(name: str, value: Estimate) -> str:
    mean, low, high = (write_number(name, x) for x in value)
    return mean if mean == NOTHING else f"{mean} <small>[{low}, {high}]</small>"


def _section(heading: str, picture: str, text: str) -> str:
    return f'<h2>{heading}</h2><p>{text}</p><img src="{picture}" alt="{heading}">'
