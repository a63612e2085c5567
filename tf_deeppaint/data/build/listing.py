"""A digest of what a source lists, by which a build knows whether its input has changed."""

from tf_deeppaint.data.records import name_digest
from tf_deeppaint.data.sources.base import Example, Skipped


class ListingDigest:
    """A digest of all that a source lists, in whatever order."""

    def __init__(self):
        self.total = 0

    def add(self, item: Example | Skipped) -> None:
        """Takes an item into account, but not a file that is no example."""
        if isinstance(item, Skipped) and item.complaint:
            return
        fields = item if isinstance(item, Example) else item[:1]
        digest = name_digest("\0".join(map(str, fields)))
        self.total = (self.total + int.from_bytes(digest, "big")) % 2**256

    def hexdigest(self) -> str:
        """The sum of the SHA-256 of every item, modulo 2 ** 256, in hexadecimal."""
        return f"{self.total:064x}"
