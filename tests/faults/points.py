"""Every write, rename, removal and sync below a folder, as this process makes them.

Python's own are met one by one: `open`, `write`, `os.replace`, `os.fsync` and the like. Of what
TensorFlow writes natively: before each record, and before, half-way through and after a checkpoint.
SQLite's writes and TensorBoard's are not met: SQLite has a journal, and TensorBoard's files may end
anywhere.
"""

import builtins
import contextlib
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from tf_deeppaint.utils import files

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# Functions of `os`, and which of their arguments is the path that counts.
_CALLS = {"rename": 1, "replace": 1, "remove": 0, "unlink": 0, "rmdir": 0, "mkdir": 0, "fsync": 0}
_RENAME = os.rename


class Points:
    """A context manager that calls `before(number, what)` ahead of each operation.

    Where that raises an OSError, the operation fails with it: of a write, half is written.
    """

    def __init__(self, folder: Path, before: Callable[[int, str], None]):
        self.folder = os.path.realpath(folder)
        self.before = before
        self.count = 0
        self._lock = threading.RLock()
        self._looking = threading.local()  # `before` itself may copy the folder

    def __enter__(self) -> "Points":
        import tensorflow as tf

        self._stack = contextlib.ExitStack()
        opens = self._opening(open)
        changed = [
            (os, name, self._meeting(getattr(os, name), name, at)) for name, at in _CALLS.items()
        ]
        changed += [
            (os, "open", self._os_opening(os.open)),
            (builtins, "open", opens),
            (io, "open", opens),
            (files._LOCAL, "GFile", opens),
            (files._LOCAL, "remove", lambda path: os.remove(path)),
            (files, "exchange", self._meeting(files.exchange, "exchange", 1)),
            (tf.train.Checkpoint, "write", self._checkpointing(tf.train.Checkpoint.write)),
            (tf.io, "TFRecordWriter", self._recording(tf.io.TFRecordWriter)),
        ]
        for owner, name, value in changed:
            self._stack.enter_context(mock.patch.object(owner, name, value))
        return self

    def __exit__(self, *exception) -> None:
        self._stack.close()

    def meet(self, what: str, path: object, dir_fd: int | None = None) -> None:
        """Counts an operation on a path or descriptor, if it lies below the folder."""
        inside = None if getattr(self._looking, "now", False) else self._inside(path, dir_fd)
        if inside is None:
            return
        with self._lock:
            self._looking.now = True
            try:
                self.count += 1
                self.before(self.count, f"{what} {inside}")
            finally:
                self._looking.now = False

    def meet_native(self, what: str, path: object) -> None:
        """The same for TensorFlow's operations, which raise errors of its own."""
        import tensorflow as tf

        try:
            self.meet(what, path)
        except OSError as error:
            told = f"{path}; {error.strerror}"
            raise tf.errors.ResourceExhaustedError(None, None, told) from None

    def _inside(self, path: object, dir_fd: int | None) -> str | None:
        with contextlib.suppress(OSError):
            if isinstance(path, int):
                path = os.readlink(f"/proc/self/fd/{path}")
            elif dir_fd is not None:
                path = os.path.join(os.readlink(f"/proc/self/fd/{dir_fd}"), os.fsdecode(path))
            path = os.path.abspath(os.fsdecode(path))
            if path.startswith(self.folder + os.sep):
                return os.path.relpath(path, self.folder)
        return None

    def _meeting(self, function: Callable, what: str, place: int) -> Callable:
        def call(*arguments, **named):
            self.meet(what, arguments[place], named.get("dir_fd"))
            return function(*arguments, **named)

        return call

    def _os_opening(self, function: Callable) -> Callable:
        def call(path, flags, *arguments, **named):
            if flags & _WRITES:
                self.meet("open", path, named.get("dir_fd"))
            return function(path, flags, *arguments, **named)

        return call

    def _opening(self, function: Callable) -> Callable:
        def call(file, mode="r", *arguments, **named):
            if not set(mode) & set("wax+"):
                return function(file, mode, *arguments, **named)
            self.meet("open", file)
            return _File(function(file, mode, *arguments, **named), file, self)

        return call

    def _checkpointing(self, write: Callable) -> Callable:
        def call(checkpoint, path, *arguments, **named):
            self.meet_native("checkpoint", path)
            result = write(checkpoint, path, *arguments, **named)
            # The index is the last that TensorFlow writes.
            _RENAME(f"{path}.index", f"{self.folder}-index")
            self.meet_native("half a checkpoint", path)
            _RENAME(f"{self.folder}-index", f"{path}.index")
            return result

        return call

    def _recording(self, make: Callable) -> Callable:
        return lambda path: _Records(make, path, self)


class _File:
    """A file whose writes are met."""

    def __init__(self, file, path: object, points: Points):
        self.__dict__.update(_file=file, _path=path, _points=points)

    def __getattr__(self, name: str):
        return getattr(self._file, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._file, name, value)

    def __enter__(self):
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def __iter__(self):
        return iter(self._file)

    def write(self, data) -> int:
        try:
            self._points.meet("write", self._path)
        except OSError:
            self._file.write(data[: len(data) // 2])
            self._file.flush()
            raise
        return self._file.write(data)

    def truncate(self, *arguments) -> int:
        self._points.meet("truncate", self._path)
        return self._file.truncate(*arguments)


class _Records:
    """TensorFlow's writer of records, whose writes are met."""

    def __init__(self, make: Callable, path: str, points: Points):
        points.meet_native("open", path)
        self._writer, self._path, self._points = make(path), path, points

    def __enter__(self) -> "_Records":
        return self

    def __exit__(self, kind, *exception) -> None:
        self._writer.close() if kind else self.close()

    def write(self, record: bytes) -> None:
        self._points.meet_native("write", self._path)
        self._writer.write(record)

    def close(self) -> None:
        self._points.meet_native("close", self._path)
        self._writer.close()
