"""The works of all visitors, each kept as long as a page shows it, and an hour longer.

Where others need the room, works on which nothing was painted go first, then those left alone for
longest; never one whose page waits for an answer, nor a painting that was just worked on.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tf_deeppaint.studio.sessions import State
from tf_deeppaint.studio.visitors import AT_WORK_SECONDS, IDLE_SECONDS, MAX_SESSIONS
from tf_deeppaint.studio.work.edits import Edits
from tf_deeppaint.utils.errors import DeepPaintError

_KEY = re.compile("[0-9a-f]{32}")


@dataclass
class Work:
    """What a page shows.

    Attributes:
        state: The painting; None before there is one, or once it was forgotten.
        edits: The edits of `state`.
        is_stale: Whether the page has another sketch by now than the one that is painted.
        was_forgotten: Whether there was a painting that had to make room.
        is_painted: Whether the picture is as the network chose it, with no palette since.
        source: Path of the sketch's file and how it is read, and the sketch read from it.
        told: What is told of `source`, beside the sketch.
        painted: Path of the file of the sketch that is painted; empty where none ever was.
        fields: What the page's fields hold, for a reload.
        pages: The sessions of the pages that show it.
        used: When it was asked for last, by `time.monotonic`.
    """

    state: State | None = None
    edits: Edits | None = None
    is_stale: bool = False
    was_forgotten: bool = False
    is_painted: bool = True
    source: tuple[tuple, np.ndarray, str] | None = None
    told: str = ""
    painted: str = ""
    fields: dict = field(default_factory=dict)
    pages: set[str] = field(default_factory=set)
    used: float = 0.0


class Works:
    """All works by their keys, which are 32 hexadecimal digits that nobody can guess.

    Args:
        is_awaited: Whether the page of a session waits for an answer.
    """

    def __init__(self, is_awaited: Callable[[str], bool] = lambda session: False):
        self.is_awaited = is_awaited
        self._works: dict[str, Work] = {}

    def get(self, key: object, session: str) -> Work:
        """The work of a key, a new one where there is none.

        Args:
            key: The key, as a browser sent it.
            session: The session of the page that shows it.

        Raises:
            DeepPaintError: that is no key, or on as many works as there may be somebody is at work.
        """
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise DeepPaintError("that is no work; load the page again")
        self.sweep()
        if key not in self._works:
            if len(self._works) >= MAX_SESSIONS:
                idle = self._first_to_go(list(self._works.items()))
                if idle is None:
                    raise DeepPaintError(
                        "on all pages that the studio can keep somebody is at work; try again in "
                        "some minutes"
                    )
                self._works.pop(idle[0], None)
            self._works[key] = Work()
        work = self._works[key]
        for other in list(self._works.values()):  # a page shows one work
            if other is not work:
                other.pages.discard(session)
        work.pages.add(session)
        work.used = time.monotonic()
        return work

    def leave(self, session: str) -> None:
        """A page was closed or loaded again."""
        for work in list(self._works.values()):
            if session in work.pages:
                work.pages.discard(session)
                work.used = time.monotonic()
        self.sweep()

    def sweep(self) -> None:
        """Forgets the works whose pages were closed an hour ago."""
        old = time.monotonic() - IDLE_SECONDS
        for key, work in list(self._works.items()):
            if not work.pages and work.used < old:
                del self._works[key]

    def make_room(self) -> bool:
        """Forgets a sketch and painting that nobody is at work on.

        The page may be open; it tells so when somebody comes back to it. A sketch on which nothing
        was painted is read again from its file.

        Returns:
            Whether there was one.
        """
        kept = [item for item in list(self._works.items()) if item[1].source or item[1].state]
        idle = self._first_to_go(kept)
        if idle is None:
            return False
        work = idle[1]
        work.was_forgotten = work.was_forgotten or work.state is not None
        work.source, work.state, work.edits = None, None, None
        return True

    def _first_to_go(self, works: list[tuple[str, Work]]) -> tuple[str, Work] | None:
        """The work, and its key, that makes room for others; None where all are in use."""
        now, left = time.monotonic(), []
        for key, work in works:
            if any(map(self.is_awaited, list(work.pages))):
                work.used = now
            elif not work.painted or work.used < now - AT_WORK_SECONDS:
                left.append((key, work))
        return min(left, key=lambda item: (item[1].painted != "", item[1].used), default=None)
