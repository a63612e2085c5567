"""The record contract: what a shard holds, how shards are named, what the manifest says.

A record is a `tf.train.Example`:

    name       bytes        "SOURCE/DRAWING", unique in the data set
    sketch     bytes, 1..n  the line art as grey PNG `(size, size)`, one or more styles
    picture    bytes        the coloured picture as RGB PNG `(size, size)`
    histogram  bytes        the histogram images in their least form: the palette as RGB PNG,
                            4 x 4, row = band from the top, column = rank

Shards are `SPLIT-NNNNN.tfrecord`. `manifest.json` is written last: a folder without one is not a
data set. `tfrecords/README.md` is the specification for other readers and writers.
"""

import dataclasses
import hashlib
import json
import os
from pathlib import Path

import numpy as np

from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.images import encode_png, write_bytes
from tf_deeppaint.palette import BACKGROUNDS
from tf_deeppaint.sources import Origin

FORMAT = "tf_deeppaint records"
VERSION = 1
MANIFEST = "manifest.json"
SPLITS = ("train", "test")


@dataclasses.dataclass(frozen=True)
class Record:
    """One training pair, encoded: what a worker hands to the one who writes."""

    name: str
    sketches: tuple[bytes, ...]
    picture: bytes
    histogram: bytes


def make_record(
    name: str, sketches: list[np.ndarray], picture: np.ndarray, palette: np.ndarray
) -> Record:
    """Encodes one pair.

    Args:
        name: Unique in the data set.
        sketches: uint8 grey `(size, size)`, at least one.
        picture: uint8 RGB `(size, size, 3)`.
        palette: uint8 `(4, 4, 3)`.
    """
    encoded = tuple(encode_png(sketch) for sketch in sketches)
    return Record(name, encoded, encode_png(picture), encode_png(palette))


def to_example(record: Record) -> bytes:
    """Serialises a record as a `tf.train.Example`; equal records give equal bytes."""
    import tensorflow as tf

    def feature(*values: bytes) -> tf.train.Feature:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))

    example = tf.train.Example(
        features=tf.train.Features(
            feature={
                "name": feature(record.name.encode()),
                "sketch": feature(*record.sketches),
                "picture": feature(record.picture),
                "histogram": feature(record.histogram),
            }
        )
    )
    return example.SerializeToString(deterministic=True)


def shard_name(split: str, index: int) -> str:
    """The file name of a split's shard, counted from 0."""
    return f"{split}-{index:05d}.tfrecord"


@dataclasses.dataclass(frozen=True)
class Shard:
    """One finished shard as the manifest lists it."""

    name: str
    records: int
    bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What `manifest.json` says of a data set.

    Attributes:
        options: How it was built: source, size, background, sketch, and what else decides about
            its bytes. Equal options on equal input give equal shards.
        origin: Who made the drawings, under which licence.
        split_rule: How drawings were told apart, in words.
        skipped: Number of drawings that could not be read and were left out.
        shards: By split, in order.
    """

    options: dict
    origin: Origin
    split_rule: str
    skipped: int
    shards: dict[str, list[Shard]]

    @property
    def size(self) -> int:
        """Side of sketches and pictures in pixels."""
        return self.options["size"]

    @property
    def background(self) -> str:
        """The palette rule of the stored histogram images."""
        return self.options["background"]

    def count(self, split: str) -> int:
        """Number of records of a split."""
        return sum(shard.records for shard in self.shards[split])


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Writes the manifest; the data set is finished from then on."""
    document = {"format": FORMAT, "version": VERSION}
    document |= {"counts": {split: manifest.count(split) for split in SPLITS}}
    document |= dataclasses.asdict(manifest)
    text = json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)
    write_bytes(directory / MANIFEST, text.encode() + b"\n")


def read_manifest(directory: str | os.PathLike) -> Manifest:
    """Reads the manifest of a data set and checks that its shards are there and whole in size.

    Raises:
        DeepPaintError: no such folder, no manifest, another version, or a shard missing or cut.
    """
    directory = Path(directory)
    path = directory / MANIFEST
    if not directory.is_dir():
        raise DeepPaintError(f"{directory}: no such folder; `python -m tfrecords.build` makes one")
    if not path.is_file():
        raise DeepPaintError(
            f"{directory}: holds no {MANIFEST}, so no finished data set; "
            "build one with `python -m tfrecords.build`"
        )
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        version = (document["format"], document["version"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DeepPaintError(f"{path}: damaged ({error}); build the data set again") from error
    if version != (FORMAT, VERSION):
        raise DeepPaintError(
            f"{path}: written as {version[0]} version {version[1]}, but this program reads "
            f"{FORMAT} version {VERSION}; build the data set again"
        )
    manifest = _parse(document, path)
    for split in SPLITS:
        for shard in manifest.shards[split]:
            _check_shard(directory / shard.name, shard)
    return manifest


def _parse(document: dict, path: Path) -> Manifest:
    try:
        shards = {split: [Shard(**s) for s in document["shards"][split]] for split in SPLITS}
        listed = [shard for split in SPLITS for shard in shards[split]]
        if any(Path(shard.name).name != shard.name for shard in listed):
            raise ValueError("a shard's name leaves the folder")
        options, skipped = document["options"], document["skipped"]
        counts = [n for shard in listed for n in (shard.records, shard.bytes)]
        if any(type(n) is not int or n < 0 for n in (options["size"], skipped, *counts)):
            raise ValueError("a size or count is no number")
        if options["background"] not in BACKGROUNDS:
            raise ValueError("no such background")
        origin = Origin(**document["origin"])
        return Manifest(options, origin, document["split_rule"], skipped, shards)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DeepPaintError(f"{path}: damaged ({error}); build the data set again") from error


def _check_shard(path: Path, shard: Shard) -> None:
    if not path.is_file():
        raise DeepPaintError(f"{path}: missing; build the data set again")
    if path.stat().st_size != shard.bytes:
        raise DeepPaintError(
            f"{path}: {path.stat().st_size} bytes, but the manifest says {shard.bytes}; "
            "build the data set again"
        )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
