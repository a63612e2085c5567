"""What happens between the steps of a training: metrics, progress, checkpoints, stopping."""

import dataclasses
import datetime
import signal
import sys
import time
from collections.abc import Callable

import keras

from tf_deeppaint.data.bad_records import BadRecords
from tf_deeppaint.training.metrics_log import MetricsLog
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.streams import print_line

# Skipped steps in a row that end a run.
SKIPPED_LIMIT = 10
# Seconds between two updates of the progress line on a terminal.
REFRESH_S = 0.5


@dataclasses.dataclass(eq=False)
class StepCallback(keras.callbacks.Callback):
    """Counts steps from the start of the run, not of this `fit`; calls `on_step` after each."""

    step: int = dataclasses.field(default=0, init=False)

    def __post_init__(self):
        super().__init__()

    def on_train_begin(self, logs=None):
        self.step = int(self.model.steps.numpy())

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        self.on_step(self.step, logs)

    def on_step(self, step: int, logs: dict) -> None:
        raise NotImplementedError


@dataclasses.dataclass(eq=False)
class LossLog(StepCallback):
    """Writes the mean losses since its last line, every `every` steps."""

    metrics_log: MetricsLog
    every: int  # steps per line
    batch_size: int  # pictures per step
    bad: BadRecords | None = None  # counts records that cannot be read; None: they stop the run

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.line_start = (self.step, time.monotonic())

    def on_train_batch_begin(self, batch, logs=None):
        if self.step == self.line_start[0]:
            self.model.reset_metrics()

    def on_step(self, step: int, logs: dict) -> None:
        if step % self.every:
            return
        steps, seconds = step - self.line_start[0], time.monotonic() - self.line_start[1]
        self.line_start = (step, time.monotonic())
        metrics = {name: round(float(value), 6) for name, value in sorted(logs.items())}
        rate = float(self.model.generator_optimizer.learning_rate.numpy())
        metrics["learning_rate"] = float(f"{rate:.6g}")
        metrics["skipped"] = int(self.model.skipped.numpy())
        if self.bad is not None:
            metrics["bad_records"] = self.bad.count
        metrics["pictures_a_second"] = round(steps * self.batch_size / max(seconds, 1e-9), 3)
        self.metrics_log.write(step, "training", metrics)


@dataclasses.dataclass(eq=False)
class ProgressLine(StepCallback):
    """Prints losses, rate and time left: in one line of a terminal, elsewhere in twenty lines."""

    steps: int  # of the run
    batch_size: int  # pictures per step
    first: tuple[int, float] | None = dataclasses.field(default=None, init=False)
    printed: float = dataclasses.field(default=-REFRESH_S, init=False)

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.first = self.first or (self.step, time.monotonic())  # where the run was resumed

    def on_step(self, step: int, logs: dict) -> None:
        now = time.monotonic()
        every = max(1, self.steps // 20)
        is_due = now - self.printed >= REFRESH_S if sys.stdout.isatty() else step % every == 0
        if not is_due and step != self.steps:
            return
        self.printed = now
        rate = (step - self.first[0]) / max(now - self.first[1], 1e-9)
        left = round((self.steps - step) / rate)
        losses = ", ".join(f"{name} {float(value):.4f}" for name, value in sorted(logs.items()))
        print_line(
            f"step {step}/{self.steps}, {rate * self.batch_size:.3g} pictures a second, "
            f"{datetime.timedelta(seconds=left)} left, {losses}",
            stays=step == self.steps,
        )


@dataclasses.dataclass(eq=False)
class Every(StepCallback):
    """Calls an action after every so many steps, or after so many minutes without a call."""

    action: Callable[[int], None]  # takes the number of steps done
    steps: int  # between two calls
    minutes: float = 0.0  # between two calls at most; 0: any
    last: int = 0  # a step after which it is called in any case, such as the run's last
    called: float = dataclasses.field(default_factory=lambda: time.monotonic(), init=False)

    def on_step(self, step: int, logs: dict) -> None:
        is_late = self.minutes and time.monotonic() - self.called >= 60 * self.minutes
        if step % self.steps == 0 or step == self.last or is_late:
            self.action(step)
            self.called = time.monotonic()


@dataclasses.dataclass(eq=False)
class StopWhenNotFinite(StepCallback):
    """Ends a run after `SKIPPED_LIMIT` steps in a row whose gradients were not finite."""

    run: str  # the run directory, to be named

    def on_step(self, step: int, logs: dict) -> None:
        if step % SKIPPED_LIMIT:
            return  # reading the counter after every step would make a GPU wait
        in_a_row = int(self.model.skipped_in_a_row.numpy())
        if in_a_row >= SKIPPED_LIMIT:
            raise DeepPaintError(
                f"step {step}: {in_a_row} steps in a row were not finite and were skipped; the "
                f"last checkpoint is from before; begin another run with --init_from={self.run} "
                "and a lower --learning_rate, or with --precision=mixed_bfloat16 or float32"
            )


@dataclasses.dataclass(eq=False)
class StopOnSignal(StepCallback):
    """Ends a run after the step in which SIGTERM or Ctrl-C arrived; a second Ctrl-C, at once.

    A context manager: outside of it signals are handled as before.
    """

    received: signal.Signals | None = dataclasses.field(default=None, init=False)

    def __enter__(self) -> "StopOnSignal":
        self.before = {s: signal.signal(s, self._note) for s in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *exception) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame) -> None:
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = signal.Signals(number)

    def on_step(self, step: int, logs: dict) -> None:
        if self.received is not None:
            self.model.stop_training = True
