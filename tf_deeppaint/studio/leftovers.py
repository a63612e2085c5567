"""The temporary folder of a studio, and those that killed studios have left."""

import contextlib
import glob
import os
import shutil
import tempfile
import time
from collections.abc import Iterator

from filelock import FileLock

_PREFIX = "tf-deeppaint-studio-"
_LOCK = "lock"
# Seconds in which a studio that starts takes its lock.
_START_SECONDS = 60


@contextlib.contextmanager
def own_folder() -> Iterator[str]:
    """A folder for all files of a studio, removed at the end; a lock in it says that it lives."""
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder,
        FileLock(os.path.join(folder, _LOCK), thread_local=False),
    ):
        yield folder


def remove() -> None:
    """Removes the folders that this user's killed studios have left; the kernel frees their locks.

    A folder without a lock is not ours, and links are not followed.
    """
    for folder in glob.glob(os.path.join(glob.escape(tempfile.gettempdir()), f"{_PREFIX}*")):
        with contextlib.suppress(OSError):
            about = os.lstat(folder)
            own = os.getuid() if hasattr(os, "getuid") else about.st_uid  # Windows has none
            is_ours = not os.path.islink(folder) and about.st_uid == own
            lock = os.path.join(folder, _LOCK)
            if not is_ours or time.time() - about.st_mtime < _START_SECONDS:
                continue
            if os.path.isfile(lock) and not os.path.islink(lock):
                with FileLock(lock, timeout=0, fallback_to_soft=False):  # raises where it lives
                    shutil.rmtree(folder, ignore_errors=True)
                shutil.rmtree(folder, ignore_errors=True)  # Windows keeps a file that is open
