"""A data set in numbers: counts, sizes, and the colors of its palettes."""

import os
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from skimage.color import rgb2hsv

from tf_deeppaint.data import records
from tf_deeppaint.data.damage import wrap_damage_errors
from tf_deeppaint.data.parsing import decode_palette
from tf_deeppaint.palette.extraction import NEAR_WHITE
from tf_deeppaint.utils import files

# Levels of 255: below it in every channel a color is called black.
DARK = 64
# Levels of 255: a color whose channels differ by less is called gray.
GRAY = 24
# Sixths of the color circle, each centered on its name.
HUES = ("red", "yellow", "green", "cyan", "blue", "magenta")
# Records whose palettes are described.
SAMPLE = 1000


def summarize(directory: str | os.PathLike, split: str) -> Iterator[str]:
    """Yields lines that describe a data set, and the palettes of the first records of a split.

    Raises:
        DeepPaintError: the data set is missing or damaged.
    """
    manifest = records.load_manifest(directory)
    yield f"{manifest.origin.title}, {manifest.origin.license}; {manifest.size} pixels"
    yield "options: " + ", ".join(
        f"{key}={','.join(map(str, value)) if isinstance(value, list) else value}"
        for key, value in manifest.options.items()
        if key != "examples"
    )
    for name in records.SPLITS:
        size = sum(shard.bytes for shard in manifest.shards[name])
        count = manifest.count(name)
        yield (
            f"{name}: {count} records in {len(manifest.shards[name])} shards, "
            f"{size / 2**20:.1f} MiB, {size / max(count, 1) / 1000:.1f} kB a record"
        )
    for reason, count in sorted(manifest.skipped.items()):
        yield f"skipped: {count} {reason}"
    palettes = first_palettes(directory, split, SAMPLE)
    if not len(palettes):
        return
    distinct = np.mean([len(np.unique(p.reshape(16, 3), axis=0)) for p in palettes])
    shares = sorted(color_shares(palettes).items(), key=lambda item: -item[1])
    named = ", ".join(f"{name} {share:.0%}" for name, share in shares if share >= 0.005)
    yield (
        f"palettes of the first {len(palettes)} {split} records: {distinct:.1f} of 16 colors "
        f"differ; {named}"
    )


def first_palettes(directory: str | os.PathLike, split: str, count: int) -> np.ndarray:
    """The palettes of the first records of a split, uint8 `(N, 4, 4, 3)`, N at most `count`."""
    shards = records.load_manifest(directory).shards[split]
    paths = [files.join(directory, shard.name) for shard in shards]
    if not paths:
        return np.zeros((0, 4, 4, 3), np.uint8)
    with wrap_damage_errors([directory]):
        decode = tf.autograph.experimental.do_not_convert(decode_palette)
        stored = tf.data.TFRecordDataset(paths).take(count).map(decode, tf.data.AUTOTUNE)
        return np.stack(list(stored.as_numpy_iterator()))


def color_shares(palettes: np.ndarray) -> dict[str, float]:
    """Shares of the colors of palettes, uint8 `(N, 4, 4, 3)`, by name; N > 0, their sum is 1."""
    colors = palettes.reshape(-1, 3).astype(np.int32)
    most, least = colors.max(1), colors.min(1)
    hue = rgb2hsv(colors.astype(np.float64))[:, 0]  # [0, 1); whole levels make no rounding errors
    names = np.array(HUES)[np.floor(hue * 6 + 0.5).astype(int) % 6]
    names = np.where(most - least < GRAY, "gray", names)
    names = np.where(most < DARK, "black", names)
    names = np.where(least >= NEAR_WHITE, "white", names)
    return {name: float((names == name).mean()) for name in ("white", "gray", "black", *HUES)}
