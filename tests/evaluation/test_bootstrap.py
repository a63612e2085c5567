"""Bootstrap intervals: against a naive loop, by groups, and how often they are right."""

import numpy as np
import pytest

from tf_deeppaint.evaluation import bootstrap
from tf_deeppaint.evaluation.bootstrap import estimate


def sample(count: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(3.0, 2.0, count)


def test_the_mean_is_that_of_the_values_not_of_the_groups():
    found = estimate(np.array([1.0, 2.0, 3.0, 10.0]), np.array(["a", "a", "a", "b"]))
    assert found.mean == 4.0
    assert found.low <= found.mean <= found.high


def test_the_interval_is_that_of_a_naive_bootstrap():
    rng = np.random.default_rng(5)
    groups = rng.integers(0, 25, 70)
    # What a group's values share is most of what they differ by.
    values = rng.normal(0, 2, 25)[groups] + rng.normal(0, 0.5, 70)
    members = [values[groups == group] for group in np.unique(groups)]
    means = []
    for _ in range(4000):
        drawn = [members[i] for i in rng.integers(0, len(members), len(members))]
        means.append(np.concatenate(drawn).mean())
    low, high = np.quantile(means, [0.025, 0.975])
    found = estimate(values, groups)
    assert found.low == pytest.approx(low, abs=0.06 * (high - low))
    assert found.high == pytest.approx(high, abs=0.06 * (high - low))


def test_groups_are_drawn_whole():
    values, groups = sample(), np.arange(40)
    once = estimate(values, groups)
    # Four copies of everything are no news,
    copies = estimate(values.repeat(4), groups.repeat(4))
    assert copies == pytest.approx(once)
    # unless they are taken for independent.
    independent = estimate(values.repeat(4), np.arange(160))
    assert independent.high - independent.low == pytest.approx((once.high - once.low) / 2, rel=0.1)


def test_missing_values_are_left_out_with_groups_that_have_nothing_else():
    values, groups = sample(), np.arange(40) // 2
    missing = np.array([4, 5, 9, 30])
    holed = values.copy()
    holed[missing] = np.nan
    found = estimate(holed, groups)
    assert found == estimate(np.delete(values, missing), np.delete(groups, missing))
    assert found.mean == pytest.approx(np.delete(values, missing).mean())


def test_without_values_there_is_no_estimate():
    assert np.isnan(estimate(np.full(3, np.nan), np.arange(3))).all()
    assert np.isnan(estimate(np.zeros(0), np.zeros(0))).all()


def test_the_same_values_give_the_same_interval_in_any_order():
    values, groups = sample(), np.array([f"{i % 17}".encode() for i in range(40)])
    found = estimate(values, groups)
    # As another process would draw.
    bootstrap._draws.cache_clear()
    assert found == estimate(values, groups)
    order = np.random.default_rng(1).permutation(40)
    assert estimate(values[order], groups[order]) == pytest.approx(found)


def test_one_value_throughout_has_no_width():
    assert estimate(np.full(9, 0.25), np.arange(9)) == (0.25, 0.25, 0.25)


def test_about_95_of_100_intervals_hold_the_true_mean():
    rng = np.random.default_rng(2)
    groups = np.arange(40)
    found = [estimate(rng.normal(7.0, 1.0, 40), groups) for _ in range(200)]
    assert 0.90 <= np.mean([x.low <= 7.0 <= x.high for x in found]) <= 0.98
    below = np.mean([x.high < 7.0 for x in found])
    assert 0 < below < 0.07
