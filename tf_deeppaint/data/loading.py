"""Shards -> batches for training and evaluation: read, shuffled, decoded, augmented, scaled.

A batch is `{"sketch": (N, S, S, 3), "palette": (N, 4, 4, 3), "picture": (N, S, S, 3)}`, float32 in
[-1, 1]. Histogram images are drawn from the palette inside the model: 48 numbers travel instead
of 12 S * S. Every random choice depends on the seed and the record's number in the stream alone.
"""

import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tf_deeppaint.data import ordering, records
from tf_deeppaint.data.augmentation import augment, check_augmentations
from tf_deeppaint.data.bad_records import BAD, BadRecords
from tf_deeppaint.data.damage import wrap_damage_errors
from tf_deeppaint.data.ordering import list_shards, make_reader, make_seed
from tf_deeppaint.data.parsing import decode_record, to_inputs
from tf_deeppaint.images.pixels import from_signed_unit_range
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import as_tuple

# What a seed decides: the order of a pass, or the augmentation of a record.
_ORDER, _AUGMENTATION = 0, 1

# No Python control flow depends on tensors; parsing it takes six seconds with all augmentations.
do_not_convert = tf.autograph.experimental.do_not_convert


def open_datasets(
    directories: Sequence[str | os.PathLike], check_shards: bool = True
) -> list[records.Manifest]:
    """Loads the manifests of data sets that are to be used together.

    `check_shards` is that of `records.load_manifest`.

    Raises:
        DeepPaintError: one is missing or damaged, or they differ in size or palette rule.
    """
    directories = as_tuple(directories)
    manifests = [records.load_manifest(directory, check_shards) for directory in directories]
    for option in ("size", "background"):
        values = {str(d): m.options[option] for d, m in zip(directories, manifests, strict=True)}
        if len(set(values.values())) > 1:
            raise DeepPaintError(f"data sets of different {option}: {values}; build them alike")
    return manifests


def load_training(
    directories: Sequence[str | os.PathLike],
    batch_size: int,
    seed: int,
    augmentations: Sequence[str] = ("flip",),
    start: int = 0,
    part: tuple[int, int] = (0, 1),
    bad: BadRecords | None = None,
    swapped_palettes: float = 0.0,
    size: int | None = None,
    parts: bool = False,
) -> tf.data.Dataset:
    """An endless, shuffled, augmented stream of training batches.

    Epoch 0 of the stream is every training record of all data sets once, then comes epoch 1 in
    another order, and so on; batches go on over the border. Throughout an epoch each data set is
    there in its share. Of several sketches of a record one is drawn at random.

    A run goes on where it stopped, in two ways: with `start`, for which at most one epoch is read,
    undecoded; or with `tf.train.Checkpoint(iterator=iter(stream))`, whose file holds the shuffle
    buffer, up to `ordering.SHUFFLE_BYTES`, as does memory.

    Args:
        directories: Data sets of equal size and palette rule; their records are mixed.
        batch_size: Pictures a batch.
        seed: Decides order, sketches and augmentation, from 0 to 2**32 - 1.
        augmentations: Any of `augmentation.AUGMENTATIONS`; see `augmentation.augment`.
        start: Records to skip at the beginning; the stream is then, record by record, what the
            whole one is from there.
        part: Which worker this is, of how many: it gets its batch of every round of batches, and
            decodes no other.
        bad: Counts records that cannot be read. Each is then replaced by another of its batch, so
            that all others keep their numbers in the stream. None: the first of them raises.
        swapped_palettes: Share of the pictures that come with the palette of another drawing in
            the same colors, where the record has any.
        size: Side of the pictures in pixels; None: the data set's.
        parts: Whether batches also hold `"parts"`, int32 `(N, S, S)`, the role of each pixel, an
            index of `color_schemes.ROLES` or `parsing.UNKNOWN_PART`.

    Raises:
        DeepPaintError: as `open_datasets`; also too few records, or an unknown augmentation.
    """
    directories, augmentations = as_tuple(directories), as_tuple(augmentations)
    check_augmentations(augmentations)
    manifests = open_datasets(directories, check_shards=bad is None)
    total = sum(manifest.count("train") for manifest in manifests)
    if total < batch_size:
        raise DeepPaintError(
            f"{', '.join(map(str, directories))}: {total} training records are too few for "
            f"one batch of {batch_size}; build more or lower --batch_size"
        )
    shard_lists = list_shards(directories, manifests, "train")
    reader = make_reader(manifests[0].size, bad)
    numbered = _numbered_records(shard_lists, reader, seed, start)
    worker, workers = part
    if workers > 1:
        is_own = do_not_convert(lambda n, _: (n - start) // batch_size % workers == worker)
        numbered = numbered.filter(is_own)
    if bad is not None:
        numbered = ordering.replace_bad_records(
            numbered, batch_size, shard_lists, manifests[0].size
        )

    @do_not_convert
    def prepare(number: tf.Tensor, record: tf.Tensor) -> dict[str, tf.Tensor]:
        own_seed = make_seed(seed, _AUGMENTATION, number)
        return _prepare(
            record,
            manifests[0],
            own_seed,
            augmentations,
            swapped_palettes=swapped_palettes,
            size=size,
            parts=parts,
        )

    # Known to be endless, batches have a fixed size also where several machines take them.
    endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
    return (
        numbered.map(prepare, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
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
    """Makes a data set for your own Keras model: every record of a split once, in pairs for `fit`.

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
    augmentations = as_tuple(augmentations)
    check_augmentations(augmentations)
    manifest = records.load_manifest(directory)
    if split not in records.SPLITS:
        raise DeepPaintError(f"split={split!r}: choose one of {', '.join(records.SPLITS)}")
    if not (total := manifest.count(split)):
        raise _no_records_error(directory, split)
    shard_lists = list_shards([directory], [manifest], split)

    @do_not_convert
    def one_pass(number: tf.Tensor) -> tf.data.Dataset:
        order = make_seed(seed, _ORDER, number)
        if shuffle:
            return ordering.shuffled(shard_lists, order).enumerate(number * total)
        return ordering.in_order(shard_lists).enumerate(number * total)

    @do_not_convert
    def prepare(number: tf.Tensor, record: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        own_seed = make_seed(seed, _AUGMENTATION, number)
        inputs = _prepare(record, manifest, own_seed, augmentations, first_sketch=not shuffle)
        picture = inputs.pop("picture")
        return inputs, picture

    return (
        ordering.pass_number(seed)
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
    size: int | None = None,
) -> tf.data.Dataset:
    """All records of a split once, in order, as they are stored; the last batch may be smaller.

    Batches also hold `"name"` and `"group"`, `(N,)` strings; records of one group, such as the
    colorings of one sketch, are not independent. `"partner_palette"`, `(N, 4, 4, 3)`, is that of
    another drawing in the same colors where `"has_partner"`, `(N,)` booleans, else the own one.
    Records that cannot be read are skipped where `bad` counts them. Pictures are brought to `size`
    pixels a side, if given.
    """
    directories = as_tuple(directories)
    manifests = open_datasets(directories, check_shards=bad is None)
    shard_lists = list_shards(directories, manifests, split)
    if not shard_lists:
        return tf.data.Dataset.from_tensor_slices([]).batch(batch_size)

    @do_not_convert
    def prepare(record: tf.Tensor) -> dict:
        example = decode_record(record, manifests[0].size, tf.constant([0, 0]), first_sketch=True)
        if size:
            shown = augment(example, (), tf.constant([0, 0]), manifests[0].background, size)
            example |= {key: shown[key] for key in ("sketch", "picture")}
        count = tf.shape(example["palettes"])[0]
        partner = to_inputs(example | {"palette": example["palettes"][tf.minimum(1, count - 1)]})
        return to_inputs(example) | {
            "name": example["name"],
            "group": example["group"],
            "partner_palette": partner["palette"],
            "has_partner": count > 1,
        }

    stored = ordering.in_order(shard_lists, bad and make_reader(manifests[0].size, bad))
    if bad is not None:
        stored = stored.filter(do_not_convert(lambda record: record != BAD))
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
    with wrap_damage_errors([directory]):
        batch = next(iter(load_evaluation([directory], split, count)), None)
    if batch is None:
        raise _no_records_error(directory, split)
    batch = {key: from_signed_unit_range(batch[key]) for key in ("sketch", "picture", "palette")}
    return batch["sketch"][..., 0], batch["picture"], batch["palette"]


def _numbered_records(
    shard_lists: list[ordering.ShardList], reader: ordering.Reader, seed: int, start: int
) -> tf.data.Dataset:
    """The endless stream of all epochs' records from `start` on: pairs of number and record."""
    total = sum(shards.records for shards in shard_lists)
    first_epoch, done = divmod(start, total)

    @do_not_convert
    def epoch(number: tf.Tensor) -> tf.data.Dataset:
        order = make_seed(seed, _ORDER, number)
        numbered = ordering.shuffled(shard_lists, order, reader).enumerate(number * total)
        return numbered.skip(tf.where(number == first_epoch, tf.constant(done, tf.int64), 0))

    return tf.data.Dataset.range(first_epoch, np.iinfo(np.int64).max).flat_map(epoch)


def _prepare(
    record: tf.Tensor,
    manifest: records.Manifest,
    seed: tf.Tensor,
    augmentations: Sequence[str],
    first_sketch: bool = False,
    swapped_palettes: float = 0.0,
    size: int | None = None,
    parts: bool = False,
) -> dict[str, tf.Tensor]:
    sketch_seed, augmentation_seed = tf.unstack(tf.random.split(seed, 2))
    decoded = decode_record(record, manifest.size, sketch_seed, first_sketch)
    example = {key: decoded[key] for key in ("sketch", "picture", "palette")}
    if swapped_palettes:
        number = _draw_palette(tf.shape(decoded["palettes"])[0], swapped_palettes, seed)
        example |= {"palette": decoded["palettes"][number], "swapped": number > 0}
    if parts:
        example["parts"] = decoded["parts"]
    example = augment(example, augmentations, augmentation_seed, manifest.background, size)
    if parts:
        return to_inputs(example) | {"parts": tf.cast(example["parts"][..., 0], tf.int32)}
    return to_inputs(example)


def _draw_palette(count: tf.Tensor, swapped_palettes: float, seed: tf.Tensor) -> tf.Tensor:
    """The number of the palette to take, of a record's own, 0, and those of other drawings."""
    swapped, which = tf.unstack(tf.random.stateless_uniform([2], tf.random.fold_in(seed, 2)))
    others = tf.cast(count - 1, tf.float32)
    number = 1 + tf.cast(which * others, tf.int32)
    return tf.where((swapped < swapped_palettes) & (count > 1), number, 0)


def _no_records_error(directory: str | os.PathLike, split: str) -> DeepPaintError:
    return DeepPaintError(f"{directory}: no {split} records; build from more pictures")
