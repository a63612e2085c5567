"""A folder of anyone's own pictures; their lines are extracted from them."""

import os
from collections.abc import Iterator

import numpy as np

from tf_deeppaint.data.sources.registry import (
    SELECTIONS,
    Example,
    Inspection,
    LoadedExample,
    Origin,
    Skipped,
    digest_of,
)
from tf_deeppaint.images.decoding import decode_picture, decode_small
from tf_deeppaint.palette.extraction import NEAR_WHITE
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
# Pixels; what a look at a picture shrinks it to.
LOOK_SIDE = 128
# Share of the shorter side.
BORDER = 0.03
# Share of the border: figures are often cut by one edge of their picture, seldom by two.
WHITE_BORDER = 0.75


class Folder:
    """Every picture below a folder, except hidden ones and those that links fetch from outside."""

    origin = Origin(
        name="folder",
        title="A folder of pictures",
        license="as the owner of the pictures states",
        attribution="",
        url="",
    )

    def __init__(self, folder: str | os.PathLike, select: str | None = None):
        """Takes the pictures below `folder`, which is looked into when they are listed.

        Args:
            folder: On this machine or in a cloud.
            select: `"white_background"` leaves out the others when they are looked at.

        Raises:
            DeepPaintError: no such selection.
        """
        if select is not None and select not in SELECTIONS:
            raise DeepPaintError(f"--select={select}: choose one of {', '.join(SELECTIONS)}")
        self.folder = os.fspath(folder)
        self.select = select
        self.options: dict[str, object] = {"select": select}

    def drawings(self) -> Iterator[Example | Skipped]:
        """Lists the pictures by their path below the folder, with `/` on every system.

        Raises:
            DeepPaintError: there is no such folder, or no picture in it.
        """
        check_folder(self.folder)
        empty = True
        for entry in files.walk(self.folder, SUFFIXES):
            yield Example(entry.name, entry.bytes)
            empty = False
        if empty:
            raise no_picture(self.folder)

    def look(self, drawing: Example) -> Inspection | Skipped:
        """Decodes a picture at a small size.

        Raises:
            DeepPaintError: as `load` does.
        """
        path = files.join(self.folder, drawing.name)
        data = files.read_bytes(path)
        picture, height, width = decode_small(data, path, LOOK_SIDE)
        if self.select == "white_background" and not has_white_border(picture):
            return Skipped("no white background")
        return Inspection(digest_of(data), picture, height, width)

    def load(self, drawing: Example, size: int) -> LoadedExample:
        """Reads one picture as it is, transparency over white; `size` plays no part.

        Raises:
            DeepPaintError: the file is missing, damaged, or over the limits on size.
        """
        path = files.join(self.folder, drawing.name)
        data = files.read_bytes(path)
        return LoadedExample(decode_picture(data, path), digest=digest_of(data))


def check_folder(folder: str) -> None:
    """Raises DeepPaintError unless there is such a folder."""
    if not files.is_folder(folder):
        raise DeepPaintError(f"{folder}: no such folder; name one that holds pictures")


def no_picture(folder: str) -> DeepPaintError:
    """The error of a folder without pictures."""
    kinds = " ".join(SUFFIXES)
    return DeepPaintError(f"{folder}: holds no picture ({kinds}), nor do its subfolders")


def has_white_border(picture: np.ndarray) -> bool:
    """Whether three quarters of the pixels along the edges of a picture are near white.

    Args:
        picture: uint8 RGB `(H, W, 3)`.
    """
    depth = max(1, round(BORDER * min(picture.shape[:2])))
    border = np.ones(picture.shape[:2], bool)
    border[depth:-depth, depth:-depth] = False
    white = (picture >= NEAR_WHITE).all(axis=-1)
    return bool(white[border].mean() >= WHITE_BORDER)
