"""Training runs on a few dolls: what they leave behind, and that they can be repeated."""

import csv
import dataclasses
import re
import types
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint import datasets, training
from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.images import read_picture
from tf_deeppaint.training import LossLog, Snapshots, TrainingOptions, save_generator, train

# tf.data says that it goes on in graphs when functions are told to run eagerly: as it should.
pytestmark = pytest.mark.filterwarnings("ignore:Even though the `tf.config:UserWarning")

LOSSES = ["discriminator_loss", "generator_loss", "l1"]
STEPS = 2


def options(data: Path, run: Path, **changes) -> TrainingOptions:
    return TrainingOptions(
        **dict(
            data=[str(data)],
            run=str(run),
            steps=STEPS,
            epochs=1,
            batch_size=2,
            width=2,
            learning_rate=2e-4,
            l1_weight=100.0,
            pool_size=2,
            augmentations=["flip", "colour"],
            precision="float32",
            seed=3,
            log_every=1,
            save_every=1,
        )
        | changes
    )


@dataclasses.dataclass
class Run:
    folder: Path
    lines: list[dict]
    finished: Path

    @property
    def weights(self) -> list[np.ndarray]:
        return keras.saving.load_model(self.finished).get_weights()


def finished_run(chosen: TrainingOptions) -> Run:
    finished = train(chosen, "--run=x\n")
    with open(Path(chosen.run) / "losses.csv", newline="") as file:
        return Run(Path(chosen.run), list(csv.DictReader(file)), finished)


@pytest.fixture(
    scope="module",
    # Tracing the step takes most of so short a run; eager steps are the faster sibling.
    params=[
        pytest.param(True, id="eager"),
        pytest.param(False, id="graph", marks=pytest.mark.slow),
    ],
)
def runs(request, doll_shards: Path, tmp_path_factory) -> tuple[Run, Run]:
    """Two runs that differ only in how often they log and save."""
    folder = tmp_path_factory.mktemp("runs")
    tf.config.run_functions_eagerly(request.param)
    try:
        first = finished_run(options(doll_shards, folder / "first"))
        seldom = {"log_every": STEPS, "save_every": 10}
        second = finished_run(options(doll_shards, folder / "second", **seldom))
    finally:
        tf.config.run_functions_eagerly(False)
    return first, second


def test_a_run_leaves_losses_samples_and_a_generator_and_nothing_else(runs) -> None:
    folder = runs[0].folder
    files = {"flags.txt", "generator.keras", "losses.csv", "samples"}
    assert {path.name for path in folder.iterdir()} == files
    assert (folder / "flags.txt").read_text() == "--run=x\n"
    assert runs[0].finished == folder / "generator.keras"


def test_losses_have_a_line_for_every_step_logged(runs) -> None:
    assert list(runs[0].lines[0]) == ["step", "seconds", *LOSSES]
    assert [line["step"] for line in runs[0].lines] == ["1", "2"]
    assert [line["step"] for line in runs[1].lines] == ["2"]
    seconds = [float(line["seconds"]) for line in runs[0].lines]
    assert seconds == sorted(seconds) and seconds[0] >= 0


def test_every_loss_stands_in_its_own_column(runs) -> None:
    for line in runs[0].lines:
        discriminator_loss, generator_loss, l1 = (float(line[name]) for name in LOSSES)
        # Fresh networks: two coins' cross-entropy, which is 0.69.
        assert discriminator_loss == pytest.approx(0.69, abs=0.1)
        assert generator_loss - 100.0 * l1 == pytest.approx(0.69, abs=0.1)
        assert 0.1 < l1 < 1.5


def test_a_line_is_the_mean_of_the_steps_since_the_last(runs) -> None:
    for name in LOSSES:
        mean = np.mean([float(line[name]) for line in runs[0].lines])
        # Both are written with five decimals.
        assert float(runs[1].lines[0][name]) == pytest.approx(mean, abs=2e-5)


def test_the_same_seed_gives_the_same_weights_bit_for_bit(runs) -> None:
    for one, other in zip(runs[0].weights, runs[1].weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_snapshots_are_taken_every_so_many_steps_and_at_the_end(runs) -> None:
    often, seldom = (sorted((run.folder / "samples").iterdir()) for run in runs)
    assert [path.name for path in often] == ["step-000001.png", "step-000002.png"]
    assert [path.name for path in seldom] == ["step-000002.png"]
    np.testing.assert_array_equal(read_picture(often[1]), read_picture(seldom[0]))
    assert read_picture(often[1]).std() > 10


def test_the_finished_generator_paints_and_knows_how_it_was_made(runs) -> None:
    generator = keras.saving.load_model(runs[0].finished)
    assert (generator.width, generator.size, generator.background) == (2, 64, "drop")
    inputs = {"sketch": np.ones((1, 64, 64, 3)), "histogram": np.zeros((1, 64, 64, 12))}
    assert np.isfinite(generator(inputs)).all()


def test_the_saved_generator_is_the_trained_one(runs) -> None:
    norm = keras.saving.load_model(runs[0].finished).stem_norm
    # They start at exactly 1 and 0; optimiser and forward passes move them.
    assert (np.asarray(norm.gamma) != 1.0).all()
    assert (np.asarray(norm.moving_mean) != 0.0).all()


def test_another_seed_gives_other_weights_and_batches(doll_shards: Path, tmp_path) -> None:
    results = []
    for seed in (3, 4):
        keras.utils.set_random_seed(seed)
        chosen = options(doll_shards, tmp_path, seed=seed)
        batches = datasets.load_training(chosen.data, 2, seed, chosen.augmentations)
        batch = next(iter(batches))["picture"].numpy()
        weights = training.make_model(chosen, 64, "drop").get_weights()
        # Biases and norms start alike; the batch and every kernel must not.
        results.append([batch, *(weight for weight in weights if weight.ndim == 4)])
    assert not any(np.array_equal(*pair) for pair in zip(*results, strict=True))


def test_options_reach_the_model(doll_shards: Path, tmp_path) -> None:
    chosen = options(
        doll_shards,
        tmp_path,
        width=4,
        learning_rate=5e-4,
        l1_weight=7.0,
        pool_size=9,
        precision="mixed_bfloat16",
        seed=8,
    )
    model = training.make_model(chosen, 128, "white")
    generator, discriminator = model.generator, model.discriminator
    assert (generator.width, generator.size, generator.background) == (4, 128, "white")
    assert (discriminator.width, model.l1_weight, model.pool_size) == (4, 7.0, 9)
    assert generator.compute_dtype == discriminator.compute_dtype == "bfloat16"
    assert generator.seed == model.seed == 8
    for adam in (model.generator_optimizer, model.discriminator_optimizer):
        assert float(adam.learning_rate) == pytest.approx(5e-4)
        assert (adam.beta_1, adam.beta_2) == (0.5, 0.999)


@pytest.mark.parametrize(
    "steps, epochs, expected", [(7, 30, 7), (0, 1, 4), (0, 3, 12)], ids=["steps", "epoch", "epochs"]
)
def test_steps_count_unless_0_and_then_epochs(
    doll_shards: Path, tmp_path, monkeypatch: pytest.MonkeyPatch, steps, epochs, expected
) -> None:
    asked = []
    model = types.SimpleNamespace(
        fit=lambda *_, steps_per_epoch, **__: asked.append(steps_per_epoch)
    )
    monkeypatch.setattr(training, "make_model", lambda *_: model)
    # Eight of the twelve dolls are for training: four batches of two.
    train(options(doll_shards, tmp_path / "run", steps=steps, epochs=epochs), "")
    assert asked == [expected]


class Running:
    """Stands in for a model that reports means since the last reset, as Keras does."""

    def __init__(self, series: np.ndarray) -> None:
        self.metrics = [types.SimpleNamespace(name=name) for name in ("l1", "generator_loss")]
        self.series = series
        self.first = self.step = 0

    def reset_metrics(self) -> None:
        self.first = self.step

    def train_batch(self) -> dict[str, float]:
        self.step += 1
        l1, generator_loss = self.series[self.first : self.step].mean(0)
        return {"l1": l1, "generator_loss": generator_loss}


def fed(callback: LossLog, series: np.ndarray) -> list[list[str]]:
    """What the log writes when a model has these losses, step by step."""
    model = Running(series)
    callback.set_model(model)
    callback.on_train_begin()
    for step in range(len(series)):
        callback.on_train_batch_begin(step)
        callback.on_train_batch_end(step, model.train_batch())
    return list(csv.reader(callback.path.read_text().splitlines()))


def test_the_log_averages_between_its_lines(tmp_path) -> None:
    series = np.random.default_rng(0).uniform(0, 5, (11, 2))
    header, *lines = fed(LossLog(tmp_path / "losses.csv", 4), series)
    assert header == ["step", "seconds", "generator_loss", "l1"]
    assert [line[0] for line in lines] == ["4", "8"]
    for line, rows in zip(lines, (series[:4], series[4:8]), strict=True):
        np.testing.assert_allclose([float(line[3]), float(line[2])], rows.mean(0), atol=1e-5)


def test_the_log_begins_anew_with_the_run(tmp_path) -> None:
    log = LossLog(tmp_path / "losses.csv", 1)
    fed(log, np.ones((3, 2)))
    assert len(fed(log, np.ones((2, 2)))) == 1 + 2


class Unsaved:
    """Stands in for a generator whose saving breaks off half-way."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def save(self, path: Path) -> None:
        path.write_bytes(b"half")
        raise self.error


@pytest.mark.parametrize(
    "error, raised", [(OSError(28, "No space left on device"), DeepPaintError),
                      (KeyboardInterrupt(), KeyboardInterrupt)],
    ids=["full disk", "interrupted"],
)  # fmt: skip
def test_a_save_that_breaks_off_leaves_the_previous_generator(tmp_path, error, raised) -> None:
    path = tmp_path / "generator.keras"
    path.write_bytes(b"previous")
    with pytest.raises(raised):
        save_generator(Unsaved(error), path)
    assert path.read_bytes() == b"previous"


def test_a_full_disk_is_one_clear_line_and_leaves_no_half_file(tmp_path) -> None:
    path = tmp_path / "generator.keras"
    with pytest.raises(DeepPaintError, match="No space left on device") as caught:
        save_generator(Unsaved(OSError(28, "No space left on device")), path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_snapshots_without_test_records_save_the_generator_alone(tmp_path) -> None:
    saved = []
    snapshots = Snapshots(tmp_path, every=10, last=3, batch=None)
    generator = types.SimpleNamespace(save=lambda path: (saved.append(1), path.write_bytes(b"x")))
    snapshots.set_model(types.SimpleNamespace(generator=generator))
    for batch in range(3):
        snapshots.on_train_batch_end(batch)
    assert saved == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["generator.keras"]


def refused(chosen: TrainingOptions) -> str:
    with pytest.raises(DeepPaintError) as caught:
        train(chosen, "")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_missing_data_are_refused_by_name(tmp_path) -> None:
    missing = tmp_path / "nowhere"
    assert str(missing) in refused(options(missing, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_too_few_records_for_a_batch_are_refused(doll_shards: Path, tmp_path) -> None:
    message = refused(options(doll_shards, tmp_path / "run", batch_size=9))
    assert re.search(r"\b8\b.*\b9\b", message) and str(doll_shards) in message
    assert not (tmp_path / "run").exists()


def test_an_unknown_augmentation_is_refused_by_name(doll_shards: Path, tmp_path) -> None:
    message = refused(options(doll_shards, tmp_path / "run", augmentations=["flip", "spin"]))
    assert "spin" in message and "flip" in message
    assert not (tmp_path / "run").exists()


def test_a_run_directory_that_cannot_be_made_is_refused(doll_shards: Path, tmp_path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    for run in (file, file / "run"):
        assert str(file) in refused(options(doll_shards, run))
    assert file.read_text() == "in the way"


def test_without_a_terminal_twenty_lines_tell_the_losses(capsys) -> None:
    lines = training.LossLines(steps=40, batch_size=4)
    lines.on_train_begin()
    for step in range(40):
        lines.on_train_batch_end(step, {"l1": step / 100, "generator_loss": 1.0})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 20
    assert printed[-1].startswith("step 40/40, ") and " pictures a second, " in printed[-1]
    assert printed[-1].endswith("generator_loss 1.0000, l1 0.3900")
