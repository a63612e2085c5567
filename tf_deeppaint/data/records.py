"""The format of a data set: what a record holds, how shards are named, what the manifest says.

A record is a `tf.train.Example`:

    name       bytes        "SOURCE/EXAMPLE", unique in the data set
    group      bytes        what shares a split with it: see the manifest's split rule
    sketch     bytes, 1..n  the line art as gray PNG `(size, size)`, one or more styles
    picture    bytes        the colored picture as RGB PNG `(size, size)`
    histogram  bytes        the palette as RGB PNG, 4 x 4, row = band from the top, column = rank
    palettes   bytes, 0..n  the same palette, then those of other drawings in the same colors
    parts      bytes, 0..1  the role of each pixel as gray PNG, an index of `color_schemes.ROLES`

Shards are `SPLIT-NNNNN.tfrecord`. `manifest.json` is written last: a folder without one is not a
data set. `tfrecords/README.md` is the specification for other readers and writers.
"""

import dataclasses
import hashlib
import itertools
import json
import os
import re
from collections.abc import Sequence

import numpy as np

from tf_deeppaint.data.frames import FRAME_BYTES, check_frames
from tf_deeppaint.data.sources.base import Origin
from tf_deeppaint.images.encoding import encode_png
from tf_deeppaint.images.pixels import MAX_SIDE
from tf_deeppaint.palette.rules import BACKGROUNDS
from tf_deeppaint.utils import files
from tf_deeppaint.utils.commands import command
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

FORMAT = "tf_deeppaint records"
# Version 2 differs in some keys of the manifest alone, and is still read.
VERSION = 3
_RENAMED = {
    "": {"left_out": "skipped"},
    "origin": {"licence": "license"},
    "options": {"drawings": "examples", "drop_copies": "drop_duplicates"},
}
MANIFEST = "manifest.json"
# Bytes: a hundred thousand shards have 15 MiB.
MAX_MANIFEST = 2**24
SPLITS = ("train", "test")
# The keys of a record, and its encoded values under each of them.
NAME, GROUP, SKETCH, PICTURE, PALETTE = KEYS = ("name", "group", "sketch", "picture", "histogram")
# Keys that a record may lack.
PALETTES, PARTS = OPTIONAL_KEYS = ("palettes", "parts")
Values = dict[str, list[bytes]]


def make_record(
    name: str,
    group: str,
    sketches: Sequence[np.ndarray],
    picture: np.ndarray,
    palette: np.ndarray,
    partner_palettes: Sequence[np.ndarray] = (),
    parts: np.ndarray | None = None,
) -> Values:
    """Encodes the values of a record.

    Args:
        name: Unique in the data set.
        group: Records of one group share a split.
        sketches: uint8 gray `(size, size)`, at least one.
        picture: uint8 RGB `(size, size, 3)`.
        palette: uint8 `(4, 4, 3)`.
        partner_palettes: Palettes of other drawings in the same colors, like `palette`.
        parts: The role of each pixel, uint8 `(size, size)`, an index of `color_schemes.ROLES`;
            None where it is not known.
    """
    record = {
        NAME: [name.encode()],
        GROUP: [group.encode()],
        SKETCH: [encode_png(sketch) for sketch in sketches],
        PICTURE: [encode_png(picture)],
        PALETTE: [encode_png(palette)],
    }
    if len(partner_palettes):
        record[PALETTES] = [encode_png(other) for other in (palette, *partner_palettes)]
    if parts is not None:
        record[PARTS] = [encode_png(parts)]
    return record


def serialize_record(values: Values) -> bytes:
    """Serializes a record as a `tf.train.Example`; equal records give equal bytes."""
    tf = import_tensorflow()
    features = {
        key: tf.train.Feature(bytes_list=tf.train.BytesList(value=contents))
        for key, contents in values.items()
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString(deterministic=True)


def read_values(record: bytes) -> Values | None:
    """The values of a serialized record, however many under each key; None if it is none.

    Optional keys that it lacks are left out. Protobuf keeps fields that it does not know, as a
    damaged length makes them; TensorFlow's parser refuses them, and so they are no record.
    """
    try:
        example = import_tensorflow().train.Example.FromString(record)
        size = example.ByteSize()
        example.DiscardUnknownFields()
        if example.ByteSize() != size:
            return None
        features = example.features.feature
        values = {key: list(features[key].bytes_list.value) for key in KEYS}
        return values | {
            key: list(features[key].bytes_list.value) for key in OPTIONAL_KEYS if key in features
        }
    except Exception:  # protobuf has an exception of its own for each of its implementations
        return None


def shard_name(split: str, index: int) -> str:
    """The file name of a split's shard, counted from 0."""
    return f"{split}-{index:05d}.tfrecord"


def is_shard_name(name: str) -> bool:
    """Whether a file has the name of a shard."""
    return re.fullmatch(rf"({'|'.join(SPLITS)})-[0-9]{{5}}\.tfrecord", name) is not None


def name_digest(name: str) -> bytes:
    """SHA-256 of a name. The records of a split are sorted by it: a fixed shuffle."""
    return hashlib.sha256(name.encode(errors="surrogateescape")).digest()


@dataclasses.dataclass(frozen=True)
class Shard:
    """A finished shard as the manifest lists it."""

    name: str
    records: int
    bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True)
class Manifest:
    """The content of `manifest.json`.

    Attributes:
        options: How the data set was built: source, size, background, sketch, and what else
            decides about its bytes. Equal options on equal input give equal shards.
        origin: Who made the pictures, under which license.
        split_rule: How examples were assigned to splits, in words.
        skipped: Number of examples of the source that became no record, by reason.
        shards: By split, in order.
    """

    options: dict
    origin: Origin
    split_rule: str
    skipped: dict[str, int]
    shards: dict[str, list[Shard]]

    @property
    def size(self) -> int:
        """Side of sketches and pictures in pixels."""
        return self.options["size"]

    @property
    def background(self) -> str:
        """The rule by which the stored palettes were extracted."""
        return self.options["background"]

    def count(self, split: str) -> int:
        """Number of records of a split."""
        return sum(shard.records for shard in self.shards[split])


def write_manifest(directory: str | os.PathLike, manifest: Manifest) -> None:
    """Writes the manifest; the data set is finished from then on."""
    counts = {split: manifest.count(split) for split in SPLITS}
    document = {"format": FORMAT, "version": VERSION, "counts": counts}
    document |= dataclasses.asdict(manifest)
    text = json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)
    files.write_bytes(files.join(directory, MANIFEST), text.encode() + b"\n")


def load_manifest(directory: str | os.PathLike, check_shards: bool = True) -> Manifest:
    """Loads the manifest of a data set.

    Args:
        directory: Folder of the data set.
        check_shards: Whether every shard must be there, of the size that the manifest says.

    Raises:
        DeepPaintError: no such folder, no manifest, another version, or a shard missing, cut, or
            of other lengths than a file of records has.
    """
    path = files.join(directory, MANIFEST)
    if not files.is_folder(directory):
        raise DeepPaintError(f"{directory}: no such folder; `{command('build')}` makes one")
    if not files.is_file(path):
        raise DeepPaintError(
            f"{directory}: holds no {MANIFEST}, so no finished data set; "
            f"build one with `{command('build')}`"
        )
    try:
        document = json.loads(files.read_bytes(path, MAX_MANIFEST))
        name, version = document["format"], document["version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged_error(path, error) from error
    if name != FORMAT or version not in (2, VERSION):
        raise DeepPaintError(
            f"{path}: written as {str(name)[:40]} version {str(version)[:40]}, but this "
            f"program reads {FORMAT} version {VERSION}; build the data set again"
        )
    manifest = parse_manifest(document, path)
    for shard in itertools.chain(*manifest.shards.values()) if check_shards else ():
        shard_path = files.join(directory, shard.name)
        if not files.is_file(shard_path):
            raise DeepPaintError(f"{shard_path}: missing; build the data set again")
        if (size := files.size(shard_path)) != shard.bytes:
            raise DeepPaintError(
                f"{shard_path}: {size} bytes, but the manifest says {shard.bytes}; build the data "
                "set again"
            )
        check_frames(shard_path)
    return manifest


def parse_manifest(document: dict, path: str) -> Manifest:
    """Makes a manifest of its JSON, of this version or the one before.

    Raises:
        DeepPaintError: it lacks something or holds a value that is not allowed.
    """
    try:
        document = _rename_keys(document, "")
        options = _rename_keys(document["options"], "options")
        origin = Origin(**_rename_keys(document["origin"], "origin"))
        shards = {split: [Shard(**s) for s in document["shards"][split]] for split in SPLITS}
        listed = list(itertools.chain(*shards.values()))
        if not all(is_shard_name(shard.name) for shard in listed):
            raise ValueError("a shard has another name than this program gives")
        skipped = document["skipped"]
        counts = [n for shard in listed for n in (shard.records, shard.bytes)]
        if any(type(n) is not int or n < 0 for n in (*skipped.values(), *counts)):
            raise ValueError("a count is no number")
        if any(shard.records * FRAME_BYTES > shard.bytes for shard in listed):
            raise ValueError("more records than fit into a shard")
        if any(n >= 2**48 for n in (*skipped.values(), *counts)):
            raise ValueError("a count is too large")
        if type(options["size"]) is not int or not 0 < options["size"] <= MAX_SIDE:
            raise ValueError("no such size")
        if options["background"] not in BACKGROUNDS:
            raise ValueError("no such background")
        return Manifest(options, origin, document["split_rule"], skipped, shards)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged_error(path, error) from error


def _rename_keys(section: dict, name: str) -> dict:
    """A section of a manifest with the keys of this version."""
    return {_RENAMED[name].get(key, key): value for key, value in section.items()}


def _damaged_error(path: str, error: Exception) -> DeepPaintError:
    return DeepPaintError(f"{path}: damaged ({error}); build the data set again")
