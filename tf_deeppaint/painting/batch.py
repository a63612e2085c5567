"""Many sketches colored one after another: decoding, network and writing at the same time.

Memory does not grow with their number: some sketches ahead are read, and none is read while as
many wait to be written.
"""

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from tf_deeppaint.painting.inputs import to_sketch
from tf_deeppaint.painting.jobs import Job
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.painting.painting import Painting
from tf_deeppaint.utils.errors import DeepPaintError

# Sketches that go through the network together.
BATCH = 8


class Failure(NamedTuple):
    """A job that could not be done, and why, in one line that names the file."""

    job: Job
    reason: str


class _Ready(NamedTuple):
    job: Job
    sketch: np.ndarray
    palette: np.ndarray


def paint_jobs(
    painter: Painter,
    jobs: Sequence[Job],
    palette_of: Callable[[str | None], np.ndarray],
    finish: Callable[[Job, Painting], None],
    clean: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Failure]:
    """Paints every job; one that fails is left out, and the others go on.

    Args:
        painter: Who paints.
        jobs: What is painted.
        palette_of: Gives the palette, uint8 `(4, 4, 3)`, for the path of a reference, or for None.
        finish: Writes a painting; called from several threads.
        clean: Whether sketches are cleaned first.
        on_progress: Called with the number of jobs done, failed ones too, and of all.

    Returns:
        The failures, in the order of the jobs.
    """
    failures: list[Failure] = []
    done = 0

    def collect(pending: Iterable[tuple[Job, Future]]) -> Iterator:
        nonlocal done
        for job, future in pending:
            try:
                yield future.result()
            except DeepPaintError as error:
                failures.append(Failure(job, str(error)))
                done += 1
                on_progress(done, len(jobs))

    prepare = functools.partial(_prepare, palette_of=palette_of, clean=clean)
    with ThreadPoolExecutor() as workers:
        reading, writing = deque(), deque()
        waiting = iter(jobs)
        while True:
            for job in _take(waiting, 2 * BATCH - len(reading)):
                reading.append((job, workers.submit(prepare, job)))
            if not reading and not writing:
                break
            batch = list(collect(_pop(reading, BATCH)))
            for ready, painting in zip(batch, _begin(painter, batch), strict=True):
                writing.append((ready.job, workers.submit(finish, ready.job, painting)))
            for _ in collect(_pop(writing, len(writing) - (BATCH if reading else 0))):
                done += 1
                on_progress(done, len(jobs))
    order = {job: number for number, job in enumerate(jobs)}
    return sorted(failures, key=lambda failure: order[failure.job])


def _prepare(job: Job, palette_of: Callable, clean: bool) -> _Ready:
    return _Ready(job, to_sketch(job.sketch, clean), palette_of(job.reference))


def _begin(painter: Painter, batch: Sequence[_Ready]) -> list[Painting]:
    if not batch:
        return []
    palettes = np.stack([ready.palette for ready in batch])
    return painter.begin([ready.sketch for ready in batch], palettes)


def _take(waiting: Iterator[Job], count: int) -> Iterator[Job]:
    for _, job in zip(range(count), waiting, strict=False):
        yield job


def _pop(pending: deque, count: int) -> list:
    return [pending.popleft() for _ in range(min(max(count, 0), len(pending)))]
