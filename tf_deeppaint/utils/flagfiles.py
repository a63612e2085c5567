"""Flagfiles, read before flags are parsed: by path, or by name among those of the package."""

import os
from collections.abc import Sequence
from pathlib import Path

from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

# Bytes of one flagfile, and how many may name one another.
_MAX_FLAGFILE, _MAX_FLAGFILES = 2**20, 100
_SUFFIX = ".flags"
_PACKAGE = Path(__file__).parents[1]
# A wheel holds the experiments inside the package; in a clone they stand beside it.
_INSTALLED, _CLONE = _PACKAGE / "experiments", _PACKAGE.parent / "experiments"


def expand_flagfiles(arguments: Sequence[str], seen: set[str] | None = None) -> list[str]:
    """Arguments with the lines of each flagfile in the place of `--flagfile=PATH`.

    A flagfile holds one flag a line; it may name others. One that was read already is left out.
    Where there is no file of that path, `experiments/NAME.flags`, `NAME.flags` and `NAME` are the
    experiments that come with the package. absl reads flagfiles too, but it would wait for a pipe,
    read a device without end, and raise at bytes that are not text.

    Raises:
        DeepPaintError: A flagfile is missing, too long, not text, or one of too many.
    """
    seen = set() if seen is None else seen
    expanded, rest = [], list(arguments)
    while rest:
        argument = rest.pop(0)
        flag, equals, value = argument.partition("=")
        if flag not in ("--flagfile", "-flagfile"):
            expanded.append(argument)
            if argument == "--":  # no flags follow
                return expanded + rest
            continue
        if not equals and rest:
            value = rest.pop(0)
        path = _find(os.path.expanduser(value.strip().strip("\"'")))
        if path in seen:
            continue
        seen.add(path)
        if len(seen) > _MAX_FLAGFILES:
            raise DeepPaintError(f"--flagfile={path}: over {_MAX_FLAGFILES} name one another")
        expanded += expand_flagfiles(_load_lines(path), seen)
    return expanded


def _find(path: str) -> str:
    folder, name = os.path.split(path)
    if os.path.lexists(path) or files.is_remote(path) or folder not in ("", "experiments"):
        return path
    packaged = (_INSTALLED if _INSTALLED.is_dir() else _CLONE) / name
    for candidate in (packaged, packaged.with_name(name + _SUFFIX)):
        if candidate.suffix == _SUFFIX and candidate.is_file():
            return str(candidate)
    return path


def _load_lines(path: str) -> list[str]:
    try:
        text = files.read_bytes(path, _MAX_FLAGFILE).decode()
    except UnicodeDecodeError as error:
        raise DeepPaintError(f"--flagfile={path}: not UTF-8 text; name a text file") from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(("#", "//"))]
