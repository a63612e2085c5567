"""Your own drawings in several colorings: a folder for each color scheme, and one of the lines.

    colors/SCHEME/NAME.png    the drawing NAME, colored in the scheme SCHEME
    lines/NAME.png            its line art, the same in all schemes

What lies in one scheme's folder wears the same colors: skin, hair and clothes of one character,
say. Each picture's partners are others of its folder, so that a network learns to color a drawing
in the colors of another one.
"""

import dataclasses
import posixpath
from collections.abc import Iterator
from typing import ClassVar

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
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import option

COLORS, LINES = "colors", "lines"


@dataclasses.dataclass(frozen=True)
class Schemes(Source):
    """Pictures in folders, one for each color scheme, and their line art; see the module.

    Colorings of one drawing share a split.
    """

    input: str = option(help="Folder of the pictures, here or in a cloud (gs://).")
    partners: int = option(
        2, "Further drawings in the same colors, whose palettes each record holds.", lower=0
    )

    origin: ClassVar[Origin] = Origin(
        name="schemes",
        title="Drawings in color schemes",
        license="as the owner of the pictures states",
    )

    @property
    def options(self) -> dict[str, object]:
        return {"partners": self.partners}

    def examples(self) -> Iterator[Example | Skipped]:
        for folder in (COLORS, LINES):
            check_folder(files.join(self.input, folder))
        for item in walk_pictures(self.input, [COLORS]):
            if isinstance(item, Skipped):
                yield item
                continue
            parts = item.name.split("/")
            if len(parts) != 3:
                path = files.join(self.input, item.name)
                reason = "not in a color scheme's folder"
                yield Skipped(reason, f"{path}: {reason}; move it to {COLORS}/SCHEME/")
                continue
            lines = self._find_lines(item.name)
            size = item.bytes + (lines.bytes if lines else 0)
            yield Example(item.name, size, group=posixpath.splitext(parts[-1])[0])

    def inspect(self, example: Example) -> Inspection:
        from tf_deeppaint.images.decoding import decode_small

        data, lines, _ = self._read(example.name)
        path = files.join(self.input, example.name)
        picture, height, width = decode_small(data, path, INSPECTION_SIDE)
        return Inspection(digest_of(data, lines), picture, height, width)

    def load(self, example: Example, size: int) -> LoadedExample:
        """Reads a picture, its lines and its partners; `size` is not used.

        Raises:
            DeepPaintError: one of them cannot be read, or picture and lines differ in shape.
        """
        from tf_deeppaint.images.decoding import decode_picture

        data, lines, lines_path = self._read(example.name)
        path = files.join(self.input, example.name)
        picture, sketch = decode_picture(data, path), decode_picture(lines, lines_path)
        height, width = picture.shape[:2]
        if abs(height * sketch.shape[1] - width * sketch.shape[0]) > max(height, width):
            raise DeepPaintError(
                f"{path}: {width} x {height} pixels, but its lines {sketch.shape[1]} x "
                f"{sketch.shape[0]}; give both the same aspect ratio",
                "lines of another shape",
            )
        partners = []
        for name in self._partners(example.name):
            partner = files.join(self.input, name)
            partners.append(decode_picture(files.read_bytes(partner), partner))
        return LoadedExample(
            picture,
            resize(to_gray(sketch), height, width),
            digest_of(data, lines),
            partners=tuple(partners),
        )

    def _read(self, name: str) -> tuple[bytes, bytes, str]:
        """The bytes of a picture and of its lines, and the path of these."""
        lines = self._find_lines(name)
        path = files.join(self.input, name)
        if lines is None:
            stem = posixpath.splitext(posixpath.basename(name))[0]
            raise DeepPaintError(
                f"{path}: no {LINES}/{stem}.png beside it, nor with another suffix; add it, or "
                "remove the picture",
                "without lines",
            )
        lines_path = files.join(self.input, lines.name)
        return files.read_bytes(path), files.read_bytes(lines_path), lines_path

    def _find_lines(self, name: str) -> files.Entry | None:
        stem, suffix = posixpath.splitext(posixpath.basename(name))
        names = dict.fromkeys(f"{LINES}/{stem}{s}" for s in (suffix, *SUFFIXES))
        return files.find(self.input, names)

    def _partners(self, name: str) -> list[str]:
        """The pictures that follow by name in the folder; after the last comes the first."""
        folder, own = posixpath.split(name)
        stem = posixpath.splitext(own)[0]
        others = sorted(
            other
            for other in files.names(files.join(self.input, folder))
            if posixpath.splitext(other)[1].lower() in SUFFIXES
            and not other.startswith(".")
            and posixpath.splitext(other)[0] != stem
        )
        after = [other for other in others if other > own]
        following = after + [other for other in others if other < own]
        return [posixpath.join(folder, other) for other in following[: self.partners]]
