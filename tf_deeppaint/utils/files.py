"""Files and folders, on this machine or in a cloud: read, list, write aside and rename.

A path with a scheme (`gs://`, `s3://`, ...) goes through `tf.io.gfile`, as the shards do in
`tf.data`; every other one goes through the operating system, without TensorFlow.
"""

import contextlib
import ctypes
import hashlib
import os
import posixpath
import re
import secrets
import shutil
import types
from collections.abc import Callable, Iterable, Iterator
from typing import IO, NamedTuple

from tf_deeppaint.utils import locks
from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.silence import import_tensorflow

MAX_BYTES = 256 * 2**20
# Part of the name of a file that is not finished.
INCOMPLETE = ".incomplete"
_NAME_BYTES = 255  # that file systems allow
_SUFFIX = 16  # letters of the longest suffix that is kept
_CHUNK = 1 << 20
_HERE, _RENAME_EXCHANGE = -100, 2  # of renameat2: paths are as given; exchange them
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
# The operating system, under the names and with the arguments of `tf.io.gfile`.
_LOCAL = types.SimpleNamespace(
    exists=os.path.exists,
    isdir=os.path.isdir,
    listdir=os.listdir,
    makedirs=lambda path: os.makedirs(path, exist_ok=True),
    rename=lambda path, final, overwrite: os.replace(path, final),
    remove=os.remove,
    rmtree=shutil.rmtree,
    GFile=open,
)


class Entry(NamedTuple):
    """A file below a folder: its path there, with `/` between the parts, and its size."""

    name: str
    bytes: int


def is_remote(path: str | os.PathLike) -> bool:
    """Whether a path has a scheme and so goes through `tf.io.gfile`."""
    return _SCHEME.match(os.fspath(path)) is not None


def file_system(path: str | os.PathLike):
    """`tf.io.gfile`, or the operating system with the same functions."""
    return import_tensorflow().io.gfile if is_remote(path) else _LOCAL


def join(folder: str | os.PathLike, name: str) -> str:
    """The path of `name`, with `/` between its parts, inside a folder."""
    return (posixpath if is_remote(folder) else os.path).join(folder, name)


def is_file(path: str | os.PathLike) -> bool:
    """Whether there is a file of this name."""
    if not is_remote(path):
        return os.path.isfile(_as_stored(path))
    gfile = file_system(path)
    return gfile.exists(path) and not gfile.isdir(path)


def is_folder(path: str | os.PathLike) -> bool:
    """Whether there is a folder of this name; in an object store, whether files lie in it."""
    return file_system(path).isdir(path)


def size(path: str | os.PathLike) -> int:
    """Size of a file in bytes."""
    with wrap_errors(path, "read"):
        if is_remote(path):
            return file_system(path).stat(path).length
        return os.path.getsize(_as_stored(path))


def read_bytes(path: str | os.PathLike, limit: int = MAX_BYTES) -> bytes:
    """Reads a whole file; raises DeepPaintError where it cannot, or it is over `limit` bytes."""
    with wrap_errors(path, "read"):
        if not is_file(path):
            state = "is not a file" if file_system(path).exists(path) else "does not exist"
            raise DeepPaintError(f"{path}: {state}; a file is needed here", "missing")
        if size(path) > limit:
            room = f"{limit >> 20} MiB" if limit >> 20 else f"{limit >> 10} KiB"
            raise DeepPaintError(f"{path}: over {room}; save it smaller", "too large")
        with open_binary(path) as file:
            return file.read()


def open_binary(path: str | os.PathLike) -> IO[bytes]:
    """Opens a file to read bytes piece by piece."""
    return file_system(path).GFile(_as_stored(path), "rb")


def read_blocks(path: str | os.PathLike) -> Iterator[bytes]:
    """Yields the bytes of a file of any size, 1 MiB at a time; errors as of `read_bytes`."""
    with wrap_errors(path, "read"), open_binary(path) as file:
        while block := file.read(_CHUNK):
            yield block


def sha256(path: str | os.PathLike) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    for block in read_blocks(path):
        digest.update(block)
    return digest.hexdigest()


def write_bytes(path: str | os.PathLike, data: bytes) -> None:
    """Writes a whole file under another name, then renames it; makes the folders above it.

    Where that fails, it raises DeepPaintError and the file of before stays.
    """
    with open_aside(path) as file:
        file.write(data)


def write_lines(path: str | os.PathLike, lines: Iterable[str]) -> int:
    """Writes lines as they come, as `write_bytes` does; returns their number."""
    count = 0
    with open_aside(path) as file:
        for count, line in enumerate(lines, start=1):  # noqa: B007 - counts
            file.write(f"{line}\n".encode())
    return count


@contextlib.contextmanager
def open_aside(path: str | os.PathLike, is_lasting: bool = True) -> Iterator[IO[bytes]]:
    """Yields a file to write; it gets its name at the end, or is removed where an error is raised.

    The errors of file systems are raised as DeepPaintError.

    Args:
        path: The file's name.
        is_lasting: Whether it is synced to the disk, so that it survives a failure of the machine;
            disks take 10 ms and more for that.
    """
    folder, name = os.path.split(path)
    if name in ("", ".", ".."):
        raise DeepPaintError(f"{path}: is a folder; name a file to write")
    aside = join(folder, name_aside(name))
    with wrap_errors(path, "written"):
        if folder:
            make_folder(folder)
        try:
            # Created exclusively: an existing file or link of this name is not written to.
            with file_system(path).GFile(aside, "wb" if is_remote(path) else "xb") as file:
                file.write(b"")  # tf.io.gfile makes no file where nothing is written
                yield file
                if is_lasting and hasattr(file, "fileno"):
                    file.flush()
                    os.fsync(file.fileno())
            rename(aside, path)
        except BaseException:
            with contextlib.suppress(Exception):
                remove(aside)
            raise


def name_aside(name: str) -> str:
    """A hidden, unique name for a file while it is written; it keeps the suffix of `name`."""
    suffix = os.path.splitext(name)[1]
    end = f".{secrets.token_hex(6)}{INCOMPLETE}{suffix if len(suffix) <= _SUFFIX else ''}"
    room = _NAME_BYTES - 1 - len(os.fsencode(end))
    while len(os.fsencode(name)) > room:
        name = name[:-1]
    return f".{name}{end}"


def remove_asides(folder: str | os.PathLike, name: str | None = None) -> None:
    """Removes what killed processes left unfinished, while no other process writes there.

    Args:
        folder: Where to look.
        name: Of the file or folder that it would have become; None: any.
    """
    final = ".*" if name is None else re.escape(name)
    # Of a file that is itself written aside there may be another, with one dot more.
    unfinished = re.compile(rf"\.+{final}\.[0-9a-f]{{12}}{re.escape(INCOMPLETE)}(\..*)?", re.DOTALL)
    for found in filter(unfinished.fullmatch, names(folder)):
        path = join(folder, found)
        # Of a link the name goes, not what it leads to.
        is_own = is_folder(path) and not os.path.islink(path)
        (remove_folder if is_own else remove)(path)


def sync(path: str | os.PathLike) -> None:
    """Syncs a local file to the disk; raises DeepPaintError where that fails."""
    if not is_remote(path):
        with wrap_errors(path, "written"), open(path, "rb") as file:
            os.fsync(file.fileno())


def make_folder(path: str | os.PathLike) -> None:
    """Makes a folder and those above it; raises DeepPaintError where that fails."""
    with wrap_errors(path, "written"):
        file_system(path).makedirs(path)


def rename(path: str | os.PathLike, final: str | os.PathLike) -> None:
    """Renames a file and replaces an existing one of the final name.

    Raises DeepPaintError where that fails, or where this process has lost a folder it holds.
    """
    locks.check()
    with wrap_errors(final, "written"):
        file_system(path).rename(path, final, overwrite=True)


def exchange(path: str | os.PathLike, other: str | os.PathLike) -> bool:
    """Exchanges the names of two local files or folders in one step, where the system can.

    Linux can, by `renameat2`, on most file systems.

    Returns:
        Whether it did.

    Raises:
        DeepPaintError: This process has lost a folder that it holds; see `locks.check`.
    """
    locks.check()
    rename_both = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    paths = (os.fsencode(path), os.fsencode(other))
    return rename_both is not None and not rename_both(
        _HERE, paths[0], _HERE, paths[1], _RENAME_EXCHANGE
    )


def remove(path: str | os.PathLike) -> None:
    """Removes a file, if it is there."""
    _remove(path, file_system(path).remove)


def remove_folder(path: str | os.PathLike) -> None:
    """Removes a folder and all in it, if it is there."""
    _remove(path, file_system(path).rmtree)


def _remove(path: str | os.PathLike, action: Callable) -> None:
    with wrap_errors(path, "removed"), contextlib.suppress(FileNotFoundError):
        if not is_remote(path) or file_system(path).exists(path):
            action(path)


def names(folder: str | os.PathLike) -> list[str]:
    """The sorted names of a folder's files and folders; none where there is no such folder."""
    if not is_folder(folder):
        return []
    with wrap_errors(folder, "read"):
        return sorted(name.rstrip("/") for name in file_system(folder).listdir(folder))


def find(folder: str | os.PathLike, names: Iterable[str]) -> Entry | None:
    """Finds the first of several paths below a folder that is a file and no link out of it."""
    root = folder if is_remote(folder) else os.path.realpath(folder)
    for name in names:
        path = join(folder, name)
        if is_file(path) and (is_remote(path) or is_within(path, root)):
            return Entry(name, size(path))
    return None


def is_within(path: str, root: str) -> bool:
    """Whether a path, links followed, leads into a folder given without links."""
    return os.path.commonpath([os.path.realpath(path), root]) == root


def _as_stored(path: str | os.PathLike) -> str:
    """The path as the file system has it: `walk` escapes names that are not UTF-8.

    Records store names as UTF-8; file systems allow any bytes.
    """
    path = os.fspath(path)
    if "\\udc" not in path or is_remote(path) or os.path.exists(path):
        return path
    stored = re.sub(r"\\(udc[89a-f][0-9a-f])", lambda escaped: chr(int(escaped[1][1:], 16)), path)
    return stored if os.path.exists(stored) else path


@contextlib.contextmanager
def wrap_errors(path: str | os.PathLike, action: str) -> Iterator[None]:
    """Turns the errors of either file system into a DeepPaintError: `path` cannot be `action`."""
    try:
        yield
    except Exception as error:
        is_tensorflows = type(error).__module__.startswith("tensorflow")
        if not is_tensorflows and not isinstance(error, OSError | ValueError | RecursionError):
            raise
        reason = getattr(error, "strerror", None) or one_line(error)
        raise DeepPaintError(f"{path}: cannot be {action} ({reason})", "unreadable") from error
