"""Portraits painted for The Battle for Wesnoth, on transparent backgrounds."""

import hashlib
import os
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from tf_deeppaint.data.sources.fetching import fetch_debian
from tf_deeppaint.data.sources.registry import Example, LoadedExample, Origin, digest_of
from tf_deeppaint.images.canvas import resize
from tf_deeppaint.images.decoding import decode_rgba, read_rgba
from tf_deeppaint.images.pixels import over_white, to_gray
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

# fmt: off
_PARTS = (
    "data", "did", "dm", "dw", "ei", "httt", "l", "low", "nr",
    "sof", "sota", "sotbe", "thot", "trow", "tsg", "ttb", "utbs",
)
# fmt: on
PACKAGES = tuple(f"wesnoth-1.16-{part}" for part in _PARTS)
FOLDER = "portraits"
WANTED = (
    f"*/images/{FOLDER}/*",
    f"*/images/*/{FOLDER}/*",
    "usr/share/doc/*/copyright",
    "usr/share/doc/*/README.md",
)
INSTEAD = f"pass --input with a folder that holds Wesnoth's images/{FOLDER}"
SUFFIXES = (".png", ".webp")

# Smaller pictures are sprites and icons.
MIN_SIDE = 200
# Below this alpha (of 255) a pixel is background; painters leave faint specks around a figure.
FAINT_ALPHA = 8
# Portraits leave a tenth and more of the canvas free; what leaves less is a scene.
MIN_BACKGROUND = 0.1
MARGIN = 0.04

HASH_SIDE = 16
# Of HASH_SIDE ** 2 = 256 bits. Seen on the 456 portraits of 1.16: up to 56 bits every pair is one
# painting repainted; up to 65 such pairs and strangers mix, and joining strangers only makes a few
# groups larger than need be; from 66 on strangers chain into ever larger groups.
TWIN_BITS = 62


class Wesnoth:
    """Portraits on white, cut to the figure. They have no line art of their own."""

    origin = Origin(
        name="wesnoth",
        title="The Battle for Wesnoth",
        # Older art is under the one, newer under the other, file by file.
        license="GPL-2.0-or-later AND CC-BY-SA-4.0",
        attribution=(
            "Portraits from The Battle for Wesnoth, by its artists (GPL-2.0+ / CC BY-SA 4.0)"
        ),
        url="https://www.wesnoth.org",
    )

    options: ClassVar[dict[str, object]] = {}

    def __init__(self, folder: str | os.PathLike | None = None):
        """Takes the portraits below `folder`; None fetches the game's data packages.

        Raises:
            DeepPaintError: the packages cannot be fetched.
        """
        self.folder = os.fspath(
            fetch_debian(PACKAGES, WANTED, INSTEAD) if folder is None else folder
        )

    def drawings(self) -> Iterator[Example]:
        """Lists the distinct portraits by their path below the folder.

        Pictures of one figure (variants, campaigns' copies) share a group: the first of their
        names. Every portrait is decoded for that, which takes some seconds.

        Raises:
            DeepPaintError: there is no such folder, or no portrait in it.
        """
        if not files.is_folder(self.folder):
            raise DeepPaintError(f"{self.folder}: no such folder; {INSTEAD}")
        sizes = self._sizes()
        hashes = self._hashes(sorted(sizes))
        if not hashes:
            raise DeepPaintError(f"{self.folder}: holds no portrait; {INSTEAD}")
        hashed = {name: bits for name, bits in hashes.items() if bits is not None}
        groups = group_twins(hashed)
        for name in hashes:
            yield Example(name, sizes[name], groups.get(name, name))

    def load(self, drawing: Example, size: int) -> LoadedExample:
        """Reads one portrait over white, cut to the figure; `size` plays no part.

        Raises:
            DeepPaintError: the file is missing or damaged.
        """
        path = files.join(self.folder, drawing.name)
        data = files.read_bytes(path)
        figure = crop_to_figure(decode_rgba(data, path), MARGIN)
        return LoadedExample(over_white(figure), digest=digest_of(data))

    def _hashes(self, names: list[str]) -> dict[str, np.ndarray | None]:
        """Those of the names that are distinct portraits, with the difference hash of each.

        None stands for a file that cannot be read: it is listed all the same, since `load` will
        say what is wrong with it and it will be counted.
        """
        hashes: dict[str, np.ndarray | None] = {}
        seen = set()
        for name in names:
            try:
                rgba = read_rgba(files.join(self.folder, name))
            except DeepPaintError:
                hashes[name] = None
                continue
            digest = hashlib.sha256(rgba.tobytes()).digest()
            if digest not in seen and is_portrait(rgba):
                hashes[name] = difference_hash(rgba)
            seen.add(digest)
        return hashes

    def _sizes(self) -> dict[str, int]:
        """Paths of all pictures kept under a folder of portraits, with the files' sizes."""
        top = os.path.basename(os.path.normpath(self.folder))
        return {
            entry.name: entry.bytes
            for entry in files.walk(self.folder, SUFFIXES)
            if FOLDER in (top, *entry.name.split("/")[:-1])
        }


def is_portrait(rgba: np.ndarray) -> bool:
    """Whether uint8 RGBA `(H, W, 4)` is large enough and a figure on a transparent background."""
    background = (rgba[..., 3] < FAINT_ALPHA).mean()
    return bool(min(rgba.shape[:2]) >= MIN_SIDE and MIN_BACKGROUND <= background < 1)


def crop_to_figure(rgba: np.ndarray, margin: float) -> np.ndarray:
    """Cuts uint8 RGBA `(H, W, 4)` to its figure and a margin, a share of the figure's longer side.

    The margin never reaches beyond the painted canvas: a bust that ends at the canvas's edge ends
    at the edge of the result too, not in white.
    """
    solid = rgba[..., 3] >= FAINT_ALPHA
    rows, columns = (np.flatnonzero(solid.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return rgba
    pixels = round(margin * max(rows[-1] - rows[0], columns[-1] - columns[0]))
    top, left = max(0, rows[0] - pixels), max(0, columns[0] - pixels)
    return rgba[top : rows[-1] + pixels + 1, left : columns[-1] + pixels + 1]


def difference_hash(rgba: np.ndarray) -> np.ndarray:
    """What the figure looks like, coarsely: bool `(HASH_SIDE ** 2,)`, alike for alike figures.

    Each bit says whether the figure, shrunk, grows brighter from one cell to the next.
    """
    gray = to_gray(over_white(crop_to_figure(rgba, margin=0)))
    cells = resize(gray, HASH_SIDE, HASH_SIDE + 1)
    return (cells[:, 1:] > cells[:, :-1]).ravel()


def group_twins(hashes: dict[str, np.ndarray]) -> dict[str, str]:
    """Joins what differs in `TWIN_BITS` at most, also by way of others: name -> first such name.

    Args:
        hashes: Bits of equal length under each name, sorted by name.
    """
    names = list(hashes)
    parents = list(range(len(names)))

    def root(i: int) -> int:
        while parents[i] != i:
            parents[i] = parents[parents[i]]
            i = parents[i]
        return i

    for i, name in enumerate(names[1:], start=1):
        distances = (np.stack([hashes[other] for other in names[:i]]) != hashes[name]).sum(axis=1)
        for j in np.flatnonzero(distances <= TWIN_BITS):
            low, high = sorted((root(i), root(int(j))))
            parents[high] = low
    return {name: names[root(i)] for i, name in enumerate(names)}
