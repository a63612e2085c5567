"""TFRecord's frames: how the records of a shard follow each other in its file."""

import os
import struct
from collections.abc import Iterator

from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

# A frame is: the length, its checksum, the data, their checksum; little-endian.
_HEADER, _FOOTER = struct.Struct("<Q4x"), 4
FRAME_BYTES = _HEADER.size + _FOOTER
_MAX_RECORD = 2**28


def read_frames(path: str) -> Iterator[bytes]:
    """Yields the data of each record, unchecked, as far as the lengths lead."""
    with files.open_binary(path) as file:
        while len(header := file.read(_HEADER.size)) == _HEADER.size:
            (length,) = _HEADER.unpack(header)
            data = file.read(length + _FOOTER) if length <= _MAX_RECORD else b""
            if len(data) < length + _FOOTER:
                return
            yield data[:-_FOOTER]


def check_frames(path: str) -> None:
    """Checks the lengths of a shard: TensorFlow's reader reserves what they say, or crashes.

    Only local files are checked. Reading them takes a header a record.

    Raises:
        DeepPaintError: A length is over 256 MiB or leads beyond the end of the file.
    """
    if files.is_remote(path):
        return
    position, end = 0, files.size(path)
    with files.wrap_errors(path, "read"), files.open_binary(path) as file:
        while position < end:
            header = file.read(_HEADER.size)
            length = _HEADER.unpack(header)[0] if len(header) == _HEADER.size else end
            position += length + FRAME_BYTES
            if length > _MAX_RECORD or position > end:
                raise DeepPaintError(f"{path}: damaged (the length of a record is not possible)")
            file.seek(length + _FOOTER, os.SEEK_CUR)
