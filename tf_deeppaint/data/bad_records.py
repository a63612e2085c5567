"""Shards that may be damaged, read record by record: a bad one is counted, and costs itself alone.

TensorFlow's own reader stops at the first damaged byte of a file, and what follows it is lost.
"""

import struct
import sys
import threading
import zlib
from collections.abc import Iterable, Iterator

from tf_deeppaint.palette.extraction import BANDS
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

# What stands in the place of a record that cannot be read.
BAD = b""
# TFRecord: the length, its checksum, the data, their checksum; little-endian.
_HEADER, _FOOTER = struct.Struct("<Q4x"), 4
_MAX_RECORD = 2**28
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = _PNG_MAGIC + b"\0\0\0\rIHDR"


class BadRecords:
    """Which records could not be read so far. Threads may share it.

    Args:
        silent: Whether nothing is told; otherwise the first of each shard is.
    """

    def __init__(self, silent: bool = False):
        self._silent = silent
        self._lock = threading.Lock()
        self._places: dict[str, bytearray] = {}  # a byte a record, of damaged shards alone

    def note(self, path: str, number: int, records: int) -> None:
        """Takes down a bad record, the `number`-th of the `records` of a shard."""
        with self._lock:
            is_first = path not in self._places
            self._places.setdefault(path, bytearray(records))[number] = 1
        if is_first and not self._silent:
            print(
                f"warning: {path}: record {number} cannot be read; it is left out, as any other "
                "such record, and counted in bad_records",
                file=sys.stderr,
                flush=True,
            )

    @property
    def count(self) -> int:
        """Number of different records that could not be read."""
        with self._lock:
            return sum(places.count(1) for places in self._places.values())


def read_shard(path: str, records: int, size: int, bad: BadRecords) -> Iterator[bytes]:
    """Yields as many records as a shard is to hold, `BAD` in the place of each that is bad.

    A shard may be missing, cut off, too long or of other bytes. Memory holds one record.

    Args:
        path: The shard.
        records: Number of its records, as the manifest says.
        size: Side of its pictures in pixels.
        bad: Who counts.
    """
    found = 0
    try:
        for record in _frames(path):
            if found == records:
                return
            if not is_sound(record, size):
                bad.note(path, found, records)
                record = BAD
            yield record
            found += 1
    except (DeepPaintError, OSError, import_tensorflow().errors.OpError):
        pass  # all that is missing is bad
    for number in range(found, records):
        bad.note(path, number, records)
        yield BAD


def first_sound(shards: Iterable[tuple[str, int]], size: int) -> bytes | None:
    """The first record that can be read of shards, each a path and a number of records."""
    unheard = BadRecords(silent=True)
    for path, records in shards:
        for record in read_shard(path, records, size, unheard):
            if record != BAD:
                return record
    return None


def is_sound(record: bytes, size: int) -> bool:
    """Whether a record holds what the contract says, in pictures whose checksums are right.

    Args:
        record: A serialized Example.
        size: Side of its pictures in pixels.
    """
    try:
        features = import_tensorflow().train.Example.FromString(record).features.feature
        values = {key: list(features[key].bytes_list.value) for key in _KEYS}
    except Exception:  # protobuf has an exception of its own for each of its implementations
        return False
    if not all(values.values()) or any(len(values[key]) > 1 for key in _KEYS if key != "sketch"):
        return False
    pictures = [*values["sketch"], *values["picture"]]
    return all(_is_png(data, size) for data in pictures) and _is_png(values["histogram"][0], BANDS)


_KEYS = ("name", "group", "sketch", "picture", "histogram")


def _frames(path: str) -> Iterator[bytes]:
    """Yields the data of each record, unchecked, to the end of what can be told apart."""
    with files.open_binary(path) as file:
        while len(header := file.read(_HEADER.size)) == _HEADER.size:
            (length,) = _HEADER.unpack(header)
            if length > _MAX_RECORD:
                return
            data = file.read(length + _FOOTER)
            if len(data) < length + _FOOTER:
                return
            yield data[:length]


def _is_png(data: bytes, side: int) -> bool:
    """Whether these are the bytes of a whole square PNG of a side, each part as it was written."""
    if data[: len(_PNG_HEADER) + 8] != _PNG_HEADER + struct.pack(">II", side, side):
        return False
    view, position, kind = memoryview(data), len(_PNG_MAGIC), b""
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            return False
        if zlib.crc32(view[position + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            return False
        position = end + 4
    return kind == b"IEND" and position == len(data)
