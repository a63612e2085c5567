"""A small data set whose records are known, and a painter whose pictures are."""

from pathlib import Path

import numpy as np

from tests.helpers.shards import write_manifest, write_shard
from tf_deeppaint import extract_palette
from tf_deeppaint.data import records

SIZE = 64
NAMES = [f"drawn/{letter}" for letter in "abcde"]
# Colorings of one drawing share a group.
GROUPS = ["one", "one", "two", "three", "three"]
# The sketch of this one closes no area.
OPEN = 3


class Banded:
    """Paints every band of a canvas in its first color, darker where the sketch is."""

    size, background = SIZE, "white"

    def __init__(self, gates: bool = True) -> None:
        self.gates = gates
        self.backend = self  # where the attention maps come from

    def paint_canvases(self, sketches: np.ndarray, palettes: np.ndarray) -> np.ndarray:
        colors = palettes[:, :, 0].repeat(SIZE // 4, axis=1)[:, :, None]
        return np.rint(colors * (0.5 + sketches[..., None] / 510)).astype(np.uint8)

    def attention(self, sketches: np.ndarray, palettes: np.ndarray) -> list[np.ndarray]:
        levels = [palettes[:, :1, :1, 0] / 255, palettes[:, :2, :2, 1] / 255]
        return [level.astype(np.float32) for level in levels] if self.gates else []


def draw(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sketch, picture and palette of a record."""
    rng = np.random.default_rng(number)
    sketch = np.full((SIZE, SIZE), 255, np.uint8)
    top, left = rng.integers(1, 20, 2)
    bottom, right = rng.integers(30, 60, 2)
    sketch[[top, bottom], left : right + 1] = 0
    sketch[top : bottom + 1, [left, right]] = 0
    if number == OPEN:
        sketch[top, left:right] = 255
    blocks = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    blocks[rng.random((8, 8)) < 0.4] = 255
    picture = blocks.repeat(8, axis=0).repeat(8, axis=1)
    return sketch, picture, extract_palette(picture, Banded.background)


def write_drawn(directory: Path, numbers=range(5), size: int = SIZE) -> Path:
    """A data set of these test records, two a shard, and of no training records."""
    directory.mkdir(parents=True)
    examples = []
    for number in numbers:
        sketch, picture, palette = draw(number)
        record = records.make_record(NAMES[number], GROUPS[number], [sketch], picture, palette)
        examples.append(records.serialize_record(record))
    shards = [
        write_shard(directory / records.shard_name("test", i), examples[2 * i : 2 * i + 2])
        for i in range(-(-len(examples) // 2))
    ]
    write_manifest(directory, {"train": [], "test": shards}, size, Banded.background)
    return directory
