"""How every program starts and ends: flags are parsed, errors become one line, exit status 1."""

import os
import sys
from collections.abc import Callable, Sequence

from absl import app, flags, logging

from tf_deeppaint.errors import DeepPaintError


def run(main: Callable[[], None]) -> None:
    """Parses the command line, runs `main` and exits: 0, or 1 after a one-line error.

    Call it under `if __name__ == "__main__":`. Flags are read from `absl.flags.FLAGS`; TensorFlow
    should be imported inside `main`, so that `--help` answers at once.
    """
    # Decoders and TensorFlow report to stderr on their own; what matters reaches people through
    # DeepPaintError instead.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.set_verbosity(logging.WARNING)
    app.run(lambda _: _guarded(main), flags_parser=_parse)


def _parse(argv: Sequence[str]) -> list[str]:
    try:
        rest = flags.FLAGS(argv)
    except flags.Error as error:
        message = " ".join(str(error).split())
        print(f"error: {message}; --help lists the flags", file=sys.stderr)
        sys.exit(1)
    except SystemExit:
        sys.exit(0)  # absl leaves with 1 after --help, which was no failure
    if len(rest) > 1:
        print(f"error: unexpected argument {rest[1]!r}; --help lists the flags", file=sys.stderr)
        sys.exit(1)
    return rest


def _guarded(main: Callable[[], None]) -> None:
    try:
        main()
    except DeepPaintError as error:
        print("error:", *str(error).splitlines(), file=sys.stderr)  # a file name may hold newlines
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
