"""A folder that one process at a time writes to.

The writer holds the system's lock on a file in the folder (`filelock`). The system releases it when
the process dies, however it dies. The file names its holder, so that a second process can say whom
to wait for. The holder touches it every few seconds: on file systems whose locks do not reach other
machines, these see by that that somebody is at work.
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

from filelock import FileLock, Timeout

from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

LOCK_FILE = ".lock"
# Seconds between two touches, and for how long those of another machine are waited for.
TOUCH_S, WATCH_S = 10.0, 30.0
_MAX_BYTES = 4096  # of the text that names a holder
# Errors of file systems that have no locks; there the text of the file has to do.
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


class Holder(NamedTuple):
    """The process that holds a folder; it is stored as JSON."""

    host: str
    pid: int
    since: str

    def __str__(self):
        return f"process {self.pid} on {self.host} since {self.since}"


@contextlib.contextmanager
def hold(path: str | os.PathLike, work: str, name: str = "") -> Iterator[None]:
    """Holds a folder as long as the block lasts.

    What a dead process of this machine left is taken over at once. A holder on another machine is
    watched for `WATCH_S` seconds first.

    Args:
        path: The lock file. Its folder is made, and removed at the end where it is new and empty.
        work: What is done there, such as "training".
        name: The folder's name in an error; by default its path.

    Raises:
        DeepPaintError: another process is at work there, which the message names; or the file
            cannot be written.
    """
    path = os.fspath(path)
    folder = os.path.dirname(path) or "."
    is_new = not os.path.isdir(folder)
    files.make_folder(folder)
    lock = FileLock(path, timeout=0, thread_local=False, fallback_to_soft=False)
    ended = threading.Event()
    touching = threading.Thread(target=_touch, args=(path, ended), daemon=True)
    try:
        _take(lock, path, work, name or folder)
    except OSError as error:
        lock.release()
        raise DeepPaintError(f"{path}: cannot be written ({error.strerror})") from error
    touching.start()
    try:
        yield
    finally:
        ended.set()
        touching.join()
        with contextlib.suppress(OSError):
            os.remove(path)  # while it is held: who waits for this very file sees that it is gone
        lock.release()
        if is_new:
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def _take(lock: FileLock, path: str, work: str, name: str) -> None:
    try:
        lock.acquire()
    except Timeout as error:
        raise _held(name, work, _load_holder(path)) from error
    except NotImplementedError:
        pass  # no locks either
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    holder = _load_holder(path)
    if holder is not None and _is_at_work(holder, path, lock.is_locked):
        lock.release()
        raise _held(name, work, holder)
    since = datetime.datetime.now().astimezone().isoformat(" ", "seconds")
    text = json.dumps(Holder(socket.gethostname(), os.getpid(), since)._asdict())
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    with open(handle, "wb") as file:
        file.write(text.encode())
        file.truncate()


def _is_at_work(holder: Holder, path: str, is_locked: bool) -> bool:
    """Whether a holder whom the system's lock does not know of is still there."""
    if holder.host == socket.gethostname():
        return not is_locked and holder.pid != os.getpid() and _is_alive(holder.pid)
    print(f"{path}: {holder}; waiting {WATCH_S:.0f} seconds for a sign of it", flush=True)
    before, end = _touched(path), time.monotonic() + WATCH_S
    while time.monotonic() < end and _touched(path) == before:
        time.sleep(min(1.0, WATCH_S / 10))
    return _touched(path) != before


def _touched(path: str) -> int:
    # Opened anew: network file systems look up what they have cached when a file is opened.
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return os.fstat(file.fileno()).st_mtime_ns
    return 0


def _touch(path: str, ended: threading.Event) -> None:
    while not ended.wait(TOUCH_S):
        with contextlib.suppress(OSError):
            os.utime(path, follow_symlinks=False)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:  # of another user's process: not permitted
        return not isinstance(error, ProcessLookupError)
    return True


def _load_holder(path: str) -> Holder | None:
    """Reads who holds a folder; None where nobody has written it yet, or it is damaged."""
    try:
        with open(path, "rb") as file:
            stored = json.loads(file.read(_MAX_BYTES))
        holder = Holder(stored["host"], stored["pid"], stored["since"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return holder if type(holder.pid) is int and holder.pid > 0 else None


def _held(name: str, work: str, holder: Holder | None) -> DeepPaintError:
    who = holder or "another process"
    return DeepPaintError(f"{name}: {who} is {work} there; wait for it, or end it")
