"""Lengths of records that cannot be, with right checksums: TensorFlow's reader believes them."""

import hashlib
import json
import struct

import pytest
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from tests.helpers.shards import write_shard
from tf_deeppaint.data import records
from tf_deeppaint.data.build.verification import verify
from tf_deeppaint.data.frames import check_frames, read_frames
from tf_deeppaint.data.loading import first_records, load
from tf_deeppaint.utils.errors import DeepPaintError

CONTENTS = [b"first", b"", b"third" * 100]


@pytest.fixture
def shard(tmp_path):
    path = tmp_path / "train-00000.tfrecord"
    write_shard(path, CONTENTS)
    return path


def header(length: int) -> bytes:
    packed = struct.pack("<Q", length)
    return packed + struct.pack("<I", masked_crc32c(packed))


def test_a_sound_shard_passes_and_is_read(shard) -> None:
    check_frames(str(shard))
    assert list(read_frames(str(shard))) == CONTENTS


@pytest.mark.parametrize("length", [2**40, 2**63, 2**64 - 1, 2**28 + 1, 100])
def test_a_length_that_cannot_be_is_damage(shard, length) -> None:
    shard.write_bytes(shard.read_bytes() + header(length) + b"data")
    with pytest.raises(DeepPaintError, match=r"train-00000\.tfrecord: damaged \(the length"):
        check_frames(str(shard))
    assert list(read_frames(str(shard))) == CONTENTS


@pytest.mark.parametrize("rest", [1, 11, 13, 15])
def test_a_beginning_of_a_record_is_damage(shard, rest) -> None:
    shard.write_bytes(shard.read_bytes() + (header(0) + bytes(4))[:rest])
    with pytest.raises(DeepPaintError, match="damaged"):
        check_frames(str(shard))


def test_nobody_gives_such_a_shard_to_tensorflow(doll_shards, tmp_path) -> None:
    """Its reader would end the process: the file is one that checksums and manifest call sound."""
    data = header(2**40) + b"data"
    (tmp_path / "train-00000.tfrecord").write_bytes(data)
    document = json.loads((doll_shards / "manifest.json").read_text())
    listed = {"name": "train-00000.tfrecord", "records": 1, "bytes": len(data)}
    document["shards"] = {"train": [listed | {"sha256": hashlib.sha256(data).hexdigest()}]}
    document["shards"]["test"] = []
    (tmp_path / "manifest.json").write_text(json.dumps(document))
    assert ["the length" in fault for fault in verify(tmp_path)] == [True]
    for read in (records.load_manifest, lambda folder: load(folder, "train")):
        with pytest.raises(DeepPaintError, match="the length"):
            read(tmp_path)
    with pytest.raises(DeepPaintError, match="the length"):
        first_records(tmp_path, "train", 1)
