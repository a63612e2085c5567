"""Progress of long work: a bar on a terminal, a line every tenth of the way elsewhere."""

import sys
import time

import keras


class Progress:
    """Shows how far a loop has come, and how fast it goes.

    Args:
        unit: What is counted, such as "drawing".
    """

    def __init__(self, unit: str):
        self.unit = unit
        self.bar: keras.utils.Progbar | None = None
        self.started = time.monotonic()
        self.tenths = 0

    def update(self, done: int, total: int) -> None:
        """Tells that `done` of `total` units are finished."""
        if not sys.stdout.isatty():
            self._print_tenths(done, total)
            return
        if self.bar is None:
            self.bar = keras.utils.Progbar(total, unit_name=self.unit)
        self.bar.update(done)

    def _print_tenths(self, done: int, total: int) -> None:
        if (tenths := 10 * done // total) == self.tenths:
            return
        self.tenths = tenths
        rate = done / max(time.monotonic() - self.started, 1e-9)
        print(f"{self.unit} {done}/{total}, {rate:.3g} a second", flush=True)
