"""The record contract: what a shard holds, how shards are named, what the manifest says.

A record is a `tf.train.Example`:

    name       bytes        "SOURCE/DRAWING", unique in the data set
    group      bytes        what shares a split with it: see the manifest's split rule
    sketch     bytes, 1..n  the line art as gray PNG `(size, size)`, one or more styles
    picture    bytes        the colored picture as RGB PNG `(size, size)`
    histogram  bytes        the histogram images in their least form: the palette as RGB PNG,
                            4 x 4, row = band from the top, column = rank

Shards are `SPLIT-NNNNN.tfrecord`. `manifest.json` is written last: a folder without one is not a
data set. `tfrecords/README.md` is the specification for other readers and writers.
"""

import dataclasses
import json
import os
import re
from collections.abc import Sequence

import numpy as np

from tf_deeppaint.data.sources.registry import Origin
from tf_deeppaint.images.encoding import encode_png
from tf_deeppaint.images.pixels import MAX_SIDE
from tf_deeppaint.palette.extraction import BACKGROUNDS
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

FORMAT = "tf_deeppaint records"
VERSION = 2
MANIFEST = "manifest.json"
# Bytes: a hundred thousand shards have 15 MiB.
MAX_MANIFEST = 2**24
SPLITS = ("train", "test")


@dataclasses.dataclass(frozen=True)
class Record:
    """One training pair, encoded: what a worker hands to the one who writes."""

    name: str
    group: str
    sketches: tuple[bytes, ...]
    picture: bytes
    histogram: bytes


def make_record(
    name: str,
    group: str,
    sketches: Sequence[np.ndarray],
    picture: np.ndarray,
    palette: np.ndarray,
) -> Record:
    """Encodes one pair.

    Args:
        name: Unique in the data set.
        group: Records of one group share a split.
        sketches: uint8 gray `(size, size)`, at least one.
        picture: uint8 RGB `(size, size, 3)`.
        palette: uint8 `(4, 4, 3)`.
    """
    encoded = tuple(encode_png(sketch) for sketch in sketches)
    return Record(name, group, encoded, encode_png(picture), encode_png(palette))


def to_example(record: Record) -> bytes:
    """Serializes a record as a `tf.train.Example`; equal records give equal bytes."""
    import tensorflow as tf

    def feature(*values: bytes) -> tf.train.Feature:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))

    example = tf.train.Example(
        features=tf.train.Features(
            feature={
                "name": feature(record.name.encode()),
                "group": feature(record.group.encode()),
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


def is_shard_name(name: str) -> bool:
    """Whether a file bears the name of a shard."""
    return re.fullmatch(rf"({'|'.join(SPLITS)})-[0-9]{{5}}\.tfrecord", name) is not None


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
        origin: Who made the drawings, under which license.
        split_rule: How drawings were told apart, in words.
        left_out: Number of drawings of the source that became no record, by reason.
        shards: By split, in order.
    """

    options: dict
    origin: Origin
    split_rule: str
    left_out: dict[str, int]
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


def write_manifest(directory: str | os.PathLike, manifest: Manifest) -> None:
    """Writes the manifest; the data set is finished from then on."""
    document = {"format": FORMAT, "version": VERSION}
    document |= {"counts": {split: manifest.count(split) for split in SPLITS}}
    document |= dataclasses.asdict(manifest)
    text = json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)
    files.write_bytes(files.join(directory, MANIFEST), text.encode() + b"\n")


def read_manifest(directory: str | os.PathLike, whole: bool = True) -> Manifest:
    """Reads the manifest of a data set and checks that its shards are there and whole in size.

    Args:
        directory: Folder of the data set.
        whole: Whether shards are looked at.

    Raises:
        DeepPaintError: no such folder, no manifest, another version, or a shard missing or cut.
    """
    path = files.join(directory, MANIFEST)
    if not files.is_folder(directory):
        raise DeepPaintError(f"{directory}: no such folder; `python -m tfrecords.build` makes one")
    if not files.is_file(path):
        raise DeepPaintError(
            f"{directory}: holds no {MANIFEST}, so no finished data set; "
            "build one with `python -m tfrecords.build`"
        )
    try:
        document = json.loads(files.read_bytes(path, MAX_MANIFEST))
        version = (document["format"], document["version"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DeepPaintError(f"{path}: damaged ({error}); build the data set again") from error
    if version != (FORMAT, VERSION):
        raise DeepPaintError(
            f"{path}: written as {str(version[0])[:40]} version {str(version[1])[:40]}, but this "
            f"program reads {FORMAT} version {VERSION}; build the data set again"
        )
    manifest = parse_manifest(document, path)
    for split in SPLITS if whole else ():
        for shard in manifest.shards[split]:
            _check_shard(files.join(directory, shard.name), shard)
    return manifest


def parse_manifest(document: dict, path: str) -> Manifest:
    """Makes a manifest of its JSON, whatever has become of the shards.

    Raises:
        DeepPaintError: it lacks something or holds what cannot be; the text names `path`.
    """
    try:
        shards = {split: [Shard(**s) for s in document["shards"][split]] for split in SPLITS}
        listed = [shard for split in SPLITS for shard in shards[split]]
        if any("/" in shard.name or os.path.basename(shard.name) != shard.name for shard in listed):
            raise ValueError("a shard's name leaves the folder")
        options, left_out = document["options"], document["left_out"]
        counts = [n for shard in listed for n in (shard.records, shard.bytes)]
        if any(type(n) is not int or n < 0 for n in (*left_out.values(), *counts)):
            raise ValueError("a count is no number")
        if type(options["size"]) is not int or not 0 < options["size"] <= MAX_SIDE:
            raise ValueError("no such size")
        if options["background"] not in BACKGROUNDS:
            raise ValueError("no such background")
        origin = Origin(**document["origin"])
        return Manifest(options, origin, document["split_rule"], left_out, shards)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DeepPaintError(f"{path}: damaged ({error}); build the data set again") from error


def _check_shard(path: str, shard: Shard) -> None:
    if not files.is_file(path):
        raise DeepPaintError(f"{path}: missing; build the data set again")
    if (size := files.size(path)) != shard.bytes:
        raise DeepPaintError(
            f"{path}: {size} bytes, but the manifest says {shard.bytes}; build the data set again"
        )
