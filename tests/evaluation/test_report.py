"""Reports: the evaluation's figures, the records' pictures, and the same again byte for byte."""

import html.parser
import json
import math
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.drawn_records import GROUPS, NAMES, OPEN, Banded, draw, write_drawn
from tf_deeppaint.evaluation import report, scoring
from tf_deeppaint.evaluation.scoring import Evaluation
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.visualization import contact_sheets

MODEL = 'runs/<b>&"first"'
COUNT = len(NAMES)


class Channels:
    """Stands in for a feature network: the mean of each channel."""

    name = "<tiny>"

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        return pictures.mean(axis=(1, 2))


@pytest.fixture(scope="module", name="data")
def make_data(tmp_path_factory) -> Path:
    return write_drawn(tmp_path_factory.mktemp("data") / "drawn")


@pytest.fixture(scope="module", name="found")
def make_found(data) -> Evaluation:
    return scoring.evaluate(Banded(), [data], features=Channels())


@pytest.fixture(scope="module", name="written")
def write_one(data, found, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "made" / "here"
    report.write_report(folder, Banded(), MODEL, [data], found, rows=3)
    return folder


class Page(html.parser.HTMLParser):
    """What a page shows and where it leads: texts, pictures, links, and the tables' cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts, self.pictures, self.links, self.rows = [], [], [], []
        self.open = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.pictures += [values["src"]] if tag == "img" else []
        self.links += [values["href"]] if tag == "a" else []
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, "the page's tags do not nest"

    def handle_data(self, data):
        self.texts.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def page_of(folder: Path) -> Page:
    return Page((folder / report.PAGE).read_text())


# --- files --------------------------------------------------------------------------------------


def test_a_report_is_seven_files_in_a_folder_that_is_made(written):
    assert {path.name for path in written.iterdir()} == {
        "report.html",
        "grid.png",
        "best.png",
        "worst.png",
        "attention.png",
        "metrics.jsonl",
        "summary.json",
    }


def test_two_reports_are_alike_byte_for_byte(data, written, tmp_path):
    again = scoring.evaluate(Banded(), [data], features=Channels())
    report.write_report(tmp_path, Banded(), MODEL, [data], again, rows=3)
    for path in written.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_a_folder_that_cannot_be_made_is_named(data, found, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DeepPaintError, match="file"):
        report.write_report(tmp_path / "file" / "x", Banded(), MODEL, [data], found, rows=3)


# --- figures ------------------------------------------------------------------------------------


def test_the_summary_holds_the_estimates(data, found, written):
    summary = json.loads((written / "summary.json").read_text())
    assert (summary["model"], summary["data"]) == (MODEL, [str(data)])
    assert (summary["records"], summary["groups"]) == (COUNT, len(set(GROUPS)))
    assert summary["level"] == 0.95
    estimates = found.estimates()
    assert list(summary["methods"]) == list(estimates)
    for method, row in estimates.items():
        assert list(summary["methods"][method]) == list(row)
        for name, values in row.items():
            assert summary["methods"][method][name] == pytest.approx(values, abs=1e-6)
    assert summary["sets"] == found.sets
    assert set(found.sets[scoring.OWN]) == {"FD (<tiny>)", "KD (<tiny>)"}


def test_there_is_a_line_for_each_record_and_method(found, written):
    lines = [json.loads(line) for line in (written / "metrics.jsonl").read_text().splitlines()]
    expected = [(name, method) for name in NAMES for method in found.scores]
    assert [(line["record"], line["method"]) for line in lines] == expected
    for line in lines:
        number = NAMES.index(line["record"])
        for name, values in found.scores[line["method"]].items():
            if number == OPEN and name == "region spread":
                assert math.isnan(values[number]) and name not in line
            else:
                assert line[name] == pytest.approx(values[number], abs=1e-6)
        # The palette's origin is told where it is not the record itself.
        if "swapped" in line["method"]:
            assert line["palette_of"] == NAMES[found.donors[number]]
        else:
            assert "palette_of" not in line
        assert line["group"] == GROUPS[number]
    assert set(lines[0]) == {"record", "group", "method", *found.scores[scoring.OWN]}


def test_a_measure_without_any_value_is_null_and_a_dash(tmp_path):
    data = write_drawn(tmp_path / "open", [OPEN, 0])
    found = scoring.evaluate(Banded(), [data])
    for row in found.scores.values():
        row["region spread"][:] = np.nan
    report.write_report(tmp_path / "report", Banded(), MODEL, [data], found, rows=3)
    text = (tmp_path / "report" / "summary.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["methods"][scoring.OWN]["region spread"] == [None] * 3
    page = page_of(tmp_path / "report")
    column = page.rows[0].index("region spread")
    assert {row[column] for row in page.rows[1:]} == {"\N{EN DASH}"}
    assert "\N{EN DASH}" in report.to_table(found)


# --- the page -----------------------------------------------------------------------------------


def test_the_page_shows_every_picture_and_names_every_file(written):
    page = page_of(written)
    assert page.pictures == ["grid.png", "best.png", "worst.png", "attention.png"]
    assert page.links == ["metrics.jsonl", "summary.json"]
    assert all((written / name).is_file() for name in page.pictures + page.links)


def test_names_are_shown_as_they_are_and_not_as_marks(written):
    text = (written / report.PAGE).read_text()
    assert "<b>" not in text and "<tiny>" not in text
    page = page_of(written)
    # The title and the heading.
    assert page.texts.count(MODEL) == 2
    assert "FD (<tiny>)" in page.rows[0]


def test_the_page_holds_means_with_intervals_and_the_sets_distances(found, written):
    head, *rows = page_of(written).rows
    names = list(found.scores[scoring.OWN])
    assert head == ["method", *names, "FD (<tiny>)", "KD (<tiny>)"]
    estimates = found.estimates()
    assert [row[0] for row in rows] == list(estimates)
    for method, *cells in rows:
        for name, cell in zip(names, cells, strict=False):
            digits = 4 if name in ("L1", "SSIM", "MS-SSIM") else 2
            mean, low, high = (f"{value:.{digits}f}" for value in estimates[method][name])
            assert cell == f"{mean} [{low}, {high}]"
    assert float(rows[0][-1]) == pytest.approx(found.sets[scoring.OWN]["KD (<tiny>)"], rel=1e-3)


def test_the_table_for_the_terminal_holds_the_means(found):
    head, rule, *rows = report.to_table(found).splitlines()
    heads = head.strip("| ").split(" | ")
    assert heads == ["method", *found.scores[scoring.OWN], "FD (<tiny>)", "KD (<tiny>)"]
    assert rule == "|" + "---|" * len(heads)
    assert len(rows) == len(found.scores)
    for row, (method, scores) in zip(rows, found.scores.items(), strict=True):
        cells = row.strip("| ").split(" | ")
        assert cells[0] == method
        for name, cell in zip(heads[1:-2], cells[1:], strict=False):
            assert float(cell) == pytest.approx(np.nanmean(scores[name]), abs=0.006)


# --- pictures -----------------------------------------------------------------------------------


def expected_sheet(found: Evaluation, numbers) -> np.ndarray:
    """The records of these numbers, each painted alone."""
    columns = []
    for number in numbers:
        sketch, truth, palette = draw(number)
        _, reference, other = draw(found.donors[number])
        painted, repainted = (
            Banded().paint_canvases(sketch[None], p[None])[0] for p in (palette, other)
        )
        columns.append((sketch, palette, truth, painted, reference, other, repainted))
    return contact_sheets.draw_results(*(np.stack(column) for column in zip(*columns, strict=True)))


def test_sheets_show_the_first_the_best_and_the_worst_by_ciede2000(found, written):
    judged = found.scores[scoring.OWN]["CIEDE2000"]
    order = sorted(range(COUNT), key=lambda number: judged[number])
    assert order[:3] != [0, 1, 2]
    for name, numbers in (("grid", [0, 1, 2]), ("best", order[:3]), ("worst", order[:-4:-1])):
        np.testing.assert_array_equal(
            read_picture(written / f"{name}.png"), expected_sheet(found, numbers)
        )


def test_more_rows_than_records_are_all_records(data, found, tmp_path):
    report.write_report(tmp_path, Banded(), MODEL, [data], found, rows=50)
    height = COUNT * (contact_sheets.CELL + contact_sheets.GAP) + contact_sheets.GAP
    for name in ("grid", "best", "worst", "attention"):
        assert len(read_picture(tmp_path / f"{name}.png")) == height


def test_attention_is_that_of_the_first_records(written):
    sketches, _, palettes = (np.stack(parts) for parts in zip(*map(draw, range(3)), strict=True))
    maps = Banded().attention(sketches, palettes)
    np.testing.assert_array_equal(
        read_picture(written / "attention.png"), contact_sheets.draw_attention(sketches, maps)
    )


def test_without_gates_there_is_no_attention_to_show(data, found, tmp_path):
    report.write_report(tmp_path, Banded(gates=False), MODEL, [data], found, rows=3)
    assert not (tmp_path / "attention.png").exists()
    assert page_of(tmp_path).pictures == ["grid.png", "best.png", "worst.png"]
