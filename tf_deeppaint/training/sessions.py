"""What a run remembers of each time it was started: versions, commit, host, devices, times."""

import contextlib
import datetime
import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import tf_deeppaint
from tf_deeppaint.utils import files
from tf_deeppaint.utils.streams import printable

SESSIONS_FILE = "sessions.json"
_MAX_BYTES = 2**22  # of the file; a session has about 600
_LIBRARIES = ("tensorflow", "keras", "numpy")
_SECONDS = 10  # for git to answer


@contextlib.contextmanager
def recorded(folder: Path, devices: list[str], step: Callable[[], int]) -> Iterator[None]:
    """Adds a session to a run's file; its end is added when the block ends, also by an error.

    Args:
        folder: The run directory.
        devices: What the training runs on, a line each.
        step: Tells the number of steps done.

    Raises:
        DeepPaintError: The file cannot be written.
    """
    path = folder / SESSIONS_FILE
    session = _describe(devices) | {"first_step": step(), "started": _now()}
    earlier = _load(path)
    _write(path, [*earlier, session])
    try:
        yield
    finally:
        _write(path, [*earlier, session | {"last_step": step(), "ended": _now()}])


def _describe(devices: list[str]) -> dict:
    versions = {name: metadata.version(name) for name in _LIBRARIES}
    return {
        "tf_deeppaint": tf_deeppaint.__version__,
        "commit": commit_of(Path(tf_deeppaint.__file__).parents[1]),
        "python": platform.python_version(),
        **versions,
        "system": platform.platform(),
        "host": printable(platform.node()),
        "processors": os.cpu_count(),
        "devices": devices,
    }


def commit_of(clone: Path) -> str | None:
    """The commit of a clone, with `-dirty` where its files differ; None outside of a clone."""
    if not (clone / ".git").exists():
        return None
    command = ["git", "-C", str(clone), "describe", "--always", "--abbrev=40", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def _load(path: Path) -> list[dict]:
    """The sessions so far; none where the file is missing or damaged."""
    if not files.is_file(path):
        return []
    try:
        sessions = json.loads(files.read_bytes(path, _MAX_BYTES))
    except (ValueError, RecursionError):
        return []
    return sessions if isinstance(sessions, list) else []


def _write(path: Path, sessions: list[dict]) -> None:
    files.write_bytes(path, json.dumps(sessions, indent=2).encode() + b"\n")


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
