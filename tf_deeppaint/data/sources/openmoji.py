"""OpenMoji: emoji drawn as vectors, each once in color and once as its lines alone."""

import dataclasses
import functools
import hashlib
import json
import os
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from tf_deeppaint.data.sources.base import Example, LoadedExample, Origin, Source, digest_of
from tf_deeppaint.data.sources.fetching import fetch_npm
from tf_deeppaint.data.sources.svg import load_rasterizer, rasterize
from tf_deeppaint.images.canvas import fit_to_canvas
from tf_deeppaint.images.pixels import to_gray
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import option

PACKAGE = "openmoji@17.0.0"
DIGEST = (
    "sha512-EBnYrNGdcdw+OSXmENeNE1yBNRu6tOraTmoOyUbJ"
    "kTmvT/+XETp8RZLSJFzD3lrPc5N9CzsyPnRTk0Vp4UaI9w=="
)
COLOR = "color/svg"
LINES = "black/svg"
LISTING = "data/openmoji.json"
WANTED = (f"{COLOR}/*.svg", f"{LINES}/*.svg", LISTING, "LICENSE.txt")
INSTEAD = f"pass --input with a folder that holds OpenMoji's {COLOR}, {LINES} and {LISTING}"

# Bytes; the largest file of OpenMoji has 200 KiB.
MAX_SVG_BYTES = 4 * 2**20
# Pixels; whether an emoji teaches coloring shows at this size as well as at any other.
JUDGED_SIZE = 64
# Levels of 255: a pixel that differs this much from the line art has been filled.
FILL_DIFFERENCE = 24
# Share of the canvas: below it there is hardly anything to color.
MIN_FILL = 0.05
# Levels of 255: OpenMoji's dark gray is 63; nothing is learned from painting black on black lines.
DARK_LEVEL = 96
MAX_DARK_FILL = 0.5


@dataclasses.dataclass(frozen=True)
class OpenMoji(Source):
    """Pairs of a colored emoji and its line art, rasterized at the size asked for.

    Skipped are flags (their colors are given, not chosen), emoji with hardly any filled area, and
    those filled with black for the most part.
    """

    input: str | None = option(
        None, "Folder of the package's files; fetched and cached without it."
    )

    origin: ClassVar[Origin] = Origin(
        name="openmoji",
        title="OpenMoji",
        license="CC-BY-SA-4.0",
        attribution=(
            "All emojis designed by OpenMoji - the open-source emoji and icon project. "
            "License: CC BY-SA 4.0"
        ),
        url="https://openmoji.org",
    )

    @functools.cached_property
    def folder(self) -> str:
        """The folder given, laid out as the npm package is, or the cached one of the package.

        Raises:
            DeepPaintError: the rasterizer is not installed, or the package cannot be fetched.
        """
        load_rasterizer()
        return os.fspath(self.input or fetch_npm(PACKAGE, DIGEST, WANTED, INSTEAD))

    def examples(self) -> Iterator[Example]:
        """Lists the pairs that are worth learning from, by name: the emoji's hexcodes.

        Colorings of one emoji (skin tones, hearts) share a group: the digest of its line SVG.
        Every pair is rasterized small to be judged, which takes some seconds.

        Raises:
            DeepPaintError: the folder lacks the art or its listing, or no emoji is left.
        """
        empty = True
        sketches: dict[str, np.ndarray] = {}
        groups: dict[bytes, str] = {}
        for name in self._names():
            size, group = 0, name
            try:
                picture, lines = self._read(name)
                size, group = len(picture) + len(lines), hashlib.sha256(lines).hexdigest()
                if group not in sketches:
                    sketches[group] = self._sketch(lines, name, JUDGED_SIZE)
                if not is_filled(self._picture(picture, name, JUDGED_SIZE), sketches[group]):
                    continue
                # The same lines are at times written as different SVG.
                group = groups.setdefault(sketches[group].tobytes(), group)
            except DeepPaintError:
                # Listed all the same, so that `load` says what is wrong and it is counted.
                pass
            yield Example(name, size, group[:16])
            empty = False
        if empty:
            raise DeepPaintError(f"{self.folder}: none of its emoji is filled; {INSTEAD}")

    def load(self, example: Example, size: int) -> LoadedExample:
        """Rasterizes a pair at `size` x `size` pixels, on white, with the margin the art has.

        Raises:
            DeepPaintError: one of the two SVG files is missing or damaged.
        """
        picture, lines = self._read(example.name)
        return LoadedExample(
            self._picture(picture, example.name, size),
            self._sketch(lines, example.name, size),
            digest_of(picture, lines),
        )

    def _names(self) -> list[str]:
        """Names of all pairs but the flags, sorted."""
        listing = files.join(self.folder, LISTING)
        if not files.is_file(listing):
            raise DeepPaintError(f"{listing}: does not exist; {INSTEAD}")
        try:
            emoji = json.loads(files.read_bytes(listing))
            flags = {e["hexcode"] for e in emoji if "flag" in f"{e['group']} {e['subgroups']}"}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DeepPaintError(f"{listing}: not OpenMoji's listing; {INSTEAD}") from error
        colored, lines = (
            {
                name.removesuffix(".svg")
                for name in files.names(files.join(self.folder, kind))
                if name.endswith(".svg")
            }
            for kind in (COLOR, LINES)
        )
        if not colored & lines:
            raise DeepPaintError(f"{self.folder}: no emoji in both kinds; {INSTEAD}")
        return sorted((colored & lines) - flags)

    def _read(self, name: str) -> tuple[bytes, bytes]:
        """The SVG of the colored picture and that of its lines."""
        paths = (self._path(kind, name) for kind in (COLOR, LINES))
        picture, lines = (files.read_bytes(path, MAX_SVG_BYTES) for path in paths)
        return picture, lines

    def _picture(self, svg: bytes, name: str, size: int) -> np.ndarray:
        # What is not square comes back smaller than asked for.
        return fit_to_canvas(rasterize(svg, self._path(COLOR, name), size), size)[0]

    def _sketch(self, svg: bytes, name: str, size: int) -> np.ndarray:
        lines = rasterize(svg, self._path(LINES, name), size)
        return to_gray(fit_to_canvas(lines, size)[0])

    def _path(self, kind: str, name: str) -> str:
        return files.join(self.folder, f"{kind}/{name}.svg")


def is_filled(picture: np.ndarray, sketch: np.ndarray) -> bool:
    """Whether coloring the sketch into the picture is a task: enough is filled, not with black.

    Args:
        picture: uint8 RGB `(H, W, 3)`.
        sketch: uint8 gray `(H, W)`, the lines of the picture.
    """
    difference = np.abs(picture.astype(np.int16) - sketch[..., np.newaxis]).max(axis=-1)
    filled = difference > FILL_DIFFERENCE
    if filled.mean() < MIN_FILL:
        return False
    return bool((picture[filled].max(axis=-1) < DARK_LEVEL).mean() <= MAX_DARK_FILL)
