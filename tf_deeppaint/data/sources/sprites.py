"""Sprites of the demo game of Ren'Py: anime figures on transparent backgrounds, to test with."""

import dataclasses
import functools
import os
from collections.abc import Iterator
from typing import ClassVar

from tf_deeppaint.data.sources.base import Example, LoadedExample, Origin, Source, digest_of
from tf_deeppaint.data.sources.fetching import fetch_debian
from tf_deeppaint.data.sources.wesnoth import MARGIN, crop_to_figure
from tf_deeppaint.images.pixels import over_white
from tf_deeppaint.utils import files, walking
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import option

PACKAGE = "renpy-demo"
# Debian 12's; other distributions have other versions.
DIGESTS = {
    "renpy-demo_8.0.3+dfsg-1_all.deb": (
        "b7599368598cd7a96e89772d48d7c89327fcc8d4490e0760eceda0bd792025d5"
    )
}
# The figures; their files are named "eileen happy.png".
FIGURES = ("eileen", "lucy")
WANTED = (
    *(f"*/game/images/{figure} *.png" for figure in FIGURES),
    "usr/share/doc/*/copyright",
)
INSTEAD = "pass --input with a folder that holds the demo's game/images"


@dataclasses.dataclass(frozen=True)
class Sprites(Source):
    """A few sprites on white, cut to the figure, of the test split all of them: never trained on.

    They have no line art of their own. The partners of a sprite are the others of its figure.
    """

    input: str | None = option(
        None, "Folder of the package's files; fetched and cached without it."
    )

    origin: ClassVar[Origin] = Origin(
        name="sprites",
        title="Ren'Py demo",
        license="MIT",
        attribution="Eileen and Lucy from the demo of Ren'Py, by its artists (MIT)",
        url="https://www.renpy.org",
    )

    @functools.cached_property
    def folder(self) -> str:
        """The folder given, or the cached one of the package.

        Raises:
            DeepPaintError: the package cannot be fetched.
        """
        return os.fspath(self.input or fetch_debian([PACKAGE], DIGESTS, WANTED, INSTEAD))

    def examples(self) -> Iterator[Example]:
        """Lists the sprites by their path below the folder; those of one figure are a group.

        Raises:
            DeepPaintError: there is no such folder, or no sprite in it.
        """
        entries = [entry for entry in walking.walk(self.folder, (".png",)) if _figure(entry.name)]
        if not entries:
            raise DeepPaintError(f"{self.folder}: holds no sprite; {INSTEAD}")
        for entry in entries:
            yield Example(entry.name, entry.bytes, _figure(entry.name), "test")

    def load(self, example: Example, size: int) -> LoadedExample:
        """Reads a sprite over white, cut to the figure; `size` is not used.

        Raises:
            DeepPaintError: a file is missing or damaged.
        """
        from tf_deeppaint.images.decoding import decode_rgba

        figure = _figure(example.name)
        names = sorted(entry.name for entry in walking.walk(self.folder, (".png",)))
        others = [name for name in names if _figure(name) == figure and name != example.name]
        contents = [
            files.read_bytes(files.join(self.folder, name)) for name in (example.name, *others)
        ]
        picture, *partners = (
            over_white(crop_to_figure(decode_rgba(data, name), MARGIN))
            for name, data in zip((example.name, *others), contents, strict=True)
        )
        return LoadedExample(picture, digest=digest_of(*contents), partners=tuple(partners))


def _figure(path: str) -> str:
    """The figure that a file shows, by its name; empty for other files."""
    name = path.rpartition("/")[-1].partition(" ")[0]
    return name if name in FIGURES else ""
