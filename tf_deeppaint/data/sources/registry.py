"""Where drawings come from: a source lists its drawings and loads them one at a time."""

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from tf_deeppaint.utils.errors import DeepPaintError

# Which half of a picture of the source `pairs` lies left and which right.
PAIR_ORDERS = ("color_sketch", "sketch_color")
# The authors' choice from Danbooru: one person on a white background.
INCLUDE_TAGS = ("solo", "white_background")
EXCLUDE_TAGS = ()
# General and sensitive; before 2022 "s" meant safe.
RATINGS = ("g", "s")
SELECTIONS = ("white_background",)
# The flags that each source can use.
FLAGS = {
    "dolls": (),
    "folder": ("input", "select"),
    "pairs": ("input", "sketches", "pair_order", "check_palette"),
    "danbooru": ("input", "metadata", "include_tags", "exclude_tags", "ratings", "select"),
    "openmoji": ("input",),
    "wesnoth": ("input",),
}


class Example(NamedTuple):
    """One drawing of a source, by name; small, so that a million of them can be listed.

    Attributes:
        name: Unique within the source and the same on every run and machine.
        bytes: Size of its files, where it has any: a changed input shows in it.
        group: Drawings of one group always land in the same split, so that a drawing that is
            tested has no twin (another coloring, another crop) among those trained on. Empty
            where the source does not know: then the pictures are looked at.
        split: "train" or "test" where the publisher decided; empty leaves it to the builder.
    """

    name: str
    bytes: int = 0
    group: str = ""
    split: str = ""


class Skipped(NamedTuple):
    """A drawing that was not asked for.

    Attributes:
        why: A few words without names or numbers, such as "another rating": they are counted.
    """

    why: str


class Inspection(NamedTuple):
    """What one look at a drawing tells, before anything is prepared.

    Attributes:
        digest: SHA-256 of the bytes of its files, in hexadecimal; see `digest_of`.
        picture: The colored picture, uint8 RGB `(h, w, 3)`, as small as is quick to decode, but
            no smaller than 64 pixels a side where the picture itself is not.
        height: Height of the picture in full, in pixels.
        width: Width of the picture in full, in pixels.
    """

    digest: str
    picture: np.ndarray
    height: int
    width: int


class LoadedExample(NamedTuple):
    """A loaded drawing, not yet fitted to any canvas.

    Attributes:
        picture: The colored picture, uint8 RGB `(H, W, 3)`.
        sketch: Its line art, uint8 gray `(H, W)`, black on white; None where the source has no
            true lines and they must be extracted from the picture.
        digest: As in `Inspection`, of the files that were read now; empty where there are none.
        palette: uint8 `(4, 4, 3)` where the publisher gives one, extracted by the rule "drop".
    """

    picture: np.ndarray
    sketch: np.ndarray | None = None
    digest: str = ""
    palette: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Origin:
    """Who made the drawings of a source, as written into the manifest.

    Attributes:
        name: The source's short name, as given to `--source`.
        title: What people call it.
        license: SPDX expression, or a sentence where none fits.
        attribution: The line that must stand beside every picture shown.
        url: Where the drawings are published; empty where there is no such place.
    """

    name: str
    title: str
    license: str
    attribution: str
    url: str


class Source(Protocol):
    """What the record builder asks of a source. Sources are picklable: workers get a copy.

    Attributes:
        origin: Who made the drawings.
        options: What else decides which drawings there are and what they look like, as JSON
            values by the name of the flag; stands in the manifest.
    """

    origin: Origin
    options: dict[str, object]

    def drawings(self) -> Iterator[Example | Skipped]:
        """Lists every drawing, in any order, without holding them all.

        Raises:
            DeepPaintError: the input is missing, or holds no drawing.
        """
        ...

    def look(self, drawing: Example) -> Inspection | Skipped:
        """Looks at a drawing of no known group, in less time than loading it takes.

        Raises:
            DeepPaintError: this drawing cannot be read; it is reported, counted and left out.
        """
        ...

    def load(self, drawing: Example, size: int) -> LoadedExample:
        """Loads one drawing. Sources that draw or rasterize do so for a canvas of `size` pixels.

        Raises:
            DeepPaintError: this drawing cannot be read; it is reported, counted and left out.
        """
        ...


def digest_of(*contents: bytes) -> str:
    """SHA-256 of a file's bytes, or of the SHA-256 of each of several files, in hexadecimal."""
    digests = [hashlib.sha256(content) for content in contents]
    if len(digests) == 1:
        return digests[0].hexdigest()
    return hashlib.sha256(b"".join(digest.digest() for digest in digests)).hexdigest()


def open_source(
    name: str,
    folder: str | None,
    *,
    count: int,
    seed: int,
    sketches: str | None = None,
    pair_order: str = PAIR_ORDERS[0],
    check_palette: bool = False,
    metadata: Sequence[str] = (),
    include_tags: Sequence[str] = INCLUDE_TAGS,
    exclude_tags: Sequence[str] = EXCLUDE_TAGS,
    ratings: Sequence[str] = RATINGS,
    select: str | None = None,
) -> Source:
    """Makes the source that `--source` names.

    Args:
        name: One of `FLAGS`.
        folder: Where its files lie; None lets the public ones fetch and cache their package.
        count: Number of dolls.
        seed: Which dolls.
        sketches: Folder of line art that belongs to the pictures below `folder`; None where each
            picture of a pair holds both.
        pair_order: One of `PAIR_ORDERS`.
        check_palette: Whether the palettes beside pairs must be those of the pictures.
        metadata: Danbooru's metadata, files or folders of them.
        include_tags: What a post must be tagged with.
        exclude_tags: What it must not be tagged with.
        ratings: Which ratings a post may have.
        select: One of `SELECTIONS`: what a picture must look like; None takes all.

    Raises:
        DeepPaintError: no such source, a folder missing where one is needed, or an option that
            the source has no use for.
    """
    changed = {
        "input": folder is not None,
        "sketches": sketches is not None,
        "pair_order": pair_order != PAIR_ORDERS[0],
        "check_palette": check_palette,
        "metadata": bool(metadata),
        "include_tags": set(include_tags) != set(INCLUDE_TAGS),
        "exclude_tags": set(exclude_tags) != set(EXCLUDE_TAGS),
        "ratings": set(ratings) != set(RATINGS),
        "select": select is not None,
    }
    _check_flags(name, {flag for flag, is_changed in changed.items() if is_changed})
    if name == "dolls":
        from tf_deeppaint.data.sources.dolls.source import Dolls

        return Dolls(count, seed)
    if name == "folder":
        from tf_deeppaint.data.sources.folder import Folder

        return Folder(folder, select)
    if name == "pairs":
        from tf_deeppaint.data.sources.pairs import Pairs

        return Pairs(folder, pair_order, sketches, check_palette)
    if name == "danbooru":
        from tf_deeppaint.data.sources.danbooru import Danbooru

        return Danbooru(folder, metadata, include_tags, exclude_tags, ratings, select)
    if name == "openmoji":
        from tf_deeppaint.data.sources.openmoji import OpenMoji

        return OpenMoji(folder)
    from tf_deeppaint.data.sources.wesnoth import Wesnoth

    return Wesnoth(folder)


def _check_flags(name: str, given: set[str]) -> None:
    """Raises DeepPaintError where a source lacks its folder or has no use for a flag given."""
    if name not in FLAGS:
        raise DeepPaintError(f"no source named {name!r}: choose one of {', '.join(FLAGS)}")
    for flag in sorted(given.difference(FLAGS[name])):
        users = " and ".join(f"--source={user}" for user in FLAGS if flag in FLAGS[user])
        raise DeepPaintError(f"--source={name} has no use for --{flag}; {users} has")
    if name in ("folder", "pairs", "danbooru") and "input" not in given:
        raise DeepPaintError(f"--source={name} needs --input=FOLDER, a folder of pictures")
    if {"sketches", "pair_order"} <= given:
        raise DeepPaintError(
            "--pair_order tells the halves of one picture apart; leave it out beside --sketches"
        )
    tags = sorted(given & {"include_tags", "exclude_tags", "ratings"})
    if tags and "metadata" not in given:
        raise DeepPaintError(f"--{tags[0]} needs --metadata=FILES, which hold tags and ratings")
