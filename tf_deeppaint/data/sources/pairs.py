"""Pictures that come with their line art: side by side in one picture, or in two folders."""

import dataclasses
import os
import posixpath
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import numpy as np

from tf_deeppaint.data.sources.base import (
    Example,
    Inspection,
    LoadedExample,
    Origin,
    Skipped,
    Source,
    digest_of,
)
from tf_deeppaint.data.sources.folder import INSPECTION_SIDE, check_folder, walk_pictures
from tf_deeppaint.images.canvas import resize
from tf_deeppaint.images.pixels import to_gray
from tf_deeppaint.images.suffixes import SUFFIXES
from tf_deeppaint.palette.extraction import extract_palette
from tf_deeppaint.palette.palette_files import MAX_PALETTE_BYTES, palette_from_json
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import option

# Which half of a picture is on the left and which on the right.
PAIR_ORDERS = ("color_sketch", "sketch_color")
# Folders of the published layout, and the split that each is.
SPLITS = {"train": "train", "val": "test", "test": "test"}
PALETTES = "colorgram"
# Levels of 255 between the largest and the smallest channel, on average over a picture: line art
# has next to none, even as JPEG, and a figure in colors on white paper has 10 to 60.
GRAY, COLORED = 2.0, 6.0


class _File(NamedTuple):
    path: str
    data: bytes


class _Files(NamedTuple):
    """All files of an example."""

    picture: _File
    sketch: _File | None
    palette: _File | None

    def digest(self) -> str:
        return digest_of(*(file.data for file in self if file is not None))


@dataclasses.dataclass(frozen=True)
class Pairs(Source):
    """The pictures below a folder, with their line art and, where there are any, their palettes.

    Folders `train`, `val` and `test` decide the split, as in the public "anime sketch colorization
    pair"; without them every picture below the folder is taken. `colorgram/NAME.json` holds the
    palette of the picture NAME, its path inside the split's folder without its suffix. `sketches`
    holds the line art of each picture under the picture's own path, with any suffix.

    Raises:
        DeepPaintError: no such order, an order beside sketches, or the sketches lie among the
            pictures.
    """

    input: str = option(help="Folder of the pictures, here or in a cloud (gs://).")
    pair_order: str = option(PAIR_ORDERS[0], "What is left and what is right.", PAIR_ORDERS)
    sketches: str | None = option(
        None, "Folder of the sketches, where --input holds the pictures alone."
    )
    check_palette: bool = option(
        False, "Skip pairs whose colorgram/<id>.json differs from the palette extracted here."
    )

    origin: ClassVar[Origin] = Origin(
        name="pairs",
        title="Pairs of picture and sketch",
        license="as the owner of the pictures states",
    )

    def __post_init__(self):
        super().__post_init__()
        if self.sketches is None:
            return
        if self.pair_order != PAIR_ORDERS[0]:
            raise DeepPaintError(
                "--pair_order tells the halves of one picture apart; leave it out beside --sketches"
            )
        if _lies_in(self.sketches, self.input):
            raise DeepPaintError(
                f"--sketches={self.sketches} lies in --input={self.input}, so that its sketches "
                "would count as pictures; give two folders side by side"
            )

    @property
    def options(self) -> dict[str, object]:
        layout = {"pair_order": self.pair_order} if self.sketches is None else {"sketches": True}
        return {**layout, "check_palette": self.check_palette}

    def examples(self) -> Iterator[Example | Skipped]:
        if self.sketches is not None:
            check_folder(self.sketches)
        published = [name for name in SPLITS if files.is_folder(files.join(self.input, name))]
        for item in walk_pictures(self.input, published or [""], PALETTES):
            if isinstance(item, Skipped):
                yield item
                continue
            name, size = item
            others = (self._find_sketch(name), self._find_palette(name))
            size += sum(other.bytes for other in others if other is not None)
            split = SPLITS[name.partition("/")[0]] if published else ""
            yield Example(name, size, split=split)

    def inspect(self, example: Example) -> Inspection:
        from tf_deeppaint.images.decoding import decode_small

        example_files = self._read(example.name)
        data, path = example_files.picture.data, example_files.picture.path
        picture, height, width = decode_small(data, path, INSPECTION_SIDE)
        if example_files.sketch is None:
            _check_even(width, path)
            picture, _ = self._halves(picture)
            width //= 2
        return Inspection(example_files.digest(), picture, height, width)

    def load(self, example: Example, size: int) -> LoadedExample:
        from tf_deeppaint.images.decoding import decode_picture

        example_files = self._read(example.name)
        path = example_files.picture.path
        picture = decode_picture(example_files.picture.data, path)
        if example_files.sketch is None:
            _check_even(picture.shape[1], path)
            picture, sketch = (np.ascontiguousarray(half) for half in self._halves(picture))
        else:
            sketch = decode_picture(example_files.sketch.data, example_files.sketch.path)
            _check_same_shape(picture, sketch, path)
        if _chroma(picture) < GRAY and _chroma(sketch) > COLORED:
            other = PAIR_ORDERS[1 - PAIR_ORDERS.index(self.pair_order)]
            swap = f"pass --pair_order={other}"
            if self.sketches is not None:
                swap = "swap --input and --sketches"
            raise DeepPaintError(
                f"{path}: its sketch is in colors and its picture gray; where most are so, {swap}",
                "halves swapped",
            )
        lines = resize(to_gray(sketch), *picture.shape[:2])
        palette = None
        if (file := example_files.palette) is not None:
            palette = palette_from_json(file.data.decode("utf-8", "replace"), file.path)
            if self.check_palette:
                _check_equal(palette, extract_palette(picture, "drop"), file.path)
        return LoadedExample(picture, lines, example_files.digest(), palette)

    def _read(self, name: str) -> _Files:
        sketch, palette = self._find_sketch(name), self._find_palette(name)
        if self.sketches is not None and sketch is None:
            raise DeepPaintError(
                f"{files.join(self.input, name)}: no sketch of that name in {self.sketches}; add "
                "it, or remove the picture",
                "without sketch",
            )
        return _Files(
            _read_file(self.input, name),
            sketch and _read_file(self.sketches, sketch.name),
            palette and _read_file(self.input, palette.name, MAX_PALETTE_BYTES),
        )

    def _find_sketch(self, name: str) -> files.Entry | None:
        if self.sketches is None:
            return None
        stem, suffix = posixpath.splitext(name)
        return files.find(self.sketches, dict.fromkeys(stem + s for s in (suffix, *SUFFIXES)))

    def _find_palette(self, name: str) -> files.Entry | None:
        first, _, rest = name.partition("/")
        stem, _ = posixpath.splitext(rest if first in SPLITS else name)
        return files.find(self.input, [f"{PALETTES}/{stem}.json"])

    def _halves(self, joined: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Picture and sketch, each RGB `(H, W // 2, 3)`, of a picture RGB `(H, W, 3)`."""
        width = joined.shape[1] // 2
        left, right = joined[:, :width], joined[:, -width:]
        return (left, right) if self.pair_order == PAIR_ORDERS[0] else (right, left)


def _read_file(folder: str, name: str, limit: int = files.MAX_BYTES) -> _File:
    path = files.join(folder, name)
    return _File(path, files.read_bytes(path, limit))


def _chroma(picture: np.ndarray) -> float:
    """Mean distance of a pixel from gray, in levels of 255; a sixteenth of the pixels is enough."""
    return float(np.ptp(picture[::4, ::4], axis=-1).mean())


def _check_even(width: int, path: str) -> None:
    if width % 2:
        raise DeepPaintError(
            f"{path}: {width} pixels wide; a picture and its sketch side by side have an even "
            "width; for sketches in a folder of their own pass --sketches",
            "odd width",
        )


def _check_same_shape(picture: np.ndarray, sketch: np.ndarray, path: str) -> None:
    (height, width), (sketch_height, sketch_width) = picture.shape[:2], sketch.shape[:2]
    # Resizing one of them has rounded its sides to whole pixels.
    tolerance = max(height, width, sketch_height, sketch_width)
    if abs(height * sketch_width - width * sketch_height) > tolerance:
        raise DeepPaintError(
            f"{path}: {width} x {height} pixels, but its sketch {sketch_width} x {sketch_height}; "
            "give both the same aspect ratio",
            "sketch of another shape",
        )


def _check_equal(palette: np.ndarray, extracted: np.ndarray, path: str) -> None:
    differing = np.argwhere((palette != extracted).any(axis=-1))
    if differing.size:
        band, rank = differing[0]
        raise DeepPaintError(
            f"{path}: color {rank + 1} of band {band + 1} is {palette[band, rank].tolist()}, but "
            f"{extracted[band, rank].tolist()} in the picture; extract it again or remove the file",
            "another palette",
        )


def _lies_in(inner: str, outer: str) -> bool:
    inner, outer = (p if files.is_remote(p) else os.path.realpath(p) for p in (inner, outer))
    return f"{inner.rstrip('/')}/".startswith(f"{outer.rstrip('/')}/")
