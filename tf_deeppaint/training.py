"""From options to a finished run: data, model, callbacks, and the run directory they write to.

A run directory holds:

    flags.txt          every flag's value; a flagfile that repeats the run
    losses.csv         the losses, averaged over every `log_every` steps
    samples/*.png      what the generator paints of the same few test drawings as it learns
    generator.keras    the generator, saved every `save_every` steps and at the end
"""

import csv
import dataclasses
import os
import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from tf_deeppaint import datasets, images, sheet
from tf_deeppaint.deep_paint import ADAM, DeepPaint
from tf_deeppaint.discriminator import Discriminator
from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.generator import GENERATOR_FILE, Generator

SAMPLES = 6


@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """What decides about a run; each field is documented by the flag of the same name.

    Attributes:
        data: Folders of the data sets.
        run: The run directory.
        steps: Training steps in all.
        epochs: Passes over the training records; used where `steps` is 0.
        batch_size: Pictures a step.
        width: Channels of the networks' outermost level.
        learning_rate: Of both Adam optimisers.
        l1_weight: Weight of L1 beside the adversarial loss.
        pool_size: Past fakes kept for the discriminator.
        augmentations: See `datasets.load_training`.
        precision: Keras dtype policy of both networks.
        seed: Decides weights, order, augmentation and dropout.
        log_every: Steps a line of losses.csv.
        save_every: Steps between saved generators and sample sheets.
    """

    data: Sequence[str]
    run: str
    steps: int
    epochs: int
    batch_size: int
    width: int
    learning_rate: float
    l1_weight: float
    pool_size: int
    augmentations: Sequence[str]
    precision: str
    seed: int
    log_every: int
    save_every: int


def train(options: TrainingOptions, flagfile: str) -> Path:
    """Runs a training and returns the path of the finished generator.

    Args:
        options: What decides about the run.
        flagfile: The text of flags.txt, which repeats the run.

    Raises:
        DeepPaintError: data missing or too little, or a run directory that cannot be written.
    """
    keras.utils.set_random_seed(options.seed)
    manifests = datasets.open_datasets(options.data)
    batches = datasets.load_training(
        options.data, options.batch_size, options.seed, options.augmentations
    )
    # Only now, so that a mistyped flag leaves no run directory behind.
    run = _make_run_directory(options.run, flagfile)
    model = make_model(options, manifests[0].size, manifests[0].background)
    steps = options.steps or _steps_of_epochs(options, manifests)
    callbacks = [
        LossLog(run / "losses.csv", options.log_every),
        *([] if os.isatty(1) else [LossLines(steps, options.batch_size)]),
        Snapshots(run, options.save_every, steps, _sample_batch(options.data)),
    ]
    with datasets.naming_damage(options.data):
        # One long epoch: snapshots and logs count steps, so that runs of any data compare.
        model.fit(
            batches,
            epochs=1,
            steps_per_epoch=steps,
            callbacks=callbacks,
            shuffle=False,
            verbose=1 if os.isatty(1) else 0,
        )
    return run / GENERATOR_FILE


def make_model(options: TrainingOptions, size: int, background: str) -> DeepPaint:
    """Builds and compiles the GAN that the options describe, for pictures of `size` pixels."""
    generator = Generator(
        options.width,
        size=size,
        background=background,
        seed=options.seed,
        dtype=options.precision,
    )
    discriminator = Discriminator(options.width, dtype=options.precision)
    model = DeepPaint(
        generator,
        discriminator,
        l1_weight=options.l1_weight,
        pool_size=options.pool_size,
        seed=options.seed,
    )
    adam = ADAM | {"learning_rate": options.learning_rate}
    model.compile(keras.optimizers.Adam(**adam), keras.optimizers.Adam(**adam))
    return model


def save_generator(generator: Generator, path: Path) -> None:
    """Saves a `.keras` file aside and renames it: the last good one stays until then."""
    # Keras looks at the suffix, so the file aside keeps it.
    aside = path.with_name(f".incomplete-{path.name}")
    try:
        generator.save(aside)
        aside.replace(path)
    except OSError as error:
        raise DeepPaintError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        aside.unlink(missing_ok=True)


class LossLog(keras.callbacks.Callback):
    """Appends the mean losses of every `every` steps to a CSV file.

    The means of the progress bar begin anew with each line too.

    Args:
        path: The file; begun anew with the run.
        every: Steps a line.
    """

    def __init__(self, path: Path, every: int):
        super().__init__()
        self.path = path
        self.every = every

    def on_train_begin(self, logs=None):
        self.started = time.monotonic()
        self.names = sorted(metric.name for metric in self.model.metrics)
        self._write("w", ["step", "seconds", *self.names])

    def on_train_batch_begin(self, batch, logs=None):
        if batch % self.every == 0:
            self.model.reset_metrics()

    def on_train_batch_end(self, batch, logs=None):
        step = batch + 1
        if step % self.every:
            return
        seconds = time.monotonic() - self.started
        means = [f"{float(logs[name]):.5f}" for name in self.names]
        self._write("a", [step, f"{seconds:.1f}", *means])

    def _write(self, mode: str, row: list) -> None:
        with self.path.open(mode, newline="") as file:
            csv.writer(file).writerow(row)


class LossLines(keras.callbacks.Callback):
    """Prints a line every twentieth of the way, where no terminal can show a progress bar.

    Args:
        steps: Steps of the run.
        batch_size: Pictures a step.
    """

    def __init__(self, steps: int, batch_size: int):
        super().__init__()
        self.steps = steps
        self.batch_size = batch_size
        self.every = max(1, steps // 20)

    def on_train_begin(self, logs=None):
        self.started = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        step = batch + 1
        if step % self.every and step != self.steps:
            return
        rate = step * self.batch_size / (time.monotonic() - self.started)
        losses = ", ".join(f"{name} {float(value):.4f}" for name, value in sorted(logs.items()))
        print(f"step {step}/{self.steps}, {rate:.3g} pictures a second, {losses}", flush=True)


class Snapshots(keras.callbacks.Callback):
    """Saves the generator, and what it paints of a fixed batch, every so many steps.

    Args:
        run: The run directory.
        every: Steps between snapshots.
        last: The run's last step, which has a snapshot too.
        batch: A few test records to paint; None where there are none.
    """

    def __init__(self, run: Path, every: int, last: int, batch: dict | None):
        super().__init__()
        self.run = run
        self.every = every
        self.last = last
        self.batch = batch

    def on_train_batch_end(self, batch, logs=None):
        step = batch + 1
        if step % self.every and step != self.last:
            return
        save_generator(self.model.generator, self.run / GENERATOR_FILE)
        if self.batch is not None:
            path = self.run / "samples" / f"step-{step:06d}.png"
            images.write_picture(path, sample_sheet(self.model, self.batch))


def sample_sheet(model: DeepPaint, batch: dict) -> np.ndarray:
    """Draws what a model paints of a batch, as `datasets` yields it; see `sheet.draw_results`."""

    def paint(sketches: np.ndarray, palettes: np.ndarray) -> np.ndarray:
        painted = model(batch | {"palette": images.to_unit_range(palettes)}, training=False)
        return images.from_unit_range(painted)

    sketches, palettes, truth = (
        images.from_unit_range(batch[key]) for key in ("sketch", "palette", "picture")
    )
    return sheet.draw_results(sketches[..., 0], palettes, truth, paint)


def _sample_batch(data: Sequence[str]) -> dict | None:
    test = datasets.load_evaluation(data, "test", SAMPLES)
    return next(iter(test.take(1)), None)


def _steps_of_epochs(options: TrainingOptions, manifests: list) -> int:
    records = sum(manifest.count("train") for manifest in manifests)
    return max(1, options.epochs * records // options.batch_size)


def _make_run_directory(path: str, flagfile: str) -> Path:
    run = Path(path)
    try:
        (run / "samples").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DeepPaintError(f"{run}: cannot be written ({error.strerror})") from error
    images.write_bytes(run / "flags.txt", flagfile.encode())
    return run
