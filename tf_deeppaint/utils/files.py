"""Files and folders, on this machine or in a cloud: read, list, write aside and rename.

A path is a string or `os.PathLike`. One with a scheme (`gs://`, `s3://`, ...) goes through
`tf.io.gfile`, to which `tensorflow-io` adds further schemes; every other one through the operating
system, without TensorFlow.
"""

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NamedTuple

from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

MAX_BYTES = 256 * 2**20
# Stands in the name of a file that is not finished.
INCOMPLETE = ".incomplete"
_NAME_BYTES = 255  # what file systems allow
_SUFFIX = 16  # letters of the longest that means something
_CHUNK = 1 << 20
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")


class Entry(NamedTuple):
    """A file found by `walk`: its path below the folder, with `/` everywhere, and its size."""

    name: str
    bytes: int


def is_remote(path: str | os.PathLike) -> bool:
    """Whether a path has a scheme and so goes through `tf.io.gfile`."""
    return _SCHEME.match(os.fspath(path)) is not None


def join(folder: str | os.PathLike, name: str) -> str:
    """The path of `name`, with `/` between its parts, inside a folder."""
    folder = os.fspath(folder)
    return f"{folder.rstrip('/')}/{name}" if is_remote(folder) else os.path.join(folder, name)


def is_file(path: str | os.PathLike) -> bool:
    """Whether there is a file of this name."""
    if not is_remote(path):
        return os.path.isfile(path) or os.path.isfile(_as_stored(path))
    gfile = _gfile()
    return gfile.exists(path) and not gfile.isdir(path)


def is_folder(path: str | os.PathLike) -> bool:
    """Whether there is a folder of this name; object stores know one by what lies in it."""
    return _gfile().isdir(path) if is_remote(path) else os.path.isdir(path)


def size(path: str | os.PathLike) -> int:
    """Size of a file in bytes."""
    with wrap_errors(path, "read"):
        if is_remote(path):
            return _gfile().stat(path).length
        return os.path.getsize(_as_stored(path))


def read_bytes(path: str | os.PathLike, limit: int = MAX_BYTES) -> bytes:
    """Reads a whole file.

    Raises:
        DeepPaintError: there is no such file, it cannot be read, or it is over `limit` bytes.
    """
    with wrap_errors(path, "read"):
        if not is_file(path):
            exists = _gfile().exists(path) if is_remote(path) else os.path.exists(path)
            what = "is not a file" if exists else "does not exist"
            raise DeepPaintError(f"{path}: {what}; a file is needed here", "missing")
        if size(path) > limit:
            room = f"{limit >> 20} MiB" if limit >> 20 else f"{limit >> 10} KiB"
            raise DeepPaintError(f"{path}: over {room}; save it smaller", "too large")
        with open_binary(path) as file:
            return file.read()


def open_binary(path: str | os.PathLike):
    """Opens a file to be read as bytes, piece by piece."""
    if is_remote(path):
        return _gfile().GFile(os.fspath(path), "rb")
    return open(_as_stored(path), "rb")


def read_blocks(path: str | os.PathLike) -> Iterator[bytes]:
    """Yields the bytes of a file of any size, 1 MiB at a time.

    Raises:
        DeepPaintError: there is no such file, or it cannot be read.
    """
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
    """Writes a whole file aside and renames it into place; folders above it are made.

    Raises:
        DeepPaintError: the file cannot be written there.
    """
    with _written_aside(path) as file:
        file.write(data)


def write_lines(path: str | os.PathLike, lines: Iterable[str]) -> int:
    """Writes lines as they come, aside, and renames the file; returns how many there were.

    Raises:
        DeepPaintError: the file cannot be written there.
    """
    count = 0
    with _written_aside(path) as file:
        for count, line in enumerate(lines, start=1):  # noqa: B007 - counts
            file.write(f"{line}\n".encode())
    return count


@contextlib.contextmanager
def _written_aside(path: str | os.PathLike) -> Iterator[IO[bytes]]:
    """Yields a file that gets its name when all went well, and vanishes otherwise."""
    path = os.fspath(path)
    folder, name = path.rsplit("/", 1) if is_remote(path) else os.path.split(path)
    if not name or name in (".", ".."):
        raise DeepPaintError(f"{path}: is a folder; name a file to write")
    aside = join(folder, name_aside(name))
    with wrap_errors(path, "written"):
        if folder:
            make_folder(folder)
        try:
            # Made anew: whatever bears the name already, a link even, is not written to.
            with _gfile().GFile(aside, "wb") if is_remote(path) else open(aside, "xb") as file:
                file.write(b"")  # tf.io.gfile makes no file where nothing is written
                yield file
                _sync_open(file)
            rename(aside, path)
        except BaseException:
            with contextlib.suppress(Exception):
                remove(aside)
            raise


def name_aside(name: str) -> str:
    """A name beside `name`, hidden and nobody else's, for the file while it is written.

    It ends as `name` does, by a usual suffix, and is short enough wherever `name` is.
    """
    stem, suffix = os.path.splitext(name)
    suffix = suffix if len(suffix) <= _SUFFIX else ""
    end = f".{secrets.token_hex(6)}{INCOMPLETE}{suffix}"
    room = max(0, _NAME_BYTES - 1 - len(end.encode(errors="surrogateescape")))
    kept = stem.encode(errors="surrogateescape")[:room].decode(errors="ignore")
    return f".{kept}{end}"


def remove_asides(folder: str | os.PathLike) -> None:
    """Removes what killed processes left unfinished in a folder, which must be nobody else's."""
    for name in names(folder):
        if re.fullmatch(rf"\..*\.[0-9a-f]{{12}}{re.escape(INCOMPLETE)}(\..*)?", name, re.DOTALL):
            remove(join(folder, name))


def sync(path: str | os.PathLike) -> None:
    """Has a file of this machine on the disk itself, before a name or a note says it is there.

    Raises:
        DeepPaintError: it cannot be written there.
    """
    if not is_remote(path):
        with wrap_errors(path, "written"), open(path, "rb") as file:
            os.fsync(file.fileno())


def _sync_open(file: IO[bytes]) -> None:
    if hasattr(file, "fileno"):
        file.flush()
        os.fsync(file.fileno())


def make_folder(path: str | os.PathLike) -> None:
    """Makes a folder and those above it, unless they are there.

    Raises:
        DeepPaintError: it cannot be made.
    """
    with wrap_errors(path, "written"):
        if is_remote(path):
            _gfile().makedirs(path)
        else:
            os.makedirs(path, exist_ok=True)


def rename(path: str | os.PathLike, final: str | os.PathLike) -> None:
    """Renames a file; what bore the final name is replaced."""
    with wrap_errors(final, "written"):
        if is_remote(path):
            _gfile().rename(path, final, overwrite=True)
        else:
            os.replace(path, final)


def remove(path: str | os.PathLike) -> None:
    """Removes a file, if it is there."""
    with wrap_errors(path, "removed"):
        if not is_remote(path):
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)
        elif _gfile().exists(path):
            _gfile().remove(path)


def remove_folder(path: str | os.PathLike) -> None:
    """Removes a folder and all in it, if it is there."""
    import shutil

    with wrap_errors(path, "removed"):
        if not is_remote(path):
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(path)
        elif _gfile().exists(path):
            _gfile().rmtree(path)


def names(folder: str | os.PathLike) -> list[str]:
    """Names of what lies in a folder, sorted; none where there is no such folder."""
    if not is_folder(folder):
        return []
    with wrap_errors(folder, "read"):
        found = _gfile().listdir(folder) if is_remote(folder) else os.listdir(folder)
    return sorted(name.rstrip("/") for name in found)


def find(folder: str | os.PathLike, names: Iterable[str]) -> Entry | None:
    """The first of several paths below a folder that is a file, but for links that lead out of it.

    Args:
        folder: Where to look.
        names: Paths below it, with `/` between their parts.
    """
    root = folder if is_remote(folder) else os.path.realpath(folder)
    for name in names:
        path = join(folder, name)
        if is_file(path) and (is_remote(path) or _is_within(path, root)):
            return Entry(name, size(path))
    return None


def walk(folder: str | os.PathLike, suffixes: Sequence[str]) -> Iterator[Entry]:
    """Yields the files below a folder whose names end in one of `suffixes`, in no certain order.

    Hidden files and folders are left alone, and so are links that lead out of the folder. Memory
    does not grow with the number of files.

    Args:
        folder: Where to look; its subfolders too.
        suffixes: Lower-case, with the dot; compared without regard to case.

    Raises:
        DeepPaintError: there is no such folder, or it cannot be read.
    """
    if not is_folder(folder):
        raise DeepPaintError(f"{folder}: no such folder")
    with wrap_errors(folder, "read"):
        yield from (_walk_remote if is_remote(folder) else _walk_local)(
            os.fspath(folder), tuple(suffixes)
        )


def _walk_local(folder: str, suffixes: tuple[str, ...]) -> Iterator[Entry]:
    root = os.path.realpath(folder)
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        with os.scandir(os.path.join(folder, inside)) as found:
            for item in found:
                if item.name.startswith("."):
                    continue
                name = os.path.join(inside, item.name)
                if item.is_dir(follow_symlinks=False):
                    waiting.append(name)
                elif item.name.lower().endswith(suffixes) and _is_own(item, root):
                    printable = name.encode("utf-8", "backslashreplace").decode()
                    yield Entry(printable.replace(os.sep, "/"), item.stat().st_size)


def _as_stored(path: str | os.PathLike) -> str:
    """The path of a file that `walk` has found: a name that is no UTF-8 comes escaped from it.

    Records store names as UTF-8, and people read them; file systems allow any bytes.
    """
    path = os.fspath(path)
    if "\\udc" not in path or os.path.exists(path):
        return path
    stored = re.sub(r"\\(udc[89a-f][0-9a-f])", lambda found: chr(int(found[1][1:], 16)), path)
    return stored if os.path.exists(stored) else path


def _is_own(item: os.DirEntry, root: str) -> bool:
    if not item.is_symlink():
        return item.is_file()
    return os.path.isfile(item.path) and _is_within(item.path, root)


def _is_within(path: str, root: str) -> bool:
    return os.path.commonpath([os.path.realpath(path), root]) == root


def _walk_remote(folder: str, suffixes: tuple[str, ...]) -> Iterator[Entry]:
    gfile = _gfile()
    for parent, _, found in gfile.walk(folder):
        inside = parent[len(folder) :].strip("/")
        parts = inside.split("/")
        if any(part.startswith(".") for part in parts):
            continue
        for item in found:
            if not item.startswith(".") and item.lower().endswith(suffixes):
                name = f"{inside}/{item}" if inside else item
                yield Entry(name, gfile.stat(join(folder, name)).length)


@contextlib.contextmanager
def wrap_errors(path: str | os.PathLike, done: str) -> Iterator[None]:
    """Turns the errors of either file system into a DeepPaintError that names the path.

    Args:
        path: What is read or written inside the block.
        done: What cannot be done then, such as "written".
    """
    try:
        yield
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DeepPaintError(f"{path}: cannot be {done} ({reason})", "unreadable") from error
    except Exception as error:
        if type(error).__module__.startswith("tensorflow"):
            reason = error.message or type(error).__name__
            raise DeepPaintError(f"{path}: cannot be {done} ({reason})", "unreadable") from error
        raise


def _gfile():
    return import_tensorflow().io.gfile
