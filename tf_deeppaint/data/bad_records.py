"""Damaged shards read record by record: a bad record is counted, all others are read.

TensorFlow's own reader stops at the first damaged byte of a file, and what follows it is lost.
"""

import struct
import sys
import threading
import zlib
from collections.abc import Iterator

from tf_deeppaint.data.frames import read_frames
from tf_deeppaint.data.records import (
    GROUP,
    NAME,
    PALETTE,
    PALETTES,
    PARTS,
    PICTURE,
    SKETCH,
    read_values,
)
from tf_deeppaint.palette.rules import BANDS
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

# Takes the place of a record that cannot be read.
BAD = b""
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = _PNG_SIGNATURE + b"\0\0\0\rIHDR"


class BadRecords:
    """The records that could not be read so far. Threads may share it.

    Unless `silent`, a warning is printed about the first of each shard.
    """

    def __init__(self, silent: bool = False):
        self._silent = silent
        self._lock = threading.Lock()
        self._bad: dict[str, bytearray] = {}  # by damaged shard, a byte a record

    def note(self, path: str, number: int, records: int) -> None:
        """Counts a bad record, the `number`-th of the `records` of a shard."""
        with self._lock:
            is_first = path not in self._bad
            self._bad.setdefault(path, bytearray(records))[number] = 1
        if is_first and not self._silent:
            print(
                f"warning: {path}: record {number} cannot be read; it is skipped, as is any "
                "other such record, and counted in bad_records",
                file=sys.stderr,
                flush=True,
            )

    @property
    def count(self) -> int:
        """Number of different records that could not be read."""
        with self._lock:
            return sum(flags.count(1) for flags in self._bad.values())


def read_shard(path: str, records: int, size: int, bad: BadRecords) -> Iterator[bytes]:
    """Yields as many records as the manifest says, `BAD` in the place of each that is bad.

    A shard may be missing, cut off, too long or of other bytes. Memory holds one record. `size` is
    the side of the pictures in pixels; `bad` counts the bad records.
    """
    position = 0
    try:
        for record in read_frames(path):
            if position == records:
                return
            if not is_sound(record, size):
                bad.note(path, position, records)
                record = BAD
            yield record
            position += 1
    except (DeepPaintError, OSError, import_tensorflow().errors.OpError):
        pass  # all that is missing is bad
    for number in range(position, records):
        bad.note(path, number, records)
        yield BAD


def is_sound(record: bytes, size: int) -> bool:
    """Whether a serialized record, its pictures of `size` pixels a side, is as it should be.

    Pictures are not decoded; the checksums inside their PNG are compared.
    """
    values = read_values(record)
    if values is None or not all(values.values()):
        return False
    if any(len(values.get(key, ())) > 1 for key in (NAME, GROUP, PICTURE, PALETTE, PARTS)):
        return False
    pictures = [*values[SKETCH], *values[PICTURE], *values.get(PARTS, ())]
    palettes = [*values[PALETTE], *values.get(PALETTES, ())]
    return all(_is_png(data, size) for data in pictures) and all(
        _is_png(data, BANDS) for data in palettes
    )


def _is_png(data: bytes, side: int) -> bool:
    """Whether these are the bytes of a whole square PNG of this side, with right checksums."""
    if data[: len(_PNG_HEADER) + 8] != _PNG_HEADER + struct.pack(">II", side, side):
        return False
    view, position, kind = memoryview(data), len(_PNG_SIGNATURE), b""
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            return False
        if zlib.crc32(view[position + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            return False
        position = end + 4
    return kind == b"IEND" and position == len(data)
