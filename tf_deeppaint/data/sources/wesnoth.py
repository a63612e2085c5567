"""Portraits painted for The Battle for Wesnoth, on transparent backgrounds."""

import dataclasses
import functools
import hashlib
import os
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from tf_deeppaint.data.sources.base import Example, LoadedExample, Origin, Source, digest_of
from tf_deeppaint.data.sources.fetching import fetch_debian
from tf_deeppaint.images.perceptual_hash import SHAPE_BYTES, count_differing_bits, perceptual_hash
from tf_deeppaint.images.pixels import over_white
from tf_deeppaint.utils import files, walking
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import option

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

# Pixels of the shorter side; smaller pictures are sprites and icons.
MIN_SIDE = 200
# Below this alpha (of 255) a pixel is background; painters leave faint specks around a figure.
FAINT_ALPHA = 8
# Share of the canvas: portraits leave a tenth and more free; what leaves less is a scene.
MIN_BACKGROUND = 0.1
# White around the cut figure, as a share of its longer side.
MARGIN = 0.04

# Of the 255 bits of shape of the perceptual hash of a figure cut out. Seen on the 456 portraits of
# 1.16: up to 82 bits every pair is one painting repainted; up to 92 such pairs and strangers mix,
# and joining strangers only makes a few groups larger than need be; from 96 on strangers chain into
# ever larger groups.
NEAR_BITS = 88


@dataclasses.dataclass(frozen=True)
class Wesnoth(Source):
    """Portraits on white, cut to the figure. They have no line art of their own."""

    input: str | None = option(
        None, "Folder of the package's files; fetched and cached without it."
    )

    origin: ClassVar[Origin] = Origin(
        name="wesnoth",
        title="The Battle for Wesnoth",
        # Older art is under the one, newer under the other, file by file.
        license="GPL-2.0-or-later AND CC-BY-SA-4.0",
        attribution=(
            "Portraits from The Battle for Wesnoth, by its artists (GPL-2.0+ / CC BY-SA 4.0)"
        ),
        url="https://www.wesnoth.org",
    )

    @functools.cached_property
    def folder(self) -> str:
        """The folder given, or the cached one of the game's data packages.

        Raises:
            DeepPaintError: the packages cannot be fetched.
        """
        return os.fspath(self.input or fetch_debian(PACKAGES, WANTED, INSTEAD))

    def examples(self) -> Iterator[Example]:
        """Lists the distinct portraits by their path below the folder.

        Pictures of one figure (variants, campaigns' copies) share a group: the first of their
        names. Every portrait is decoded for that, which takes some seconds.
        """
        if not files.is_folder(self.folder):
            raise DeepPaintError(f"{self.folder}: no such folder; {INSTEAD}")
        top = os.path.basename(os.path.normpath(self.folder))
        sizes = {
            entry.name: entry.bytes
            for entry in walking.walk(self.folder, SUFFIXES)
            if FOLDER in (top, *entry.name.split("/")[:-1])
        }
        hashes = self._hashes(sorted(sizes))
        if not hashes:
            raise DeepPaintError(f"{self.folder}: holds no portrait; {INSTEAD}")
        groups = group_near_duplicates({name: data for name, data in hashes.items() if data})
        for name in hashes:
            yield Example(name, sizes[name], groups.get(name, name))

    def load(self, example: Example, size: int) -> LoadedExample:
        from tf_deeppaint.images.decoding import decode_rgba

        path = files.join(self.folder, example.name)
        data = files.read_bytes(path)
        figure = crop_to_figure(decode_rgba(data, path), MARGIN)
        return LoadedExample(over_white(figure), digest=digest_of(data))

    def _hashes(self, names: list[str]) -> dict[str, bytes]:
        """Those of the names that are distinct portraits, with their perceptual hashes.

        A file that cannot be read has an empty hash. It is listed all the same, so that `load`
        says what is wrong with it and it is counted.
        """
        from tf_deeppaint.images.decoding import read_rgba

        hashes: dict[str, bytes] = {}
        digests = set()
        for name in names:
            try:
                rgba = read_rgba(files.join(self.folder, name))
            except DeepPaintError:
                hashes[name] = b""
                continue
            digest = hashlib.sha256(rgba.tobytes()).digest()
            background = (rgba[..., 3] < FAINT_ALPHA).mean()
            is_figure = min(rgba.shape[:2]) >= MIN_SIDE and MIN_BACKGROUND <= background < 1
            if is_figure and digest not in digests:
                hashes[name] = perceptual_hash(over_white(crop_to_figure(rgba, margin=0)))
            digests.add(digest)
        return hashes


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


def group_near_duplicates(hashes: dict[str, bytes]) -> dict[str, str]:
    """Joins what differs in `NEAR_BITS` at most, also by way of others: name -> first such name.

    The perceptual hashes are sorted by name.
    """
    from scipy.sparse.csgraph import connected_components  # slow, and --help imports this module

    if not hashes:
        return {}
    shapes = np.array([list(data[:SHAPE_BYTES]) for data in hashes.values()], np.uint8)
    near = count_differing_bits(shapes[:, np.newaxis], shapes) <= NEAR_BITS
    _, clusters = connected_components(near, directed=False)
    first: dict[int, str] = {}
    return {
        name: first.setdefault(cluster, name)
        for name, cluster in zip(hashes, clusters.tolist(), strict=True)
    }
