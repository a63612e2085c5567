"""The one exception of this project: an error that a person can read and mend."""


class DeepPaintError(Exception):
    """Says what is wrong, with which file or flag, and what to do about it.

    Raised by the library wherever the cause lies outside the code (a file, a flag value, a full
    disk). A program shows its text as one line and exits with status 1; see `program.run`.

    Attributes:
        kind: A few words without names or numbers, such as "cut off", under which a long job
            counts errors of this kind; empty where nothing counts them.
    """

    def __init__(self, message: str, kind: str = ""):
        super().__init__(message)
        self.kind = kind

    def __reduce__(self):
        return type(self), (str(self), self.kind)  # workers send errors by pickle
