"""Shards -> batches: read, shuffle, decode, augment, scale.

A batch is `{"sketch": (N, S, S, 3), "palette": (N, 4, 4, 3), "picture": (N, S, S, 3)}`, float32 in
[-1, 1]. Histogram images are drawn from the palette inside the model: 48 numbers travel instead
of 12 S * S. Every random choice depends on the seed and the record's number in the stream alone;
TensorFlow's global seed has no part in it.
"""

import collections
import contextlib
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_deeppaint.data import records
from tf_deeppaint.data.augmentation import augment, check_augmentations
from tf_deeppaint.data.bad_records import BAD, BadRecords, first_sound, read_shard
from tf_deeppaint.images.pixels import from_unit_range, to_unit_range
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

# Undecoded records wait in the shuffle buffer; at 512 px, with 400 kB each, these are about 670.
SHUFFLE_BYTES = 256 * 2**20
# Shards read in turn.
OPEN_SHARDS = 8

# What a seed is for: the order of a pass, or the looks of a record.
_ORDER, _LOOKS = 0, 1

_FEATURES = {
    "name": tf.io.FixedLenFeature([], tf.string),
    "group": tf.io.FixedLenFeature([], tf.string),
    "sketch": tf.io.RaggedFeature(tf.string),
    "picture": tf.io.FixedLenFeature([], tf.string),
    "histogram": tf.io.FixedLenFeature([], tf.string),
}


def open_datasets(
    directories: Sequence[str | os.PathLike], whole: bool = True
) -> list[records.Manifest]:
    """Reads the manifests of data sets that are to be used together.

    Args:
        directories: Their folders.
        whole: Whether every shard must be there, of the size that the manifest says.

    Raises:
        DeepPaintError: one is missing or damaged, or they differ in size or palette rule.
    """
    manifests = [records.read_manifest(directory, whole) for directory in directories]
    for what in ("size", "background"):
        values = {str(d): m.options[what] for d, m in zip(directories, manifests, strict=True)}
        if len(set(values.values())) > 1:
            raise DeepPaintError(f"data sets of different {what}: {values}; build them alike")
    return manifests


@contextlib.contextmanager
def naming_damage(
    directories: Sequence[str | os.PathLike], advice: str = "build the data set again"
) -> Iterator[None]:
    """Turns TensorFlow's complaint about a bad record into an error that names the shard.

    Args:
        directories: The data sets that are read inside the block.
        advice: What to do about it.

    Raises:
        DeepPaintError: a record read inside the block is damaged, or its shard is gone.
    """
    try:
        yield
    except _OF_DAMAGE as error:
        damaged = list(_find_damage(directories))
        # Of these a mistake in a model may be the cause as well.
        if not damaged and isinstance(error, _OF_DAMAGE_OR_MISTAKE):
            raise
        raise DeepPaintError(f"{', '.join(damaged) or 'a shard'}: damaged; {advice}") from error


# TensorFlow cannot always tell of a record that is none: it quotes it, and bytes are no UTF-8.
_OF_DAMAGE_OR_MISTAKE = (tf.errors.InvalidArgumentError, UnicodeDecodeError)
_OF_DAMAGE = (
    tf.errors.DataLossError,
    tf.errors.NotFoundError,
    tf.errors.PermissionDeniedError,
    *_OF_DAMAGE_OR_MISTAKE,
)


def _find_damage(directories: Sequence[str | os.PathLike]) -> Iterator[str]:
    """Yields the shards that are not as they were written, or hold what is no record."""
    for directory in directories:
        manifest = records.read_manifest(directory, whole=False)
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


def load_training(
    directories: Sequence[str | os.PathLike],
    batch_size: int,
    seed: int,
    augmentations: Sequence[str] = ("flip",),
    start: int = 0,
    part: tuple[int, int] = (0, 1),
    bad: BadRecords | None = None,
) -> tf.data.Dataset:
    """An endless, shuffled, augmented stream of training batches.

    Epoch 0 of the stream is every training record of all data sets once, then comes epoch 1 in
    another order, and so on; batches go on over the border. Throughout an epoch each data set is
    there in its share. Of several sketches of a record one is drawn at random.

    A run goes on where it stopped, in two ways: with `start`, for which at most one epoch is read,
    undecoded; or with `tf.train.Checkpoint(iterator=iter(stream))`, whose file holds the shuffle
    buffer, up to `SHUFFLE_BYTES`. That is the most that the buffer takes of memory too.

    Args:
        directories: Data sets of equal size and palette rule; their records are mixed.
        batch_size: Pictures a batch.
        seed: Decides order, sketches and augmentation, from 0 to 2**32 - 1.
        augmentations: Any of `augmentation.AUGMENTATIONS`; see `augmentation.augment`.
        start: Records to leave out at the beginning: the stream is then, record by record, what
            the whole one is from there.
        part: Which worker this is, of how many: it gets its batch of every round of batches, and
            decodes no other.
        bad: Who counts records that cannot be read. The place of each is then taken by another
            of its batch, so that every place in the stream stays where it is; by default they
            stop whoever reads.

    Raises:
        DeepPaintError: see `open_datasets`; also fewer records than a batch, or an unknown
            augmentation.
    """
    check_augmentations(augmentations)
    manifests = open_datasets(directories, whole=bad is None)
    total = sum(manifest.count("train") for manifest in manifests)
    if total < batch_size:
        raise DeepPaintError(
            f"{', '.join(map(str, directories))}: {total} training records are too few for "
            f"one batch of {batch_size}; build more or lower --batch_size"
        )
    sources = _sources(directories, manifests, "train")
    reader = _reader(manifests[0].size, bad)
    first_epoch, done = divmod(start, total)

    def epoch(number: tf.Tensor) -> tf.data.Dataset:
        order = _seed(seed, _ORDER, number)
        numbered = _shuffled(sources, order, reader).enumerate(number * total)
        return numbered.skip(tf.where(number == first_epoch, tf.constant(done, tf.int64), 0))

    def prepare(number: tf.Tensor, record: tf.Tensor) -> dict[str, tf.Tensor]:
        return _prepare(record, manifests[0], _seed(seed, _LOOKS, number), augmentations)

    worker, workers = part

    def is_own(number: tf.Tensor, record: tf.Tensor) -> tf.Tensor:
        return (number - start) // batch_size % workers == worker

    numbered = tf.data.Dataset.range(first_epoch, np.iinfo(np.int64).max).flat_map(epoch)
    own = numbered.filter(is_own) if workers > 1 else numbered
    if bad is not None:
        own = _fill(own, batch_size, _spare(sources, manifests[0].size, directories))
    # Known to be endless, batches have a fixed size also where several machines take them.
    endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
    return (
        own.map(prepare, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .apply(endless)
        .batch(batch_size, drop_remainder=True)
        .prefetch(tf.data.AUTOTUNE)
    )


def load(
    directory: str | os.PathLike,
    split: str,
    batch_size: int = 4,
    shuffle: bool = False,
    augmentations: Sequence[str] = (),
    seed: int = 0,
) -> tf.data.Dataset:
    """A data set for your own Keras model: every record of a split once, in pairs for `fit`.

        batches = load("data/mine", "train", 8, shuffle=True, augmentations=["flip"])
        held_out = load("data/mine", "test", 8)
        model.fit(batches, validation_data=held_out, epochs=10, shuffle=False)

    (`fit` cannot shuffle any `tf.data.Dataset`, and warns where it is not told not to.)

    Elements are `(inputs, picture)`, the inputs a dictionary, all float32 in [-1, 1], white 1:

        inputs["sketch"]   (N, S, S, 3)  line art, its three channels equal; line -1, paper 1
        inputs["palette"]  (N, 4, 4, 3)  band of the picture from the top, rank, RGB
        picture            (N, S, S, 3)  the colored picture, RGB

    N is `batch_size`, in the last batch of a pass what is left; S is the data set's size. The
    number of batches is known, so that `fit` shows how far it is.

    Args:
        directory: Folder of the data set.
        split: `"train"` or `"test"`.
        batch_size: Pictures a batch.
        shuffle: Whether every pass draws another order and, where a record has several sketches,
            which one; otherwise they come as stored, with their first sketch.
        augmentations: Any of `augmentation.AUGMENTATIONS`, drawn anew in every pass; see
            `augmentation.augment`.
        seed: Decides what is drawn, from 0 to 2**32 - 1: passes differ, but not the same pass of
            two data sets loaded alike.

    Raises:
        DeepPaintError: the data set is missing or damaged, there is no such split or nothing in
            it, or an unknown augmentation.
    """
    check_augmentations(augmentations)
    manifest = records.read_manifest(directory)
    if split not in records.SPLITS:
        raise DeepPaintError(f"split={split!r}: choose one of {', '.join(records.SPLITS)}")
    if not (total := manifest.count(split)):
        raise _no_records(directory, split)
    sources = _sources([directory], [manifest], split)

    def one_pass(number: tf.Tensor) -> tf.data.Dataset:
        order = _seed(seed, _ORDER, number)
        ordered = _shuffled(sources, order) if shuffle else _in_order(sources)
        return ordered.enumerate(number * total)

    def prepare(number: tf.Tensor, record: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        looks = _seed(seed, _LOOKS, number)
        inputs = _prepare(record, manifest, looks, augmentations, first_sketch=not shuffle)
        picture = inputs.pop("picture")
        return inputs, picture

    return (
        _pass_number(seed)
        .flat_map(one_pass)
        .map(prepare, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .batch(batch_size)
        .apply(tf.data.experimental.assert_cardinality(-(-total // batch_size)))
        .prefetch(tf.data.AUTOTUNE)
    )


def load_evaluation(
    directories: Sequence[str | os.PathLike],
    split: str,
    batch_size: int,
    bad: BadRecords | None = None,
) -> tf.data.Dataset:
    """All records of a split once, in order, as they are stored; the last batch may be smaller.

    Batches also hold `"name"` and `"group"`, `(N,)` strings; records of one group, such as the
    colorings of one drawing, are not independent. Records that cannot be read are left out where
    `bad` counts them.
    """
    manifests = open_datasets(directories, whole=bad is None)
    sources = _sources(directories, manifests, split)
    if not sources:
        return tf.data.Dataset.from_tensor_slices([]).batch(batch_size)

    def prepare(record: tf.Tensor) -> dict:
        example = decode_record(record, manifests[0].size, tf.constant([0, 0]), first_sketch=True)
        return scale(example) | {key: example[key] for key in ("name", "group")}

    if bad is None:
        stored = _in_order(sources)
    else:
        stored = _in_order(sources, _reader(manifests[0].size, bad))
        stored = stored.filter(lambda record: record != BAD)
    return (
        stored.map(prepare, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .batch(batch_size)
        .prefetch(tf.data.AUTOTUNE)
    )


def first_records(
    directory: str | os.PathLike, split: str, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first records of a split as they are stored, fewer where it holds fewer.

    Returns:
        Sketches uint8 `(N, S, S)`, pictures `(N, S, S, 3)`, palettes `(N, 4, 4, 3)`.

    Raises:
        DeepPaintError: see `open_datasets`; also an empty split.
    """
    with naming_damage([directory]):
        batch = next(iter(load_evaluation([directory], split, count)), None)
    if batch is None:
        raise _no_records(directory, split)
    sketches, pictures, palettes = (
        from_unit_range(batch[key]) for key in ("sketch", "picture", "palette")
    )
    return sketches[..., 0], pictures, palettes


def decode_record(
    record: tf.Tensor, size: int, seed: tf.Tensor, first_sketch: bool = False
) -> dict[str, tf.Tensor]:
    """Parses one serialized Example into uint8 tensors.

    Args:
        record: Scalar string.
        size: Side of its pictures in pixels.
        seed: int32 `(2,)`; decides which of several sketches is taken.
        first_sketch: Whether to take the first sketch instead.

    Returns:
        `name` and `group` scalar strings, `sketch` `(size, size, 1)`, `picture`
        `(size, size, 3)`, `palette` `(4, 4, 3)`.
    """
    example = tf.io.parse_single_example(record, _FEATURES)
    count = tf.shape(example["sketch"])[0]
    which = 0 if first_sketch else tf.random.stateless_uniform([], seed, 0, count, tf.int32)

    def decode(data: tf.Tensor, side: int, channels: int) -> tf.Tensor:
        pixels = tf.io.decode_png(data, channels=channels)
        return tf.ensure_shape(pixels, (side, side, channels))

    return {
        "name": example["name"],
        "group": example["group"],
        "sketch": decode(example["sketch"][which], size, 1),
        "picture": decode(example["picture"], size, 3),
        "palette": decode(example["histogram"], 4, 3),
    }


def scale(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """uint8 as `decode_record` returns it -> float32 in [-1, 1], the sketch with three channels."""
    pixels = {key: example[key] for key in ("sketch", "palette", "picture")}
    pixels["sketch"] = tf.image.grayscale_to_rgb(pixels["sketch"])
    return {key: to_unit_range(tf.cast(value, tf.float32)) for key, value in pixels.items()}


def _prepare(
    record: tf.Tensor,
    manifest: records.Manifest,
    seed: tf.Tensor,
    augmentations: Sequence[str],
    first_sketch: bool = False,
) -> dict[str, tf.Tensor]:
    choice, looks = tf.unstack(tf.random.split(seed, 2))
    example = decode_record(record, manifest.size, choice, first_sketch)
    return scale(augment(example, augmentations, looks, manifest.background))


class _Source(NamedTuple):
    """The shards of one data set's split, what each holds, and all together."""

    paths: list[bytes]  # as the file system has them: no UTF-8 perhaps
    counts: list[int]
    records: int
    bytes: int


def _sources(directories, manifests, split: str) -> list[_Source]:
    """The data sets that have records of a split."""
    return [
        _Source(
            [os.fsencode(files.join(directory, shard.name)) for shard in manifest.shards[split]],
            [shard.records for shard in manifest.shards[split]],
            manifest.count(split),
            sum(shard.bytes for shard in manifest.shards[split]),
        )
        for directory, manifest in zip(directories, manifests, strict=True)
        if manifest.count(split)
    ]


# A shard, by its path and the number of its records, as a data set of strings.
_Reader = Callable[[tf.Tensor, tf.Tensor], tf.data.Dataset]


def _reader(size: int, bad: BadRecords | None) -> _Reader:
    """How shards are read: by TensorFlow, or so that a bad record is `BAD` and counted."""
    if bad is None:
        return lambda path, count: tf.data.TFRecordDataset(path)

    def read(path: bytes, count: int) -> Iterator[bytes]:
        return read_shard(os.fsdecode(path), int(count), size, bad)

    signature = tf.TensorSpec([], tf.string)
    return lambda path, count: tf.data.Dataset.from_generator(
        read, args=(path, count), output_signature=signature
    )


def _fill(numbered: tf.data.Dataset, batch_size: int, spare: bytes) -> tf.data.Dataset:
    """Puts another record of its batch in the place of each that is bad; a spare if all are."""

    def fill(numbers: tf.Tensor, stored: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        is_bad = stored == BAD
        good = tf.boolean_mask(stored, ~is_bad)
        good = tf.cond(tf.size(good) > 0, lambda: good, lambda: tf.constant([spare]))
        others = tf.gather(good, tf.range(tf.size(stored)) % tf.size(good))
        return numbers, tf.where(is_bad, others, stored)

    return numbered.batch(batch_size, drop_remainder=True).map(fill).unbatch()


def _spare(sources: list[_Source], size: int, directories) -> bytes:
    paths = [os.fsdecode(path) for source in sources for path in source.paths]
    shards = zip(paths, (n for source in sources for n in source.counts), strict=True)
    if (found := first_sound(shards, size)) is None:
        names = ", ".join(map(str, directories))
        raise DeepPaintError(f"{names}: no training record can be read; build the data set again")
    return found


def _in_order(sources: list[_Source], reader: _Reader | None = None) -> tf.data.Dataset:
    paths = [path for source in sources for path in source.paths]
    if reader is None:
        return tf.data.TFRecordDataset(paths)
    counts = [count for source in sources for count in source.counts]
    return tf.data.Dataset.from_tensor_slices((paths, counts)).flat_map(reader)


def _shuffled(
    sources: list[_Source], seed: tf.Tensor, reader: _Reader | None = None
) -> tf.data.Dataset:
    """Every record of the sources once, in an order that the seed, int32 `(2,)`, decides."""
    reader = reader or _reader(0, None)
    seeds = tf.unstack(tf.random.split(seed, len(sources) + 1))
    paired = zip(sources, seeds[1:], strict=True)
    streams = [_interleaved(source, own, reader) for source, own in paired]
    turns = tf.data.Dataset.from_tensor_slices(_turns([source.records for source in sources]))
    mixed = tf.data.Dataset.choose_from_datasets(streams, turns, stop_on_empty_dataset=False)
    return _shuffle(mixed, _buffer_size(sources), seeds[0])


def _interleaved(source: _Source, seed: tf.Tensor, reader: _Reader) -> tf.data.Dataset:
    order = tf.argsort(tf.random.stateless_uniform([len(source.paths)], seed))
    shards = tf.gather(source.paths, order), tf.gather(source.counts, order)
    return tf.data.Dataset.from_tensor_slices(shards).interleave(
        reader,
        cycle_length=OPEN_SHARDS,
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )


def _turns(counts: list[int]) -> np.ndarray:
    """Numbers of data sets, each as often as it has records and evenly spread, int64."""
    due = np.concatenate([(np.arange(count) + 0.5) / count for count in counts])
    return np.repeat(np.arange(len(counts)), counts)[np.argsort(due, kind="stable")]


def _buffer_size(sources: list[_Source]) -> int:
    """How many records the shuffle buffer holds: all, if they fit into it."""
    count = sum(source.records for source in sources)
    size = sum(source.bytes for source in sources)
    return max(1, min(count, count * SHUFFLE_BYTES // size))


def _shuffle(dataset: tf.data.Dataset, buffer: int, seed: tf.Tensor) -> tf.data.Dataset:
    """`Dataset.shuffle` by a seed of the graph alone: the method would mix in the global seed."""
    first, second = tf.unstack(tf.cast(seed, tf.int64))
    shuffled = tf.raw_ops.ShuffleDataset(
        input_dataset=tf.data.experimental.to_variant(dataset),
        buffer_size=buffer,
        seed=2 * first + 1,  # never zero: two zeros would mean a seed from the clock
        seed2=second,
        output_types=[tf.string],
        output_shapes=[[]],
        reshuffle_each_iteration=False,
    )
    return tf.data.experimental.from_variant(shuffled, dataset.element_spec)


def _pass_number(seed: int) -> tf.data.Dataset:
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


def _seed(seed: int, purpose: int, number: tf.Tensor) -> tf.Tensor:
    """int32 `(2,)` for the `number`-th pass or record."""
    # int32: stateless ops take no wider seed on every device.
    root = tf.cast(tf.constant([seed, purpose], tf.int64), tf.int32)
    return tf.random.fold_in(root, tf.cast(number % 2**31, tf.int32))


def _no_records(directory: str | os.PathLike, split: str) -> DeepPaintError:
    return DeepPaintError(f"{directory}: no {split} records; build from more drawings")
