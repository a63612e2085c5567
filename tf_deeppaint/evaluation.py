"""A painter's scores over the test records of data sets, beside the trivial answers."""

import itertools
import os
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tf_deeppaint import datasets, images
from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.metrics import METRICS
from tf_deeppaint.painter import Painter
from tf_deeppaint.sheet import draw_results

BATCH = 8
OWN, ANOTHER = "painted, own palette", "painted, another's palette"
SKETCH, WHITE_PAGE = "the sketch itself", "a white page"


def evaluate(
    painter: Painter,
    directories: Sequence[str | os.PathLike],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, dict[str, float]]:
    """Scores every answer by every measure, averaged over the test records.

    Another's palette is that of the next record, the last taking the first's. Scores with it are
    against the picture in its own colours all the same: they show what the palette changes, and
    a painter that obeys it should score worse here, not equal.

    Args:
        painter: What paints.
        directories: Data sets of the painter's size and palette rule.
        on_progress: Called with records done and records in all.

    Returns:
        Answer -> measure -> mean score; first row first.

    Raises:
        DeepPaintError: data missing, without test records, or of another size or rule.
    """
    total = sum(m.count("test") for m in open_test_data(painter, directories))
    others = np.roll(_palettes(directories), -1, axis=0)
    scores: dict[str, dict[str, list]] = {}
    done = 0
    for sketches, palettes, truth in _batches(directories):
        next_done = done + len(truth)
        answers = {
            OWN: painter.paint_canvases(sketches, palettes),
            ANOTHER: painter.paint_canvases(sketches, others[done:next_done]),
            SKETCH: np.repeat(sketches[..., None], 3, axis=-1),
            WHITE_PAGE: np.full_like(truth, images.WHITE),
        }
        for answer, pictures in answers.items():
            for name, metric in METRICS.items():
                found = scores.setdefault(answer, {}).setdefault(name, [])
                found.extend(metric(pictures, truth))
        done = next_done
        on_progress(done, total)
    return {
        answer: {name: float(np.mean(values)) for name, values in row.items()}
        for answer, row in scores.items()
    }


def open_test_data(painter: Painter, directories: Sequence[str | os.PathLike]) -> list:
    """The manifests of data sets that a painter can be tested on.

    Raises:
        DeepPaintError: see `evaluate`.
    """
    manifests = datasets.open_datasets(directories)
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


def draw_first(painter: Painter, directories: Sequence[str | os.PathLike], rows: int) -> np.ndarray:
    """Draws the first test records and what the painter makes of them; see `sheet.draw_results`."""
    open_test_data(painter, directories)
    batches = itertools.islice(_batches(directories), -(-rows // BATCH))
    sketches, palettes, truth = (
        np.concatenate(parts)[:rows] for parts in zip(*batches, strict=True)
    )
    return draw_results(sketches, palettes, truth, painter.paint_canvases)


def to_table(scores: dict[str, dict[str, float]]) -> str:
    """Writes scores as a Markdown table."""
    header = f"| answer | {' | '.join(METRICS)} |"
    rows = [f"| {answer} | {row['L1']:.4f} | {row['PSNR']:.2f} |" for answer, row in scores.items()]
    return "\n".join([header, "|---|" + "---|" * len(METRICS), *rows])


def _batches(directories: Sequence) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    with datasets.naming_damage(directories):
        for batch in datasets.load_evaluation(directories, "test", BATCH):
            pixels = {key: images.from_unit_range(batch[key]) for key in batch if key != "name"}
            yield pixels["sketch"][..., 0], pixels["palette"], pixels["picture"]


def _palettes(directories: Sequence) -> np.ndarray:
    return np.concatenate([palettes for _, palettes, _ in _batches(directories)])
