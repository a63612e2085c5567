"""The writing of one shard: aside, then renamed, with a receipt beside it.

While a data set is built, `WORK_FOLDER` inside it holds a receipt for every finished shard. A build
that was broken off knows by them what is done.
"""

import collections
import contextlib
import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tf_deeppaint.data import records
from tf_deeppaint.data.build.plan import PlannedExample
from tf_deeppaint.data.build.preparation import Prepared, PrepareTask
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

WORK_FOLDER = ".building"
# Examples prepared together, everywhere: a network's last bits can depend on its batch.
PORTION = 8


@dataclasses.dataclass(frozen=True)
class ShardReceipt:
    """What is known of a finished shard.

    Attributes:
        shard: As the manifest lists it; a shard of no records has no file.
        skipped: Number of its examples that could not be read, by reason.
        complaints: A line for each of them.
    """

    shard: records.Shard
    skipped: dict[str, int]
    complaints: list[str]


class PlannedShard(NamedTuple):
    """A shard that is to be written: its name, and its examples in order."""

    name: str
    examples: list[PlannedExample]


class Progress(NamedTuple):
    """Some work that is done: how many examples, and a line for each that could not be read."""

    examples: int
    complaints: list[str]


class ShardWriter(contextlib.AbstractContextManager):
    """Writes a shard from the first record to its receipt; a context manager.

    The shard gets its name when `finish` is called, and the receipt after it. Without that nothing
    of the shard stays. The folder of the data set must exist.
    """

    def __init__(self, folder: str, name: str):
        self.folder = folder
        self.name = name
        self.records = 0
        self.skipped: collections.Counter = collections.Counter()
        self.complaints: list[str] = []
        # Nobody can have put a link there: the name is not to be guessed.
        self.aside = files.join(folder, files.name_aside(name))
        self.writer = None

    def __exit__(self, *exception) -> None:
        if self.writer is not None:
            with contextlib.suppress(Exception):
                self.writer.close()
            with contextlib.suppress(DeepPaintError):
                files.remove(self.aside)

    def add(self, prepared: Prepared) -> None:
        """Appends a record, or counts the example that became none."""
        if prepared.record is None:
            self.skipped[prepared.skipped] += 1
            self.complaints.append(prepared.complaint)
            return
        tf = import_tensorflow()
        with files.wrap_errors(self.folder, "written"):
            if self.writer is None:
                self.writer = tf.io.TFRecordWriter(self.aside)
            self.writer.write(records.serialize_record(prepared.record))
        self.records += 1

    def finish(self) -> None:
        """Closes the shard, gives it its name, and writes its receipt."""
        shard = records.Shard(self.name, 0, 0, "")
        if self.writer is not None:
            with files.wrap_errors(self.folder, "written"):
                self.writer.close()
            files.sync(self.aside)
            digest, size = files.sha256(self.aside), files.size(self.aside)
            files.rename(self.aside, files.join(self.folder, self.name))
            self.writer = None
            shard = records.Shard(self.name, self.records, size, digest)
        receipt = ShardReceipt(shard, dict(self.skipped), self.complaints)
        text = json.dumps(dataclasses.asdict(receipt))
        files.write_bytes(_receipt_path(self.folder, self.name), text.encode())


def write_shard(task: PrepareTask, output: str, shard: PlannedShard) -> None:
    """Prepares and writes a whole shard in this process."""
    with ShardWriter(output, shard.name) as writer:
        for portion in portions(shard.examples, PORTION):
            for prepared in task(portion):
                writer.add(prepared)
        writer.finish()


def portions(items: Iterable, size: int) -> Iterator[list]:
    """Yields items in lists of `size`, the last one shorter."""
    items = iter(items)
    while portion := list(itertools.islice(items, size)):
        yield portion


def load_receipt(folder: str, name: str) -> ShardReceipt | None:
    """The receipt of a shard that is finished and still there; None of any other."""
    path = _receipt_path(folder, name)
    if not files.is_file(path):
        return None
    try:
        document = json.loads(files.read_bytes(path))
        shard = records.Shard(**document["shard"])
        receipt = ShardReceipt(shard, dict(document["skipped"]), list(document["complaints"]))
        if not all(type(count) is int for count in (shard.records, *receipt.skipped.values())):
            return None
    except (DeepPaintError, ValueError, KeyError, TypeError, RecursionError):
        return None
    written = files.join(folder, name)
    if shard.records and not (files.is_file(written) and files.size(written) == shard.bytes):
        return None
    return receipt


def _receipt_path(folder: str, name: str) -> str:
    return files.join(folder, f"{WORK_FOLDER}/{name}.json")
