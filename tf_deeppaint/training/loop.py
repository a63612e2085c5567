"""From options to a finished run: devices, data, model, `fit` epoch by epoch."""

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import keras
import tensorflow as tf

from tf_deeppaint.data import loading, records
from tf_deeppaint.data.bad_records import BadRecords
from tf_deeppaint.images.pixels import write_picture
from tf_deeppaint.networks.discriminator import Discriminator
from tf_deeppaint.networks.generator import GENERATOR_FILE, Generator
from tf_deeppaint.networks.model_files import read_generator, write_generator
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.networks.vgg16 import Vgg16
from tf_deeppaint.training import callbacks, distribution, validation
from tf_deeppaint.training.checkpoints import Checkpoints, restore_networks
from tf_deeppaint.training.deep_paint import DeepPaint
from tf_deeppaint.training.losses import Objective, perceptual_loss
from tf_deeppaint.training.metrics_log import MetricsLog
from tf_deeppaint.training.norm_statistics import make_measurement
from tf_deeppaint.training.optimizers import make_adam
from tf_deeppaint.training.options import (
    TrainingOptions,
    check_options,
    steps_per_epoch,
    total_steps,
)
from tf_deeppaint.training.run_directory import (
    BEST_FILE,
    BOARD,
    CHECKPOINTS,
    METRICS_FILE,
    SAMPLES,
    open_run,
)
from tf_deeppaint.utils import files, locks
from tf_deeppaint.utils.errors import DeepPaintError, one_line

# Batches on which the norms of averaged weights are measured, of one epoch at most.
NORM_BATCHES = 32


def train(options: TrainingOptions, flagfile: str) -> Path | None:
    """Runs a training, or goes on with one that stopped.

    Args:
        options: What decides about the run.
        flagfile: The text of flags.txt, which repeats the run.

    Returns:
        The path of the finished generator; None where a signal stopped the run before its end.

    Raises:
        DeepPaintError: data missing or too little, options that contradict each other or the run
            that is there, a run directory that cannot be written, or a run that diverged.
    """
    if options.deterministic:
        tf.config.experimental.enable_op_determinism()
    strategy = distribution.open_strategy(options.strategy)
    keras.utils.set_random_seed(options.seed)
    manifests = check_options(options, strategy.num_replicas_in_sync)
    # Only now, so that a mistyped flag leaves no run directory behind.
    with distribution.naming_lost_workers(), _run_directory(options, flagfile) as run:
        with strategy.scope():
            model = make_model(options, manifests)
            initialize(model, options)
        with _Session(options, manifests, strategy, model, run) as session:
            session.run_epochs()
            return session.finish()


@contextlib.contextmanager
def _run_directory(options: TrainingOptions, flagfile: str) -> Iterator[Path]:
    """The run directory, which is this process's own as long as the block lasts."""
    if not distribution.is_chief():
        yield _scratch()
        return
    with locks.hold(os.path.join(options.run, locks.LOCK_FILE), "training"):
        yield open_run(options, flagfile)


def _scratch() -> Path:
    """A run directory for a worker whose results nobody looks at; removed at its end."""
    folder = tempfile.mkdtemp(prefix="tf_deeppaint-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in (SAMPLES, CHECKPOINTS, BOARD):
        os.mkdir(os.path.join(folder, name))
    return Path(folder)


def make_model(options: TrainingOptions, manifests: list[records.Manifest]) -> DeepPaint:
    """Builds and compiles the GAN that the options describe, for the pictures of data sets."""
    # The gradient penalty differentiates the discriminator twice: in float32.
    precision = "float32" if options.r1_weight else options.precision
    discriminator = Discriminator(
        options.width,
        norm=options.discriminator_norm,
        spectral_norm=options.spectral_norm,
        synchronized=options.sync_norm,
        dtype=precision,
    )
    objective = Objective(
        options.gan_loss,
        options.l1_weight,
        options.perceptual_weight,
        options.tv_weight,
        options.r1_weight,
    )
    compute_dtype = keras.DTypePolicy(options.precision).compute_dtype
    perceptual = None
    if options.vgg16:
        perceptual = functools.partial(perceptual_loss, Vgg16.load(options.vgg16, compute_dtype))
    model = DeepPaint(
        _make_generator(options, manifests[0]),
        discriminator,
        objective,
        pool_size=options.pool_size,
        seed=options.seed,
        perceptual=perceptual,
    )
    schedule = (options.schedule, total_steps(options, manifests))
    limits = (options.clip_norm, options.accumulate)
    model.compile(
        make_adam(options.learning_rate, *schedule, *limits, ema=options.ema),
        make_adam(options.discriminator_learning_rate or options.learning_rate, *schedule, *limits),
        jit_compile=options.jit_compile,
    )
    return model


def _make_generator(options: TrainingOptions, manifest: records.Manifest) -> Generator | UNet:
    shared = {
        "width": options.width,
        "size": manifest.size,
        "background": manifest.background,
        "seed": options.seed,
        "histogram": options.histogram,
        "synchronized": options.sync_norm,
        "dtype": options.precision,
    }
    if options.generator == "pix2pix":
        return UNet(**shared)
    return Generator(**shared, norm=options.norm, attention=options.attention, head=options.head)


def initialize(model: DeepPaint, options: TrainingOptions) -> None:
    """Takes over what `--init_from` names: a generator, or both networks of a run.

    Raises:
        DeepPaintError: there is nothing of that name, or networks of other options.
    """
    if not options.init_from:
        return
    path = Path(options.init_from)
    if not (files.is_file(path) or files.is_folder(path)):
        raise DeepPaintError(f"--init_from={path}: does not exist; name a .keras file or a run")
    try:
        if files.is_folder(path) and restore_networks(model, str(path / CHECKPOINTS)):
            return
        model.generator.set_weights(read_generator(path).get_weights())
    except Exception as error:  # zip, JSON, HDF5, TensorFlow and Keras each fail in their own way
        raise DeepPaintError(
            f"--init_from={path}: no networks of these options ({one_line(error)})"
        ) from error


class _Session:
    """A training under way; a context manager, inside which signals end it in good order.

    Args:
        options: What decides about the run.
        manifests: Of the data sets.
        strategy: The model's.
        model: Compiled.
        run: The run directory.
    """

    def __init__(
        self,
        options: TrainingOptions,
        manifests: list[records.Manifest],
        strategy: tf.distribute.Strategy,
        model: DeepPaint,
        run: Path,
    ):
        self.options = options
        self.strategy = strategy
        self.model = model
        self.run = run
        self.per_epoch = steps_per_epoch(options, manifests)
        self.total = total_steps(options, manifests)
        self.checkpoints = Checkpoints(
            model,
            str(Path(options.run) / CHECKPOINTS),
            options.keep_checkpoints,
            aside=None if distribution.is_chief() else str(run / CHECKPOINTS),
        )
        self.board = tf.summary.create_file_writer(str(run / BOARD))
        self.metrics_log = MetricsLog(run / METRICS_FILE, self.board)
        self.bad = BadRecords() if options.on_bad_record == "skip" else None
        with self._naming_damage():
            self.batch = next(iter(self._test_batches(validation.SAMPLES).take(1)), None)
        self.signals = callbacks.StopOnSignal()
        self.validate = validation.make_validation(model)
        self.measure_norms = make_measurement(model)
        self.averaging = False
        self.failed = False

    def __enter__(self) -> "_Session":
        self.done = self.checkpoints.restore()
        if self.done:
            callbacks.say(f"going on after step {self.done} of {self.total}")
        self.metrics_log.rewind(self.done)
        with contextlib.ExitStack() as stack:
            stack.callback(self._close_board)
            stack.enter_context(self.signals)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *exception) -> None:
        self.failed = exception[0] is not None
        self.stack.close()

    def _close_board(self) -> None:
        try:
            with files.wrap_errors(self.run / BOARD, "written"):
                self.board.close()
        except DeepPaintError:
            if not self.failed:  # of a full disk enough has been said
                raise

    def run_epochs(self) -> None:
        """Trains and validates, epoch after epoch, until the end or a signal."""
        beside = self._callbacks()
        is_epoch = self.done and (self.done % self.per_epoch == 0 or self.done == self.total)
        if is_epoch and not self.metrics_log.has(self.done, "validation"):
            self._validate()  # the run was killed between the checkpoint and this
        while self.done < self.total and self.signals.received is None:
            epoch = self.done // self.per_epoch
            end = min(self.total, (epoch + 1) * self.per_epoch)
            with self._naming_damage():
                self.model.fit(
                    self._batches(),
                    initial_epoch=epoch,
                    epochs=epoch + 1,
                    steps_per_epoch=end - self.done,
                    callbacks=beside,
                    shuffle=False,
                    verbose=0,
                )
            self.done = int(self.model.steps.numpy())
            if self.done == end:
                self._validate()

    def finish(self) -> Path | None:
        """Saves the state; the path of the generator, or None where the run is not at its end."""
        self.checkpoints.save()
        if self.done < self.total:
            callbacks.say(
                f"stopped after step {self.done} of {self.total}; the same command goes on"
            )
            return None
        self._save_generator(GENERATOR_FILE)
        if self.bad is not None and self.bad.count:
            callbacks.say(f"{self.bad.count} records could not be read and were left out")
        return self.run / GENERATOR_FILE

    def _callbacks(self) -> list[keras.callbacks.Callback]:
        options = self.options
        return [
            callbacks.LossLog(self.metrics_log, options.log_every, options.batch_size, self.bad),
            callbacks.LossLines(self.total, options.batch_size),
            callbacks.StopWhenNotFinite(),
            callbacks.Every(options.save_every, self.total, self._snapshot),
            callbacks.KeepCheckpoints(
                self.checkpoints, options.checkpoint_every, options.checkpoint_minutes
            ),
            self.signals,
        ]

    def _batches(self) -> tf.data.Dataset | tf.distribute.DistributedDataset:
        """The training batches from here on, for all devices."""
        if self.strategy.num_replicas_in_sync == 1:
            return self._stream(self.options.batch_size)

        def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
            part = (context.input_pipeline_id, context.num_input_pipelines)
            of_replica = context.get_per_replica_batch_size(self.options.batch_size)
            # A worker's share of a batch, cut up for its devices.
            whole = self._stream(self.options.batch_size // part[1], part)
            return whole.unbatch().batch(of_replica, drop_remainder=True)

        return self.strategy.distribute_datasets_from_function(of_worker)

    def _stream(
        self, batch_size: int, part: tuple[int, int] = (0, 1), start: int | None = None
    ) -> tf.data.Dataset:
        """Training batches from step `start` on, by default from here."""
        options = self.options
        return loading.load_training(
            options.data,
            batch_size,
            options.seed,
            options.augment,
            start=(self.done if start is None else start) * options.batch_size,
            part=part,
            bad=self.bad,
        )

    def _naming_damage(self) -> contextlib.AbstractContextManager:
        advice = "build the data set again, or go on without it by --on_bad_record=skip"
        return loading.naming_damage(self.options.data, advice)

    def _test_batches(self, batch_size: int) -> tf.data.Dataset:
        return loading.load_evaluation(self.options.data, "test", batch_size, self.bad)

    def _validate(self) -> None:
        """Measures with the own and the swapped palette; keeps the generator if it is best."""
        test = self._test_batches(self.options.batch_size).unbatch()
        test = test.take(self.options.validation_records).batch(self.options.batch_size)
        with self._averaged():
            with self._naming_damage():
                scores = self.validate(test)
            if not scores:
                return
            figures = {name: round(value, 6) for name, value in scores.items()}
            self.metrics_log.write(self.done, "validation", figures)
            callbacks.say(
                f"validation after step {self.done}: L1 {figures['l1']:.4f} with the own palette, "
                f"{figures['l1_swapped']:.4f} with the swapped one"
            )
            if figures["l1"] <= self.metrics_log.smallest("validation", "l1"):
                write_generator(self.model.generator, self.run / BEST_FILE)

    def _snapshot(self, step: int) -> None:
        """Saves the generator, and draws what it paints."""
        with self._averaged():
            self._save_generator(GENERATOR_FILE)
            if self.batch is None:
                return
            sheets = {"samples": validation.draw_samples(self.model, self.batch)}
            if (maps := validation.draw_attention(self.model, self.batch)) is not None:
                sheets["attention"] = maps
        for name, drawn in sheets.items():
            path = self.run / SAMPLES / f"{name}-{step:07d}.png"
            write_picture(path, drawn)
            with files.wrap_errors(self.run / BOARD, "written"), self.board.as_default(step=step):
                tf.summary.image(name, drawn[None])

    def _save_generator(self, name: str) -> None:
        with self._averaged():
            write_generator(self.model.generator, self.run / name)

    @contextlib.contextmanager
    def _averaged(self) -> Iterator[None]:
        """Puts the generator's averaged weights in the place of the last ones, for a while.

        The norms' statistics are measured anew for them, on the first batches of the training.
        """
        optimizer = self.model.generator_optimizer
        # Before the first update there is no average yet.
        if not self.options.ema or self.averaging or not optimizer.iterations.numpy():
            yield
            return
        variables = self.model.generator.variables
        last = [variable.numpy() for variable in variables]
        self.averaging = True
        try:
            optimizer.finalize_variable_values(self.model.generator.trainable_variables)
            with self._naming_damage():
                batches = self._stream(self.options.batch_size, start=0)
                self.measure_norms(batches.take(min(NORM_BATCHES, self.per_epoch)))
            yield
        finally:
            self.averaging = False
            for variable, value in zip(variables, last, strict=True):
                variable.assign(value)
