"""Shards -> batches: read, shuffle, decode, augment, scale.

A batch is `{"sketch": (N, S, S, 3), "palette": (N, 4, 4, 3), "picture": (N, S, S, 3)}`, float32 in
[-1, 1]. Histogram images are drawn from the palette inside the model: 48 numbers travel instead
of 12 S * S. Every random choice depends on the seed and the record's number in the stream alone.
"""

import contextlib
import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_deeppaint import records
from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.images import from_unit_range

SHUFFLE_BUFFER = 1024
AUGMENTATIONS = ("flip", "colour", "bands")
# Share of pictures whose palette gets its bands permuted by the "bands" augmentation.
PERMUTED_BANDS = 0.7

_FEATURES = {
    "name": tf.io.FixedLenFeature([], tf.string),
    "sketch": tf.io.RaggedFeature(tf.string),
    "picture": tf.io.FixedLenFeature([], tf.string),
    "histogram": tf.io.FixedLenFeature([], tf.string),
}


def open_datasets(directories: Sequence[str | os.PathLike]) -> list[records.Manifest]:
    """Reads the manifests of data sets that are to be used together.

    Raises:
        DeepPaintError: one is missing or damaged, or they differ in size or palette rule.
    """
    manifests = [records.read_manifest(directory) for directory in directories]
    for what in ("size", "background"):
        values = {str(d): m.options[what] for d, m in zip(directories, manifests, strict=True)}
        if len(set(values.values())) > 1:
            raise DeepPaintError(f"data sets of different {what}: {values}; build them alike")
    return manifests


def check_augmentations(augmentations: Sequence[str]) -> None:
    """Raises DeepPaintError unless all are among `AUGMENTATIONS`."""
    unknown = set(augmentations) - set(AUGMENTATIONS)
    if unknown:
        raise DeepPaintError(
            f"augment={sorted(unknown)[0]!r}: choose from {', '.join(AUGMENTATIONS)}"
        )


@contextlib.contextmanager
def naming_damage(directories: Sequence[str | os.PathLike]) -> Iterator[None]:
    """Turns TensorFlow's complaint about a corrupt record into an error that names the shard.

    Raises:
        DeepPaintError: a record read inside the block is damaged.
    """
    try:
        yield
    except tf.errors.DataLossError as error:
        damaged = [
            str(Path(directory) / shard.name)
            for directory, manifest in zip(directories, open_datasets(directories), strict=True)
            for shard in itertools.chain(*manifest.shards.values())
            if records.file_sha256(Path(directory) / shard.name) != shard.sha256
        ]
        raise DeepPaintError(
            f"{', '.join(damaged) or 'a shard'}: damaged; build the data set again"
        ) from error


def load_training(
    directories: Sequence[str | os.PathLike],
    batch_size: int,
    seed: int,
    augmentations: Sequence[str] = ("flip",),
) -> tf.data.Dataset:
    """An endless, shuffled, augmented stream of training batches.

    Args:
        directories: Data sets of equal size and palette rule; their records are mixed.
        batch_size: Pictures a batch.
        seed: Decides order and augmentation.
        augmentations: Any of `"flip"` (mirrors half of the pairs), `"colour"` (permutes the
            channels and rotates the hue of picture and palette together, so that one drawing has
            many palettes), `"bands"` (permutes the palette's bands alone, so that their place in
            the palette is no sure sign of their place in the picture).

    Raises:
        DeepPaintError: see `open_datasets`; also fewer records than a batch, or an unknown
            augmentation.
    """
    check_augmentations(augmentations)
    manifests = open_datasets(directories)
    available = sum(manifest.count("train") for manifest in manifests)
    if available < batch_size:
        raise DeepPaintError(
            f"{', '.join(map(str, directories))}: {available} training records are too few for "
            f"one batch of {batch_size}; build more or lower --batch_size"
        )

    def prepare(number: tf.Tensor, record: tf.Tensor) -> dict:
        # int32: stateless ops take no wider seed on every device.
        seeds = tf.random.split(tf.cast(tf.stack([seed, number % 2**31]), tf.int32), 4)
        example = decode_record(record, manifests[0].size, seeds[0])
        return scale(augment(example, augmentations, seeds[1:]))

    return (
        _mixed_records(directories, manifests, seed)
        .enumerate()
        .map(prepare, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .batch(batch_size, drop_remainder=True)
        .prefetch(tf.data.AUTOTUNE)
    )


def load_evaluation(
    directories: Sequence[str | os.PathLike], split: str, batch_size: int
) -> tf.data.Dataset:
    """All records of a split once, in order, as they are stored; the last batch may be smaller.

    Batches also hold `"name"`, `(N,)` strings.
    """
    manifests = open_datasets(directories)
    paths = _shard_paths(directories, manifests, split)
    if not paths:
        return tf.data.Dataset.from_tensor_slices([]).batch(batch_size)

    def prepare(record: tf.Tensor) -> dict:
        example = decode_record(record, manifests[0].size, tf.constant([0, 0]), first_sketch=True)
        return scale(example) | {"name": example["name"]}

    return (
        tf.data.TFRecordDataset(paths)
        .map(prepare, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
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
        raise DeepPaintError(f"{directory}: no {split} records; build from more drawings")
    sketches, pictures, palettes = (
        from_unit_range(batch[key]) for key in ("sketch", "picture", "palette")
    )
    return sketches[..., 0], pictures, palettes


def decode_record(
    record: tf.Tensor, size: int, seed: tf.Tensor, first_sketch: bool = False
) -> dict[str, tf.Tensor]:
    """Parses one serialised Example into uint8 tensors.

    Args:
        record: Scalar string.
        size: Side of its pictures in pixels.
        seed: int32 `(2,)`; decides which of several sketches is taken.
        first_sketch: Whether to take the first sketch instead.

    Returns:
        `name` scalar string, `sketch` and `picture` `(size, size, 3)`, `palette` `(4, 4, 3)`.
    """
    example = tf.io.parse_single_example(record, _FEATURES)
    count = tf.shape(example["sketch"])[0]
    which = 0 if first_sketch else tf.random.stateless_uniform([], seed, 0, count, tf.int32)

    def decode(data: tf.Tensor, side: int) -> tf.Tensor:
        return tf.ensure_shape(tf.io.decode_png(data, channels=3), (side, side, 3))

    return {
        "name": example["name"],
        "sketch": decode(example["sketch"][which], size),
        "picture": decode(example["picture"], size),
        "palette": decode(example["histogram"], 4),
    }


def augment(example: dict, augmentations: Sequence[str], seeds: tf.Tensor) -> dict:
    """Applies the named augmentations to one decoded record; see `load_training`.

    Args:
        example: As `decode_record` returns it.
        augmentations: Some of `AUGMENTATIONS`.
        seeds: int32 `(3, 2)`, one for each of them.
    """
    sketch, picture, palette = example["sketch"], example["picture"], example["palette"]
    if "flip" in augmentations:
        flip = _chance(0.5, seeds[0])
        sketch, picture = (
            tf.where(flip, tf.reverse(image, axis=[1]), image) for image in (sketch, picture)
        )
    if "colour" in augmentations:
        matrix = _colour_matrix(seeds[1])
        picture, palette = _recolour(picture, matrix), _recolour(palette, matrix)
    if "bands" in augmentations:
        order = tf.argsort(tf.random.stateless_uniform([4], seeds[2]))
        permuted = _chance(PERMUTED_BANDS, tf.reverse(seeds[2], [0]))
        palette = tf.where(permuted, tf.gather(palette, order), palette)
    return {"sketch": sketch, "picture": picture, "palette": palette}


def scale(example: dict) -> dict[str, tf.Tensor]:
    """uint8 -> float32 in [-1, 1]."""
    return {
        key: tf.cast(example[key], tf.float32) / 127.5 - 1.0
        for key in ("sketch", "palette", "picture")
    }


def _shard_paths(directories, manifests, split: str) -> list[str]:
    return [
        str(Path(directory) / shard.name)
        for directory, manifest in zip(directories, manifests, strict=True)
        for shard in manifest.shards[split]
    ]


def _mixed_records(directories, manifests, seed: int) -> tf.data.Dataset:
    """An endless stream of serialised training records, each data set in its share throughout."""
    filled = [(d, m) for d, m in zip(directories, manifests, strict=True) if m.count("train")]
    streams = [
        _shuffled_records(_shard_paths([directory], [manifest], "train"), seed)
        for directory, manifest in filled
    ]
    weights = [float(manifest.count("train")) for _, manifest in filled]
    if len(streams) == 1:
        return streams[0]
    total = sum(weights)
    return tf.data.Dataset.sample_from_datasets(streams, [w / total for w in weights], seed)


def _shuffled_records(paths: list[str], seed: int) -> tf.data.Dataset:
    files = tf.data.Dataset.from_tensor_slices(paths).shuffle(len(paths), seed)
    mixed = files.interleave(tf.data.TFRecordDataset, cycle_length=8)
    return mixed.shuffle(SHUFFLE_BUFFER, seed).repeat()


def _chance(share: float, seed: tf.Tensor) -> tf.Tensor:
    return tf.random.stateless_uniform([], seed) < share


def _colour_matrix(seed: tf.Tensor) -> tf.Tensor:
    """A random hue rotation in the plane of equal luminance sums, after a channel permutation.

    Grey stays grey: rows sum to 1. Rotation by theta about (1, 1, 1) has
    `c + (1 - c) / 3` on its diagonal and `(1 - c) / 3 -+ s / sqrt(3)` beside it.
    """
    angle = tf.random.stateless_uniform([], seed, -0.5, 0.5)
    c, s = (1.0 - tf.cos(angle)) / 3.0, tf.sin(angle) / 3.0**0.5
    row = tf.stack([1.0 - 2.0 * c, c - s, c + s])
    rotation = tf.stack([tf.roll(row, shift, axis=0) for shift in range(3)])
    order = tf.argsort(tf.random.stateless_uniform([3], tf.reverse(seed, [0])))
    return tf.gather(rotation, order, axis=1)


def _recolour(pixels: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    values = tf.tensordot(tf.cast(pixels, tf.float32), matrix, [[-1], [1]])
    return tf.cast(tf.clip_by_value(tf.round(values), 0.0, 255.0), tf.uint8)
