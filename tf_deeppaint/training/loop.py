"""From options to a finished run, in six steps: see `train`."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import keras
import tensorflow as tf

from tf_deeppaint.data import loading
from tf_deeppaint.data.bad_records import BadRecords
from tf_deeppaint.data.damage import wrap_damage_errors
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.networks.model_files import BEST_FILE, GENERATOR_FILE, write_generator
from tf_deeppaint.training import callbacks, distribution, run_directory, sessions, validation
from tf_deeppaint.training.averaging import averaged_weights, make_statistics_estimator
from tf_deeppaint.training.checkpoints import Checkpoints, load_initial_networks, tell_other_rule
from tf_deeppaint.training.metrics_log import MetricsLog
from tf_deeppaint.training.options import TrainingOptions, check_options
from tf_deeppaint.training.plan import Plan, make_model, make_plan
from tf_deeppaint.training.trainer import Trainer
from tf_deeppaint.utils.streams import print_line

# Batches on which BatchNorm's statistics are re-estimated for averaged weights; one epoch at most.
STATISTICS_BATCHES = 32


@dataclasses.dataclass
class Run:
    """A training under way: what its steps share."""

    options: TrainingOptions
    plan: Plan
    strategy: tf.distribute.Strategy
    model: Trainer
    folder: Path  # the run directory, or the temporary one of a worker
    checkpoints: Checkpoints
    metrics_log: MetricsLog
    bad: BadRecords | None  # counts records that cannot be read; None: they stop the run

    def __post_init__(self):
        self.validate = validation.make_validation(self.model)
        self.estimate_statistics = make_statistics_estimator(self.model)

    @property
    def step(self) -> int:
        """Number of steps done since the start of the run."""
        return int(self.model.steps.numpy())


def train(options: TrainingOptions) -> Path | None:
    """Runs a training, or resumes one that stopped.

    Returns:
        The path of the finished generator; None where a signal stopped the run before its end.

    Raises:
        DeepPaintError: data missing or too little, options that contradict each other or those of
            the run that is there, a run directory that cannot be written, or a run that diverged.
    """
    check_options(options)
    # 1. Devices.
    strategy = _open_devices(options)

    # 2. Data. The run directory comes after all checks: a wrong flag leaves none behind.
    plan = make_plan(options, strategy.num_replicas_in_sync)
    is_chief = distribution.is_chief()
    devices = distribution.device_names(strategy)
    with distribution.wrap_lost_workers(), run_directory.hold_run(options, is_chief) as folder:
        _tell_devices(devices, options.precision)
        # 3. Model.
        with strategy.scope():
            model = make_model(options, plan)
            if options.init_from:
                load_initial_networks(model, options.init_from)
        checkpoints = Checkpoints(
            model,
            str(Path(options.run) / run_directory.CHECKPOINTS),
            options.keep_checkpoints,
            own_folder=None if is_chief else str(folder / run_directory.CHECKPOINTS),
        )
        metrics_log = MetricsLog(folder / run_directory.METRICS_FILE, folder / run_directory.BOARD)
        bad = BadRecords() if options.on_bad_record == "skip" else None
        with metrics_log, callbacks.StopOnSignal() as stop:
            run = Run(options, plan, strategy, model, folder, checkpoints, metrics_log, bad)
            # 4. Restore.
            _restore(run)

            with sessions.recorded(folder, devices, lambda: run.step):
                # 5. Epochs.
                beside_steps = [*_make_callbacks(run), stop]
                while run.step < plan.steps and stop.received is None:
                    epoch_end = _fit_epoch(run, beside_steps)
                    if run.step == epoch_end:
                        _validate(run)

                # 6. Finish.
                return _finish(run)


def _tell_devices(devices: list[str], precision: str) -> None:
    print_line(f"training on {', '.join(devices)} in {precision}")
    if reason := distribution.unused_gpu():
        print_line(f"note: a GPU is here but is not used: {reason}")


def _open_devices(options: TrainingOptions) -> tf.distribute.Strategy:
    if options.deterministic:
        tf.config.experimental.enable_op_determinism()
    strategy = distribution.open_strategy(options.strategy)
    keras.utils.set_random_seed(options.seed)
    return strategy


def _restore(run: Run) -> None:
    """Restores the latest checkpoint, if there is one, and what the run lacks at its step."""
    if run.checkpoints.restore():
        print_line(f"resuming after step {run.step} of {run.plan.steps}")
        tell_other_rule(run.folder, run.model.generator.background)
    run.metrics_log.rewind(run.step)
    if _lacks_validation(run):  # the run was killed between a checkpoint and this
        _validate(run)


def _make_callbacks(run: Run) -> list[keras.callbacks.Callback]:
    """Makes what is done between steps."""
    options, steps = run.options, run.plan.steps
    saves = options.checkpoint_every, options.checkpoint_minutes
    return [
        callbacks.LossLog(run.metrics_log, options.log_every, options.batch_size, run.bad),
        callbacks.ProgressLine(steps, options.batch_size),
        callbacks.StopWhenNotFinite(options.run),
        callbacks.Every(lambda _: _save_samples(run), options.save_every, last=steps),
        callbacks.Every(lambda _: run.checkpoints.save(), *saves),
    ]


def _finish(run: Run) -> Path | None:
    """Saves the state, and the generator if the run is at its end; returns the generator's path."""
    run.checkpoints.save()
    if run.step < run.plan.steps:
        print_line(f"stopped after step {run.step} of {run.plan.steps}; the same command resumes")
        return None
    with _weights_to_save(run):
        write_generator(run.model.generator, run.folder / GENERATOR_FILE)
    if run.bad is not None and run.bad.count:
        print_line(f"{run.bad.count} records could not be read and were left out")
    return run.folder / GENERATOR_FILE


def _fit_epoch(run: Run, beside_steps: list[keras.callbacks.Callback]) -> int:
    """Trains to the end of the epoch, or until a callback stops; returns the epoch's last step."""
    epoch = run.step // run.plan.steps_per_epoch
    end = min(run.plan.steps, (epoch + 1) * run.plan.steps_per_epoch)
    with _wrap_damage_errors(run):
        run.model.fit(
            _training_batches(run),
            initial_epoch=epoch,
            epochs=epoch + 1,
            steps_per_epoch=end - run.step,
            callbacks=beside_steps,
            shuffle=False,
            verbose=0,
        )
    return end


def _training_batches(run: Run) -> tf.data.Dataset | tf.distribute.DistributedDataset:
    """The training batches from the present step on, for all devices."""
    start, batch_size = run.step, run.options.batch_size
    if run.strategy.num_replicas_in_sync == 1:
        return _load_training(run, start)

    def batches_of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        part = (context.input_pipeline_id, context.num_input_pipelines)
        per_replica = context.get_per_replica_batch_size(batch_size)
        # A worker's share of a batch, split over its devices.
        return _load_training(run, start, part).unbatch().batch(per_replica, drop_remainder=True)

    return run.strategy.distribute_datasets_from_function(batches_of_worker)


def _load_training(run: Run, start: int, part: tuple[int, int] = (0, 1)) -> tf.data.Dataset:
    """One worker's training batches from step `start` on."""
    options = run.options
    start, batch_size = start * options.batch_size, options.batch_size // part[1]
    return loading.load_training(
        options.data,
        batch_size,
        options.seed,
        options.augment,
        start=start,
        part=part,
        bad=run.bad,
        swapped_palettes=options.swapped_palettes,
        size=options.size or None,
        parts=bool(options.parts_weight),
    )


def _load_test(run: Run, batch_size: int) -> tf.data.Dataset:
    size = run.options.size or None
    return loading.load_evaluation(run.options.data, "test", batch_size, run.bad, size)


def _wrap_damage_errors(run: Run) -> contextlib.AbstractContextManager:
    advice = "build the data set again, or go on without it by --on_bad_record=skip"
    return wrap_damage_errors(run.options.data, advice)


def _lacks_validation(run: Run) -> bool:
    """Whether the run is at the end of an epoch that was not measured."""
    is_epoch_end = run.step % run.plan.steps_per_epoch == 0 or run.step == run.plan.steps
    return run.step > 0 and is_epoch_end and not run.metrics_log.has(run.step, "validation")


def _validate(run: Run) -> None:
    """Measures with the own and the swapped palette; keeps the generator if it is the best."""
    batch_size = run.options.batch_size
    records = _load_test(run, batch_size).unbatch().take(run.options.validation_records)
    with _weights_to_save(run):
        with _wrap_damage_errors(run):
            means = run.validate(records.batch(batch_size))
        if not means:
            return
        metrics = {name: round(value, 6) for name, value in means.items()}
        if metrics["l1"] <= run.metrics_log.smallest("validation", "l1"):
            write_generator(run.model.generator, run.folder / BEST_FILE)
        # After the file: a run that is killed between the two measures again.
        run.metrics_log.write(run.step, "validation", metrics)
        print_line(
            f"validation after step {run.step}: L1 {metrics['l1']:.4f} with the own palette, "
            f"{metrics['l1_swapped']:.4f} with the swapped one"
        )


def _save_samples(run: Run) -> None:
    """Saves the generator, and draws what it paints of the first test records."""
    with _weights_to_save(run):
        write_generator(run.model.generator, run.folder / GENERATOR_FILE)
        with _wrap_damage_errors(run):
            batch = next(iter(_load_test(run, validation.SAMPLES).take(1)), None)
        if batch is None:
            return
        sheets = {
            "samples": validation.draw_samples(run.model, batch),
            "attention": validation.draw_attention(run.model, batch),
        }
    for name, sheet in sheets.items():
        if sheet is not None:
            write_picture(run.folder / run_directory.SAMPLES / f"{name}-{run.step:07d}.png", sheet)
            run.metrics_log.show_picture(run.step, name, sheet)


@contextlib.contextmanager
def _weights_to_save(run: Run) -> Iterator[None]:
    """Inside the block the generator has the weights that are saved and measured.

    With `--ema` those are the averaged ones, once there is an average, and BatchNorm's
    statistics are re-estimated on the first training batches.
    """
    if not run.options.ema or not run.model.generator_optimizer.iterations.numpy():
        yield
        return

    with averaged_weights(run.model):
        with _wrap_damage_errors(run):
            batches = _load_training(run, 0).take(min(STATISTICS_BATCHES, run.plan.steps_per_epoch))
            run.estimate_statistics(batches)
        yield
