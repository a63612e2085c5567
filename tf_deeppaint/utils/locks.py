"""A folder that one process at a time writes to.

The writer holds the system's lock on a file in the folder (`filelock`). The system releases it when
the process dies, however it dies. The file names its holder, so that a second process can say whom
to wait for.

Where the system's locks do not reach other machines, the file has to do: the holder touches it
every few seconds, reads it back before it begins, and before every rename (`check`; `files` calls
it). Who finds another's name there has lost the folder, and changes nothing more.
"""

import contextlib
import datetime
import errno
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tf_deeppaint.utils.errors import DeepPaintError

if TYPE_CHECKING:
    from filelock import FileLock

LOCK_FILE = ".lock"
# Seconds between two touches, and for how long those of another machine are waited for.
TOUCH_S, WATCH_S = 10.0, 30.0
# Seconds until a holder reads back what it wrote: longer than another that has found the folder
# free takes to write its own (Fischer's algorithm for mutual exclusion).
SETTLE_S = 0.5
_MAX_BYTES = 4096  # of the text that names a holder
# Errors of file systems that have no locks; there the text of the file has to do.
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
_BOOT, _PROCESSES = "/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"


class Holder(NamedTuple):
    """The process that holds a folder; it is stored as JSON.

    Host names and process numbers are not unique: containers share them, and numbers are used
    again. So the `machine` is this start of it and its space of process numbers, and `started` is
    when the process was, in ticks since then. Older versions and other systems leave them empty.
    """

    host: str
    pid: int
    since: str
    machine: str = ""
    started: int = 0
    token: str = ""

    def __str__(self):
        return f"process {self.pid} on {self.host} since {self.since}"


# What this process holds: the holder that must stand in each file.
_holding: dict[str, Holder] = {}


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
    from filelock import FileLock  # slow, and programs that hold nothing import this module too

    path = os.fspath(path)
    folder = os.path.dirname(path) or "."
    is_new = not os.path.isdir(folder)
    lock = FileLock(path, timeout=0, thread_local=False, fallback_to_soft=False)
    try:
        os.makedirs(folder, exist_ok=True)
        holder = _take(lock, path, work, name or folder)
    except (OSError, ValueError) as error:
        lock.release()
        reason = getattr(error, "strerror", None) or error
        raise DeepPaintError(f"{path}: cannot be written ({reason})") from error
    ended = threading.Event()
    touching = threading.Thread(target=_touch, args=(path, holder, ended), daemon=True)
    touching.start()
    _holding[path] = holder
    try:
        yield
    finally:
        ended.set()
        touching.join()
        del _holding[path]
        if _load_holder(path) == holder:
            with contextlib.suppress(OSError):
                os.remove(path)  # while it is held: who waits for this very file sees it go
        lock.release()
        if is_new:
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def check() -> None:
    """Raises DeepPaintError where a folder that this process holds is another's by now.

    Call it before what cannot be undone. A process that slept longer than `WATCH_S`, as of a
    machine that was suspended, may have been taken for dead.
    """
    for path, holder in list(_holding.items()):
        if (other := _load_holder(path)) != holder:
            raise DeepPaintError(
                f"{path}: no longer names this process ({other or 'nobody'}), which changes "
                "nothing more; run the command again"
            )


def _take(lock: "FileLock", path: str, work: str, name: str) -> Holder:
    from filelock import Timeout

    try:
        lock.acquire()
    except Timeout as error:
        raise _held(name, work, _load_holder(path)) from error
    except NotImplementedError:
        pass  # no locks either
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    before = _load_holder(path)
    if before is not None and _is_at_work(before, path, lock.is_locked):
        lock.release()
        raise _held(name, work, before)
    since = datetime.datetime.now().astimezone().isoformat(" ", "seconds")
    pid = os.getpid()
    own = (socket.gethostname(), pid, since, _machine(), _started(pid), secrets.token_hex(8))
    holder = Holder(*own)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    with open(handle, "wb") as file:
        file.write(json.dumps(holder._asdict()).encode())
        file.truncate()
        file.flush()
        os.fsync(handle)
    time.sleep(SETTLE_S)
    if (other := _load_holder(path)) != holder:
        lock.release()
        raise _held(name, work, other)
    return holder


def _is_at_work(holder: Holder, path: str, is_locked: bool) -> bool:
    """Whether the holder that a file names is still there, where we may have the system's lock."""
    if holder.machine == _machine():
        return not is_locked and _is_alive(holder)  # the system's lock would be the other's
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


def _touch(path: str, holder: Holder, ended: threading.Event) -> None:
    while not ended.wait(TOUCH_S):
        if _load_holder(path) == holder:  # not a sign of life for whoever has taken it over
            with contextlib.suppress(OSError):
                os.utime(path, follow_symlinks=False)


def _machine() -> str:
    """This start of this machine, and the space of its process numbers; else its address."""
    try:
        with open(_BOOT, encoding="ascii") as file:
            return f"{file.read().strip()} {os.readlink(_PROCESSES)}"
    except OSError:
        import uuid

        return f"{uuid.getnode():x}"


def _started(pid: int) -> int:
    """When a process was started, in ticks since the machine was; 0 where that is not told."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The second field, the name, may hold anything; after it the third comes.
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _is_alive(holder: Holder) -> bool:
    try:
        os.kill(holder.pid, 0)
    except OSError as error:  # of another user's process: not permitted
        return not isinstance(error, ProcessLookupError)
    return _started(holder.pid) in (holder.started, 0)  # else another process has its number


def _load_holder(path: str) -> Holder | None:
    """Reads who holds a folder; None where nobody has written it yet, or it is damaged."""
    try:
        with open(path, "rb") as file:
            stored = json.loads(file.read(_MAX_BYTES))
        own = {name: stored[name] for name in Holder._fields if name in stored}
        holder = Holder(**own)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return holder if type(holder.pid) is int and holder.pid > 0 else None


def _held(name: str, work: str, holder: Holder | None) -> DeepPaintError:
    who = holder or "another process"
    return DeepPaintError(f"{name}: {who} is {work} there; wait for it, or end it")
