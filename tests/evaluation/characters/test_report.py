"""The benchmark's report: what is written is what was scored, and the same every time."""

import json

import numpy as np
import pytest

from tests.helpers.character_files import write_comicgen, write_styles
from tests.helpers.painters import FakeBackend, tiny_painter
from tf_deeppaint import Painter
from tf_deeppaint.evaluation.characters import cache, drawings, report
from tf_deeppaint.evaluation.characters.cache import DrawnSet, load_drawings
from tf_deeppaint.evaluation.characters.drawings import Drawings
from tf_deeppaint.evaluation.characters.report import to_tables, write_report
from tf_deeppaint.evaluation.characters.scoring import score, score_sources
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.visualization.contact_sheets import GAP, LINE

SIZE, SHOWN = 48, 64
OWN, SWAPPED = "painted, own palette", "painted, swapped palette"


def draw(count: int, seed: int, swapped: bool = True) -> Drawings:
    """Framed squares of one color, and references of another shape."""
    rng = np.random.default_rng(seed)
    sketches = np.full((count, SIZE, SIZE), 255, np.uint8)
    sketches[:, 10:40, 10:40] = 0
    sketches[:, 12:38, 12:38] = 255
    figures = np.zeros(sketches.shape, bool)
    figures[:, 12:38, 12:38] = True
    pictures = np.repeat(sketches[..., None], 3, axis=-1)
    pictures[figures] = np.repeat(rng.integers(0, 200, (count, 3)), 26 * 26, axis=0)
    references = pictures[:, ::-1, ::-1] if swapped else None
    return Drawings([f"x-{n}" for n in range(count)], sketches, pictures, references, figures)


@pytest.fixture(name="painter")
def make_painter(monkeypatch) -> Painter:
    monkeypatch.setattr(report, "SHOWN", SHOWN)
    return Painter(FakeBackend(32))


@pytest.fixture(name="drawn")
def make_drawn() -> DrawnSet:
    return DrawnSet({"dolls": draw(3, 0), "micah": draw(3, 1)}, "ab" * 32)


@pytest.fixture(name="sprites")
def make_sprites() -> Drawings:
    return draw(2, 2, swapped=False)


@pytest.fixture(name="benchmark")
def make_benchmark(painter, drawn, sprites):
    scores = score_sources(painter, drawn)
    return scores._replace(sprites=score(painter, sprites))


def tables_of(text: str) -> list[list[list[str]]]:
    """The cells of each Markdown table."""
    parts = [part for part in text.split("\n\n") if part.startswith("| ")]
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines()]
        for part in parts
    ]


def test_the_tables_hold_the_scores(benchmark):
    shares, own, swapped, methods = tables_of(to_tables(benchmark))
    assert [row[0] for row in shares[2:]] == ["dolls", "micah", "mean", "sprites"]
    assert [row[0] for row in own[2:]] == ["dolls", "micah", "mean", "sprites"]
    assert [row[0] for row in swapped[2:]] == ["dolls", "micah", "mean"]
    assert len(methods) == 2 + 10
    for table in (shares, own, swapped, methods):
        assert {len(row) for row in table} == {len(table[0])}
    means = benchmark.means()
    for row, source in zip(shares[2:4], ("dolls", "micah"), strict=True):
        cells = dict(zip(shares[0], row, strict=True))
        assert set(benchmark.sources[source]) - set(cells) == {"true picture"}
        for method, values in benchmark.sources[source].items():
            if method == "true picture":
                continue
            assert cells[method].split(" [")[0] == f"{values['right color'].mean():.3f}"
    for row in methods[2:]:
        for measure, cell in zip(methods[0][1:], row[1:], strict=True):
            estimate = means[row[0]][measure]
            digits = 2 if measure in ("CIEDE2000", "region spread") else 3
            assert cell.split(" [")[0] == f"{estimate.mean:.{digits}f}"
            if row[0] in (OWN, SWAPPED):
                assert cell.endswith(f"[{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]")
    # Sprites have no swapped palette.
    sprites = dict(zip(shares[0], shares[-1], strict=True))
    assert sprites[SWAPPED] == "\N{EN DASH}" and sprites[OWN] != "\N{EN DASH}"


def test_a_source_that_no_model_has_seen_is_in_no_mean(painter, drawn, sprites):
    unseen = drawn._replace(sources=drawn.sources | {"toon-head": draw(3, 5)})
    benchmark = score_sources(painter, unseen)._replace(sprites=score(painter, sprites))
    seen = score_sources(painter, drawn)
    assert benchmark.means() == seen.means()
    shares, own, swapped, _ = tables_of(to_tables(benchmark))
    rows = ["dolls", "micah", "mean", "toon-head"]
    assert [row[0] for row in shares[2:]] == [row[0] for row in own[2:]] == [*rows, "sprites"]
    assert [row[0] for row in swapped[2:]] == rows


def test_what_is_written_holds_every_score(tmp_path, painter, drawn, sprites, benchmark):
    write_report(tmp_path / "out", painter, "my model", drawn, sprites, benchmark, 2)
    text = (tmp_path / "out/characters.md").read_text()
    assert text.startswith("Model: my model; palette rule: white; drawings of each source: 3;")
    assert text.endswith(to_tables(benchmark) + "\n")
    lines = (tmp_path / "out/scores.jsonl").read_text().splitlines()
    assert len(lines) == 2 * 3 * 10 + 2 * 6
    for line in map(json.loads, lines):
        scores = benchmark.sources.get(line["source"], benchmark.sprites)
        value = scores[line["method"]]["CIEDE2000"][int(line["drawing"][2:])]
        assert line["CIEDE2000"] == pytest.approx(value, abs=1e-6)
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert (summary["model"], summary["count"], summary["digest"]) == ("my model", 3, "ab" * 32)
    assert summary["sources"]["mean"][OWN]["leak"][0] == pytest.approx(
        benchmark.means()[OWN]["leak"].mean, abs=1e-6
    )


def test_each_source_has_a_sheet(tmp_path, painter, drawn, sprites, benchmark):
    write_report(tmp_path, painter, "m", drawn, sprites, benchmark, 2)
    assert {path.stem for path in tmp_path.glob("*.png")} == {"dolls", "micah", "sprites"}
    sheet = read_picture(tmp_path / "dolls.png")
    step = SHOWN + GAP
    assert sheet.shape[1] == 5 * step + GAP
    # Below the headings: the true pictures, in the last column.
    column = sheet[LINE:, 4 * step + GAP :]
    for number in range(2):
        middle = column[GAP + number * step + SHOWN // 2, SHOWN // 2]
        np.testing.assert_array_equal(middle, drawn.sources["dolls"].pictures[number, 24, 24])
    # Sprites by sprites, under a row of references.
    sheet = read_picture(tmp_path / "sprites.png")
    assert sheet.shape[1] == 3 * step + GAP and sheet.shape[0] > 3 * step


def test_a_repeated_benchmark_writes_equal_bytes(tmp_path, monkeypatch):
    """From drawing to the report, with a network."""
    pytest.importorskip("resvg_py", reason="characters are rasterized by resvg_py")
    folder = str(write_comicgen(write_styles(tmp_path / "art")))
    sources = drawings.open_sources(1, folder)
    chosen = {name: sources[name] for name in ("anime dolls", "composite")}
    monkeypatch.setattr(cache, "open_sources", lambda *_: chosen)
    monkeypatch.setattr(drawings, "SIDE", SIZE)
    painter = tiny_painter("mixture")
    for name in ("one", "two"):
        drawn = load_drawings(1, folder)
        benchmark = score_sources(painter, drawn)
        write_report(tmp_path / name, painter, "m", drawn, None, benchmark, 2)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 2 + 3
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_without_baselines_and_sprites_there_is_what_is_painted(tmp_path, painter, drawn):
    benchmark = score_sources(painter, drawn, baselines=False)
    write_report(tmp_path, painter, "m", drawn, None, benchmark, 2)
    shares, *_ = tables_of((tmp_path / "characters.md").read_text())
    assert shares[0] == ["source", OWN, SWAPPED]
    assert shares[-1][0] == "mean"
    assert not (tmp_path / "sprites.png").exists()
