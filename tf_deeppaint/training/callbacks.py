"""What happens beside the steps of a training: figures, samples, checkpoints, stopping."""

import signal
import sys
import time
from collections.abc import Callable

import keras

from tf_deeppaint.data.bad_records import BadRecords
from tf_deeppaint.training.checkpoints import Checkpoints
from tf_deeppaint.training.metrics_log import MetricsLog
from tf_deeppaint.utils.errors import DeepPaintError

NON_FINITE_LIMIT = 10
# Seconds between two changes of the line on a terminal.
REFRESH_S = 0.5


class StepCallback(keras.callbacks.Callback):
    """Counts steps from the beginning of the run, not of this `fit`.

    Subclasses define `on_step(step, logs)`, called after every step.
    """

    def __init__(self):
        super().__init__()
        self.step = 0

    def on_train_begin(self, logs=None):
        self.step = int(self.model.steps.numpy())

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        self.on_step(self.step, logs)

    def on_step(self, step: int, logs: dict) -> None:
        raise NotImplementedError


class LossLog(StepCallback):
    """Writes the mean losses of every `every` steps into the metrics_log.

    The means of the progress bar begin anew with each line too.

    Args:
        metrics_log: Where to.
        every: Steps a line.
        batch_size: Pictures a step.
        bad: Who counts the records that could not be read, where they are not to stop the run.
    """

    def __init__(
        self, metrics_log: MetricsLog, every: int, batch_size: int, bad: BadRecords | None = None
    ):
        super().__init__()
        self.metrics_log = metrics_log
        self.every = every
        self.batch_size = batch_size
        self.bad = bad

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.begun = (self.step, time.monotonic())

    def on_train_batch_begin(self, batch, logs=None):
        if self.step == self.begun[0]:
            self.model.reset_metrics()

    def on_step(self, step: int, logs: dict) -> None:
        if step % self.every:
            return
        steps, seconds = step - self.begun[0], time.monotonic() - self.begun[1]
        self.begun = (step, time.monotonic())
        figures = {name: round(float(value), 6) for name, value in sorted(logs.items())}
        rate = float(self.model.generator_optimizer.learning_rate.numpy())
        figures["learning_rate"] = float(f"{rate:.6g}")
        figures["skipped"] = int(self.model.skipped.numpy())
        if self.bad is not None:
            figures["bad_records"] = self.bad.count
        figures["pictures_a_second"] = round(steps * self.batch_size / max(seconds, 1e-9), 3)
        self.metrics_log.write(step, "training", figures)


class LossLines(StepCallback):
    """Tells losses, rate and time left: on one line of a terminal, else twenty times on the way.

    Args:
        steps: Steps of the run.
        batch_size: Pictures a step.
    """

    def __init__(self, steps: int, batch_size: int):
        super().__init__()
        self.steps = steps
        self.batch_size = batch_size
        self.every = max(1, steps // 20)
        self.done = 0
        self.seconds = 0.0
        self.told = -REFRESH_S

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.started = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        self.done += 1
        super().on_train_batch_end(batch, logs)

    def on_train_end(self, logs=None):
        self.seconds += time.monotonic() - self.started

    def on_step(self, step: int, logs: dict) -> None:
        now = time.monotonic()
        is_due = now - self.told >= REFRESH_S if sys.stdout.isatty() else not step % self.every
        if not is_due and step != self.steps:
            return
        self.told = now
        rate = self.done / max(self.seconds + now - self.started, 1e-9)
        left = round((self.steps - step) / rate)
        losses = ", ".join(f"{name} {float(value):.4f}" for name, value in sorted(logs.items()))
        text = (
            f"step {step}/{self.steps}, {rate * self.batch_size:.3g} pictures a second, "
            f"{left // 3600}:{left // 60 % 60:02d}:{left % 60:02d} left, {losses}"
        )
        say(text, stays=step == self.steps)


def say(text: str, stays: bool = True) -> None:
    """Prints a line; on a terminal over the last one that was not to stay."""
    if sys.stdout.isatty():
        print(f"\r{text}\x1b[K", end="\n" if stays else "", flush=True)
    else:
        print(text, flush=True)


class Every(StepCallback):
    """Does something after every so many steps, and after the last.

    Args:
        steps: How many.
        last: The run's last step.
        action: Called with the number of steps done.
    """

    def __init__(self, steps: int, last: int, action: Callable[[int], None]):
        super().__init__()
        self.steps = steps
        self.last = last
        self.action = action

    def on_step(self, step: int, logs: dict) -> None:
        if step % self.steps == 0 or step == self.last:
            self.action(step)


class KeepCheckpoints(StepCallback):
    """Saves the state after so many steps, or after so many minutes.

    Args:
        checkpoints: Where to.
        steps: Steps between two.
        minutes: Minutes between two; 0: steps alone count.
    """

    def __init__(self, checkpoints: Checkpoints, steps: int, minutes: float):
        super().__init__()
        self.checkpoints = checkpoints
        self.steps = steps
        self.minutes = minutes
        self.saved = time.monotonic()

    def on_step(self, step: int, logs: dict) -> None:
        late = self.minutes and time.monotonic() - self.saved >= 60 * self.minutes
        if step % self.steps == 0 or late:
            self.checkpoints.save()
            self.saved = time.monotonic()


class StopWhenNotFinite(StepCallback):
    """Ends a run after ten steps in a row whose gradients were not finite."""

    def on_step(self, step: int, logs: dict) -> None:
        if step % NON_FINITE_LIMIT:
            return  # asking after every step would make a GPU wait for Python
        in_a_row = int(self.model.skipped_in_a_row.numpy())
        if in_a_row >= NON_FINITE_LIMIT:
            raise DeepPaintError(
                f"step {step}: {in_a_row} steps in a row were not finite and were skipped; the "
                "last checkpoint is from before; go on from it with a lower --learning_rate, or "
                "with --precision=mixed_bfloat16 or float32"
            )


class StopOnSignal(StepCallback):
    """Ends a run after the step during which SIGTERM or Ctrl-C came; a context manager.

    A second Ctrl-C ends it at once.

    Attributes:
        received: The signal that came; None before.
    """

    def __init__(self):
        super().__init__()
        self.received: signal.Signals | None = None

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
