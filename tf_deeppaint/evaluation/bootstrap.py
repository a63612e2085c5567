"""Confidence intervals of means by the bootstrap."""

import functools
from typing import NamedTuple

import numpy as np

RESAMPLES = 2000
# Share of resamples whose mean lies within the interval.
LEVEL = 0.95


class Estimate(NamedTuple):
    """A mean and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


def estimate(values: np.ndarray, groups: np.ndarray) -> Estimate:
    """The mean of values, with its percentile bootstrap interval (Efron, Ann. Stat. 7, 1979).

    Whole groups are resampled, since colorings of one drawing are not independent. The resamples
    are the same at every call.

    Args:
        values: `(N,)`; NaN stands for no value. Where there is none, the result is three NaN.
        groups: `(N,)`, the group of each value.
    """
    is_value = ~np.isnan(values)
    if not is_value.any():
        return Estimate(*[float("nan")] * 3)
    _, number = np.unique(groups[is_value], return_inverse=True)
    sums, counts = np.bincount(number, values[is_value]), np.bincount(number)
    draws = _draws(len(counts))
    means = (draws @ sums) / (draws @ counts)
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(means, [tail, 100 - tail])
    return Estimate(float(sums.sum() / counts.sum()), float(low), float(high))


# Resampling takes most of the time, and an evaluation has some hundred means over the same groups.
@functools.lru_cache(maxsize=2)
def _draws(groups: int) -> np.ndarray:
    """How often each group is in each resample, `(RESAMPLES, groups)`."""
    shares = np.full(groups, 1 / groups)
    draws = np.random.default_rng(0).multinomial(groups, shares, RESAMPLES).astype(np.float64)
    draws.flags.writeable = False
    return draws
