"""What is held out of training: parts of a source, and whole styles."""

from collections.abc import Sequence

# Styles of avatars from which no model learns. They tell how a model paints what another hand has
# drawn: every drawing is of the test split, and none is a partner of others.
UNSEEN = ("toon-head",)
# Split by part, not by drawing: one part in so many is held out for the test split.
EVERY = 8


def is_held_out(part: str, parts: Sequence[str]) -> bool:
    """Whether a part is kept for the test split.

    Args:
        part: One of `parts`.
        parts: Every part of its kind, sorted by name.
    """
    return parts.index(part) % EVERY == EVERY // 2
