"""Where drawings come from: a source lists its drawings and loads them one at a time."""

import dataclasses
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from tf_deeppaint.errors import DeepPaintError


class Drawing(NamedTuple):
    """The name of one drawing; small, so that a million of them fit in memory.

    Attributes:
        name: Unique within the source and the same on every run and machine.
        group: Drawings of one group always land in the same split, so that a drawing that is
            tested has no twin (another colouring, another crop) among those trained on.
    """

    name: str
    group: str


class Artwork(NamedTuple):
    """A loaded drawing, not yet fitted to any canvas.

    Attributes:
        picture: The coloured picture, uint8 RGB `(H, W, 3)`.
        sketch: Its line art, uint8 grey `(H, W)`, black on white; None where the source has no
            true lines and they must be extracted from the picture.
    """

    picture: np.ndarray
    sketch: np.ndarray | None


@dataclasses.dataclass(frozen=True)
class Origin:
    """Who made the drawings of a source, as written into the manifest.

    Attributes:
        name: The source's short name, as given to `--source`.
        title: What people call it.
        licence: SPDX expression, or a sentence where none fits.
        attribution: The line that must stand beside every picture shown.
        url: Where the drawings are published; empty where there is no such place.
    """

    name: str
    title: str
    licence: str
    attribution: str
    url: str


class Source(Protocol):
    """What the record builder asks of a source. Sources are picklable: workers get a copy."""

    origin: Origin

    def drawings(self) -> list[Drawing]:
        """Lists every drawing, in an order that depends on the input alone.

        Raises:
            DeepPaintError: the input is missing, or holds no drawing.
        """
        ...

    def load(self, drawing: Drawing, size: int) -> Artwork:
        """Loads one drawing. Sources that draw or rasterise do so for a canvas of `size` pixels.

        Raises:
            DeepPaintError: this drawing cannot be read; it is counted and left out.
        """
        ...


def open_source(name: str, folder: str | None, count: int, seed: int) -> Source:
    """Makes the source that `--source` names.

    Args:
        name: `"dolls"`, `"folder"`, `"openmoji"` or `"wesnoth"`.
        folder: Where its files lie; None lets the public ones fetch and cache their package.
        count: Number of dolls.
        seed: Which dolls.

    Raises:
        DeepPaintError: no such source, or a folder missing where one is needed.
    """
    path = None if folder is None else Path(folder)
    if name == "dolls":
        from tf_deeppaint.sources.dolls import Dolls

        return Dolls(count, seed)
    if name == "folder":
        from tf_deeppaint.sources.folder import Folder

        if path is None:
            raise DeepPaintError("--source=folder needs --input=FOLDER, a folder of pictures")
        return Folder(path)
    if name == "openmoji":
        from tf_deeppaint.sources.openmoji import OpenMoji

        return OpenMoji(path)
    if name == "wesnoth":
        from tf_deeppaint.sources.wesnoth import Wesnoth

        return Wesnoth(path)
    raise DeepPaintError(f"no source named {name!r}")
