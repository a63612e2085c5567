"""Which parts of a source are held out of training: split by part, not by drawing."""

from collections.abc import Sequence

# One part in so many is held out for the test split.
EVERY = 8


def is_held_out(part: str, parts: Sequence[str]) -> bool:
    """Whether a part is kept for the test split.

    Args:
        part: One of `parts`.
        parts: Every part of its kind, sorted by name.
    """
    return parts.index(part) % EVERY == EVERY // 2
