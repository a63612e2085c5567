"""What a mend is, and how it is undone in the code of today."""

from pathlib import Path
from typing import NamedTuple

HANG, MEMORY, CRASH = "hang", "memory", "crash"


class Place(NamedTuple):
    """A text of a file, below the repository, and what stood there, or would, without the mend."""

    file: str
    mended: str
    undone: str


class Mend(NamedTuple):
    """A mend of a finding.

    Attributes:
        undone: What the code does without it, in words.
        places: Where it is undone.
        tests: The tests that must fail then, each of them, as pytest names them.
        kind: `HANG`, `MEMORY` or `CRASH` where the process may not live to see the tests fail: a
            run that takes too long, that has no more memory, or that dies, then counts as noticed.
    """

    undone: str
    places: tuple[Place, ...]
    tests: tuple[str, ...]
    kind: str = ""


def undo(mend: Mend, folder: Path) -> dict[Path, str]:
    """Undoes a mend in a copy of the repository; the files as they were before.

    Raises:
        ValueError: a text is not there exactly once.
    """
    before = {}
    for file, mended, undone in mend.places:
        path = folder / file
        code = path.read_text(encoding="utf-8")
        if code.count(mended) != 1:
            raise ValueError(f"{file}: holds {code.count(mended)} times, not once, {mended!r}")
        before.setdefault(path, code)
        path.write_text(code.replace(mended, undone), encoding="utf-8")
    return before


def restore(before: dict[Path, str]) -> None:
    """Takes an `undo` back."""
    for path, code in before.items():
        path.write_text(code, encoding="utf-8")
