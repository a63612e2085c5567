"""Progress of long work: a bar on a terminal, a line every tenth of the way elsewhere."""

import sys
import time

BAR = 30


class Progress:
    """Shows how far a loop has come, how fast it goes, and when it will be done.

    Args:
        unit: What is counted, such as "drawing".
    """

    def __init__(self, unit: str):
        self.unit = unit
        self.started = time.monotonic()
        self.tenths = 0

    def update(self, done: int, total: int) -> None:
        """Tells that `done` of `total` units are finished; call it often."""
        if sys.stdout.isatty():
            filled = BAR * done // total
            bar = "#" * filled + "." * (BAR - filled)
            end = "\n" if done == total else ""
            print(f"\r{bar} {self._line(done, total)}\x1b[K", end=end, flush=True)
        elif (tenths := 10 * done // total) != self.tenths:
            self.tenths = tenths
            print(self._line(done, total), flush=True)

    def _line(self, done: int, total: int) -> str:
        seconds = max(time.monotonic() - self.started, 1e-9)
        rate = done / seconds
        line = f"{self.unit} {done}/{total}, {rate:.3g} a second"
        if done == total:
            return line
        left = round((total - done) / rate) if done else 0
        return f"{line}, {left // 3600}:{left // 60 % 60:02d}:{left % 60:02d} left"
