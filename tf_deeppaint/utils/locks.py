"""A folder that one process at a time writes to: who holds it, and whether they are still there.

Who writes holds the system's lock on a file in the folder, which the system lets go of when a
process dies, however it dies. The file says who it is, and is written again every few seconds: on
file systems whose locks do not reach other machines, that is how those see that somebody is there.
"""

import contextlib
import datetime
import errno
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

try:
    import fcntl
except ImportError:  # not on Windows, where the file alone must do
    fcntl = None

LOCK_FILE = ".lock"
# Seconds between two signs of life, and how long one of another machine is waited for.
BEAT_S, WATCH_S = 10.0, 30.0
_BYTES, _MOST_BYTES = 512, 4096
# What file systems answer that know no locks.
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


class Holder(NamedTuple):
    """Who holds a folder; `beats` counts the signs of life."""

    host: str
    pid: int
    since: str
    beats: int = 0

    def __str__(self):
        return f"process {self.pid} on {self.host} since {self.since}"


@contextlib.contextmanager
def hold(path: str | os.PathLike, work: str, place: str = "") -> Iterator[None]:
    """Holds a folder as long as the block lasts.

    What a dead process of this machine left is taken over at once. Of another machine's a sign of
    life is waited for, `WATCH_S` seconds.

    Args:
        path: The lock file. Folders above it are made, and its own is removed at the end where it
            was made here and is still empty.
        work: What is done there, such as "training".
        place: What to call the folder in an error; by default its path.

    Raises:
        DeepPaintError: another process is at work there, which the message names; or the file
            cannot be written.
    """
    path = os.fspath(path)
    folder = os.path.dirname(path) or "."
    is_new = not os.path.isdir(folder)
    files.make_folder(folder)
    try:
        handle = _take(path, work, place or folder)
    except OSError as error:
        raise DeepPaintError(f"{path}: cannot be written ({error.strerror})") from error
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(handle, ended), daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()
        with contextlib.suppress(OSError):
            os.remove(path)
        os.close(handle)
        if is_new:
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def _take(path: str, work: str, place: str) -> int:
    """Opens and locks the file, and writes into it who holds it now."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            is_locked = _lock(handle, work, place)
            if not _is_named(handle, path):  # whoever had it has just let go of it
                os.close(handle)
                continue
            holder = _read(handle)
            if holder is not None and _is_there(holder, path, is_locked):
                raise _held(place, work, holder)
            _write(handle, Holder(socket.gethostname(), os.getpid(), _now()))
            return handle
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(handle)
            raise


def _lock(handle: int, work: str, place: str) -> bool:
    """Takes the system's lock; false where the file system has none."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise _held(place, work, _read(handle)) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def _is_there(holder: Holder, path: str, is_locked: bool) -> bool:
    """Whether somebody whom the system's lock does not know of is still at work."""
    if holder.host == socket.gethostname():
        return not is_locked and holder.pid != os.getpid() and _is_alive(holder.pid)
    print(f"{path}: {holder}; waiting {WATCH_S:.0f} seconds for a sign of it", flush=True)
    end = time.monotonic() + WATCH_S
    while time.monotonic() < end:
        time.sleep(min(1.0, WATCH_S / 10))
        # Opened anew: what is cached of a file elsewhere is looked up when it is opened.
        with contextlib.suppress(OSError), open(path, "rb") as file:
            seen = _parse(file.read(_MOST_BYTES))
            if seen is not None and seen != holder:
                return True
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _is_named(handle: int, path: str) -> bool:
    """Whether the file that is open still is the one of this name."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _beat(handle: int, ended: threading.Event) -> None:
    holder = _read(handle)
    while not ended.wait(BEAT_S):
        holder = holder._replace(beats=holder.beats + 1)
        with contextlib.suppress(OSError):  # such as a full disk: the lock is held all the same
            _write(handle, holder)


def _write(handle: int, holder: Holder) -> None:
    # Always of one length, so that it is never read half new and half old.
    data = json.dumps(holder._asdict()).encode().ljust(_BYTES)
    os.pwrite(handle, data, 0)
    os.ftruncate(handle, len(data))


def _read(handle: int) -> Holder | None:
    return _parse(os.pread(handle, _MOST_BYTES, 0))


def _parse(data: bytes) -> Holder | None:
    try:
        holder = Holder(**json.loads(data))
    except (ValueError, TypeError, RecursionError):
        return None  # nobody has written into it yet, or it is damaged
    fits = isinstance(holder.pid, int) and isinstance(holder.beats, int) and holder.pid > 0
    return holder if fits else None


def _held(place: str, work: str, holder: Holder | None) -> DeepPaintError:
    who = "another process" if holder is None else str(holder)
    return DeepPaintError(f"{place}: {who} is {work} there; wait for it, or end it")


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(" ", "seconds")
