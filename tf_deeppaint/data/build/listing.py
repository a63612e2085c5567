"""A digest of what a source lists, by which a build knows whether its input has changed."""

import hashlib
from collections.abc import Iterable, Iterator

from tf_deeppaint.data.sources.base import Example, Skipped


class ListingDigest:
    """A digest of all that a source lists, in whatever order."""

    def __init__(self):
        self.total = 0

    def add(self, items: Iterable[Example | Skipped]) -> Iterator[Example | Skipped]:
        """Yields the items, and takes them into account."""
        for item in items:
            text = "\0".join(map(str, item))
            digest = hashlib.sha256(text.encode(errors="surrogateescape")).digest()
            self.total = (self.total + int.from_bytes(digest, "big")) % 2**256
            yield item

    def hexdigest(self) -> str:
        """The sum of the SHA-256 of every item, modulo 2 ** 256, in hexadecimal."""
        return f"{self.total:064x}"
