"""Pictures from Danbooru, chosen by the tags in its public metadata, or by their background."""

import collections
import dataclasses
from collections.abc import Iterator
from typing import ClassVar

from tf_deeppaint.data.sources.base import Example, Origin, Skipped
from tf_deeppaint.data.sources.danbooru_metadata import Post, read_posts
from tf_deeppaint.data.sources.folder import Folder, check_folder
from tf_deeppaint.images.suffixes import SUFFIXES
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import option

# The choice of the paper's authors: one person on a white background.
INCLUDE_TAGS = ("solo", "white_background")
EXCLUDE_TAGS = ()
# General and sensitive; before 2022 "s" meant safe.
RATINGS = ("g", "s")
# General, sensitive, questionable, explicit.
KNOWN_RATINGS = ("g", "s", "q", "e")
# The edition of 512 pixels has JPEG throughout, whatever was uploaded.
USUAL_EXTENSIONS = ("jpg", "png")
# What chooses by metadata, in the order of the manifest.
_DEFAULTS = {"exclude_tags": EXCLUDE_TAGS, "include_tags": INCLUDE_TAGS, "ratings": RATINGS}


@dataclasses.dataclass(frozen=True)
class Danbooru(Folder):
    """The pictures of a folder whose posts have certain tags and ratings.

    A post's picture is `BUCKET/ID.EXT`, its bucket being the last three digits of the ID in four
    places, or `ID.EXT`. Without metadata every picture is inspected, as in any folder.
    """

    metadata: tuple[str, ...] = option(
        (), "Files or folders of metadata, one JSON object a line or a list."
    )
    include_tags: tuple[str, ...] = option(INCLUDE_TAGS, "Tags that a picture must have.")
    exclude_tags: tuple[str, ...] = option(EXCLUDE_TAGS, "Tags that a picture must not have.")
    ratings: tuple[str, ...] = option(RATINGS, "Ratings to take, of g, s, q, e.", KNOWN_RATINGS)

    origin: ClassVar[Origin] = Origin(
        name="danbooru",
        title="Danbooru",
        license="the pictures belong to their artists; the metadata is Danbooru's",
        attribution="Pictures from Danbooru, by their artists",
        url="https://danbooru.donmai.us",
    )

    def __post_init__(self):
        super().__post_init__()
        if not self.ratings:
            raise DeepPaintError(f"--ratings=: name some of {', '.join(KNOWN_RATINGS)}")
        if self.metadata:
            return
        if self.select is None:
            raise DeepPaintError(
                "--source=danbooru chooses by tags with --metadata=FILES, or by looking with "
                "--select=white_background; pass one of them or both"
            )
        for flag, default in _DEFAULTS.items():
            if set(getattr(self, flag)) != set(default):
                raise DeepPaintError(
                    f"--{flag} needs --metadata=FILES, which hold tags and ratings"
                )

    @property
    def options(self) -> dict[str, object]:
        if not self.metadata:
            return super().options
        # Sorted, so that the order of the values changes neither manifest nor reasons.
        return super().options | {flag: sorted(set(getattr(self, flag))) for flag in _DEFAULTS}

    def examples(self) -> Iterator[Example | Skipped]:
        if not self.metadata:
            yield from super().examples()
            return
        check_folder(self.input)
        outcomes: collections.Counter[str] = collections.Counter()
        for path in self.metadata:
            for post in read_posts(path):
                item = self._choose(post)
                outcomes[item.reason if isinstance(item, Skipped) else ""] += 1
                yield item
        if not outcomes[""]:
            reasons = ", ".join(f"{n} {reason}" for reason, n in outcomes.most_common(3) if reason)
            raise DeepPaintError(
                f"{self.input}: holds the picture of none of the posts in "
                f"{', '.join(map(str, self.metadata))} ({reasons or 'there are none'})"
            )

    def _choose(self, post: Post | None) -> Example | Skipped:
        if post is None:
            return Skipped("unreadable metadata line")
        if post.rating not in self.ratings:
            known = post.rating in KNOWN_RATINGS
            return Skipped(f"rating {post.rating}" if known else "unknown rating")
        if missing := set(self.include_tags) - post.tags:
            return Skipped(f"without tag {min(missing)}")
        if unwanted := post.tags & set(self.exclude_tags):
            return Skipped(f"with tag {min(unwanted)}")
        # The likeliest path first.
        extensions = dict.fromkeys((post.extension, *USUAL_EXTENSIONS))
        paths = (
            f"{bucket}{post.number}.{extension}"
            for extension in extensions
            if f".{extension}" in SUFFIXES
            for bucket in (f"{post.number % 1000:04d}/", "")
        )
        picture = files.find(self.input, paths)
        return Skipped("no picture file") if picture is None else Example(*picture)
