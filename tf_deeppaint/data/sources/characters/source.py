"""The sources of characters: which examples there are, by name; each is drawn when it is loaded."""

import dataclasses
import functools
import re
from collections.abc import Iterator
from typing import ClassVar

from tf_deeppaint.data.sources.base import Example, LoadedExample, Origin, Source
from tf_deeppaint.data.sources.characters.holdout import UNSEEN
from tf_deeppaint.data.sources.fetching import fetch_npm, fetch_pypi
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import option

AVATARS_PACKAGE = "dicebear-styles==10.6.0"
AVATARS_DIGEST = "5a5b0b9c534d133fa06f1dd29f280139995965b32b08c5635a69cc6afc30930d"
AVATARS_FOLDER = "dicebear_styles"
COMICGEN_PACKAGE = "comicgen@1.9.9"
COMICGEN_DIGEST = (
    "sha512-F5WKCwR9OhwiYejBio1RXcs6oVTsnkW3hzuuIdXI"
    "fhLJonktYcpbJt5xKZTWtr2JJ2hqck+VAd4jrYZ9WSDG3A=="
)
COMICGEN_FOLDER = "svg"
INSTEAD = (
    f"pass --input with a folder that holds the package's {AVATARS_FOLDER} and, but for avatars, "
    f"comicgen's {COMICGEN_FOLDER}"
)
# One line drawing in so many is of the test split.
TEST_EVERY = 16

_DICEBEAR = "https://www.dicebear.com"
_ORIGINS = {
    "adventurer": ("CC-BY-4.0", "Adventurer by Lisa Wischofsky, CC BY 4.0, remixed"),
    "notionists": ("CC0-1.0", "Notionists by Zoish, CC0 1.0, remixed"),
    "lorelei": ("CC0-1.0", "Lorelei by Lisa Wischofsky, CC0 1.0, remixed"),
    "open-peeps": ("CC0-1.0", "Open Peeps by Pablo Stanley, CC0 1.0, remixed"),
    "micah": ("CC-BY-4.0", "Avatar Illustration System by Micah Lanier, CC BY 4.0, remixed"),
    "toon-head": ("CC-BY-4.0", "ToonHead by Johan Melin, CC BY 4.0, remixed"),
}


@dataclasses.dataclass(frozen=True)
class Characters(Source):
    """`count` line drawings in `colorings` color schemes each; seed and numbers decide everything.

    Each sixteenth line drawing is of the test split, and its main parts (hair, clothes, pose) are
    in no drawing of the training split.

    Raises:
        DeepPaintError: a number is too small.
    """

    count: int = option(2000, "How many to draw.", lower=1)
    seed: int = option(0, "Which ones.", lower=0)
    colorings: int = option(3, "Colorings of each line drawing.", lower=1)
    partners: int = option(
        2, "Further drawings in the same colors, whose palettes each record holds.", lower=0
    )
    input: str | None = option(
        None, "Folder of the packages' files; fetched and cached without it."
    )

    origin: ClassVar[Origin]
    # Whether comicgen's files are needed.
    needs_comicgen: ClassVar[bool] = True

    @property
    def artist(self) -> str:
        """The name of the artist, as in `artists.open_artists`."""
        return self.origin.name

    @property
    def options(self) -> dict[str, object]:
        return {"partners": self.partners}

    @functools.cached_property
    def folders(self) -> tuple[str, str | None]:
        """Folders of the avatar styles and of comicgen's SVG, where that is needed.

        Raises:
            DeepPaintError: a package cannot be fetched.
        """
        if self.input is not None:
            avatars = comicgen = self.input
        else:
            wanted = [f"{AVATARS_FOLDER}/{style}.json" for style in _ORIGINS]
            wanted.append("*/LICENSE*")
            avatars = str(fetch_pypi(AVATARS_PACKAGE, AVATARS_DIGEST, wanted, INSTEAD))
            if self.needs_comicgen:
                wanted = [f"{COMICGEN_FOLDER}/*.svg", "LICENSE", "README.md"]
                comicgen = str(fetch_npm(COMICGEN_PACKAGE, COMICGEN_DIGEST, wanted, INSTEAD))
        return (
            files.join(avatars, AVATARS_FOLDER),
            files.join(comicgen, COMICGEN_FOLDER) if self.needs_comicgen else None,
        )

    def examples(self) -> Iterator[Example]:
        """Lists the colorings by name; those of one line drawing are a group.

        Raises:
            DeepPaintError: the packages cannot be fetched.
        """
        # Before workers start: they would all fetch.
        _ = self.folders
        for number in range(self.count):
            group = f"{self.artist}-{self.seed}-{number:06d}"
            split = "test" if self._is_test(number) else "train"
            for coloring in range(self.colorings):
                yield Example(f"{group}-{coloring}", group=group, split=split)

    def load(self, example: Example, size: int) -> LoadedExample:
        """Draws an example, on white paper, on a square canvas of `size` pixels.

        Raises:
            DeepPaintError: the example is none of this source's, a file is missing or damaged, or
                the rasterizer is not installed.
        """
        # OpenCV is imported here alone, so that the flags of this source need none.
        from tf_deeppaint.data.sources.characters.drawing import Key, draw_example

        pattern = rf"{re.escape(self.artist)}-(0|[1-9][0-9]*)-([0-9]{{6,}})-([0-9]+)"
        match = re.fullmatch(pattern, example.name)
        if match is None:
            raise DeepPaintError(
                f"no drawing is called {example.name!r}: names look like "
                f"'{self.artist}-0-000042-1', the seed, then the numbers of drawing and coloring"
            )
        seed, number, coloring = map(int, match.groups())
        key = Key(self.artist, seed, number, coloring, self._is_test(number))
        return draw_example(key, *self.folders, self.partners, size)

    def _is_test(self, number: int) -> bool:
        return self.artist in UNSEEN or number % TEST_EVERY == TEST_EVERY - 1


@dataclasses.dataclass(frozen=True)
class Avatars(Characters):
    """Heads and busts in one of six styles of the package dicebear-styles.

    All drawings of the style toon-head are of the test split: no model may learn from it.
    """

    style: str = option("adventurer", "The style, each by one artist.", tuple(_ORIGINS))

    needs_comicgen: ClassVar[bool] = False

    @property
    def origin(self) -> Origin:
        license, attribution = _ORIGINS[self.style]
        title = f"DiceBear {self.style.replace('-', ' ').title()}"
        return Origin("avatars", title, license, attribution, _DICEBEAR)

    @property
    def artist(self) -> str:
        return self.style


@dataclasses.dataclass(frozen=True)
class Comicgen(Characters):
    """People of the package comicgen, most of them in full."""

    origin: ClassVar[Origin] = Origin(
        name="comicgen",
        title="Comicgen",
        license="CC0-1.0",
        attribution="Comicgen characters by Gramener, CC0 1.0",
        url="https://gramener.com/comicgen/",
    )


@dataclasses.dataclass(frozen=True)
class Composite(Characters):
    """Full figures with big eyes: bodies of comicgen with heads of Adventurer."""

    origin: ClassVar[Origin] = Origin(
        name="composite",
        title="Comicgen bodies with Adventurer heads",
        license="CC0-1.0 AND CC-BY-4.0",
        attribution=(
            "Comicgen characters by Gramener, CC0 1.0; "
            "Adventurer by Lisa Wischofsky, CC BY 4.0, remixed"
        ),
        url="https://gramener.com/comicgen/",
    )
