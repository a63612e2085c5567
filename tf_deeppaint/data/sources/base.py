"""What a source of examples is: it lists its examples, inspects them and loads them one by one."""

import abc
import dataclasses
import hashlib
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import numpy as np

from tf_deeppaint.utils.options import check_options


class Example(NamedTuple):
    """One picture of a source, by name; small, so that a million of them can be listed.

    Attributes:
        name: Unique within the source and the same on every run and machine.
        bytes: Size of its files, where it has any: a changed input changes it.
        group: Examples of one group always land in the same split, so that no example of the test
            split has a near-duplicate (another coloring, another crop) in the training split.
            Empty where the source does not know: then the builder compares the pictures.
        split: "train" or "test" where the publisher decided; empty leaves it to the builder.
    """

    name: str
    bytes: int = 0
    group: str = ""
    split: str = ""


class Skipped(NamedTuple):
    """An example that is left out.

    Attributes:
        reason: A few words to count, such as "no picture".
        complaint: One line that names a file which may have been meant to be an example, where
            there is one. Such files may come and go: the data set stays the same.
    """

    reason: str
    complaint: str = ""


class Inspection(NamedTuple):
    """The result of inspecting an example, before anything is prepared.

    Attributes:
        digest: SHA-256 of the bytes of its files, in hexadecimal; see `digest_of`.
        picture: The colored picture, uint8 RGB `(h, w, 3)`, as small as is quick to decode, but
            no smaller than 64 pixels a side where the picture itself is not.
        height: Height of the full picture in pixels.
        width: Width of the full picture in pixels.
    """

    digest: str
    picture: np.ndarray
    height: int
    width: int


class LoadedExample(NamedTuple):
    """The pictures of an example, not yet fitted to any canvas.

    Attributes:
        picture: The colored picture, uint8 RGB `(H, W, 3)`.
        sketch: Its line art, uint8 gray `(H, W)`, black on white; None where the source has no
            true lines and they must be extracted from the picture.
        digest: As in `Inspection`, of the files read for this call; empty where there are none.
        palette: uint8 `(4, 4, 3)` where the publisher gives one, extracted by the rule "drop".
        partners: Other drawings in the same colors, uint8 RGB `(H, W, 3)` each: references for
            which `picture` is the true answer.
        parts: The role of every pixel, uint8 `(size, size)`, an index of `color_schemes.ROLES`;
            only of sources that draw on a square canvas of the size asked for.
    """

    picture: np.ndarray
    sketch: np.ndarray | None = None
    digest: str = ""
    palette: np.ndarray | None = None
    partners: tuple[np.ndarray, ...] = ()
    parts: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Origin:
    """Who made the pictures of a source, as written into the manifest.

    Attributes:
        name: The source's short name, as given to `--source`.
        title: Its full name.
        license: SPDX expression, or a sentence where none fits.
        attribution: The line that must stand beside every picture shown, if any.
        url: Where the pictures are published, if anywhere.
    """

    name: str
    title: str
    license: str
    attribution: str = ""
    url: str = ""


class Source(abc.ABC):
    """The base class of all sources; the builder calls its methods.

    A source is a frozen dataclass whose fields are its options, each declared by
    `utils.options.option` under the name of its flag. It is picklable: workers get a copy.

    Attributes:
        origin: Who made the pictures.
        options: What decides which examples there are and what they look like, as JSON values by
            the name of the flag, for the manifest. No path of a machine, and nothing that the
            names of the examples tell already.

    Raises:
        DeepPaintError: an option has a value that is not allowed.
    """

    origin: ClassVar[Origin]
    options: ClassVar[dict[str, object]] = {}

    def __post_init__(self):
        check_options(self)

    @abc.abstractmethod
    def examples(self) -> Iterator[Example | Skipped]:
        """Lists every example, in any order, without holding them all.

        A picture in a folder is named by its path there, with `/` on every system.

        Raises:
            DeepPaintError: the input is missing, or holds no picture.
        """

    def inspect(self, example: Example) -> Inspection | Skipped:
        """Inspects an example, in less time than loading it takes.

        Needed only where the source does not know the groups of its examples.

        Raises:
            DeepPaintError: the example cannot be read; it is reported, counted and skipped.
        """
        raise NotImplementedError

    @abc.abstractmethod
    def load(self, example: Example, size: int) -> LoadedExample:
        """Loads one example. Sources that draw or rasterize do so for a canvas of `size` pixels.

        Others give their pictures as they are, transparency over white.

        Raises:
            DeepPaintError: the example cannot be read; it is reported, counted and skipped.
        """


def digest_of(*contents: bytes) -> str:
    """SHA-256 of a file's bytes, or of the SHA-256 of each of several files, in hexadecimal."""
    digests = [hashlib.sha256(content) for content in contents]
    if len(digests) == 1:
        return digests[0].hexdigest()
    return hashlib.sha256(b"".join(digest.digest() for digest in digests)).hexdigest()
