"""What programs print: never a control character, never an error where nothing can be written."""

import contextlib
import errno
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

# What moves the cursor, colors or reorders the text of a terminal; only line feed and tab may.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

_READER_LEFT = errno.EINVAL if os.name == "nt" else errno.EPIPE  # of a pipe


class Output:
    """A text stream that takes all that is written, also where the stream behind it cannot.

    A pipe whose reader has left, or a full disk, ends no work. The first error is kept in `error`,
    and what is written after it is dropped. Control characters are written as escapes.
    """

    def __init__(self, stream: TextIO):
        self._stream = stream
        self.error: OSError | None = None

    def __getattr__(self, name: str):
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self.write_controls(printable(text))
        return len(text)

    def writelines(self, lines) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def write_controls(self, text: str) -> None:
        """Writes text as it is."""
        self._try(lambda: self._stream.write(text))

    def _try(self, action: Callable) -> None:
        try:
            action()
        except OSError as error:
            self.error = self.error or error
            # Python would try again at exit. What waits, and all that comes, goes nowhere.
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)


def printable(text: str) -> str:
    r"""Text with its control characters as escapes, such as `\x1b`; lines and tabs stay."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def print_line(text: str, stays: bool = True) -> None:
    """Prints a line; on a terminal over the last one unless that one `stays`."""
    if not sys.stdout.isatty():
        print(text, flush=True)
        return
    write = getattr(sys.stdout, "write_controls", sys.stdout.write)
    write(f"\r{printable(text)}\x1b[K" + "\n" * stays)
    sys.stdout.flush()


@contextlib.contextmanager
def kept_open() -> Iterator[None]:
    """Inside the block printing raises nothing; `sys.stdout` and `sys.stderr` are `Output`s.

    A stream that is closed is as one to the null device. Where stdout could not take all, the
    program says so at its end and exits with 1. A reader who has left, such as `head`, has what it
    wanted: that is no error.
    """
    _fill_descriptors()
    out, errors = Output(_open(sys.stdout, 1)), Output(_open(sys.stderr, 2))
    sys.stdout, sys.stderr = out, errors
    status: object = 0
    try:
        yield
    except SystemExit as end:
        status = end.code
    out.flush()
    is_lost = out.error is not None and out.error.errno != _READER_LEFT
    if is_lost and status in (0, None):
        status = 1
        print(f"error: stdout: cannot be written ({out.error.strerror})", file=errors)
    errors.flush()
    sys.exit(status)


def _fill_descriptors() -> None:
    # Else the next file that is opened would get the number of stdout, and what native code prints.
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)


def _open(stream: TextIO | None, number: int) -> TextIO:
    if stream is None:  # so Python says that it is closed
        return open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")  # file names that are not UTF-8 too
    return stream
