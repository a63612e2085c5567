"""Shards and manifests written record by record."""

import hashlib
from pathlib import Path

import tensorflow as tf

from tf_deeppaint.data import records
from tf_deeppaint.data.sources.base import Origin

ORIGIN = Origin("test", "Test", "CC0-1.0", "", "")


def write_shard(path: Path, contents: list[bytes]) -> records.Shard:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for content in contents:
            writer.write(content)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return records.Shard(path.name, len(contents), path.stat().st_size, digest)


def write_manifest(directory: Path, shards: dict, size=64, background="white") -> None:
    options = {"size": size, "background": background}
    records.write_manifest(directory, records.Manifest(options, ORIGIN, "", {}, shards))
