"""How every program starts and ends: flags are parsed, errors become one line, exit status 1."""

import os
import re
import sys
import textwrap
import warnings
from collections.abc import Callable, Sequence

from absl import app, flags, logging

from tf_deeppaint.utils import streams
from tf_deeppaint.utils.commands import command
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.flagfiles import expand_flagfiles

# What absl says of a flag that is required.
_MISSING = re.compile(r"flag --(\w+)=None: Flag --\1 must have a value other than None\.")


def run(main: Callable[[], None]) -> None:
    """Parses the command line, runs `main` and exits: 0, or 1 after a one-line error.

    Call it under `if __name__ == "__main__":`. Flags are read from `absl.flags.FLAGS`; TensorFlow
    should be imported inside `main`, so that `--help` answers at once.
    """
    # Decoders and TensorFlow write notices to stderr; what matters is raised as DeepPaintError.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # By itself TensorFlow takes oneDNN's convolutions only on processors with AVX-512 VNNI. They
    # are faster on older ones, too.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    logging.set_verbosity(logging.WARNING)
    warnings.filterwarnings("ignore", module="PIL")  # such as of EXIF that is damaged
    _prepare_help(main)
    with streams.kept_open():
        app.run(lambda _: _run_reporting(main), flags_parser=_parse)


def _prepare_help(main: Callable[[], None]) -> None:
    """Makes `--help` show the document and flags of the module of `main`, whatever runs it."""
    document = sys.modules[main.__module__].__doc__ or ""
    called = re.sub(r"^( *)deeppaint ", lambda line: line[1] + command(""), document, flags=re.M)
    width = flags.get_help_width()  # of the terminal
    parts = called.strip().split("\n\n")
    filled = [part if part[:1] == " " else textwrap.fill(part, width) for part in parts]
    sys.modules["__main__"].__doc__ = "\n\n".join(filled) + "\n"
    if main.__module__ != "__main__":
        sys.argv[0] = main.__module__  # a program's own flags are those of the module of this name


def _parse(argv: Sequence[str]) -> list[str]:
    try:
        rest = flags.FLAGS(expand_flagfiles(argv))
        if len(rest) > 1:
            raise DeepPaintError(f"unexpected argument {rest[1]!r}: what is given needs its flag")
        _expand_homes()
        return rest
    # A ValueError is absl's for a value that a switch does not take: --nofresh=1.
    except (flags.Error, ValueError, DeepPaintError) as error:
        message = " ".join(str(error).split())
        if missing := [f"--{name}" for name in _MISSING.findall(message)]:
            message = f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing"
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


def _run_reporting(main: Callable[[], None]) -> None:
    try:
        main()
    except DeepPaintError as error:
        print("error:", *str(error).splitlines(), file=sys.stderr)  # a file name may hold newlines
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
