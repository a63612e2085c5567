"""Progress of long work on the terminal: a bar, the rate, the time left."""

import sys

import keras


class Progress:
    """Shows how far a loop has come; quiet where stderr is no terminal but for the last step.

    Args:
        unit: What is counted, such as "drawing".
    """

    def __init__(self, unit: str):
        self.unit = unit
        self.bar: keras.utils.Progbar | None = None

    def update(self, done: int, total: int) -> None:
        """Tells that `done` of `total` units are finished."""
        if self.bar is None:
            verbose = 1 if sys.stdout.isatty() else 2
            self.bar = keras.utils.Progbar(total, verbose=verbose, unit_name=self.unit)
        self.bar.update(done)
