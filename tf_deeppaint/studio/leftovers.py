"""The temporary folder of a studio, and those that killed studios have left."""

import contextlib
import fcntl
import glob
import os
import shutil
import tempfile
import time
from collections.abc import Iterator

_PREFIX = "tf-deeppaint-studio-"
_LOCK = "lock"
# Seconds in which a studio that starts takes its lock.
_START_SECONDS = 60


@contextlib.contextmanager
def own_folder() -> Iterator[str]:
    """A folder for all files of a studio, removed at the end; a lock in it says that it lives."""
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder,
        open(os.path.join(folder, _LOCK), "x") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def remove() -> None:
    """Removes the folders that this user's killed studios have left; the kernel frees their locks.

    A folder without a lock is not ours, and links are not followed.
    """
    for folder in glob.glob(os.path.join(glob.escape(tempfile.gettempdir()), f"{_PREFIX}*")):
        with contextlib.suppress(OSError):
            about = os.lstat(folder)
            is_ours = not os.path.islink(folder) and about.st_uid == os.getuid()
            if not is_ours or time.time() - about.st_mtime < _START_SECONDS:
                continue
            flags = os.O_RDONLY | os.O_NOFOLLOW
            with open(os.open(os.path.join(folder, _LOCK), flags), "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
