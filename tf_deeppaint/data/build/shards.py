"""Writing one shard: aside, then renamed, with a note beside it of what it holds.

While a data set is built, `WORK_FOLDER` inside it holds a note for every finished shard; by them a
build that was broken off knows what is done.
"""

import collections
import contextlib
import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tf_deeppaint.data import records
from tf_deeppaint.data.build.plan import Planned
from tf_deeppaint.data.build.preparation import Prepared, PrepareTask
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

WORK_FOLDER = ".building"
# Drawings prepared together, everywhere: a network's last bits can depend on its batch.
PORTION = 8


@dataclasses.dataclass(frozen=True)
class ShardReceipt:
    """What is known of a finished shard.

    Attributes:
        shard: As the manifest lists it; a shard of no records has no file.
        left_out: Number of its drawings that could not be read, by reason.
        complaints: A line for each of them.
    """

    shard: records.Shard
    left_out: dict[str, int]
    complaints: list[str]


class PlannedShard(NamedTuple):
    """A shard that is to be written: its name, and its drawings in order."""

    name: str
    drawings: list[Planned]


class Progress(NamedTuple):
    """Some work that is done: how many drawings, and a line for each that could not be read."""

    drawings: int
    complaints: list[str]


class ShardWriter:
    """Writes a shard from the first record to its note; a context manager.

    The shard gets its name when `finish` is called, and the note after it. Left without that,
    nothing of the shard stays.

    Args:
        folder: The data set's folder, which exists.
        name: As `records.shard_name` makes it.
    """

    def __init__(self, folder: str, name: str):
        self.folder = folder
        self.name = name
        self.records = 0
        self.left_out: collections.Counter = collections.Counter()
        self.complaints: list[str] = []
        self.aside = files.join(folder, name + files.INCOMPLETE)
        self.writer = None

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(self, *exception) -> None:
        if self.writer is not None:
            with contextlib.suppress(Exception):
                self.writer.close()
            with contextlib.suppress(DeepPaintError):
                files.remove(self.aside)

    def add(self, prepared: Prepared) -> None:
        """Appends a record, or counts the drawing that became none."""
        if prepared.record is None:
            self.left_out[prepared.left_out] += 1
            self.complaints.append(prepared.complaint)
            return
        tf = import_tensorflow()
        with _told(self.folder):
            if self.writer is None:
                self.writer = tf.io.TFRecordWriter(self.aside)
            self.writer.write(records.to_example(prepared.record))
        self.records += 1

    def finish(self) -> ShardReceipt:
        """Closes the shard, gives it its name, and writes its note."""
        shard = records.Shard(self.name, 0, 0, "")
        if self.writer is not None:
            with _told(self.folder):
                self.writer.close()
            files.sync(self.aside)
            digest, size = files.sha256(self.aside), files.size(self.aside)
            files.rename(self.aside, files.join(self.folder, self.name))
            self.writer = None
            shard = records.Shard(self.name, self.records, size, digest)
        note = ShardReceipt(shard, dict(self.left_out), self.complaints)
        text = json.dumps(dataclasses.asdict(note))
        files.write_bytes(_note_path(self.folder, self.name), text.encode())
        return note


def write_shard(task: PrepareTask, output: str, shard: PlannedShard) -> None:
    """Prepares and writes a whole shard in this process."""
    with ShardWriter(output, shard.name) as writer:
        for portion in portions(shard.drawings, PORTION):
            for prepared in task(portion):
                writer.add(prepared)
        writer.finish()


def portions(items: Iterable, size: int) -> Iterator[list]:
    """Yields items in lists of `size`, the last one shorter."""
    items = iter(items)
    while portion := list(itertools.islice(items, size)):
        yield portion


def read_note(folder: str, name: str) -> ShardReceipt | None:
    """The note of a shard that is finished and still there; None of any other."""
    path = _note_path(folder, name)
    if not files.is_file(path):
        return None
    try:
        note = json.loads(files.read_bytes(path))
        shard = records.Shard(**note["shard"])
        note = ShardReceipt(shard, dict(note["left_out"]), list(note["complaints"]))
        if not all(type(count) is int for count in (shard.records, *note.left_out.values())):
            return None
    except (DeepPaintError, ValueError, KeyError, TypeError, RecursionError):
        return None
    written = files.join(folder, name)
    if shard.records and not (files.is_file(written) and files.size(written) == shard.bytes):
        return None
    return note


def _note_path(folder: str, name: str) -> str:
    return files.join(files.join(folder, WORK_FOLDER), f"{name}.json")


@contextlib.contextmanager
def _told(folder: str) -> Iterator[None]:
    tf = import_tensorflow()
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "message", None) or error
        raise DeepPaintError(
            f"{folder}: cannot be written ({reason}); free space or choose another"
        ) from error
