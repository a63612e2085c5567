"""How every program starts and ends: flags are parsed, errors become one line, exit status 1."""

import itertools
import os
import sys
import warnings
from collections.abc import Callable, Sequence

from absl import app, flags, logging

from tf_deeppaint.utils import files, streams
from tf_deeppaint.utils.errors import DeepPaintError

# Bytes of one flagfile, and how many may name one another.
_MAX_FLAGFILE, _MAX_FLAGFILES = 2**20, 100


def run(main: Callable[[], None]) -> None:
    """Parses the command line, runs `main` and exits: 0, or 1 after a one-line error.

    Call it under `if __name__ == "__main__":`. Flags are read from `absl.flags.FLAGS`; TensorFlow
    should be imported inside `main`, so that `--help` answers at once.
    """
    # Decoders and TensorFlow write notices to stderr; what matters is raised as DeepPaintError.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.set_verbosity(logging.WARNING)
    warnings.filterwarnings("ignore", module="PIL")  # such as of EXIF that is damaged
    with streams.kept_open():
        app.run(lambda _: _run_reporting(main), flags_parser=_parse)


def _parse(argv: Sequence[str]) -> list[str]:
    try:
        _check_flagfiles(argv, set())
        rest = flags.FLAGS(argv)
        if len(rest) > 1:
            raise DeepPaintError(f"unexpected argument {rest[1]!r}")
        _expand_homes()
        return rest
    except (flags.Error, DeepPaintError) as error:
        message = " ".join(str(error).split())
        print(f"error: {message}; --help lists the flags", file=sys.stderr)
        sys.exit(1)
    except SystemExit:
        sys.exit(0)  # absl exits with 1 after --help


def _expand_homes() -> None:
    """Replaces `~` and `~user` in front of paths: shells leave them where they stand behind `=`.

    What begins with `~` is a path: no other flag has such a value.
    """
    for name in flags.FLAGS:
        flag = flags.FLAGS[name]
        if isinstance(flag.value, str):
            flag.value = os.path.expanduser(flag.value)
        elif isinstance(flag.value, list):
            flag.value = [
                os.path.expanduser(item) if isinstance(item, str) else item for item in flag.value
            ]


def _check_flagfiles(arguments: Sequence[str], seen: set[str]) -> None:
    # absl would wait for a pipe, read a device without end, and raise at bytes that are not text.
    for argument, following in itertools.pairwise([*arguments, ""]):
        flag, equals, value = argument.partition("=")
        if flag.lstrip("-") != "flagfile" or not flag.startswith("-"):
            continue
        path = os.path.expanduser((value if equals else following).strip().strip("\"'"))
        if path in seen:
            continue
        seen.add(path)
        if len(seen) > _MAX_FLAGFILES:
            raise DeepPaintError(f"--flagfile={path}: over {_MAX_FLAGFILES} name one another")
        try:
            text = files.read_bytes(path, _MAX_FLAGFILE).decode()
        except UnicodeDecodeError as error:
            raise DeepPaintError(f"--flagfile={path}: not UTF-8 text; name a text file") from error
        _check_flagfiles([line.strip() for line in text.splitlines()], seen)


def _run_reporting(main: Callable[[], None]) -> None:
    try:
        main()
    except DeepPaintError as error:
        print("error:", *str(error).splitlines(), file=sys.stderr)  # a file name may hold newlines
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
