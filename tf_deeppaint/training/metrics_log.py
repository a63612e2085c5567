"""The metrics of a run: one JSON object a line in metrics.jsonl, and TensorBoard's scalars.

{"step": 50, "group": "training", "wall_time": 1764437471.2, "l1": 0.31, "skipped": 0, ...}
{"step": 400, "group": "validation", "wall_time": 1764437702.9, "l1": 0.12, "l1_swapped": 0.19}

`wall_time` is in seconds since 1970, UTC.
"""

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_deeppaint.training import event_files
from tf_deeppaint.utils import files, locks
from tf_deeppaint.utils.errors import DeepPaintError

# Metrics that earlier versions wrote under another name.
_RENAMED = {"l1_another": "l1_swapped"}


class MetricsLog:
    """Writes and reads a run's metrics; a context manager, which closes TensorBoard's files."""

    def __init__(self, path: Path, board: Path | None = None):
        self.path = path  # a resumed run appends to it
        self.board = board  # the folder of TensorBoard's files; None for none
        self._board_writer = None

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(self, kind, *exception) -> None:
        # Of two errors, such as on a full disk, the first says enough.
        quietly = contextlib.suppress(DeepPaintError) if kind else contextlib.nullcontext()
        if self._board_writer is not None:
            with quietly, files.wrap_errors(self.board, "written"):
                self._board_writer.close()

    def rewind(self, step: int) -> None:
        """Removes what was written after `step`: a resumed run takes these steps again.

        Raises:
            DeepPaintError: the file or TensorBoard's cannot be read or written.
        """
        kept = [line for line in self.lines() if line["step"] <= step]
        if self.path.exists():
            files.write_lines(self.path, map(json.dumps, kept))
        if self.board is None:
            return
        groups = {line["group"] for line in kept if line["step"] == step}

        def is_kept(event: tf.compat.v1.Event) -> bool:
            # Of the last step itself, the scalars whose line was not written any more come again.
            scalars = (value.tag.partition("/") for value in event.summary.value)
            is_done = all(not name or group in groups for group, _, name in scalars)
            return event.step < step or (event.step == step and is_done)

        event_files.remove_events(self.board, step, is_kept)

    def smallest(self, group: str, name: str) -> float:
        """The smallest value of a metric so far; infinity before the first."""
        values = [line[name] for line in self.lines() if line["group"] == group and name in line]
        return min(values, default=float("inf"))

    def has(self, step: int, group: str) -> bool:
        """Whether there is a line of a group for a step."""
        return any((line["step"], line["group"]) == (step, group) for line in self.lines())

    def lines(self) -> list[dict]:
        """All lines so far, a dictionary each; damaged lines are left out."""
        text = self.path.read_text(encoding="utf-8", errors="replace") if self.path.exists() else ""
        return [line for line in map(_parse_line, text.splitlines()) if line is not None]

    def write(self, step: int, group: str, metrics: dict[str, float]) -> None:
        """Appends a line of finite numbers by name, after `step` steps of the run.

        Raises:
            DeepPaintError: the file or TensorBoard's cannot be written.
        """
        # TensorBoard's first: what has no line in metrics.jsonl is removed there by `rewind`.
        for name, value in metrics.items():
            self._show(tf.summary.scalar, f"{group}/{name}", value, step)
        self._flush()
        now = round(time.time(), 1)
        line = json.dumps({"step": step, "group": group, "wall_time": now} | metrics)
        locks.check()
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            reason = f"cannot be written ({error.strerror}); free space"
            raise DeepPaintError(f"{self.path}: {reason}") from error

    def show_picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """Adds an RGB picture `(H, W, 3)` to TensorBoard's files."""
        self._show(tf.summary.image, name, picture[None], step)
        self._flush()

    def _show(self, summarize: Callable, name: str, value, step: int) -> None:
        if self.board is None:
            return
        with files.wrap_errors(self.board, "written"):
            if self._board_writer is None:
                self._board_writer = tf.summary.create_file_writer(str(self.board))
            with self._board_writer.as_default(step=step):
                summarize(name, value)

    def _flush(self) -> None:
        """Lets nothing be lost in a kill: steps before a checkpoint are not taken again."""
        if self._board_writer is not None:
            with files.wrap_errors(self.board, "written"):
                self._board_writer.flush()


def _parse_line(text: str) -> dict | None:
    """The metrics of a line; None where it is cut off or damaged."""
    try:
        line = {_RENAMED.get(key, key): value for key, value in json.loads(text).items()}
        numbers = [value for key, value in line.items() if key != "group"]
        is_whole = {"step", "group"} <= line.keys() and type(line["step"]) is int
        return line if is_whole and all(type(n) in (int, float) for n in numbers) else None
    except (ValueError, AttributeError, RecursionError):
        return None
