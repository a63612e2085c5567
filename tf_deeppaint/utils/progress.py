"""Progress of long work: a bar on a terminal, a line every tenth of the way elsewhere."""

import sys
import time

from tqdm import tqdm

from tf_deeppaint.utils.streams import print_line

_WIDTH = 80  # letters of the bar and its numbers
# Rates are per second, also below one: tqdm would turn them around.
_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_noinv_fmt}]"
_LINE = "{desc} {n_fmt}/{total_fmt}, {rate_noinv_fmt}, {remaining} left"


class Progress:
    """Shows how far a loop has come, its rate and the time left.

    Args:
        unit: What is counted, such as "picture".
    """

    def __init__(self, unit: str):
        self.unit = unit
        self.started = time.monotonic()
        self.tenths = 0

    def update(self, done: int, total: int) -> None:
        """Shows that `done` of `total` units are finished; call it often."""
        before, self.tenths = self.tenths, 10 * done // total
        is_terminal = sys.stdout.isatty()
        if not is_terminal and self.tenths == before:
            return
        line = tqdm.format_meter(
            done,
            total,
            time.monotonic() - self.started,
            ncols=_WIDTH,
            prefix=self.unit,
            unit="",
            ascii=True,
            bar_format=_BAR if is_terminal else _LINE,
        )
        print_line(line.replace(",  ", ", "), stays=done == total)
