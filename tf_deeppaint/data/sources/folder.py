"""A folder of anyone's own pictures; their lines are extracted from them."""

import dataclasses
import posixpath
from collections.abc import Iterable, Iterator
from typing import ClassVar

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
from tf_deeppaint.images.suffixes import SUFFIXES
from tf_deeppaint.palette.extraction import NEAR_WHITE
from tf_deeppaint.utils import files, walking
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import option

# Pixels of the longer side of a picture that is inspected.
INSPECTION_SIDE = 128
# Depth of the border that is examined, as a share of the shorter side.
BORDER = 0.03
# Least share of white pixels in a white border: figures are often cut by one edge of their
# picture, seldom by two.
WHITE_BORDER = 0.75


@dataclasses.dataclass(frozen=True)
class Folder(Source):
    """Every picture below a folder, except hidden ones and those that links fetch from outside.

    Files that are not taken are skipped with a complaint that names them.
    """

    input: str = option(help="Folder of the pictures, here or in a cloud (gs://).")
    select: str | None = option(
        None, "Take pictures whose border is near white.", ["white_background"]
    )

    origin: ClassVar[Origin] = Origin(
        name="folder", title="A folder of pictures", license="as the owner of the pictures states"
    )

    @property
    def options(self) -> dict[str, object]:
        return {"select": self.select}

    def examples(self) -> Iterator[Example | Skipped]:
        for item in walk_pictures(self.input):
            yield item if isinstance(item, Skipped) else Example(*item)

    def inspect(self, example: Example) -> Inspection | Skipped:
        from tf_deeppaint.images.decoding import decode_small

        path = files.join(self.input, example.name)
        data = files.read_bytes(path)
        picture, height, width = decode_small(data, path, INSPECTION_SIDE)
        if self.select == "white_background" and not has_white_border(picture):
            return Skipped("no white background")
        return Inspection(digest_of(data), picture, height, width)

    def load(self, example: Example, size: int) -> LoadedExample:
        from tf_deeppaint.images.decoding import decode_picture

        path = files.join(self.input, example.name)
        data = files.read_bytes(path)
        return LoadedExample(decode_picture(data, path), digest=digest_of(data))


def check_folder(folder: str) -> None:
    """Raises DeepPaintError unless there is such a folder."""
    if not files.is_folder(folder):
        raise DeepPaintError(f"{folder}: no such folder; name one that holds pictures")


def walk_pictures(
    folder: str, parts: Iterable[str] = ("",), others: str | None = None
) -> Iterator[files.Entry | Skipped]:
    """Yields the pictures below a folder by their paths in it, and skips its other files by name.

    Args:
        folder: The folder.
        parts: The folders in it that are looked into.
        others: A folder in it of files that are no pictures and belong there.

    Raises:
        DeepPaintError: there is no such folder, or no picture in it.
    """
    check_folder(folder)
    empty = True
    for part in parts:
        for item in walking.walk_all(files.join(folder, part) if part else folder, SUFFIXES):
            item = item._replace(name=posixpath.join(part, item.name))
            if isinstance(item, files.Entry):
                yield item
                empty = False
            elif others is None or not item.name.startswith(f"{others}/"):
                yield Skipped(item.reason, item.complaint(folder))
    if empty:
        kinds = " ".join(SUFFIXES)
        raise DeepPaintError(f"{folder}: holds no picture ({kinds}), nor do its subfolders")


def has_white_border(picture: np.ndarray) -> bool:
    """Whether most pixels along the edges of a picture, RGB `(H, W, 3)`, are near white."""
    depth = max(1, round(BORDER * min(picture.shape[:2])))
    border = np.ones(picture.shape[:2], bool)
    border[depth:-depth, depth:-depth] = False
    white = (picture >= NEAR_WHITE).all(axis=-1)
    return bool(white[border].mean() >= WHITE_BORDER)
