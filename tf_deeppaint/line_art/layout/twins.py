"""Regions that mirror each other, as two sleeves, legs or shoes do: they get one color together.

Where the network is unsure, it may choose one color for the left leg and another for the right one.
Two regions are *twins* if they have nearly the same area, spread and height, lean to opposite sides
and are near each other. Of several candidates each takes the one most alike, and is its twin only
if that takes it too. What is compared are moments: the means and covariances of pixels' places.

Sums are of integers, and what is made of them is float64 by operations that round alike everywhere,
so that `serving.layout.twins` finds the same in the TensorFlow graph.
"""

from typing import NamedTuple

import numpy as np

# Regions of fewer pixels of the canvas have no twin. Of others so many are compared, the largest.
LEAST_CELLS, MOST = 4, 128
# Twins differ by at most these: the ratios of their areas, and of their spreads along each axis;
# their heights on the page, in parts of how tall they are; their leans, correlations of x and y.
AREA, SPREAD, HEIGHT, LEAN = 1.3, 1.35, 0.35, 0.25
# They are apart by at most so many times the side of a square of both their areas.
APART = 4.0


class Parts(NamedTuple):
    """What of each region lies in each pixel of the canvas, without lines and the page.

    Attributes:
        label: Labels of regions, as `regions.find_regions` returns them, int `(N,)`.
        cell: Pixels of the canvas, counted row by row, int `(N,)`.
        pixels: How many pixels of the region lie in that of the canvas, int `(N,)`.
        count: How many labels there are, with those of lines and the page.
        width: Of the canvas in pixels.
    """

    label: np.ndarray
    cell: np.ndarray
    pixels: np.ndarray
    count: int
    width: int


def find_twins(parts: Parts, cells_per_pixel: float) -> np.ndarray:
    """Finds the twin of each region.

    Args:
        parts: The regions.
        cells_per_pixel: Pixels of the canvas for one of the sketch at its working size.

    Returns:
        int `(labels,)`: the label of the twin; its own where a region has none.
    """
    twins = np.arange(parts.count)
    areas = np.bincount(parts.label, parts.pixels, parts.count) * cells_per_pixel
    chosen = np.flatnonzero(areas >= LEAST_CELLS)
    if not len(chosen):
        return twins
    chosen = chosen[np.argsort(-areas[chosen], kind="stable")[:MOST]]
    unlike = _compare(parts, chosen, areas[chosen])  # (conditions, N, N)
    may_be = unlike.max(axis=0) <= 1
    np.fill_diagonal(may_be, False)
    best = np.where(may_be, unlike.sum(axis=0), np.inf).argmin(axis=1)
    numbers = np.arange(len(chosen))
    are_twins = may_be[numbers, best] & (best[best] == numbers)
    twins[chosen[are_twins]] = chosen[best[are_twins]]
    return twins


def _compare(parts: Parts, chosen: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """How unlike each two of N regions are by each condition, `(6, N, N)`: twins by 1 at most.

    Args:
        parts: All regions.
        chosen: The labels of those that are compared, `(N,)`.
        areas: Theirs in pixels of the canvas.
    """
    y, x = np.divmod(parts.cell, parts.width)
    count, x, y, xx, yy, xy = (
        np.bincount(parts.label, parts.pixels * values, parts.count)[chosen]
        for values in (1, x, y, x * x, y * y, x * y)
    )
    x, y, xx, yy, xy = x / count, y / count, xx / count, yy / count, xy / count
    # A pixel's own extent, so that no spread is zero.
    xx, yy, xy = xx - x * x + 1 / 12, yy - y * y + 1 / 12, xy - x * y
    lean = xy / np.sqrt(xx * yy)
    # A box is sqrt(12) times as high as the square root of its variance.
    return np.stack(
        [
            (_ratio(areas) - 1) / (AREA - 1),
            (_ratio(xx) - 1) / (SPREAD - 1),
            (_ratio(yy) - 1) / (SPREAD - 1),
            np.abs(y[:, None] - y) / (HEIGHT * np.sqrt(12 * (yy[:, None] + yy) / 2)),
            np.abs(lean[:, None] + lean) / LEAN,
            np.abs(x[:, None] - x) / (APART * np.sqrt(areas[:, None] + areas)),
        ]
    )


def _ratio(values: np.ndarray) -> np.ndarray:
    """The larger of each two of N values over the smaller, `(N, N)`."""
    return np.maximum(values[:, None], values) / np.minimum(values[:, None], values)
