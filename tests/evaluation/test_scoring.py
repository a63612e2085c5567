"""Scores over test records: each against a plain loop; palettes swapped; what is refused."""

import math

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from tests.helpers.drawn_records import GROUPS, NAMES, OPEN, SIZE, Banded, draw, write_drawn
from tf_deeppaint import extract_palette
from tf_deeppaint.evaluation import held_out_records, scoring
from tf_deeppaint.evaluation.baselines import fill_flat
from tf_deeppaint.evaluation.bootstrap import estimate
from tf_deeppaint.evaluation.held_out_records import choose_donors
from tf_deeppaint.evaluation.metrics import METRICS, to_lab
from tf_deeppaint.evaluation.scoring import Evaluation
from tf_deeppaint.evaluation.set_distances import frechet_distance, kernel_distance
from tf_deeppaint.line_art.regions import find_regions, region_spread
from tf_deeppaint.utils.errors import DeepPaintError

METHODS = [
    "painted, own palette",
    "painted, swapped palette",
    "true picture",
    "flat fill, own palette",
    "flat fill, swapped palette",
    "sketch",
    "white page",
]
TRUTH = METHODS[2]
COUNT = len(NAMES)
# The digests of their names begin with a9, f5, 82, 6b and 1f: e is given d's, d c's, c a's, a b's.
DONORS = [1, 4, 0, 2, 3]


@pytest.fixture(scope="module", name="data")
def make_data(tmp_path_factory):
    return write_drawn(tmp_path_factory.mktemp("data") / "drawn")


@pytest.fixture(scope="module", name="found")
def make_found(data) -> Evaluation:
    return scoring.evaluate(Banded(), [data])


def results_of(number: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Method -> picture, and the palette it was to be in, of one record alone."""
    sketch, truth, own = draw(number)
    _, _, other = draw(DONORS[number])

    def paint(palette: np.ndarray) -> np.ndarray:
        return Banded().paint_canvases(sketch[None], palette[None])[0]

    pictures = [
        (paint(own), own),
        (paint(other), other),
        (truth, own),
        (fill_flat(sketch, own), own),
        (fill_flat(sketch, other), other),
        (np.stack([sketch] * 3, axis=-1), own),
        (np.full((SIZE, SIZE, 3), 255, np.uint8), own),
    ]
    return dict(zip(METHODS, pictures, strict=True))


def best_assignment(picture: np.ndarray, palette: np.ndarray) -> float:
    total = 0.0
    for one, other in zip(extract_palette(picture, "white"), palette, strict=True):
        apart = np.linalg.norm(to_lab(one)[:, None] - to_lab(other)[None], axis=-1)
        total += apart[linear_sum_assignment(apart)].sum()
    return total / 16


# --- scores -------------------------------------------------------------------------------------


def test_every_method_has_every_measure_of_every_record(found):
    assert found.names == NAMES
    assert [group.decode() for group in found.groups] == GROUPS
    assert list(found.scores) == METHODS
    for row in found.scores.values():
        assert list(row) == [*METRICS, "palette distance", "region spread"]
        assert {values.shape for values in row.values()} == {(COUNT,)}


def test_scores_are_those_of_each_record_alone(found):
    for number in range(COUNT):
        sketch, truth, _ = draw(number)
        for method, (picture, palette) in results_of(number).items():
            row = {name: values[number] for name, values in found.scores[method].items()}
            l1 = np.abs(picture.astype(float) - truth).mean() / 255
            assert row["L1"] == pytest.approx(l1)
            for name, metric in METRICS.items():
                expected = metric(picture[None], truth[None])[0]
                assert row[name] == pytest.approx(expected, rel=1e-5, abs=1e-6), name
            expected = best_assignment(picture, palette)
            assert row["palette distance"] == pytest.approx(expected, abs=1e-6)
            expected = region_spread(to_lab(picture), find_regions(sketch))
            assert row["region spread"] == pytest.approx(expected, nan_ok=True)


def test_methods_differ_as_they_must(found):
    own, swapped, _, flat, *_ = (found.scores[method] for method in METHODS)
    assert (own["L1"] != swapped["L1"]).all()
    assert (own["palette distance"] != swapped["palette distance"]).all()
    # What is filled flat has no spread; where no area is closed there is nothing to measure.
    inside = np.arange(COUNT) != OPEN
    np.testing.assert_allclose(flat["region spread"][inside], 0, atol=1e-9)
    assert (own["region spread"][inside] > 0).all()
    for row in found.scores.values():
        np.testing.assert_array_equal(np.isnan(row["region spread"]), ~inside)


def test_the_true_picture_is_without_fault(found):
    row = found.scores[TRUTH]
    ideal = {"L1": 0, "PSNR": 100, "SSIM": 1, "MS-SSIM": 1, "CIEDE2000": 0, "palette distance": 0}
    for name, value in ideal.items():
        np.testing.assert_allclose(row[name], value, atol=1e-6)
    for method in set(METHODS) - {TRUTH}:
        for name in scoring.HIGHER_IS_BETTER:
            assert (found.scores[method][name] < row[name]).all()


@pytest.mark.parametrize("size", [1, 2])
def test_batches_do_not_change_the_scores(data, found, monkeypatch, size):
    monkeypatch.setattr(held_out_records, "BATCH", size)
    pieces = scoring.evaluate(Banded(), [data])
    np.testing.assert_array_equal(pieces.donors, found.donors)
    for method, row in found.scores.items():
        for name, values in row.items():
            np.testing.assert_allclose(pieces.scores[method][name], values, rtol=1e-6, atol=1e-9)


def test_several_data_sets_are_scored_as_one(found, tmp_path):
    parts = [write_drawn(tmp_path / name, numbers) for name, numbers in
             (("first", (3, 1)), ("second", (0, 4, 2)))]  # fmt: skip
    whole = scoring.evaluate(Banded(), parts)
    order = [3, 1, 0, 4, 2]
    assert whole.names == [NAMES[number] for number in order]
    for method, row in found.scores.items():
        for name, values in row.items():
            np.testing.assert_allclose(whole.scores[method][name], values[order], rtol=1e-6)


class Brighter:
    """Stands in for `Lpips`: by how much pictures are brighter than the true ones."""

    def distance_from(self, truth: np.ndarray):
        assert truth.dtype == np.uint8
        return lambda painted: painted.mean(axis=(1, 2, 3)) - truth.mean(axis=(1, 2, 3))


def test_lpips_is_measured_where_it_is_given(data, found):
    scores = scoring.evaluate(Banded(), [data], lpips=Brighter()).scores
    for method, row in scores.items():
        assert set(row) - set(found.scores[method]) == {"LPIPS"}
        for number in range(COUNT):
            expected = results_of(number)[method][0].mean() - draw(number)[1].mean()
            assert row["LPIPS"][number] == pytest.approx(expected)


def test_baselines_can_be_left_out(data, found):
    fewer = scoring.evaluate(Banded(), [data], features=Tiny("tiny"), baselines=False)
    assert list(fewer.scores) == METHODS[:3]
    assert list(fewer.sets) == METHODS[:2]
    for method, row in fewer.scores.items():
        for name, values in row.items():
            np.testing.assert_array_equal(values, found.scores[method][name])


def test_progress_ends_at_the_number_of_records(data, monkeypatch):
    monkeypatch.setattr(held_out_records, "BATCH", 2)
    seen = []
    scoring.evaluate(Banded(), data, on_progress=lambda *told: seen.append(told))
    assert seen == [(2, 5), (4, 5), (5, 5)]


# --- sets ---------------------------------------------------------------------------------------


class Tiny:
    """Stands in for a feature network: mean and deviation of each channel."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        return np.concatenate([pictures.mean(axis=(1, 2)), pictures.std(axis=(1, 2))], axis=1)


@pytest.mark.parametrize(
    "name, fid, kid", [("tiny", "FD (tiny)", "KD (tiny)"), ("InceptionV3", "FID", "KID")]
)
def test_the_painted_pictures_as_a_set_are_compared_with_the_true_ones(data, name, fid, kid):
    features = Tiny(name)
    sets = scoring.evaluate(Banded(), [data], features=features).sets
    assert list(sets) == [method for method in METHODS if method != TRUTH]
    rows = {
        method: features(np.stack([results_of(number)[method][0] for number in range(COUNT)]))
        for method in METHODS
    }
    for method, row in sets.items():
        assert row == {
            fid: pytest.approx(frechet_distance(rows[method], rows[TRUTH])),
            kid: pytest.approx(kernel_distance(rows[method], rows[TRUTH])),
        }


def test_without_a_feature_network_no_sets_are_compared(found):
    assert found.sets == {}


# --- swapped palettes ---------------------------------------------------------------------------


def test_palettes_are_swapped_in_the_order_of_their_names_digests():
    # By `printf NAME | sha256sum` these begin with c4, 9a and 2a.
    names = ["dolls/1", "openmoji/1F600", "wesnoth/lady.png"]
    assert choose_donors(names).tolist() == [2, 0, 1]


@pytest.mark.parametrize("count", [2, 3, 50])
def test_each_palette_is_given_once_and_none_to_its_own_record(count):
    others = choose_donors([f"source/{number}" for number in range(count)])
    assert sorted(others) == list(range(count))
    assert (others != np.arange(count)).all()
    assert choose_donors(["source/alone"]).tolist() == [0]


def test_the_donors_do_not_depend_on_the_order_of_the_records():
    names = [f"source/{number}" for number in range(30)]
    given = {name: names[other] for name, other in zip(names, choose_donors(names), strict=True)}
    mixed = list(np.random.default_rng(0).permutation(names))
    for name, other in zip(mixed, choose_donors(mixed), strict=True):
        assert given[name] == mixed[other]


def test_the_evaluation_says_whose_palettes_were_swapped(found):
    assert found.donors.tolist() == DONORS


# --- estimates, and reading records -------------------------------------------------------------


def test_estimates_are_means_with_intervals_over_groups(found):
    estimates = found.estimates()
    assert list(estimates) == METHODS
    groups = np.array(GROUPS)
    for method, row in found.scores.items():
        for name, values in row.items():
            got = estimates[method][name]
            assert got == pytest.approx(estimate(values, groups))
            assert got.mean == pytest.approx(np.nanmean(values))
    # Taken one by one, records would say something else.
    values = found.scores[METHODS[0]]["L1"]
    assert estimates[METHODS[0]]["L1"] != pytest.approx(estimate(values, np.arange(COUNT)))


def test_a_measure_without_any_value_has_no_estimate(tmp_path):
    data = write_drawn(tmp_path / "open", [OPEN])
    estimates = scoring.evaluate(Banded(), [data]).estimates()
    assert math.isnan(estimates[scoring.OWN]["region spread"].mean)
    assert estimates[scoring.OWN]["L1"].mean > 0


@pytest.mark.parametrize("numbers", [[0], [4, 1, 3], [2, 2, 0]])
def test_records_are_read_by_number_in_the_order_asked_for(data, monkeypatch, numbers):
    monkeypatch.setattr(held_out_records, "BATCH", 2)
    read = held_out_records.load_records([data], np.array(numbers))
    for i, number in enumerate(numbers):
        sketch, truth, palette = draw(number)
        np.testing.assert_array_equal(read.sketches[i], sketch)
        np.testing.assert_array_equal(read.truth[i], truth)
        np.testing.assert_array_equal(read.palettes[i], palette)


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "value"), [("size", 128), ("background", "drop")])
def test_data_built_otherwise_than_the_model_is_refused(data, what, value):
    painter = Banded()
    setattr(painter, what, value)
    with pytest.raises(DeepPaintError, match=f"--{what}={value}"):
        scoring.evaluate(painter, [data])


def test_data_without_test_records_is_refused(tmp_path):
    data = write_drawn(tmp_path / "none", [])
    with pytest.raises(DeepPaintError, match="none: no test records"):
        scoring.evaluate(Banded(), [data])


def test_missing_data_are_named(tmp_path):
    with pytest.raises(DeepPaintError, match="nowhere: no such folder"):
        held_out_records.check_data(Banded(), [tmp_path / "nowhere"])
