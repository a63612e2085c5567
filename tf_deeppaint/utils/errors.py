"""The one exception of this project, and the one-line form of any other."""

# Characters of a foreign error's text that are repeated in ours; TensorFlow's run to pages.
MAX_REASON = 200


class DeepPaintError(Exception):
    """States what is wrong, with which file or flag, and what to do about it.

    Raised by the library wherever the cause lies outside the code: a file, a flag value, a full
    disk. A program prints its text as one line and exits with status 1; see `programs.run`.

    Attributes:
        kind: A few words without names or numbers, such as "cut off", under which a long job
            counts errors of this kind; empty where nothing counts them.
    """

    def __init__(self, message: str, kind: str = ""):
        super().__init__(message)
        self.kind = kind

    def __reduce__(self):
        return type(self), (str(self), self.kind)  # worker processes send errors by pickle


def one_line(error: BaseException) -> str:
    """The text of an error, or its type, as one line of at most `MAX_REASON` characters."""
    return " ".join(str(error).split())[:MAX_REASON] or type(error).__name__
