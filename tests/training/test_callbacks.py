"""What happens beside the steps: figures, checkpoints, and stopping in good order."""

import json
import os
import signal
import types

import numpy as np
import pytest

from tf_deeppaint.training import callbacks
from tf_deeppaint.training.callbacks import Every, LossLog, ProgressLine
from tf_deeppaint.training.metrics_log import MetricsLog
from tf_deeppaint.utils import streams
from tf_deeppaint.utils.errors import DeepPaintError


class Value:
    """Stands in for a variable."""

    def __init__(self, value=0):
        self.value = value

    def numpy(self):
        return self.value


class Running:
    """Stands in for a model that reports means since the last reset, as Keras does."""

    def __init__(self, series: np.ndarray, done: int = 0) -> None:
        self.steps = Value(done)
        self.skipped, self.skipped_in_a_row = Value(3), Value()
        self.generator_optimizer = types.SimpleNamespace(learning_rate=Value(2e-4))
        self.series = series
        self.first = self.step = 0
        self.stop_training = False

    def reset_metrics(self) -> None:
        self.first = self.step

    def train_batch(self) -> dict[str, float]:
        self.step += 1
        l1, generator_loss = self.series[self.first : self.step].mean(0)
        return {"l1": l1, "generator_loss": generator_loss}


def fit(callback, model: Running) -> Running:
    """Takes the callback through a `fit`."""
    callback.set_model(model)
    callback.on_train_begin()
    for step in range(len(model.series)):
        callback.on_train_batch_begin(step)
        callback.on_train_batch_end(step, model.train_batch())
        if model.stop_training:
            break
    callback.on_train_end()
    return model


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


SERIES = np.random.default_rng(0).uniform(0, 5, (11, 2))


def test_the_log_averages_between_its_lines(tmp_path) -> None:
    fit(LossLog(MetricsLog(tmp_path / "m"), 4, batch_size=2), Running(SERIES))
    logged = lines(tmp_path / "m")
    assert [line["step"] for line in logged] == [4, 8]
    for line, rows in zip(logged, (SERIES[:4], SERIES[4:8]), strict=True):
        np.testing.assert_allclose([line["l1"], line["generator_loss"]], rows.mean(0), atol=1e-6)
        assert line["group"] == "training" and line["learning_rate"] == 2e-4
        assert line["skipped"] == 3 and line["pictures_a_second"] > 0


def test_a_run_that_goes_on_counts_on(tmp_path) -> None:
    fit(LossLog(MetricsLog(tmp_path / "m"), 4, batch_size=2), Running(SERIES, done=6))
    assert [line["step"] for line in lines(tmp_path / "m")] == [8, 12, 16]
    first = lines(tmp_path / "m")[0]
    assert first["l1"] == pytest.approx(SERIES[:2, 0].mean(), abs=1e-6)


def test_without_a_terminal_twenty_lines_tell_losses_and_time(capsys, monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: now[0])
    callback, model = ProgressLine(steps=40, batch_size=4), Running(np.ones((40, 2)))
    callback.set_model(model)
    callback.on_train_begin()
    for step in range(40):
        now[0] += 0.5
        callback.on_train_batch_end(step, {"l1": step / 100, "generator_loss": 1.0})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 20
    assert printed[9] == (
        "step 20/40, 8 pictures a second, 0:00:10 left, generator_loss 1.0000, l1 0.1900"
    )
    assert printed[-1].startswith("step 40/40, ")


def test_on_a_terminal_one_line_is_written_anew_now_and_then(capsys, monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(callbacks.sys.stdout, "isatty", lambda: True, raising=False)
    callback, model = ProgressLine(steps=40, batch_size=4), Running(np.ones((40, 2)))
    callback.set_model(model)
    callback.on_train_begin()
    for _ in range(40):
        now[0] += 0.1
        callback.on_train_batch_end(0, {"l1": 0.5})
    streams.print_line("done")
    written = capsys.readouterr().out
    assert written.count("\r") == 10 and written.count("\n") == 2
    assert "\rstep 40/40, 40 pictures a second, 0:00:00 left, l1 0.5000" in written


def test_something_happens_every_so_many_steps_and_at_the_end() -> None:
    done: list[int] = []
    fit(Every(done.append, 4, last=11), Running(SERIES))
    assert done == [4, 8, 11]
    done.clear()
    fit(Every(done.append, 4, last=17), Running(SERIES, done=6))
    assert done == [8, 12, 16, 17]


def test_something_happens_after_so_many_minutes_too(monkeypatch) -> None:
    now, done = [0.0], []
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: now[0])
    model = Running(SERIES)

    def advance() -> dict:
        now[0] += 61
        return Running.train_batch(model)

    model.train_batch = advance
    fit(Every(done.append, 5, minutes=3.0), model)
    # After three minutes, that is three steps; a call at a step begins the minutes anew.
    assert done == [3, 5, 8, 10]
    done.clear()
    model.step = 0
    fit(Every(done.append, 5), model)
    assert done == [5, 10]


@pytest.mark.parametrize("in_a_row, stops", [(9, False), (10, True), (12, True)])
def test_ten_steps_in_a_row_that_are_not_finite_stop_the_run(in_a_row, stops) -> None:
    model = Running(SERIES)
    model.skipped_in_a_row = Value(in_a_row)
    if not stops:
        fit(callbacks.StopWhenNotFinite("runs/a"), model)
        return
    # The run itself takes no other learning rate: see `test_run_directory`.
    said = rf"step 10: {in_a_row} steps in a row were not fin.*another run with --init_from=runs/a "
    with pytest.raises(DeepPaintError, match=said):
        fit(callbacks.StopWhenNotFinite("runs/a"), model)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_after_the_step(number) -> None:
    before = signal.getsignal(number)
    model = Running(SERIES)
    with callbacks.StopOnSignal() as stop:
        inner = model.train_batch

        def signalled() -> dict:
            if model.step == 3:
                os.kill(os.getpid(), number)
            return inner()

        model.train_batch = signalled
        fit(stop, model)
    assert model.step == 4 and stop.received == number
    assert signal.getsignal(number) == before


def test_a_second_interrupt_ends_it_at_once() -> None:
    with callbacks.StopOnSignal():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
