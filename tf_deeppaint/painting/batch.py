"""Many sketches colored one after another: decoding, network and writing at the same time.

Memory does not grow with their number: a few sketches are read ahead, and no more are read while
as many wait to be written. Large strips are painted one by one, after the others.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.decoding import is_large_file
from tf_deeppaint.line_art.preparation import AUTO, Prepared
from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.painting.hints.hint_files import load_hints
from tf_deeppaint.painting.hints.joining import join_palette
from tf_deeppaint.painting.inputs import read_sketch
from tf_deeppaint.painting.jobs import Job
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.painting.painting import Painting
from tf_deeppaint.utils.errors import DeepPaintError

# Sketches that go through the network together.
BATCH = 8


class Failure(NamedTuple):
    """A job that failed, and the reason in one line that names the file."""

    job: Job
    reason: str


class _Read(NamedTuple):
    """What is read of a job: its page, its palette, uint8 `(4, 4, 3)`, and its hints."""

    job: Job
    prepared: Prepared
    palette: np.ndarray
    hints: list[Hint]


class _Outcome:
    """How many of the jobs are done, and which failed."""

    def __init__(self, total: int, on_progress: Callable[[int, int], None]):
        self.failures: list[Failure] = []
        self._done = 0
        self._total = total
        self._on_progress = on_progress

    def count(self) -> None:
        """Counts a job that is done."""
        self._done += 1
        self._on_progress(self._done, self._total)

    def collect(self, pending: deque[tuple[Job, Future]], number: int) -> Iterator:
        """Yields the results of the first jobs that are pending; notes and counts failures."""
        for _ in range(min(number, len(pending))):
            job, future = pending.popleft()
            try:
                yield future.result()
            except DeepPaintError as error:
                self.failures.append(Failure(job, str(error)))
                self.count()


def paint_jobs(
    painter: Painter,
    jobs: Sequence[Job],
    palette_of: Callable[[str | None], np.ndarray],
    finish: Callable[[Job, Painting], None],
    clean: str | bool = AUTO,
    recolor: bool = False,
    gap: int | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_note: Callable[[Job, str], None] = lambda job, note: None,
) -> list[Failure]:
    """Paints every job; one that fails is left out, and the others go on.

    Args:
        painter: The painter.
        jobs: What is painted.
        palette_of: Returns the palette, uint8 `(4, 4, 3)`, of the path of a reference, or of None.
        finish: Writes a painting; called from several threads.
        clean: Whether sketches are cleaned first; see `preparation.prepare`.
        recolor: Whether the lines are taken out of pages that are colored already; see there.
        gap: As `Painter.paint` takes it.
        on_progress: Called with the number of jobs done, failed ones too, and of all.
        on_note: Called with what was done to the page of a job before it is painted, if anything.

    Returns:
        The failures, in the order of the jobs.
    """
    outcome = _Outcome(len(jobs), on_progress)
    large: list[Job] = []

    def read(job: Job) -> _Read:
        prepared = read_sketch(job.sketch, clean, recolor, gap)
        hints = load_hints(job.hints, prepared.sketch.shape) if job.hints else []
        return _Read(job, prepared, palette_of(job.reference), hints)

    def read_ahead(job: Job) -> _Read | None:
        if is_large_file(job.sketch):
            large.append(job)
            return None
        return read(job)

    def finish_hinted(job: Job, painting: Painting, hints: list[Hint]) -> None:
        finish(job, painting.add_hints(hints, job.hints))

    def paint(batch: Sequence[_Read]) -> list[tuple[Job, Painting, list[Hint]]]:
        ready, prepared, palettes, hints = zip(*batch, strict=True)
        for job, page in zip(ready, prepared, strict=True):
            if page.note:
                on_note(job, page.note)
        sketches = [page.sketch for page in prepared]
        heights = [len(sketch) for sketch in sketches]
        joined = np.stack(list(map(join_palette, palettes, hints, heights)))
        # Hints that cannot be put in place fail alone, see `finish_hinted`.
        paintings = painter.make_paintings(sketches, joined, gap)
        return list(zip(ready, paintings, hints, strict=True))

    with ThreadPoolExecutor() as workers:
        reading, writing = deque(), deque()
        waiting = iter(jobs)
        while True:
            for job in islice(waiting, 2 * BATCH - len(reading)):
                reading.append((job, workers.submit(read_ahead, job)))
            if not reading and not writing:
                break
            if batch := list(filter(None, outcome.collect(reading, BATCH))):
                for painted in paint(batch):
                    writing.append((painted[0], workers.submit(finish_hinted, *painted)))
            for _ in outcome.collect(writing, len(writing) - (BATCH if reading else 0)):
                outcome.count()
        for job in sorted(large, key=jobs.index):
            alone = deque(
                [(job, workers.submit(lambda job: finish_hinted(*paint([read(job)])[0]), job))]
            )
            for _ in outcome.collect(alone, 1):
                outcome.count()
    order = {job: number for number, job in enumerate(jobs)}
    return sorted(outcome.failures, key=lambda failure: order[failure.job])
