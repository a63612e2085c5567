"""Damaged shards named: TensorFlow complains about a record, people need to know the file."""

import collections
import contextlib
import itertools
import os
from collections.abc import Iterator, Sequence

import tensorflow as tf

from tf_deeppaint.data import records
from tf_deeppaint.data.bad_records import BadRecords, read_shard
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

# A mistake in a model raises these as well. TensorFlow quotes a record that it cannot parse, and
# its bytes may be no UTF-8.
_AMBIGUOUS_ERRORS = (tf.errors.InvalidArgumentError, UnicodeDecodeError)
_DAMAGE_ERRORS = (
    tf.errors.DataLossError,
    tf.errors.NotFoundError,
    tf.errors.PermissionDeniedError,
    *_AMBIGUOUS_ERRORS,
)


@contextlib.contextmanager
def wrap_damage_errors(
    directories: Sequence[str | os.PathLike], advice: str = "build the data set again"
) -> Iterator[None]:
    """Turns TensorFlow's error about a bad record into one that names the shard.

    Args:
        directories: The data sets that are read inside the block.
        advice: What to do about it.

    Raises:
        DeepPaintError: a record read inside the block is damaged, or its shard is gone.
    """
    try:
        yield
    except _DAMAGE_ERRORS as error:
        damaged = list(_damaged_shards(directories))
        if not damaged and isinstance(error, _AMBIGUOUS_ERRORS):
            raise
        raise DeepPaintError(f"{', '.join(damaged) or 'a shard'}: damaged; {advice}") from error


def _damaged_shards(directories: Sequence[str | os.PathLike]) -> Iterator[str]:
    """Yields the shards that are not as they were written, or hold a bad record."""
    for directory in directories:
        manifest = records.load_manifest(directory, check_shards=False)
        for shard in itertools.chain(*manifest.shards.values()):
            path, bad = files.join(directory, shard.name), BadRecords(silent=True)
            try:
                is_whole = files.sha256(path) == shard.sha256
            except DeepPaintError:
                is_whole = False
            if is_whole:
                collections.deque(read_shard(path, shard.records, manifest.size, bad), maxlen=0)
            if bad.count or not is_whole:
                yield path
