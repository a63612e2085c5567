"""Verification: silent about a sound data set, and every kind of harm is named with its place."""

import dataclasses
import json
import shutil
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.dolls import CONFIG
from tests.helpers.picture_files import png_chunk
from tf_deeppaint.data import records
from tf_deeppaint.data.build.builder import build_dataset
from tf_deeppaint.data.build.verification import verify
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.images.encoding import encode_png
from tf_deeppaint.utils.files import sha256


@pytest.fixture
def data(doll_shards, tmp_path) -> Path:
    """A copy of the data set, to be harmed."""
    return Path(shutil.copytree(doll_shards, tmp_path / "copy"))


def examples(path: Path) -> list[tf.train.Example]:
    stored = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    return [tf.train.Example.FromString(data) for data in stored]


def rewrite(data: Path, split: str, changed: list[tf.train.Example]) -> None:
    """Replaces a split's shard, with a manifest that agrees with it."""
    path = data / f"{split}-00000.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for example in changed:
            writer.write(example.SerializeToString())
    manifest = manifest_of(data)
    shard = records.Shard(path.name, len(changed), path.stat().st_size, sha256(path))
    shards = manifest.shards | {split: [shard]}
    records.write_manifest(data, dataclasses.replace(manifest, shards=shards))


def manifest_of(data: Path) -> records.Manifest:
    """The manifest, whatever has become of the shards."""
    return records.parse_manifest(json.loads((data / "manifest.json").read_text()), "manifest")


def feature(example: tf.train.Example, key: str) -> list[bytes]:
    return example.features.feature[key].bytes_list.value


def test_a_sound_data_set_gives_no_line(doll_shards, tmp_path):
    assert list(verify(doll_shards)) == []
    several = dataclasses.replace(CONFIG, sketch=("own", "thin"), size=128)
    build_dataset(Dolls(5), tmp_path / "several", several)
    assert list(verify(tmp_path / "several")) == []


def test_a_folder_that_is_no_data_set_is_told(tmp_path):
    (line,) = verify(tmp_path / "none")
    assert "no such folder" in line


def test_a_flipped_bit_is_found_by_checksum_and_crc(data):
    path = data / "train-00000.tfrecord"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    checksum, crc = verify(data)
    assert checksum == "train-00000.tfrecord: its SHA-256 is not the manifest's"
    assert crc.startswith("train-00000.tfrecord: damaged after record ")


def test_texts_of_pictures_are_not_unpacked(data, monkeypatch):
    """A few kilobytes of them may be gigabytes, and OpenCV would keep them."""
    changed = examples(data / "train-00000.tfrecord")
    text = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1000)))
    for example in changed:
        for key in ("sketch", "picture", "histogram"):
            (png,) = feature(example, key)
            feature(example, key)[:] = [png[:33] + text + png[33:]]
    rewrite(data, "train", changed)
    decoded, decode = [], cv2.imdecode

    def keep(png, *how):
        decoded.append(bytes(png))
        return decode(png, *how)

    monkeypatch.setattr(cv2, "imdecode", keep)
    assert list(verify(data)) == []
    assert len(decoded) >= 3 * len(changed) and not any(b"zTXt" in png for png in decoded)


def test_an_unlisted_shard_is_told(data):
    (data / "test-00007.tfrecord").write_bytes(b"")
    assert list(verify(data)) == ["test-00007.tfrecord: a shard that the manifest does not list"]


def test_a_wrong_count_is_told(data):
    manifest = records.load_manifest(data)
    (shard,) = manifest.shards["test"]
    more = dataclasses.replace(shard, records=9)
    records.write_manifest(
        data, dataclasses.replace(manifest, shards=manifest.shards | {"test": [more]})
    )
    (line,) = verify(data)
    assert line == f"test-00000.tfrecord: {shard.records} records, but the manifest says 9"


SMALL = encode_png(np.zeros((32, 32), np.uint8))
COLORED = encode_png(np.zeros((64, 64, 3), np.uint8))
HARM = {
    "sketch: 32 x 32 pixels, not 64 x 64": ("sketch", [SMALL]),
    "sketch: 3 channels of uint8, not 1": ("sketch", [COLORED]),
    "sketch: not a PNG": ("sketch", [b"GIF89a"]),
    "picture: cannot be decoded": ("picture", [COLORED[:-20]]),
    "histogram: 64 x 64 pixels, not 4 x 4": ("histogram", [COLORED]),
    "no sketch": ("sketch", []),
    "2 values of picture": ("picture", [COLORED, COLORED]),
    "no group": ("group", [b""]),
    "not named after its source, dolls": ("name", [b"cats/doll-12-000001"]),
}


@pytest.mark.parametrize("fault", HARM)
def test_a_record_that_breaks_the_format_is_told(data, fault):
    key, values = HARM[fault]
    changed = examples(data / "train-00000.tfrecord")
    name = feature(changed[2], "name")[0].decode()
    changed[2].features.feature[key].bytes_list.value[:] = values
    rewrite(data, "train", changed)
    lines = list(verify(data))
    told = [line for line in lines if line.startswith("train-00000.tfrecord, record 2 (")]
    assert any(line.endswith(fault) or f"): {fault}" in line for line in told), lines
    assert key == "name" or all(name in line for line in told)


def test_something_else_than_a_record_is_told(data):
    path = data / "test-00000.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(b"\xff\xff\xff no protobuf")
    manifest = manifest_of(data)
    shard = records.Shard(path.name, 1, path.stat().st_size, sha256(path))
    records.write_manifest(
        data, dataclasses.replace(manifest, shards=manifest.shards | {"test": [shard]})
    )
    assert list(verify(data)) == ["test-00000.tfrecord, record 0 (): not a record"]


def test_records_out_of_order_or_twice_are_told(data):
    stored = examples(data / "train-00000.tfrecord")
    rewrite(data, "train", [stored[1], stored[0], *stored[2:], stored[-1]])
    out_of_order, twice = verify(data)
    assert "record 1" in out_of_order and out_of_order.endswith("out of order")
    assert twice == "1 names are there more than once"


def test_a_group_in_both_splits_is_told(data):
    train, test = (examples(data / f"{split}-00000.tfrecord") for split in ("train", "test"))
    train[0].features.feature["group"].bytes_list.value[:] = feature(test[1], "group")
    rewrite(data, "train", train)
    assert list(verify(data)) == [
        "1 groups are in both splits: test records resemble training records"
    ]
