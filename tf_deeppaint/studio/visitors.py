"""Which files and sessions are a visitor's own, and how much a visitor may have.

A visitor is a browser: it gets a cookie with the page, and keeps it. A path that an event names
must be that of a file which the same browser uploaded, or of an example; a URL is never taken.
"""

import json
import os
import re
import secrets
import shutil
import time
from collections import OrderedDict
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from urllib.parse import unquote

from tf_deeppaint.studio.bodies import RefusedError

# Uploads that are kept of one visitor; the oldest goes when another comes.
MAX_UPLOADS = 32
# Sessions (open pages) at once; of those that wait for nothing the one idle longest makes room.
MAX_SESSIONS = 256
# Seconds after the last request for which somebody is at work: nothing of theirs makes room.
AT_WORK_SECONDS = 600
# Bytes that all files in the studio's folder may have before old ones go, or new work is refused.
MAX_DISK_BYTES = 8 * 2**30
IDLE_SECONDS = 3600
_MEASURE_SECONDS = 5
_MAX_NAME_LENGTH = 60
_SESSION = re.compile("[A-Za-z0-9_-]{1,64}")
_FILE_URL = "/gradio_api/file="
# Folders of one file each, of uploads and of what is shown or downloaded; not those of examples.
_FOLDER = re.compile("[0-9a-f]{32}")


class Visitors:
    """Uploads and sessions, by the visitor whose they are.

    Args:
        folder: Where uploads are kept, each in a folder of its own.
        shared: Paths that every visitor may name: those of the examples.

    Attributes:
        is_awaited: Whether an event of a session is in work or in the queue.
        forget: Called with a session that made room, so that nothing else is kept of it either.
    """

    def __init__(self, folder: str, shared: Container[str]):
        self.folder = folder
        self.shared = shared
        self.is_awaited: Callable[[str], bool] = lambda session: False
        self.forget: Callable[[str], None] = lambda session: None
        # Path -> visitor and time; session -> visitor; used longest ago first.
        self._uploads: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._sessions: OrderedDict[str, str] = OrderedDict()
        self._disk_bytes, self._measured = 0, -float("inf")

    def new_path(self, name: str) -> str:
        """A path for an upload, in a new folder; of the visitor's name only what is harmless."""
        name = re.sub(r"[^\w.() -]", "_", os.path.basename(name))[-_MAX_NAME_LENGTH:].strip(" .")
        folder = os.path.join(self.folder, secrets.token_hex(16))
        os.makedirs(folder)
        return os.path.join(folder, name or "file")

    def add_upload(self, path: str, visitor: str) -> None:
        """Keeps a file that a visitor uploaded, and removes old ones."""
        now = time.monotonic()
        self._uploads[path] = visitor, now
        own = [kept for kept, (owner, _) in self._uploads.items() if owner == visitor]
        old = [kept for kept, (_, since) in self._uploads.items() if since < now - IDLE_SECONDS]
        for kept in {*own[:-MAX_UPLOADS], *old}:
            del self._uploads[kept]
            shutil.rmtree(os.path.dirname(kept), ignore_errors=True)

    def check_disk(self) -> None:
        """Makes room for another file; raises `RefusedError` where those in use take it all."""
        now = time.monotonic()
        if now > self._measured + _MEASURE_SECONDS:
            self._disk_bytes, self._measured = _size_of(self.folder), now
            if self._disk_bytes > MAX_DISK_BYTES:
                self._disk_bytes -= self._remove_unused(self._disk_bytes - MAX_DISK_BYTES)
        if self._disk_bytes > MAX_DISK_BYTES:
            raise RefusedError(
                507, "The studio's folder is full of files in use; try again in some minutes."
            )

    def _remove_unused(self, wanted: int) -> int:
        """Removes so many bytes, if there are, of files not used lately, and says how many."""
        last, removed = time.time() - AT_WORK_SECONDS, 0
        for used, folder in sorted(_folders_by_use(self.folder)):
            if removed >= wanted or used > last:
                break
            removed += _size_of(folder)
            shutil.rmtree(folder, ignore_errors=True)
        for path in [kept for kept in self._uploads if not os.path.exists(kept)]:
            del self._uploads[path]
        return removed

    def check_session(self, session: object, visitor: str | None) -> None:
        """Raises `RefusedError` where a session is another visitor's."""
        if visitor is None or self._sessions.get(session, visitor) != visitor:
            raise RefusedError(403, "That session is another visitor's; load the page again.")

    def check_event(self, body: bytes, visitor: str) -> bytes:
        """The body of a call of an event, with no URL left in it.

        Raises:
            RefusedError: it is none, its session is another visitor's or one too many, or it names
                a file that this visitor did not upload.
        """
        try:
            call = json.loads(body)
            session = call["session_hash"]
            is_session = _SESSION.fullmatch(session)
        except (ValueError, KeyError, TypeError, RecursionError):
            is_session = None
        if not is_session:
            raise RefusedError(400, "That is no call of an event.")
        self.check_session(session, visitor)
        for file in _files(call.get("data")):
            path, url = file.get("path"), file.pop("url", None)
            if path is None and url is None:
                continue
            owner = self._uploads.get(path, ("",))[0] if isinstance(path, str) else ""
            is_own = owner == visitor or (isinstance(path, str) and path in self.shared)
            if not is_own or (url is not None and _path_in(url) != path):
                raise RefusedError(
                    400, "That file was not uploaded here; drop it on the page again."
                )
            if owner == visitor:  # what is in use goes last
                self._uploads[path] = self._uploads.pop(path)
                with suppress(OSError):
                    os.utime(path)
        self._open_session(session, visitor)
        return json.dumps(call).encode()

    def _open_session(self, session: str, visitor: str) -> None:
        """Takes a session; a page whose own made room loses nothing, and opens another."""
        if session not in self._sessions and len(self._sessions) >= MAX_SESSIONS:
            idle = next((kept for kept in list(self._sessions) if not self._is_in_use(kept)), None)
            if idle is None:
                raise RefusedError(
                    503, "All pages that the studio can serve are at work; try again in a minute."
                )
            del self._sessions[idle]
            self.forget(idle)
        self._sessions[session] = visitor
        self._sessions.move_to_end(session)

    def _is_in_use(self, session: str) -> bool:
        """Whether a session is awaited; what is in use goes last, also once it is no longer."""
        is_awaited = self.is_awaited(session)
        if is_awaited:
            self._sessions.move_to_end(session)
        return is_awaited


def _files(value: object) -> Iterator[dict]:
    """All objects of a JSON value that name a path or a URL."""
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if "path" in value or "url" in value:
                yield value
            left += value.values()
        elif isinstance(value, list):
            left += value


def _path_in(url: object) -> str | None:
    """The path in the address that the page gave a file; None where it is no such address."""
    if not isinstance(url, str) or _FILE_URL not in url:
        return None
    return unquote(url.split(_FILE_URL, 1)[1])


def _folders_by_use(folder: str) -> Iterator[tuple[float, str]]:
    """When the file in each folder of one file was used last, and that folder."""
    with os.scandir(folder) as found:
        for inner in found:
            if _FOLDER.fullmatch(inner.name):
                with suppress(OSError, ValueError):  # gone meanwhile, or empty
                    yield max(e.stat().st_mtime for e in os.scandir(inner)), inner.path


def _size_of(folder: str) -> int:
    """Bytes of all files below a folder; those that are removed meanwhile count nothing."""
    total = 0
    for inner, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(inner, name)).st_size
            except OSError:
                continue
    return total
