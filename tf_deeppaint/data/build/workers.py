"""The work of a build on the cores of this machine."""

import collections
import concurrent.futures.process
import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator

from tf_deeppaint.data.build.plan import Planned, Seen
from tf_deeppaint.data.build.preparation import LookTask, PrepareTask
from tf_deeppaint.data.build.shards import PORTION, PlannedShard, Progress, ShardWriter, portions
from tf_deeppaint.data.sources.registry import Example
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

# Portions that wait for each worker: of records, each some megabytes, and of looks, some bytes.
WAITING, WAITING_LOOKS = 3, 128


class Workers:
    """Some processes that look at drawings and prepare them; this one writes what they prepare.

    A context manager. What is under way is bounded, however many drawings there are.

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

    def look(
        self, task: LookTask, output: str, drawings: Iterator[tuple[int, Example]]
    ) -> Iterator[list[tuple[int, Seen]]]:
        """Looks at numbered drawings; yields what was seen, in order, some at a time."""
        for looks in self._map(task, portions(drawings, PORTION), WAITING_LOOKS):
            # Writing will need it; loaded now, it takes no time from the looks that wait.
            import_tensorflow()
            yield looks

    def write(
        self, task: PrepareTask, output: str, shards: Iterable[PlannedShard]
    ) -> Iterator[Progress]:
        """Prepares and writes shards in order; yields how far it has come."""
        sent: collections.deque[tuple[str, bool]] = collections.deque()

        def work() -> Iterator[list[Planned]]:
            for shard in shards:
                waiting = len(shard.drawings)
                for portion in portions(shard.drawings, PORTION):
                    waiting -= len(portion)
                    sent.append((shard.name, not waiting))
                    yield portion

        with contextlib.ExitStack() as stack:
            writer = None
            for prepared in self._map(task, work(), WAITING):
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

    cv2.setNumThreads(1)  # one process a core is threads enough
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """Ends this worker when its parent was killed, or it would wait for work for ever."""
    multiprocessing.parent_process().join()
    os._exit(1)
