"""A painter's scores over the test records of data sets, beside answers that cost nothing."""

import functools
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tf_deeppaint.data import loading
from tf_deeppaint.evaluation.bootstrap import Estimate, estimate
from tf_deeppaint.evaluation.distributions import frechet_distance, kernel_distance, title
from tf_deeppaint.evaluation.lpips import Lpips
from tf_deeppaint.evaluation.metrics import METRICS, to_lab
from tf_deeppaint.evaluation.palette_distance import palette_distance
from tf_deeppaint.images.pixels import WHITE, from_unit_range
from tf_deeppaint.line_art.regions import fill_flat, find_regions, region_spread
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.utils.errors import DeepPaintError

BATCH = 8
OWN, ANOTHER = "painted, own palette", "painted, another's palette"
FLAT_OWN, FLAT_ANOTHER = "areas filled flat, own palette", "areas filled flat, another's palette"
SKETCH, WHITE_PAGE, TRUTH = "the sketch itself", "a white page", "the true picture"

LPIPS, PALETTE, SPREAD = "LPIPS", "palette distance", "area spread"
# The measures of which more is better; of the others less is.
HIGHER_IS_BETTER = ("PSNR", "SSIM", "MS-SSIM")


class Evaluation(NamedTuple):
    """What was measured.

    Attributes:
        names: Of the N test records, in their order.
        groups: `(N,)`; records of one group, such as colorings of one drawing, hang together.
        others: `(N,)`, the number of the record whose palette each gets as another's.
        scores: Answer -> measure -> float64 `(N,)`; NaN where there is nothing to measure.
        sets: Answer -> measure of the whole set of pictures -> value.
    """

    names: list[str]
    groups: np.ndarray
    others: np.ndarray
    scores: dict[str, dict[str, np.ndarray]]
    sets: dict[str, dict[str, float]]

    def estimates(self) -> dict[str, dict[str, Estimate]]:
        """Answer -> measure -> mean over the records, with its interval."""
        return {
            answer: {name: estimate(values, self.groups) for name, values in row.items()}
            for answer, row in self.scores.items()
        }


class Records(NamedTuple):
    """Some test records, as stored: `(N, S, S)`, `(N, 4, 4, 3)` and `(N, S, S, 3)`, uint8."""

    sketches: np.ndarray
    palettes: np.ndarray
    truth: np.ndarray


def evaluate(
    painter: Painter,
    directories: Sequence[str | os.PathLike],
    lpips: Lpips | None = None,
    features: Callable[[np.ndarray], np.ndarray] | None = None,
    baselines: bool = True,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Scores every answer by every measure.

    Another's palette is that of another record; see `exchange`. Scores with it are against the
    picture in its own colors all the same, but for the palette distance, which is toward the
    palette that was given.

    Args:
        painter: What paints.
        directories: Data sets of the painter's size and palette rule.
        lpips: Measures LPIPS too.
        features: A feature network, see `distributions.load_features`, to compare the painted
            pictures with the true ones as sets.
        baselines: Whether to score the answers that cost nothing too, which are the same whatever
            paints.
        on_progress: Called with records done and records in all.

    Raises:
        DeepPaintError: data missing, without test records, or of another size or rule.
    """
    open_test_data(painter, directories)
    names, groups, palettes = _read_palettes(directories)
    others = exchange(names)
    found: dict[str, dict[str, list]] = {}
    seen: dict[str, list] = {}
    done = 0
    for batch in _batches(directories):
        given = palettes[others[done : done + len(batch.truth)]]
        regions = [find_regions(sketch) for sketch in batch.sketches]
        metrics = {name: functools.partial(m, truth=batch.truth) for name, m in METRICS.items()}
        if lpips is not None:
            metrics[LPIPS] = lpips.toward(batch.truth)
        answers = _painted(painter, batch, given) | (_baselines(batch, given) if baselines else {})
        for answer, (pictures, palette) in answers.items():
            row = found.setdefault(answer, {})
            for name, values in ((name, metric(pictures)) for name, metric in metrics.items()):
                row.setdefault(name, []).extend(values)
            distances = palette_distance(pictures, palette, painter.background)
            row.setdefault(PALETTE, []).extend(distances)
            spreads = map(region_spread, to_lab(pictures), regions)
            row.setdefault(SPREAD, []).extend(spreads)
            if features is not None:
                seen.setdefault(answer, []).append(features(pictures))
        done += len(batch.truth)
        on_progress(done, len(names))
    scores = {
        answer: {name: np.array(values) for name, values in row.items()}
        for answer, row in found.items()
    }
    # One picture is no set.
    sets = _compare_sets(seen, features.name) if seen and done > 1 else {}
    return Evaluation(names, groups, others, scores, sets)


def exchange(names: Sequence[str]) -> np.ndarray:
    """Gives every record another one, int64 `(N,)`: each once, none itself if there are two.

    Records are ordered by the SHA-256 of their names, and each is given the next: fixed for ever,
    whatever order they are stored in, and no neighbor in their source.
    """
    order = np.argsort([hashlib.sha256(name.encode()).hexdigest() for name in names])
    others = np.empty(len(names), np.int64)
    others[order] = np.roll(order, -1)
    return others


def open_test_data(painter: Painter, directories: Sequence[str | os.PathLike]) -> list:
    """The manifests of data sets that a painter can be tested on.

    Raises:
        DeepPaintError: see `evaluate`.
    """
    manifests = loading.open_datasets(directories)
    named = ", ".join(map(str, directories))
    if not sum(manifest.count("test") for manifest in manifests):
        raise DeepPaintError(f"{named}: no test records; build from more drawings")
    for what in ("size", "background"):
        data, model = getattr(manifests[0], what), getattr(painter, what)
        if data != model:
            raise DeepPaintError(
                f"{named}: built with {what}={data}, but the model was trained with {model}; "
                f"build with --{what}={model}"
            )
    return manifests


def read_records(directories: Sequence[str | os.PathLike], numbers: Sequence[int]) -> Records:
    """Reads test records by their numbers, in the order of these."""
    found: dict[int, tuple] = {}
    first = 0
    for batch in _batches(directories):
        for number in set(numbers) & set(range(first, first + len(batch.truth))):
            found[number] = tuple(part[number - first] for part in batch)
        first += len(batch.truth)
    return Records(*map(np.stack, zip(*(found[number] for number in numbers), strict=True)))


def _painted(painter: Painter, batch: Records, given: np.ndarray) -> dict[str, tuple]:
    """Answer -> pictures of a batch, and the palettes they ought to be in."""
    sketches, own, truth = batch
    return {
        OWN: (painter.paint_canvases(sketches, own), own),
        ANOTHER: (painter.paint_canvases(sketches, given), given),
        TRUTH: (truth, own),
    }


def _baselines(batch: Records, given: np.ndarray) -> dict[str, tuple]:
    """The same for the answers that cost nothing."""
    sketches, own, truth = batch

    def filled(palettes: np.ndarray) -> np.ndarray:
        return np.stack([fill_flat(*both) for both in zip(sketches, palettes, strict=True)])

    return {
        FLAT_OWN: (filled(own), own),
        FLAT_ANOTHER: (filled(given), given),
        SKETCH: (np.repeat(sketches[..., None], 3, axis=-1), own),
        WHITE_PAGE: (np.full_like(truth, WHITE), own),
    }


def _compare_sets(seen: dict[str, list], network: str) -> dict[str, dict[str, float]]:
    """The distances of every answer's pictures, as a set, from the true ones."""
    rows = {answer: np.concatenate(parts) for answer, parts in seen.items()}
    return {
        answer: {
            title("FID", network): frechet_distance(found, rows[TRUTH]),
            title("KID", network): kernel_distance(found, rows[TRUTH]),
        }
        for answer, found in rows.items()
        if answer != TRUTH
    }


def _read_palettes(directories: Sequence) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, groups and palettes of all test records."""
    names, groups, palettes = [], [], []
    with loading.naming_damage(directories):
        for batch in loading.load_evaluation(directories, "test", BATCH):
            names += [name.decode() for name in batch["name"].numpy()]
            groups += list(batch["group"].numpy())
            palettes.append(from_unit_range(batch["palette"]))
    return names, np.array(groups), np.concatenate(palettes)


def _batches(directories: Sequence) -> Iterator[Records]:
    with loading.naming_damage(directories):
        for batch in loading.load_evaluation(directories, "test", BATCH):
            sketches, palettes, truth = (
                from_unit_range(batch[key]) for key in ("sketch", "palette", "picture")
            )
            yield Records(sketches[..., 0], palettes, truth)
