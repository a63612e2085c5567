"""Many sketches colored one after another: decoding, network and writing at the same time.

Memory does not grow with their number: a few sketches are read ahead, and no more are read while
as many wait to be written. Large strips are painted one by one, after the others.
"""

import contextlib
import dataclasses
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


class _Painted(NamedTuple):
    """A job that is painted, and the hints that are still to be put in place."""

    job: Job
    painting: Painting
    hints: list[Hint]


@dataclasses.dataclass(frozen=True)
class _Steps:
    """What is done with a job, one step after another; see `paint_jobs`."""

    painter: Painter
    palette_of: Callable[[str | None], np.ndarray]
    finish: Callable[[Job, Painting], None]
    clean: str | bool
    recolor: bool
    gap: int | None
    on_note: Callable[[Job, str], None]

    def read(self, job: Job) -> _Read:
        prepared = read_sketch(job.sketch, self.clean, self.recolor, self.gap)
        hints = load_hints(job.hints, prepared.sketch.shape) if job.hints else []
        return _Read(job, prepared, self.palette_of(job.reference), hints)

    def read_ahead(self, job: Job) -> _Read | Job:
        """Reads a job; one whose sketch is large waits as it is."""
        return job if is_large_file(job.sketch) else self.read(job)

    def paint(self, batch: Sequence[_Read]) -> list[_Painted]:
        for read in batch:
            if read.prepared.note:
                self.on_note(read.job, read.prepared.note)
        sketches = [read.prepared.sketch for read in batch]
        joined = [
            join_palette(read.palette, read.hints, len(read.prepared.sketch)) for read in batch
        ]
        # Hints that cannot be put in place fail alone, see `write`.
        paintings = self.painter.make_paintings(sketches, np.stack(joined), self.gap)
        return [
            _Painted(read.job, painting, read.hints)
            for read, painting in zip(batch, paintings, strict=True)
        ]

    def write(self, job: Job, painting: Painting, hints: list[Hint]) -> None:
        self.finish(job, painting.add_hints(hints, job.hints))


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

    @contextlib.contextmanager
    def catching(self, job: Job) -> Iterator[None]:
        """Notes and counts the failure of a job in the block."""
        try:
            yield
        except DeepPaintError as error:
            self.failures.append(Failure(job, str(error)))
            self.count()

    def collect(self, pending: deque[tuple[Job, Future]], number: int) -> Iterator:
        """Yields the results of the first jobs that are pending; notes and counts failures."""
        for _ in range(min(number, len(pending))):
            job, future = pending.popleft()
            with self.catching(job):
                yield future.result()


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
    steps = _Steps(painter, palette_of, finish, clean, recolor, gap, on_note)
    outcome = _Outcome(len(jobs), on_progress)
    large: list[Job] = []
    with ThreadPoolExecutor() as workers:
        reading, writing = deque(), deque()
        waiting = iter(jobs)
        while True:
            for job in islice(waiting, 2 * BATCH - len(reading)):
                reading.append((job, workers.submit(steps.read_ahead, job)))
            if not reading and not writing:
                break
            read = list(outcome.collect(reading, BATCH))
            large += [one for one in read if isinstance(one, Job)]
            if batch := [one for one in read if isinstance(one, _Read)]:
                for painted in steps.paint(batch):
                    writing.append((painted.job, workers.submit(steps.write, *painted)))
            for _ in outcome.collect(writing, len(writing) - (BATCH if reading else 0)):
                outcome.count()
    for job in large:
        with outcome.catching(job):
            steps.write(*steps.paint([steps.read(job)])[0])
            outcome.count()
    order = {job: number for number, job in enumerate(jobs)}
    return sorted(outcome.failures, key=lambda failure: order[failure.job])
