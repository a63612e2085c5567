"""Edits of a painting: its palette and its hints, with undo and redo."""

from typing import NamedTuple

import numpy as np

from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.utils.errors import DeepPaintError

# The most steps that can be undone, and the most hints of a picture.
MAX_STEPS, MAX_HINTS = 100, 100


class Edit(NamedTuple):
    """What a visitor has chosen: a palette, uint8 `(4, 4, 3)`, and hints."""

    palette: np.ndarray
    hints: tuple[Hint, ...] = ()

    def equals(self, other: "Edit") -> bool:
        return np.array_equal(self.palette, other.palette) and self.hints == other.hints


class Edits:
    """The edits of one painting, of which one is shown.

    Args:
        first: The one that the painting begins with.

    Attributes:
        shown: The one that is shown.
    """

    def __init__(self, first: Edit):
        self.shown = first
        self._past: list[Edit] = []
        self._future: list[Edit] = []
        self._subject = ""

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def add(self, edit: Edit, subject: str = "") -> None:
        """Shows another edit.

        Args:
            edit: The edit.
            subject: What it changes. Edits of the same subject in a row, as a color picker sends
                them while it is dragged, are one step; empty: a step of its own.
        """
        if edit.equals(self.shown):
            return
        if not subject or subject != self._subject:
            self._past = [*self._past, self.shown][-MAX_STEPS:]
        self.shown, self._future, self._subject = edit, [], subject

    def undo(self) -> None:
        self._step(self._past, self._future, "undo")

    def redo(self) -> None:
        self._step(self._future, self._past, "redo")

    def _step(self, source: list[Edit], target: list[Edit], name: str) -> None:
        if not source:
            raise DeepPaintError(f"there is nothing to {name}")
        target.append(self.shown)
        self.shown, self._subject = source.pop(), ""


def put_hint(hints: tuple[Hint, ...], hint: Hint) -> tuple[Hint, ...]:
    """Hints and one more, which takes the place of another at the same points.

    Raises:
        DeepPaintError: there are too many.
    """
    kept = tuple(other for other in hints if other.points != hint.points)
    if len(kept) >= MAX_HINTS:
        raise DeepPaintError(f"a picture takes {MAX_HINTS} hints; remove some first")
    return (*kept, hint)


def drop_hint(hints: tuple[Hint, ...], number: object) -> tuple[Hint, ...]:
    """Hints without one of them; raises DeepPaintError where there is no such."""
    if type(number) is not int or not 0 <= number < len(hints):
        raise DeepPaintError("there is no such hint; load the page again")
    return hints[:number] + hints[number + 1 :]
