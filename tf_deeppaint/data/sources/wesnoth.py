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

# Parts of the game, and the SHA-256 of their packages in Debian 12.
_PARTS = {
    "data": "1012b964bd412a6770685e3324ae3b61e176caff7846192d1ee63d55cd621e26",
    "did": "774619f5aaeb7eb4c848e1cc1758795a8c58e96bd270cceecc9d847dbcc769b3",
    "dm": "1997ad4d91e8de36415db2a3445904288f588a76d75111222d2aace409ace5c6",
    "dw": "47982e08b2a5d5fd79f400a5453f32c6d7dd56f2ccc10412a9e47dec8a9b3ca4",
    "ei": "687abe111ee662b7324336ddadc209758f68d2eeb1ccbf630238f27a0e3c6404",
    "httt": "05b16a3f8f8204278794aae14d8e6a7c95d2b2faef7337c4997c827a146d1bbd",
    "l": "5383c79046df6121929bc36a8ec3f970ab4cf9c1239ed9b31868201c27f4266d",
    "low": "2f304551b97b7fb76a2adb5ad8ffcac3e78476bc8ade17532c90714065c9bf9f",
    "nr": "13edcf1bdd23708f531ba81c67100c5800363a119f10155c7f9e146fe7dced34",
    "sof": "b6f1ddffdbd1a977f3965dae944e4fb11c147627471f1cfc71c92d1e69efb555",
    "sota": "fa44304ff53d259f3c5fe13c03cb8166e55e9c307807d1a5663048c396645ba6",
    "sotbe": "877a2f4a7fd8df54fd3b4561ffbd5fa95d0390d7c7372f3cb66367c8007918cb",
    "thot": "79d9ec6e43300ea9f41295ccf3fb451e8eeaefc17007123f65d77eb05cb88695",
    "trow": "b5009e964ac7157a46d50de911e4f56f5bb4389d60b82a513b5f382671d180d7",
    "tsg": "38b5f564253b8e0d9c093b2b7c58aabfef24f688968d9cbaf42abfc1e76d8288",
    "ttb": "d0d45693665305191488553ade8dc1d0aa26ab17d4bffae3bf6969db4a766329",
    "utbs": "81e05717bebbfb6348c0bed2cd6ce2560c4fd9205ed419c2e7bc039b4a70e228",
}
PACKAGES = tuple(f"wesnoth-1.16-{part}" for part in _PARTS)
DIGESTS = {f"wesnoth-1.16-{part}_1%3a1.16.9-1_all.deb": digest for part, digest in _PARTS.items()}
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
        return os.fspath(self.input or fetch_debian(PACKAGES, DIGESTS, WANTED, INSTEAD))

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
