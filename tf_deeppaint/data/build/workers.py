"""The work of a build on the cores of this machine."""

import collections
import concurrent.futures.process
import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator

from tf_deeppaint.data.build.plan import InspectionResult, PlannedExample
from tf_deeppaint.data.build.preparation import InspectTask, PrepareTask
from tf_deeppaint.data.build.shards import PORTION, PlannedShard, Progress, ShardWriter, portions
from tf_deeppaint.data.sources.base import Example
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

# Portions that wait for each worker: of records, some megabytes each, and of inspections, some
# bytes each.
WAITING_RECORDS, WAITING_INSPECTIONS = 3, 128


class Workers:
    """Some processes that inspect and prepare examples; this one writes what they prepare.

    A context manager. The work under way is bounded, however many examples there are.

    Args:
        count: Number of processes; 1 works in this one.
    """

    def __init__(self, count: int):
        self.count = count
        self.executor: concurrent.futures.Executor | None = None

    def __enter__(self) -> "Workers":
        if self.count > 1:
            # Spawned, not forked: a fork of a process that has TensorFlow's threads can hang.
            self.executor = concurrent.futures.ProcessPoolExecutor(
                self.count, multiprocessing.get_context("spawn"), _start_worker
            )
        return self

    def __exit__(self, *exception) -> None:
        if self.executor is not None:
            self.executor.shutdown(cancel_futures=True)

    def inspect(
        self, task: InspectTask, output: str, examples: Iterator[tuple[int, Example]]
    ) -> Iterator[list[tuple[int, InspectionResult]]]:
        """Inspects numbered examples; yields the results, in order, some at a time."""
        for results in self._map(task, portions(examples, PORTION), WAITING_INSPECTIONS):
            # Writing will need TensorFlow; imported now, it takes no time from waiting results.
            import_tensorflow()
            yield results

    def write(
        self, task: PrepareTask, output: str, shards: Iterable[PlannedShard]
    ) -> Iterator[Progress]:
        """Prepares and writes shards in order; yields how far it has come."""
        sent: collections.deque[tuple[str, bool]] = collections.deque()

        def work() -> Iterator[list[PlannedExample]]:
            for shard in shards:
                waiting = len(shard.examples)
                for portion in portions(shard.examples, PORTION):
                    waiting -= len(portion)
                    sent.append((shard.name, not waiting))
                    yield portion

        with contextlib.ExitStack() as stack:
            writer = None
            for prepared in self._map(task, work(), WAITING_RECORDS):
                name, last = sent.popleft()
                if writer is None:
                    writer = stack.enter_context(ShardWriter(output, name))
                for item in prepared:
                    writer.add(item)
                if last:
                    writer.finish()
                    stack.pop_all()
                    writer = None
                complaints = [item.complaint for item in prepared if item.complaint]
                yield Progress(len(prepared), complaints)

    def _map(self, task: Callable, work: Iterable, waiting: int) -> Iterator:
        """`map(task, work)`, in order, on the processes."""
        if self.executor is None:
            yield from map(task, work)
            return
        pending: collections.deque = collections.deque()
        try:
            for portion in work:
                pending.append(self.executor.submit(task, portion))
                if len(pending) >= waiting * self.count:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except concurrent.futures.process.BrokenProcessPool as error:
            raise DeepPaintError(
                "a worker process died, most likely for want of memory; try fewer workers"
            ) from error


def _start_worker() -> None:
    import cv2

    cv2.setNumThreads(1)  # with one process a core, one thread each is enough
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """Ends this worker when its parent was killed; it would wait for work for ever."""
    multiprocessing.parent_process().join()
    os._exit(1)
