"""The scores of a painter, of baselines and of oracles on the benchmark's drawings."""

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tf_deeppaint.evaluation.baselines import TRUE_PICTURE, fill_flat
from tf_deeppaint.evaluation.bootstrap import Estimate, estimate
from tf_deeppaint.evaluation.characters.baselines import (
    choose_by_pixel,
    choose_by_region,
    white_page,
)
from tf_deeppaint.evaluation.characters.cache import DrawnSet, load_drawings
from tf_deeppaint.evaluation.characters.drawings import UNSEEN, Drawings
from tf_deeppaint.evaluation.characters.measures import FigureMeasures
from tf_deeppaint.evaluation.lpips import Lpips
from tf_deeppaint.evaluation.scoring import PAINTED, WITH_OWN, WITH_SWAPPED
from tf_deeppaint.painting.painter import Painter

# Drawings that go through the network together.
BATCH = 8

# Drawings of each source.
COUNT = 60

# Method -> measure -> float64 `(N,)`, a value a drawing; NaN where there is nothing to measure.
Scores = dict[str, dict[str, np.ndarray]]


class Benchmark(NamedTuple):
    """The scores of every source; each has as many drawings.

    Attributes:
        sources: Source -> scores of its drawings. Those of `UNSEEN` are in no mean.
        sprites: The scores of the sprites, which are in no mean; None where they were left out.
    """

    sources: dict[str, Scores]
    sprites: Scores | None = None

    def means(self) -> dict[str, dict[str, Estimate]]:
        """Method -> measure -> mean over the sources, of equal weight, with its interval.

        One drawing of each source is resampled together, so that sources keep equal weights.
        Sources that no model has seen count apart.
        """
        parts = [scores for name, scores in self.sources.items() if name not in UNSEEN]
        return {
            method: {name: _mean([part[method][name] for part in parts]) for name in row}
            for method, row in parts[0].items()
        }


def run_benchmark(
    painter: Painter, count: int = COUNT, lpips: Lpips | None = None, baselines: bool = True
) -> Benchmark:
    """Scores a painter on the benchmark, for programs; see `score_sources`.

    Args:
        painter: The painter, of any size and palette rule.
        count: Drawings of each source.
        lpips: Adds LPIPS of what the painter paints.
        baselines: Whether to score the baselines and oracles too.

    Raises:
        DeepPaintError: see `cache.load_drawings`.

    Example:
    >>> means = run_benchmark(Painter.load(), count=10, baselines=False).means()
    >>> means["painted, swapped palette"]["right color"].mean
    """
    return score_sources(painter, load_drawings(count), lpips, baselines)


def score_sources(
    painter: Painter,
    drawn: DrawnSet,
    lpips: Lpips | None = None,
    baselines: bool = True,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Benchmark:
    """Scores the drawings of every source; see `score`.

    Args:
        painter: The painter.
        drawn: The drawings.
        lpips: Adds LPIPS of what the painter paints.
        baselines: Whether to score the baselines and oracles too.
        on_progress: Called with the numbers of drawings scored and of all.
    """
    scores: dict[str, Scores] = {}
    total = sum(len(drawings.names) for drawings in drawn.sources.values())
    before = 0
    for name, drawings in drawn.sources.items():

        def report(done: int, before: int = before) -> None:
            on_progress(before + done, total)

        scores[name] = score(painter, drawings, lpips, baselines, report)
        before += len(drawings.names)
    return Benchmark(scores)


def paint(painter: Painter, sketches: np.ndarray, palettes: np.ndarray) -> np.ndarray:
    """Paints sketches as `Painter.paint` does, a batch at a time.

    Args:
        painter: The painter.
        sketches: uint8 gray `(N, S, S)`.
        palettes: uint8 `(N, 4, 4, 3)`.

    Returns:
        uint8 RGB `(N, S, S, 3)`, with the sketches' own lines.
    """
    pictures = []
    for start in range(0, len(sketches), BATCH):
        part = np.s_[start : start + BATCH]
        paintings = painter.make_paintings(list(sketches[part]), palettes[part])
        pictures += [painting.picture() for painting in paintings]
    return np.stack(pictures)


def palettes_of(painter: Painter, pictures: np.ndarray) -> np.ndarray:
    """The palettes of N references, uint8 `(N, 4, 4, 3)`, by the model's rule."""
    return np.stack([painter.palette_of(picture) for picture in pictures])


def score(
    painter: Painter,
    drawings: Drawings,
    lpips: Lpips | None = None,
    baselines: bool = True,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Scores:
    """Scores the drawings of one source, painted with the own and, if any, the swapped palette.

    Args:
        painter: The painter.
        drawings: The drawings.
        lpips: Adds LPIPS of what the painter paints.
        baselines: Whether to score the baselines and oracles too.
        on_progress: Called with the number of drawings done.
    """
    palettes = {WITH_OWN: palettes_of(painter, drawings.pictures)}
    if drawings.references is not None:
        palettes[WITH_SWAPPED] = palettes_of(painter, drawings.references)
    scores: dict[str, dict[str, list]] = defaultdict(lambda: defaultdict(list))
    for start in range(0, len(drawings.names), BATCH):
        part = range(start, min(start + BATCH, len(drawings.names)))
        painted = {
            PAINTED + suffix: paint(painter, drawings.sketches[part], rows[part])
            for suffix, rows in palettes.items()
        }
        for number, i in enumerate(part):
            sketch, truth = drawings.sketches[i], drawings.pictures[i]
            measure = FigureMeasures(sketch, truth, drawings.figures[i])
            methods = {method: pictures[number] for method, pictures in painted.items()}
            if baselines:
                offered = {suffix: rows[i] for suffix, rows in palettes.items()}
                methods |= _baselines(sketch, truth, offered, measure.regions)
            for method, picture in methods.items():
                for name, value in measure(picture).items():
                    scores[method][name].append(value)
            if lpips is not None:
                # One at a time: it takes 800 MB for a sprite.
                compare = lpips.distance_from(truth[None])
                for method, pictures in painted.items():
                    scores[method]["LPIPS"].extend(compare(pictures[number][None]))
        on_progress(part.stop)
    return {
        method: {name: np.array(values, np.float64) for name, values in row.items()}
        for method, row in scores.items()
    }


def estimates(scores: Scores) -> dict[str, dict[str, Estimate]]:
    """Method -> measure -> mean over the drawings of one source, with its interval."""
    return {
        method: {name: estimate(values, np.arange(len(values))) for name, values in row.items()}
        for method, row in scores.items()
    }


def _baselines(
    sketch: np.ndarray, truth: np.ndarray, palettes: dict[str, np.ndarray], regions: np.ndarray
) -> dict[str, np.ndarray]:
    """Pictures of the methods that are the same for every model of a palette rule.

    Args:
        sketch: uint8 gray `(S, S)`.
        truth: uint8 RGB `(S, S, 3)`.
        palettes: What is added to the name of a method -> palette, uint8 `(4, 4, 3)`.
        regions: As `regions.find_regions` returns them.
    """
    methods = {
        "flat fill": lambda palette: fill_flat(sketch, palette),
        "oracle by region": lambda palette: choose_by_region(sketch, truth, palette, regions),
        "oracle": lambda palette: choose_by_pixel(sketch, truth, palette),
    }
    pictures = {
        method + suffix: color(palette)
        for method, color in methods.items()
        for suffix, palette in palettes.items()
    }
    return {"white page": white_page(sketch), **pictures, TRUE_PICTURE.name: truth}


def _mean(parts: list[np.ndarray]) -> Estimate:
    numbers = [np.arange(len(values)) for values in parts]
    return estimate(np.concatenate(parts), np.concatenate(numbers))
