"""Scores over test records: values against a plain loop, and what is refused."""

import numpy as np
import pytest

from tf_deeppaint import datasets, evaluation, records
from tf_deeppaint.builder import build_dataset
from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.preparation import Recipe
from tf_deeppaint.sources.dolls import Dolls


class Flat:
    """Paints every canvas in its palette's first colour."""

    size, background = 64, "white"

    def paint_canvases(self, sketches: np.ndarray, palettes: np.ndarray) -> np.ndarray:
        colour = palettes[:, 0, 0][:, None, None]
        return np.broadcast_to(colour, (*sketches.shape, 3)).copy()


@pytest.fixture(scope="module", name="data")
def make_data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "dolls"
    build_dataset(Dolls(90, seed=3), path, Recipe(64, "white"))
    return path


@pytest.fixture(scope="module", name="stored")
def read_stored(data):
    return datasets.first_records(data, "test", 1000)


def mean_l1(painted, truth) -> float:
    return float(np.mean(np.abs(np.asarray(painted, float) - truth) / 255))


def test_scores_are_means_over_the_test_records(data, stored):
    sketches, pictures, palettes = stored
    assert len(pictures) > 2
    scores = evaluation.evaluate(Flat(), [data])
    flat = Flat().paint_canvases(sketches, palettes)
    other = Flat().paint_canvases(sketches, np.roll(palettes, -1, axis=0))
    expected = {
        evaluation.OWN: mean_l1(flat, pictures),
        evaluation.ANOTHER: mean_l1(other, pictures),
        evaluation.SKETCH: mean_l1(sketches[..., None], pictures),
        evaluation.WHITE_PAGE: mean_l1(255, pictures),
    }
    assert {answer: pytest.approx(row["L1"]) for answer, row in scores.items()} == expected
    assert expected[evaluation.OWN] != expected[evaluation.ANOTHER]


def test_batches_do_not_change_the_scores(data, monkeypatch):
    whole = evaluation.evaluate(Flat(), [data])
    monkeypatch.setattr(evaluation, "BATCH", 2)
    pieces = evaluation.evaluate(Flat(), [data])
    for answer, row in whole.items():
        assert pieces[answer] == pytest.approx(row)


def test_progress_ends_at_the_number_of_records(data, stored):
    seen = []
    evaluation.evaluate(Flat(), [data], lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(stored[1]), len(stored[1]))


def test_the_table_has_a_row_for_each_answer(data):
    table = evaluation.to_table(evaluation.evaluate(Flat(), [data])).splitlines()
    assert table[0] == "| answer | L1 | PSNR |"
    assert [row.split(" | ")[0] for row in table[2:]] == [
        f"| {answer}"
        for answer in (
            evaluation.OWN,
            evaluation.ANOTHER,
            evaluation.SKETCH,
            evaluation.WHITE_PAGE,
        )
    ]


def test_the_sheet_shows_painted_and_truth_in_each_row(data, stored):
    from tf_deeppaint.sheet import CELL, GAP

    sheet = evaluation.draw_first(Flat(), [data], rows=3)
    assert sheet.shape == (3 * (CELL + GAP) + GAP, 7 * (CELL + GAP) + GAP, 3)
    middle = GAP + CELL // 2
    for row in range(3):
        painted = sheet[row * (CELL + GAP) + middle, 2 * (CELL + GAP) + middle]
        np.testing.assert_array_equal(painted, stored[2][row, 0, 0])


@pytest.mark.parametrize(("what", "value"), [("size", 128), ("background", "drop")])
def test_data_built_otherwise_than_the_model_is_refused(data, what, value):
    painter = Flat()
    setattr(painter, what, value)
    with pytest.raises(DeepPaintError, match=f"--{what}={value}"):
        evaluation.evaluate(painter, [data])


def test_data_without_test_records_is_refused(tmp_path):
    class NoTest(Dolls):
        def drawings(self):
            return [d for d in super().drawings() if _split(d) == "train"]

    def _split(drawing):
        from tf_deeppaint.builder import split_of

        return split_of("dolls", drawing.group)

    build_dataset(NoTest(4), tmp_path / "few", Recipe(64, "white"))
    assert records.read_manifest(tmp_path / "few").count("test") == 0
    with pytest.raises(DeepPaintError, match="no test records"):
        evaluation.evaluate(Flat(), [tmp_path / "few"])
