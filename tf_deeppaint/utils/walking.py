"""What lies below a folder: the files that are taken, and those that are not, with the reason."""

import os
import posixpath
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

# What Windows puts into folders of pictures.
_PROGRAMS_FILES = ("thumbs.db", "ehthumbs.db", "desktop.ini")


class LeftOut(NamedTuple):
    """A file below a folder that is not taken.

    Attributes:
        name: Its path there.
        reason: A few words.
        advice: What to do about it; empty where nothing can be done.
        error: What reading a folder raised.
    """

    name: str
    reason: str
    advice: str = ""
    error: OSError | None = None

    def complaint(self, folder: str | os.PathLike) -> str:
        """One line that names the file."""
        return f"{files.join(folder, self.name)}: {self.reason}{self.advice and f'; {self.advice}'}"


def walk(folder: str | os.PathLike, suffixes: Sequence[str]) -> Iterator[files.Entry]:
    """Yields the files below a folder whose names end in one of `suffixes`, in any order.

    Suffixes are lower-case, names in any case. Hidden files and folders are skipped, and so are
    links out of the folder. Memory does not grow with the number of files.

    Raises:
        DeepPaintError: there is no such folder, or it cannot be read.
    """
    for item in walk_all(folder, suffixes):
        if isinstance(item, files.Entry):
            yield item
        elif item.error is not None:
            with files.wrap_errors(files.join(folder, item.name), "read"):
                raise item.error


def walk_all(folder: str | os.PathLike, suffixes: Sequence[str]) -> Iterator[files.Entry | LeftOut]:
    """Yields what `walk` does, and every other file and folder that might be meant to be taken.

    What programs put into folders, hidden or by well-known names, is not meant.

    Raises:
        DeepPaintError: there is no such folder, or it cannot be read; a folder in it that cannot
            is left out.
    """
    if not files.is_folder(folder):
        raise DeepPaintError(f"{folder}: no such folder")
    walk_system = _walk_remote if files.is_remote(folder) else _walk_local
    with files.wrap_errors(folder, "read"):
        yield from walk_system(os.fspath(folder), tuple(suffixes))


def _walk_local(folder: str, suffixes: tuple[str, ...]) -> Iterator[files.Entry | LeftOut]:
    root = os.path.realpath(folder)
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            items = os.scandir(os.path.join(folder, inside))
        except OSError as error:
            if not inside:
                raise
            reason = f"cannot be read ({error.strerror})"
            yield LeftOut(_printable(inside), reason, "change its permissions", error)
            continue
        with items:
            for item in items:
                name = os.path.join(inside, item.name)
                if item.is_dir(follow_symlinks=False):
                    if not item.name.startswith("."):
                        waiting.append(name)
                elif reason := _reason_of_item(item, root) or _reason_of_name(item.name, suffixes):
                    if not _is_programs(item.name, suffixes):
                        yield LeftOut(_printable(name), *reason)
                else:
                    yield files.Entry(_printable(name), item.stat().st_size)


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode().replace(os.sep, "/")


def _reason_of_name(name: str, suffixes: tuple[str, ...]) -> tuple[str, str] | None:
    """Why a file of this name is left out, and what to do about it."""
    if not name.lower().endswith(suffixes):
        return "not a picture by its name", ""
    return ("hidden", "rename it") if name.startswith(".") else None


def _reason_of_item(item: os.DirEntry, root: str) -> tuple[str, str] | None:
    if item.is_symlink():
        if os.path.isdir(item.path):
            return "a link to a folder", "put the folder itself there"
        if not os.path.isfile(item.path):
            return "a link that leads nowhere", ""
        if not files.is_within(item.path, root):
            return "a link that leads out of the folder", "put the file itself there"
        return None
    return None if item.is_file() else ("not a regular file", "")


def _is_programs(name: str, suffixes: tuple[str, ...]) -> bool:
    """Whether a file is a program's own: settings, thumbnails, what is being written."""
    if name.startswith("."):
        return (
            not name.lower().endswith(suffixes) or name.startswith("._") or files.INCOMPLETE in name
        )
    return name.lower() in _PROGRAMS_FILES


def _walk_remote(folder: str, suffixes: tuple[str, ...]) -> Iterator[files.Entry | LeftOut]:
    gfile = files.file_system(folder)
    for parent, _, items in gfile.walk(folder):
        inside = parent[len(folder) :].strip("/")
        if any(part.startswith(".") for part in inside.split("/")):
            continue
        for item in items:
            name = posixpath.join(inside, item)
            if (reason := _reason_of_name(item, suffixes)) is None:
                yield files.Entry(name, gfile.stat(files.join(folder, name)).length)
            elif not _is_programs(item, suffixes):
                yield LeftOut(name, *reason)
