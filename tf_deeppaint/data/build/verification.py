"""Checks a finished data set: every checksum, every record, and that the splits share nothing."""

import array
import concurrent.futures
import itertools
import os
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tf_deeppaint.data import records
from tf_deeppaint.data.build.shards import portions
from tf_deeppaint.data.records import (
    GROUP,
    NAME,
    PALETTE,
    PALETTES,
    PARTS,
    PICTURE,
    SKETCH,
    name_digest,
)
from tf_deeppaint.data.sources.color_schemes import ROLES
from tf_deeppaint.images.decoding import read_header
from tf_deeppaint.images.encoding import PNG_END
from tf_deeppaint.images.formats.png import drop_texts
from tf_deeppaint.palette.rules import BANDS
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

# Records decoded at a time, on all cores.
_PORTION = 256
_PARALLEL_READS = os.cpu_count()


def verify(directory: str | os.PathLike) -> Iterator[str]:
    """Yields the faults of a data set, a line each; nothing where it is sound.

    Checked are the manifest; size and SHA-256 of every shard; the CRC of every record; that its
    pictures decode to the size and the kind that the manifest and the format say; the number, the
    order and the names of the records; that no group is in two splits; and that every shard in the
    folder is listed.

    Args:
        directory: Folder of the data set. Memory grows by 16 bytes a record.
    """
    try:
        manifest = records.load_manifest(directory)
    except DeepPaintError as error:
        yield str(error)
        return
    listed = {shard.name for shard in itertools.chain(*manifest.shards.values())}
    for name in files.names(directory):
        if records.is_shard_name(name) and name not in listed:
            yield f"{name}: a shard that the manifest does not list"
    contents = {split: _SplitContents() for split in records.SPLITS}
    for split in records.SPLITS:
        for shard in manifest.shards[split]:
            yield from _check_shard(directory, manifest, shard, contents[split])
    names = np.concatenate([np.asarray(split.names, np.uint64) for split in contents.values()])
    if twice := len(names) - len(np.unique(names)):
        yield f"{twice} names are there more than once"
    shared = np.intersect1d(*(np.asarray(split.groups, np.uint64) for split in contents.values()))
    if shared.size:
        yield f"{shared.size} groups are in both splits: test records resemble training records"


class _SplitContents:
    """The names and groups of a split so far, 8 bytes each, and the sort key of the last name."""

    def __init__(self):
        self.names = array.array("Q")
        self.groups = array.array("Q")
        self.last_key = b""

    def add(self, name: str, group: str) -> bool:
        """Adds a record; returns whether it comes after the last one in order."""
        key, last_key = name_digest(name.partition("/")[2]), self.last_key
        self.last_key = key
        self.names.append(int.from_bytes(name_digest(name)[:8], "big"))
        self.groups.append(int.from_bytes(name_digest(group)[:8], "big"))
        return key >= last_key


def _check_shard(
    directory: str | os.PathLike,
    manifest: records.Manifest,
    shard: records.Shard,
    contents: _SplitContents,
) -> Iterator[str]:
    path = files.join(directory, shard.name)
    if files.sha256(path) != shard.sha256:
        yield f"{shard.name}: its SHA-256 is not the manifest's"
    count = 0
    try:
        with concurrent.futures.ThreadPoolExecutor(_PARALLEL_READS) as pool:
            stored = tf.data.TFRecordDataset(path).as_numpy_iterator()
            for portion in portions(stored, _PORTION):
                results = pool.map(lambda data: _check_record(data, manifest), portion)
                for name, group, faults in results:
                    if name and not contents.add(name, group):
                        faults.append("out of order")
                    for fault in faults:
                        yield f"{shard.name}, record {count} ({name}): {fault}"
                    count += 1
    except tf.errors.DataLossError:
        yield f"{shard.name}: damaged after record {count}"
        return
    if count != shard.records:
        yield f"{shard.name}: {count} records, but the manifest says {shard.records}"


def _check_record(data: bytes, manifest: records.Manifest) -> tuple[str, str, list[str]]:
    """Name and group of a record, and its faults."""
    values = records.read_values(data)
    try:
        name, group = values[NAME][0].decode(), values[GROUP][0].decode()
    except (TypeError, IndexError, UnicodeDecodeError):
        return "", "", ["not a record"]
    source, size = manifest.options["source"], manifest.size
    faults = []
    if not name.startswith(f"{source}/"):
        faults.append(f"not named after its source, {source}")
    if not group:
        faults.append("no group")
    if not values[SKETCH]:
        faults.append("no sketch")
    kinds = ((SKETCH, size, 1), (PICTURE, size, 3), (PALETTE, BANDS, 3))
    optional = ((PALETTES, BANDS, 3), (PARTS, size, 1))
    for key, side, channels in (*kinds, *(kind for kind in optional if kind[0] in values)):
        if key not in (SKETCH, PALETTES) and len(values[key]) != 1:
            faults.append(f"{len(values[key])} values of {key}")
        of_values = (_fault(png, side, channels) for png in values[key])
        faults += (f"{key}: {fault}" for fault in of_values if fault)
    if values.get(PALETTES, values[PALETTE])[:1] != values[PALETTE]:
        faults.append(f"{PALETTES} does not begin with the {PALETTE}")
    if not faults and PARTS in values and _most(values[PARTS][0]) >= len(ROLES):
        faults.append(f"{PARTS}: no such role")
    return name, group, faults


def _most(png: bytes) -> int:
    """The greatest level of a stored picture."""
    import cv2

    return int(cv2.imdecode(np.frombuffer(drop_texts(png), np.uint8), cv2.IMREAD_UNCHANGED).max())


def _fault(png: bytes, side: int, channels: int) -> str:
    """The fault of a stored picture; empty where it has none."""
    import cv2

    header = read_header(png)
    if header is None or header.format != "PNG":
        return "not a PNG"
    if (header.height, header.width) != (side, side):
        return f"{header.width} x {header.height} pixels, not {side} x {side}"
    pixels = cv2.imdecode(np.frombuffer(drop_texts(png), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or not png.endswith(PNG_END):
        return "cannot be decoded"
    stored_channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if stored_channels != channels or pixels.dtype != np.uint8:
        return f"{stored_channels} channels of {pixels.dtype}, not {channels} of uint8"
    return ""
