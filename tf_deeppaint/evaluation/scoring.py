"""The scores of a painter and of baselines on the test records of data sets."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from tf_deeppaint.evaluation.baselines import BASELINES, TRUE_PICTURE, Method
from tf_deeppaint.evaluation.bootstrap import Estimate, estimate
from tf_deeppaint.evaluation.features import Features
from tf_deeppaint.evaluation.held_out_records import (
    Paths,
    Records,
    check_data,
    choose_donors,
    load_batches,
    load_palettes,
)
from tf_deeppaint.evaluation.lpips import Lpips
from tf_deeppaint.evaluation.metrics import METRICS, to_lab
from tf_deeppaint.evaluation.palette_distance import palette_distance
from tf_deeppaint.evaluation.set_distances import compare_sets
from tf_deeppaint.line_art.regions import find_sketch_regions, region_spread
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.utils.options import as_tuple

PAINTED = "painted"
# Added to the name of a method, whose two rows they tell apart.
WITH_OWN, WITH_SWAPPED = ", own palette", ", swapped palette"
OWN, SWAPPED = PAINTED + WITH_OWN, PAINTED + WITH_SWAPPED

# Of these measures more is better, of the others less.
HIGHER_IS_BETTER = ("PSNR", "SSIM", "MS-SSIM")


class Evaluation(NamedTuple):
    """The result of an evaluation.

    Attributes:
        names: Of the N test records, in their order.
        groups: `(N,)`; records of one group, such as colorings of one drawing, are not independent.
        donors: `(N,)`, the number of the record whose palette each gets as swapped.
        scores: Method -> measure -> float64 `(N,)`; NaN where there is nothing to measure.
        sets: Method -> measure of the whole set of pictures -> value.
    """

    names: list[str]
    groups: np.ndarray
    donors: np.ndarray
    scores: dict[str, dict[str, np.ndarray]]
    sets: dict[str, dict[str, float]]

    def estimates(self) -> dict[str, dict[str, Estimate]]:
        """Method -> measure -> mean over the records, with its interval."""
        return {
            method: {measure: estimate(values, self.groups) for measure, values in row.items()}
            for method, row in self.scores.items()
        }


def evaluate(
    painter: Painter,
    directories: Paths,
    lpips: Lpips | None = None,
    features: Features | None = None,
    baselines: bool = True,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Scores every method by every measure.

    With a swapped palette scores are still against the picture in its own colors, except the
    palette distance, which is to the swapped palette.

    Args:
        painter: The painter to evaluate.
        directories: Data sets of the painter's size and background rule.
        lpips: Adds LPIPS.
        features: Adds distances between the sets of painted and true pictures.
        baselines: Whether to score the baselines, which are the same for every painter.
        on_progress: Called with the numbers of records done and in all.

    Raises:
        DeepPaintError: see `held_out_records.check_data`.
    """
    directories = as_tuple(directories)
    check_data(painter, directories)
    names, groups, palettes = load_palettes(directories)
    donors = choose_donors(names)
    painted = Method(PAINTED, lambda records, p: painter.paint_canvases(records.sketches, p), True)
    methods = [painted, TRUE_PICTURE, *(BASELINES if baselines else ())]
    scores: dict[str, dict[str, list]] = defaultdict(lambda: defaultdict(list))
    set_features: dict[str, list] = defaultdict(list)
    done = 0
    for records in load_batches(directories):
        swapped = palettes[donors[done : done + len(records.truth)]]
        measures = _make_measures(records, painter.background, lpips)
        for name, pictures, palette in _color(methods, records, swapped):
            for measure, score in measures.items():
                scores[name][measure].extend(score(pictures, palette))
            if features is not None:
                set_features[name].append(features(pictures))
        done += len(records.truth)
        on_progress(done, len(names))
    sets = {}
    if features is not None and done > 1:  # one picture is no set
        rows = {name: np.concatenate(parts) for name, parts in set_features.items()}
        truth = rows.pop(TRUE_PICTURE.name)
        sets = {name: compare_sets(own, truth, features.name) for name, own in rows.items()}
    arrays = {name: {m: np.array(v) for m, v in row.items()} for name, row in scores.items()}
    return Evaluation(names, groups, donors, arrays, sets)


def _color(
    methods: list[Method], records: Records, swapped: np.ndarray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Names of methods with palettes, their pictures, and the palettes they should be in."""
    for method in methods:
        own = method.color(records, records.palettes)
        yield method.name + (WITH_OWN if method.uses_palette else ""), own, records.palettes
        if method.uses_palette:
            yield method.name + WITH_SWAPPED, method.color(records, swapped), swapped


def _make_measures(
    records: Records, background: str, lpips: Lpips | None
) -> dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]:
    """Measure -> function of pictures and palettes, for the pictures of some records."""
    regions = [find_sketch_regions(sketch) for sketch in records.sketches]
    measures = {
        name: lambda pictures, _, metric=metric: metric(pictures, records.truth)
        for name, metric in METRICS.items()
    }
    if lpips is not None:
        distance = lpips.distance_from(records.truth)
        measures["LPIPS"] = lambda pictures, _: distance(pictures)
    return measures | {
        "palette distance": lambda pictures, p: palette_distance(pictures, p, background),
        "region spread": lambda pictures, _: map(region_spread, to_lab(pictures), regions),
    }
