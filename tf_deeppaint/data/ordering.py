"""The order of records: shards -> a stream of serialized records, shuffled by a seed alone.

TensorFlow's global seed has no part in it, so that a run goes on in the same order where it
stopped, and workers agree.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_deeppaint.data.bad_records import BAD, BadRecords, read_shard
from tf_deeppaint.data.records import Manifest
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

# Bytes of undecoded records that wait in the shuffle buffer; at 512 pixels, with 400 kB each, these
# are about 670.
SHUFFLE_BYTES = 256 * 2**20
# Shards read in turn.
OPEN_SHARDS = 8

# A shard, by its path and the number of its records, as a data set of strings.
Reader = Callable[[tf.Tensor, tf.Tensor], tf.data.Dataset]


class ShardList(NamedTuple):
    """The shards of one data set's split, and their sums."""

    paths: list[bytes]  # as the file system has them, which may be no UTF-8
    counts: list[int]
    records: int
    bytes: int


def list_shards(
    directories: Sequence[str | os.PathLike], manifests: Sequence[Manifest], split: str
) -> list[ShardList]:
    """The shards of a split of each data set that has records of it."""
    return [
        ShardList(
            [os.fsencode(files.join(directory, shard.name)) for shard in manifest.shards[split]],
            [shard.records for shard in manifest.shards[split]],
            manifest.count(split),
            sum(shard.bytes for shard in manifest.shards[split]),
        )
        for directory, manifest in zip(directories, manifests, strict=True)
        if manifest.count(split)
    ]


def make_reader(size: int, bad: BadRecords | None) -> Reader:
    """How shards are read: so that a bad record is `BAD` and counted by `bad`.

    Without `bad` TensorFlow reads, which raises at the first. `size` is the side of the pictures.
    """
    if bad is None:
        return lambda path, count: tf.data.TFRecordDataset(path)

    def read(path: bytes, count: int) -> Iterator[bytes]:
        return read_shard(os.fsdecode(path), int(count), size, bad)

    signature = tf.TensorSpec([], tf.string)
    return lambda path, count: tf.data.Dataset.from_generator(
        read, args=(path, count), output_signature=signature
    )


def in_order(shard_lists: list[ShardList], reader: Reader | None = None) -> tf.data.Dataset:
    """Every record once, in the order of the shards."""
    paths = [path for shards in shard_lists for path in shards.paths]
    if reader is None:
        return tf.data.TFRecordDataset(paths)
    counts = [count for shards in shard_lists for count in shards.counts]
    return tf.data.Dataset.from_tensor_slices((paths, counts)).flat_map(reader)


def shuffled(
    shard_lists: list[ShardList], seed: tf.Tensor, reader: Reader | None = None
) -> tf.data.Dataset:
    """Every record once, in an order that the seed, int32 `(2,)`, decides.

    Data sets are mixed evenly, each in its share.
    """
    reader = reader or make_reader(0, None)
    seeds = tf.unstack(tf.random.split(seed, len(shard_lists) + 1))
    pairs = zip(shard_lists, seeds[1:], strict=True)
    streams = [_interleaved(shards, own_seed, reader) for shards, own_seed in pairs]
    # Each data set's number as often as it has records, evenly spread.
    counts = [shards.records for shards in shard_lists]
    due = np.concatenate([(np.arange(count) + 0.5) / count for count in counts])
    turns = np.repeat(np.arange(len(counts)), counts)[np.argsort(due, kind="stable")]
    turns = tf.data.Dataset.from_tensor_slices(turns)
    mixed = tf.data.Dataset.choose_from_datasets(streams, turns, stop_on_empty_dataset=False)
    size = sum(shards.bytes for shards in shard_lists)
    buffered = max(1, min(sum(counts), sum(counts) * SHUFFLE_BYTES // size))
    return _shuffle(mixed, buffered, seeds[0])


def replace_bad_records(
    numbered: tf.data.Dataset, batch_size: int, shard_lists: list[ShardList], size: int
) -> tf.data.Dataset:
    """Puts another record of its batch in the place of each that is `BAD`.

    Where a whole batch is bad, the first record that can be read fills it.

    Args:
        numbered: Pairs of a number and a serialized record.
        batch_size: Records a batch; an incomplete last batch is dropped.
        shard_lists: Where to find a record that can be read.
        size: Side of the pictures in pixels.

    Raises:
        DeepPaintError: no record can be read.
    """
    paths = [os.fsdecode(path) for shards in shard_lists for path in shards.paths]
    counts = [count for shards in shard_lists for count in shards.counts]
    uncounted = BadRecords(silent=True)
    shards = (read_shard(*shard, size, uncounted) for shard in zip(paths, counts, strict=True))
    spare = next((record for shard in shards for record in shard if record != BAD), None)
    if spare is None:
        folders = ", ".join(dict.fromkeys(map(os.path.dirname, paths)))
        raise DeepPaintError(f"{folders}: no training record can be read; build the data set again")

    @tf.autograph.experimental.do_not_convert
    def replace(numbers: tf.Tensor, stored: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        is_bad = stored == BAD
        good = tf.boolean_mask(stored, ~is_bad)
        good = tf.cond(tf.size(good) > 0, lambda: good, lambda: tf.constant([spare]))
        others = tf.gather(good, tf.range(tf.size(stored)) % tf.size(good))
        return numbers, tf.where(is_bad, others, stored)

    return numbered.batch(batch_size, drop_remainder=True).map(replace).unbatch()


def make_seed(seed: int, purpose: int, number: tf.Tensor) -> tf.Tensor:
    """int32 `(2,)` for the `number`-th pass or record."""
    # int32: stateless ops take no wider seed on every device.
    root = tf.cast(tf.constant([seed, purpose], tf.int64), tf.int32)
    return tf.random.fold_in(root, tf.cast(number % 2**31, tf.int32))


def pass_number(seed: int) -> tf.data.Dataset:
    """One number below 2**32, in every iteration another, as the seed decides.

    `Dataset.random` would mix in the global seed.
    """
    numbers = tf.raw_ops.RandomDatasetV2(
        seed=seed,
        seed2=1,
        seed_generator=tf.raw_ops.DummySeedGenerator(),
        rerandomize_each_iteration=True,
        output_types=[tf.int64],
        output_shapes=[[]],
    )
    return tf.data.experimental.from_variant(numbers, tf.TensorSpec([], tf.int64)).take(1)


def _interleaved(shards: ShardList, seed: tf.Tensor, reader: Reader) -> tf.data.Dataset:
    order = tf.argsort(tf.random.stateless_uniform([len(shards.paths)], seed))
    ordered = tf.gather(shards.paths, order), tf.gather(shards.counts, order)
    return tf.data.Dataset.from_tensor_slices(ordered).interleave(
        reader, cycle_length=OPEN_SHARDS, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )


def _shuffle(dataset: tf.data.Dataset, buffer_size: int, seed: tf.Tensor) -> tf.data.Dataset:
    """`Dataset.shuffle` by a seed of the graph alone: the method would mix in the global seed."""
    first, second = tf.unstack(tf.cast(seed, tf.int64))
    variant = tf.raw_ops.ShuffleDataset(
        input_dataset=tf.data.experimental.to_variant(dataset),
        buffer_size=buffer_size,
        seed=2 * first + 1,  # never zero: two zeros would mean a seed from the clock
        seed2=second,
        output_types=[tf.string],
        output_shapes=[[]],
        reshuffle_each_iteration=False,
    )
    return tf.data.experimental.from_variant(variant, dataset.element_spec)
