"""The one exception of this project: an error that a person can read and mend."""


class DeepPaintError(Exception):
    """Says what is wrong, with which file or flag, and what to do about it.

    Raised by the library wherever the cause lies outside the code (a file, a flag value, a full
    disk). A program shows its text as one line and exits with status 1; see `program.run`.
    """
