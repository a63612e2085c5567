"""Pictures from Danbooru, chosen by what its public metadata says of them, or by looking."""

import collections
import os
from collections.abc import Iterator, Sequence

from tf_deeppaint.data.sources.danbooru_metadata import Post, read_posts
from tf_deeppaint.data.sources.folder import SUFFIXES, Folder, check_folder
from tf_deeppaint.data.sources.registry import (
    EXCLUDE_TAGS,
    INCLUDE_TAGS,
    RATINGS,
    Example,
    Origin,
    Skipped,
)
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

# General, sensitive, questionable, explicit.
KNOWN_RATINGS = ("g", "s", "q", "e")
# The edition of 512 pixels has JPEG throughout, whatever was uploaded.
USUAL_EXTENSIONS = ("jpg", "png")


class Danbooru(Folder):
    """The pictures of a folder whose posts have certain tags and ratings.

    A post's picture is `BUCKET/ID.EXT`, its bucket being the last three digits of the ID in four
    places, or `ID.EXT`. Without metadata every picture is looked at, as in any folder.
    """

    origin = Origin(
        name="danbooru",
        title="Danbooru",
        license="the pictures belong to their artists; the metadata is Danbooru's",
        attribution="Pictures from Danbooru, by their artists",
        url="https://danbooru.donmai.us",
    )

    def __init__(
        self,
        folder: str | os.PathLike,
        metadata: Sequence[str | os.PathLike] = (),
        include_tags: Sequence[str] = INCLUDE_TAGS,
        exclude_tags: Sequence[str] = EXCLUDE_TAGS,
        ratings: Sequence[str] = RATINGS,
        select: str | None = None,
    ):
        """Takes the pictures below `folder`; nothing is read before they are listed.

        Args:
            folder: On this machine or in a cloud.
            metadata: Files of posts, or folders of such files; without any, `select` is needed.
            include_tags: A post must have all of them.
            exclude_tags: A post must have none of them.
            ratings: A post must have one of them; out of "g", "s", "q" and "e".
            select: As for `Folder`; applied to the posts chosen.

        Raises:
            DeepPaintError: neither metadata nor a selection, or no such rating or selection.
        """
        super().__init__(folder, select)
        if not metadata and select is None:
            raise DeepPaintError(
                "--source=danbooru chooses by tags with --metadata=FILES, or by looking with "
                "--select=white_background; pass one of them or both"
            )
        if not ratings or not set(ratings) <= set(KNOWN_RATINGS):
            raise DeepPaintError(
                f"--ratings={','.join(ratings)}: name some of {', '.join(KNOWN_RATINGS)}"
            )
        self.metadata = [os.fspath(path) for path in metadata]
        # Sorted, so that the order of the flags changes neither manifest nor reasons.
        self.include_tags = sorted(set(include_tags))
        self.exclude_tags = sorted(set(exclude_tags))
        self.ratings = sorted(set(ratings))
        if metadata:
            self.options |= {
                "include_tags": self.include_tags,
                "exclude_tags": self.exclude_tags,
                "ratings": self.ratings,
            }

    def drawings(self) -> Iterator[Example | Skipped]:
        """Lists the pictures of the posts chosen, by their path below the folder.

        Raises:
            DeepPaintError: folder or metadata are missing or damaged, or no picture is chosen.
        """
        if not self.metadata:
            yield from super().drawings()
            return
        check_folder(self.folder)
        outcomes: collections.Counter[str] = collections.Counter()
        for path in self.metadata:
            for post in read_posts(path):
                item = self._choose(post)
                outcomes[item.why if isinstance(item, Skipped) else ""] += 1
                yield item
        if not outcomes[""]:
            reasons = ", ".join(f"{count} {why}" for why, count in outcomes.most_common(3) if why)
            raise DeepPaintError(
                f"{self.folder}: holds the picture of none of the posts in "
                f"{', '.join(self.metadata)} ({reasons or 'there are none'})"
            )

    def _choose(self, post: Post | None) -> Example | Skipped:
        if post is None:
            return Skipped("unreadable metadata line")
        if why := self._why_not(post):
            return Skipped(why)
        found = files.find(self.folder, _names(post))
        return Skipped("no picture file") if found is None else Example(found.name, found.bytes)

    def _why_not(self, post: Post) -> str:
        if post.rating not in self.ratings:
            return f"rating {post.rating}" if post.rating in KNOWN_RATINGS else "unknown rating"
        for tag in self.include_tags:
            if tag not in post.tags:
                return f"without tag {tag}"
        for tag in self.exclude_tags:
            if tag in post.tags:
                return f"with tag {tag}"
        return ""


def _names(post: Post) -> Iterator[str]:
    """Paths at which a post's picture may lie, the likeliest first."""
    for extension in dict.fromkeys((post.extension, *USUAL_EXTENSIONS)):
        if f".{extension}" in SUFFIXES:
            yield f"{post.number % 1000:04d}/{post.number}.{extension}"
            yield f"{post.number}.{extension}"
