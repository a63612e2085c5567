"""Scores on the benchmark's drawings: each against the picture alone; means over sources."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from tests.helpers.painters import FakeBackend
from tests.helpers.programs import ROOT
from tf_deeppaint import Painter
from tf_deeppaint.evaluation.bootstrap import estimate
from tf_deeppaint.evaluation.characters import scoring
from tf_deeppaint.evaluation.characters.drawings import Drawings
from tf_deeppaint.evaluation.characters.measures import FigureMeasures
from tf_deeppaint.evaluation.characters.scoring import Benchmark, estimates, score

SIZE, COUNT = 64, 3
OWN, SWAPPED = "painted, own palette", "painted, swapped palette"
METHODS = [
    OWN,
    SWAPPED,
    "white page",
    "flat fill, own palette",
    "flat fill, swapped palette",
    "oracle by region, own palette",
    "oracle by region, swapped palette",
    "oracle, own palette",
    "oracle, swapped palette",
    "true picture",
]


@pytest.fixture(name="drawings")
def make_drawings() -> Drawings:
    """Framed squares of a color; the references have three of the colors in another place."""
    rng = np.random.default_rng(0)
    sketches = np.full((COUNT, SIZE, SIZE), 255, np.uint8)
    sketches[:, 10:54, 10:54] = 0
    sketches[:, 12:30, 12:52] = sketches[:, 32:52, 12:52] = 255
    figures = np.zeros(sketches.shape, bool)
    figures[:, 12:52, 12:52] = sketches[:, 12:52, 12:52] == 255
    pictures = np.repeat(sketches[..., None], 3, axis=-1)
    references = pictures.copy()
    for picture, reference in zip(pictures, references, strict=True):
        top, bottom = rng.integers(0, 200, (2, 3))
        picture[12:30, 12:52], picture[32:52, 12:52] = top, bottom
        reference[12:30, 12:52], reference[32:52, 12:52] = bottom, top
    names = [f"drawing-{number}" for number in range(COUNT)]
    return Drawings(names, sketches, pictures, references, figures)


@pytest.fixture(name="painter")
def make_painter() -> Painter:
    return Painter(FakeBackend(32))


def test_scores_are_those_of_each_picture_alone(painter, drawings):
    scores = score(painter, drawings)
    assert list(scores) == METHODS
    for number in range(COUNT):
        sketch, truth = drawings.sketches[number], drawings.pictures[number]
        measure = FigureMeasures(sketch, truth, drawings.figures[number])
        for method, reference in ((OWN, truth), (SWAPPED, drawings.references[number])):
            expected = measure(painter.paint(sketch, reference))
            assert {n: v[number] for n, v in scores[method].items()} == pytest.approx(expected)
    # What is painted by bands is right with the own palette, and wrong with the swapped one.
    assert (scores[OWN]["right color"] > 0.6).all()
    assert (scores[SWAPPED]["right color"] < 0.4).all()
    assert (scores["oracle, swapped palette"]["right color"] == 1).all()
    assert (scores["oracle by region, swapped palette"]["right color"] == 1).all()
    assert (scores["white page"]["left white"] == 1).all()
    assert (scores["true picture"]["right color"] == 1).all()


def test_the_python_on_the_page_about_evaluation_scores(painter, drawings, monkeypatch, capsys):
    """With a few drawings in the place of those that are fetched."""
    monkeypatch.setattr(Painter, "load", lambda: painter)
    drawings = drawings._replace(references=drawings.pictures)
    drawn = SimpleNamespace(sources={"squares": drawings})
    monkeypatch.setattr(scoring, "load_drawings", lambda count: drawn if count == 10 else None)
    text = (ROOT / "docs/evaluation.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(code, "docs/evaluation.md", "exec"), {})
    expected = Benchmark({"squares": score(painter, drawings, baselines=False)}).means()
    printed = expected[SWAPPED]["right color"]
    assert printed.mean > 0.6 and capsys.readouterr().out == f"{printed}\n"


def test_batches_do_not_change_the_scores(painter, drawings, monkeypatch):
    whole = score(painter, drawings)
    monkeypatch.setattr(scoring, "BATCH", 2)
    done = []
    for method, row in score(painter, drawings, on_progress=done.append).items():
        for name, values in row.items():
            np.testing.assert_array_equal(values, whole[method][name])
    assert done == [2, 3]


class Brighter:
    """Stands in for `Lpips`."""

    def distance_from(self, truth: np.ndarray):
        return lambda painted: painted.mean(axis=(1, 2, 3)) - truth.mean(axis=(1, 2, 3))


def test_lpips_is_of_what_is_painted(painter, drawings):
    scores = score(painter, drawings, lpips=Brighter(), baselines=False)
    assert list(scores) == [OWN, SWAPPED]
    for number in range(COUNT):
        painted = painter.paint(drawings.sketches[number], drawings.pictures[number])
        expected = painted.mean() - drawings.pictures[number].mean()
        assert scores[OWN]["LPIPS"][number] == pytest.approx(expected)


def test_the_mean_over_sources_weighs_them_alike():
    first, second = np.array([0.0, 0.5, 1.0]), np.array([0.8, 0.9, 1.0])
    benchmark = Benchmark({"a": {OWN: {"leak": first}}, "b": {OWN: {"leak": second}}})
    assert estimates(benchmark.sources["a"])[OWN]["leak"] == estimate(first, np.arange(3))
    mean = benchmark.means()[OWN]["leak"]
    assert mean.mean == pytest.approx(0.7)
    # One drawing of each is resampled together.
    together = estimate((first + second) / 2, np.arange(3))
    assert mean == pytest.approx(together)
