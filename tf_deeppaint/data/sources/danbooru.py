"""Pictures from Danbooru, chosen by the tags in its public metadata, or by their background."""

import collections
import dataclasses
from collections.abc import Iterator
from typing import ClassVar

from tf_deeppaint.data.sources.base import Example, Origin, Skipped
from tf_deeppaint.data.sources.danbooru_metadata import Post, read_posts
from tf_deeppaint.data.sources.folder import SUFFIXES, Folder, check_folder
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


@dataclasses.dataclass(frozen=True)
class Danbooru(Folder):
    """The pictures of a folder whose posts have certain tags and ratings.

    A post's picture is `BUCKET/ID.EXT`, its bucket being the last three digits of the ID in four
    places, or `ID.EXT`. Without metadata every picture is inspected, as in any folder.

    Raises:
        DeepPaintError: neither metadata nor a selection, tags without metadata, or no such rating
            or selection.
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
        defaults = {
            "exclude_tags": EXCLUDE_TAGS,
            "include_tags": INCLUDE_TAGS,
            "ratings": RATINGS,
        }
        for flag, default in defaults.items():
            if set(getattr(self, flag)) != set(default):
                raise DeepPaintError(
                    f"--{flag} needs --metadata=FILES, which hold tags and ratings"
                )

    @property
    def options(self) -> dict[str, object]:
        if not self.metadata:
            return super().options
        # Sorted, so that the order of the values changes neither manifest nor reasons.
        tags = {
            "include_tags": sorted(set(self.include_tags)),
            "exclude_tags": sorted(set(self.exclude_tags)),
            "ratings": sorted(set(self.ratings)),
        }
        return super().options | tags

    def examples(self) -> Iterator[Example | Skipped]:
        """Lists the pictures of the posts chosen, by their path below the folder.

        Raises:
            DeepPaintError: folder or metadata are missing or damaged, or no picture is chosen.
        """
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
        if reason := self._reason_to_skip(post):
            return Skipped(reason)
        picture = files.find(self.input, _paths(post))
        if picture is None:
            return Skipped("no picture file")
        return Example(picture.name, picture.bytes)

    def _reason_to_skip(self, post: Post) -> str:
        if post.rating not in self.ratings:
            return f"rating {post.rating}" if post.rating in KNOWN_RATINGS else "unknown rating"
        for tag in sorted(self.include_tags):
            if tag not in post.tags:
                return f"without tag {tag}"
        for tag in sorted(self.exclude_tags):
            if tag in post.tags:
                return f"with tag {tag}"
        return ""


def _paths(post: Post) -> Iterator[str]:
    """Paths at which a post's picture may lie, the likeliest first."""
    for extension in dict.fromkeys((post.extension, *USUAL_EXTENSIONS)):
        if f".{extension}" in SUFFIXES:
            yield f"{post.number % 1000:04d}/{post.number}.{extension}"
            yield f"{post.number}.{extension}"
