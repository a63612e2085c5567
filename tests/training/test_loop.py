"""Training runs on a few dolls: what they leave behind, and that they can be repeated."""

import json
import os
import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tf_deeppaint.data import loading, records
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.training import loop
from tf_deeppaint.training.checkpoints import load_initial_networks, tell_other_rule
from tf_deeppaint.training.loop import train
from tf_deeppaint.training.options import TrainingOptions
from tf_deeppaint.training.plan import Plan, make_model, make_plan
from tf_deeppaint.utils import locks
from tf_deeppaint.utils.errors import DeepPaintError

# tf.data says that it goes on in graphs when functions are told to run eagerly: as it should.
pytestmark = pytest.mark.filterwarnings("ignore:Even though the `tf.config:UserWarning")

# Eight of the twelve dolls are for training.
EPOCH = 4
STEPS = 6


def options(data: Path, run: Path, **changes) -> TrainingOptions:
    # The network of the fewest layers: without graphs each of them takes its time.
    small = {
        "steps": STEPS,
        "batch_size": 2,
        "generator": "pix2pix",
        "width": 2,
        "pool_size": 2,
        "augment": ("flip", "color"),
        "seed": 3,
        "log_every": 1,
        "save_every": 2,
    }
    return TrainingOptions(data=(str(data),), run=str(run), **small | changes)


@pytest.fixture(scope="module")
def eagerly():
    """Tracing the step takes most of so short a run; eager steps are the faster sibling."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def runs(eagerly, doll_shards: Path, tmp_path_factory) -> tuple[Path, Path]:
    """Two runs that differ only in how often they log, save and keep checkpoints."""
    folder = tmp_path_factory.mktemp("runs")
    seldom = {"log_every": 3, "save_every": 10, "checkpoint_every": 1}
    train(options(doll_shards, folder / "often"))
    train(options(doll_shards, folder / "seldom", **seldom))
    return folder / "often", folder / "seldom"


def metrics(run: Path, group: str) -> list[dict]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["group"] == group]


def weights(run: Path) -> list[np.ndarray]:
    return keras.saving.load_model(run / "generator.keras").get_weights()


def test_a_run_leaves_what_its_documents_say(runs) -> None:
    assert {path.name for path in runs[0].iterdir()} == {
        "flags.txt",
        "options.json",
        "data.json",
        "sessions.json",
        "metrics.jsonl",
        "tensorboard",
        "samples",
        "checkpoints",
        "generator.keras",
        "best.keras",
    }
    assert f"--run={runs[0]}\n" in (runs[0] / "flags.txt").read_text()


def test_losses_have_a_line_for_every_step_logged(runs) -> None:
    often, seldom = (metrics(run, "training") for run in runs)
    assert [line["step"] for line in often] == list(range(1, STEPS + 1))
    # The means begin anew with the epoch, after step 4.
    assert [line["step"] for line in seldom] == [3, 6]
    for line in often:
        # Fresh networks: two coins' cross-entropy, which is 0.69.
        assert line["discriminator_loss"] == pytest.approx(0.69, abs=0.1)
        assert line["generator_loss"] - 100.0 * line["l1"] == pytest.approx(0.69, abs=0.1)
        assert line["adversarial"] == pytest.approx(0.69, abs=0.1)
        assert 0.1 < line["l1"] < 1.5 and line["skipped"] == 0
    assert seldom[0]["l1"] == pytest.approx(np.mean([x["l1"] for x in often[:3]]), abs=2e-6)


def test_every_epoch_and_the_end_are_validated(runs, doll_shards) -> None:
    lines = metrics(runs[0], "validation")
    assert [line["step"] for line in lines] == [EPOCH, STEPS]
    generator = keras.saving.load_model(runs[0] / "generator.keras")
    differences = {"l1": [], "l1_swapped": []}
    for batch in loading.load_evaluation([doll_shards], "test", 2):
        for name, shift in (("l1", 0), ("l1_swapped", -1)):
            palettes = np.roll(batch["palette"], shift, axis=0)
            bands = np.repeat(palettes.reshape(-1, 4, 12), 16, axis=1)
            histogram = np.repeat(bands[:, :, None], 64, axis=2)
            painted = generator({"sketch": batch["sketch"], "histogram": histogram})
            differences[name].extend(np.abs(batch["picture"] - painted).mean((1, 2, 3)))
    for name, values in differences.items():
        assert lines[-1][name] == pytest.approx(np.mean(values), abs=1e-5)


def test_the_same_seed_gives_the_same_weights_bit_for_bit(runs) -> None:
    for one, other in zip(*map(weights, runs), strict=True):
        np.testing.assert_array_equal(one, other)


def test_samples_are_drawn_every_so_many_steps_and_at_the_end(runs) -> None:
    often, seldom = (sorted((run / "samples").iterdir()) for run in runs)
    assert [path.name for path in often] == [f"samples-000000{step}.png" for step in (2, 4, 6)]
    assert [path.name for path in seldom] == ["samples-0000006.png"]
    np.testing.assert_array_equal(read_picture(often[-1]), read_picture(seldom[-1]))
    assert read_picture(often[-1]).std() > 10


def test_where_the_network_has_gates_their_attention_is_drawn_too(
    eagerly, doll_shards, tmp_path
) -> None:
    train(options(doll_shards, tmp_path / "run", generator="deeppaint", steps=1))
    attention, _ = drawn = sorted((tmp_path / "run" / "samples").iterdir())
    assert [path.name for path in drawn] == ["attention-0000001.png", "samples-0000001.png"]
    # A row a test drawing: its sketch, and the six gates.
    rows, columns = read_picture(attention).shape[:2]
    assert columns > 1.5 * rows
    assert {"samples", "attention"} <= set(board_of(tmp_path / "run").Tags()["tensors"])


def board_of(run: Path) -> EventAccumulator:
    board = EventAccumulator(str(run / "tensorboard"), size_guidance={"tensors": 0})
    board.Reload()
    return board


def test_tensorboard_shows_figures_and_pictures(runs) -> None:
    board = board_of(runs[0])
    tags = set(board.Tags()["tensors"])
    assert tags >= {f"training/{name}" for name in ("generator_loss", "discriminator_loss", "l1")}
    assert tags >= {"training/pictures_a_second", "training/learning_rate", "training/skipped"}
    assert tags >= {"validation/l1", "validation/l1_swapped", "samples"}
    values = [tf.make_ndarray(e.tensor_proto).item() for e in board.Tensors("training/l1")]
    expected = [line["l1"] for line in metrics(runs[0], "training")]
    np.testing.assert_allclose(values, expected, rtol=1e-5)


def test_the_finished_generator_is_the_trained_one_and_paints(runs) -> None:
    generator = keras.saving.load_model(runs[0] / "generator.keras")
    assert (generator.width, generator.size, generator.background) == (2, 64, "drop")
    inputs = {"sketch": np.ones((1, 64, 64, 3)), "histogram": np.zeros((1, 64, 64, 12))}
    assert np.isfinite(generator(inputs)).all()
    # They start at exactly 1 and 0; optimizer and forward passes move them.
    assert (np.asarray(generator.up_norms[-2].gamma) != 1.0).all()
    assert (np.asarray(generator.up_norms[-2].moving_mean) != 0.0).all()


def test_the_best_generator_is_that_of_the_best_validation(runs) -> None:
    lines = metrics(runs[0], "validation")
    best = min(lines, key=lambda line: line["l1"])["step"]
    kept = keras.saving.load_model(runs[0] / "best.keras").get_weights()
    same = all(np.array_equal(a, b) for a, b in zip(kept, weights(runs[0]), strict=True))
    assert same == (best == STEPS)


@pytest.mark.slow
def test_a_run_goes_on_as_if_it_had_never_stopped(eagerly, runs, doll_shards, tmp_path) -> None:
    """In the middle of an epoch, and with an average of the weights."""
    for folder, lengths in (("whole", [STEPS]), ("parts", [3, STEPS])):
        for steps in lengths:
            train(options(doll_shards, tmp_path / folder, steps=steps, ema=0.9))
    for one, other in zip(*(weights(tmp_path / f) for f in ("whole", "parts")), strict=True):
        np.testing.assert_array_equal(one, other)
    # The average lags behind the weights themselves.
    differ = [
        not np.array_equal(a, b)
        for a, b in zip(weights(tmp_path / "whole"), weights(runs[0]), strict=True)
    ]
    assert any(differ)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["_validate", "write_generator"])
def test_a_validation_that_a_kill_prevented_is_made_up_for(
    eagerly, doll_shards, tmp_path, monkeypatch, place
) -> None:
    """Before it, and between its figures and the best generator."""
    chosen = options(doll_shards, tmp_path / "run", steps=EPOCH, checkpoint_every=EPOCH)
    do = getattr(loop, place)

    class Killed(BaseException):
        pass

    def kill(*arguments):
        if len(arguments) == 1 or arguments[1].name == "best.keras":
            raise Killed
        do(*arguments)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(loop, place, kill)
        train(chosen)
    assert not (tmp_path / "run" / "best.keras").exists()
    train(chosen)
    assert [line["step"] for line in metrics(tmp_path / "run", "validation")] == [EPOCH]
    assert (tmp_path / "run" / "best.keras").is_file()


def test_a_run_begins_with_the_weights_of_another(runs, doll_shards, tmp_path) -> None:
    """Of a file the generator, of a run the discriminator too, but no steps and no moments."""
    judges = []
    for source in (runs[0] / "generator.keras", runs[0]):
        chosen = options(doll_shards, tmp_path, init_from=str(source))
        model = make_model(chosen, make_plan(chosen))
        load_initial_networks(model, chosen.init_from)
        for one, other in zip(model.generator.get_weights(), weights(runs[0]), strict=True):
            np.testing.assert_array_equal(one, other)
        judges.append(np.array(model.discriminator.norms[0].gamma))
        assert int(model.steps) == 0 and int(model.generator_optimizer.iterations) == 0
    # Fresh norms are 1; those that were trained are not.
    assert (judges[0] == 1.0).all() and (judges[1] != 1.0).all()


def test_weights_that_know_another_palette_rule_are_taken_and_told_of(
    doll_shards, tmp_path, capsys
) -> None:
    """The shards are of the rule `drop`."""
    path = tmp_path / "other.keras"
    other = UNet(2, size=64, background="figure")
    other.save(path)
    chosen = options(doll_shards, tmp_path, init_from=str(path))
    model = make_model(chosen, make_plan(chosen))
    load_initial_networks(model, chosen.init_from)
    assert model.generator.background == "drop"
    np.testing.assert_array_equal(model.generator.get_weights()[0], other.get_weights()[0])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"note: {path}: ") and "background=figure" in line
    assert "build with --background=figure" in line


def test_a_run_whose_data_was_built_anew_by_another_rule_is_told_of(tmp_path, capsys) -> None:
    for damaged in (b"", b"no archive"):
        (tmp_path / "generator.keras").write_bytes(damaged)
        tell_other_rule(tmp_path, "white")
    tell_other_rule(tmp_path / "none", "white")
    assert capsys.readouterr().err == ""
    UNet(2, size=64, background="keep").save(tmp_path / "generator.keras")
    tell_other_rule(tmp_path, "keep")
    assert capsys.readouterr().err == ""
    tell_other_rule(tmp_path, "white")
    assert "background=keep, but the data was built with white" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["missing", "another width", "no model"])
def test_weights_that_do_not_fit_are_refused(runs, doll_shards, tmp_path, kind) -> None:
    source = {"missing": tmp_path / "none", "no model": tmp_path / "x.keras"}.get(kind, runs[0])
    (tmp_path / "x.keras").write_bytes(b"no archive")
    width = 4 if kind == "another width" else 2
    chosen = options(doll_shards, tmp_path, init_from=str(source), width=width)
    model = make_model(chosen, make_plan(chosen))
    with pytest.raises(DeepPaintError, match=r"--init_from=.*: (does not exist|no networks)") as e:
        load_initial_networks(model, chosen.init_from)
    assert "\n" not in str(e.value)


# --- options ------------------------------------------------------------------------------------


def plan_of(size: int, background: str) -> Plan:
    origin = records.Origin("x", "", "", "", "")
    options = {"size": size, "background": background}
    manifest = records.Manifest(options, origin, "", {}, {"train": [], "test": []})
    return Plan([manifest], steps_per_epoch=4, steps=STEPS)


def test_another_seed_gives_other_weights_and_batches(doll_shards: Path, tmp_path) -> None:
    results = []
    for seed in (3, 4):
        keras.utils.set_random_seed(seed)
        chosen = options(doll_shards, tmp_path, seed=seed)
        batches = loading.load_training(chosen.data, 2, seed, chosen.augment)
        batch = next(iter(batches))["picture"].numpy()
        model = make_model(chosen, plan_of(64, "drop"))
        # Biases and norms start alike; the batch and every kernel must not.
        results.append([batch, *(weight for weight in model.get_weights() if weight.ndim == 4)])
    assert not any(np.array_equal(*pair) for pair in zip(*results, strict=True))


def test_options_reach_the_model(doll_shards: Path, tmp_path) -> None:
    chosen = options(
        doll_shards,
        tmp_path,
        generator="deeppaint",
        width=4,
        norm="instance",
        attention=False,
        histogram=False,
        discriminator_norm="none",
        spectral_norm=True,
        gan_loss="hinge",
        l1_weight=7.0,
        tv_weight=0.5,
        pool_size=9,
        learning_rate=5e-4,
        discriminator_learning_rate=1e-3,
        clip_norm=2.0,
        accumulate=3,
        ema=0.99,
        precision="mixed_bfloat16",
        seed=8,
    )
    model = make_model(chosen, plan_of(128, "white"))
    generator, discriminator = model.generator, model.discriminator
    assert (generator.width, generator.size, generator.background) == (4, 128, "white")
    assert (generator.norm, generator.gated, generator.histogram) == ("instance", False, False)
    assert (discriminator.width, discriminator.norm) == (4, "none")
    assert discriminator.spectral_norm
    assert (model.objective.gan_loss, model.objective.l1_weight) == ("hinge", 7.0)
    assert (model.objective.tv_weight, model.pool_size) == (0.5, 9)
    assert generator.compute_dtype == discriminator.compute_dtype == "bfloat16"
    assert generator.seed == model.seed == 8
    adams = [o.inner_optimizer for o in (model.generator_optimizer, model.discriminator_optimizer)]
    assert [float(adam.learning_rate) for adam in adams] == pytest.approx([5e-4, 1e-3])
    assert [adam.use_ema for adam in adams] == [True, False]
    for adam in adams:
        assert (adam.beta_1, adam.beta_2, adam.global_clipnorm) == (0.5, 0.999, 2.0)
        assert adam.gradient_accumulation_steps == 3


def test_the_head_is_the_one_asked_for(doll_shards, tmp_path) -> None:
    for head in ("rgb", "mixture"):
        chosen = options(doll_shards, tmp_path, generator="deeppaint", head=head)
        model = make_model(chosen, plan_of(64, "white"))
        assert model.generator.get_config()["head_kind"] == head
    assert TrainingOptions(data=(), run="").head == "rgb"


def test_the_baseline_and_the_penalty_change_what_they_should(doll_shards, tmp_path) -> None:
    chosen = options(
        doll_shards, tmp_path, generator="pix2pix", r1_weight=1.0, precision="mixed_bfloat16"
    )
    model = make_model(chosen, plan_of(64, "white"))
    assert isinstance(model.generator, UNet) and not isinstance(model.generator, Generator)
    assert model.generator.compute_dtype == "bfloat16"
    assert model.discriminator.compute_dtype == "float32"


@pytest.mark.parametrize("steps, epochs, total", [(7, 30, 7), (0, 1, 3), (0, 3, 9)])
def test_steps_count_unless_0_and_then_epochs(doll_shards, tmp_path, steps, epochs, total) -> None:
    """Eight records and three a batch: the last batch of an epoch is filled up by the next."""
    plan = make_plan(options(doll_shards, tmp_path, steps=steps, epochs=epochs, batch_size=3))
    assert (plan.steps_per_epoch, plan.steps) == (3, total)


def refused(chosen: TrainingOptions) -> str:
    with pytest.raises(DeepPaintError) as caught:
        train(chosen)
    assert "\n" not in str(caught.value)
    assert not Path(chosen.run).exists()
    return str(caught.value)


def test_a_run_that_is_being_trained_is_refused_and_left_alone(doll_shards, tmp_path) -> None:
    """Even by --fresh, which would remove what the other one writes."""
    run = tmp_path / "run"
    with locks.hold(run / locks.LOCK_FILE, "training"):
        (run / "metrics.jsonl").write_text("{}")
        for fresh in (False, True):
            with pytest.raises(DeepPaintError, match=rf"run: process {os.getpid()} on .* is train"):
                train(options(doll_shards, run, fresh=fresh))
        assert {path.name for path in run.iterdir()} == {"metrics.jsonl", ".lock"}


def test_missing_data_are_refused_by_name(tmp_path) -> None:
    missing = tmp_path / "nowhere"
    assert str(missing) in refused(options(missing, tmp_path / "run"))


def test_too_few_records_for_a_batch_are_refused(doll_shards: Path, tmp_path) -> None:
    message = refused(options(doll_shards, tmp_path / "run", batch_size=9))
    assert re.search(r"\b8\b.*\b9\b", message) and str(doll_shards) in message


@pytest.mark.parametrize(
    "change, words",
    [
        ({"augment": ("flip", "spin")}, "spin"),
        ({"perceptual_weight": 1.0}, "--vgg16"),
        ({"vgg16": "weights.npz"}, "--perceptual_weight"),
        ({"generator": "deeppaint", "sync_norm": True, "norm": "instance"}, "--sync_norm"),
        ({"generator": "pix2pix", "attention": False}, "--generator=pix2pix"),
        ({"generator": "pix2pix", "head": "mixture"}, "--head=mixture"),
        ({"histogram": False, "head": "mixture"}, "--head=mixture"),
        ({"strategy": "multi_worker"}, "TF_CONFIG"),
        ({"strategy": "all"}, "mirrored"),
    ],
    ids=str,
)
def test_options_that_contradict_each_other_are_refused(doll_shards, tmp_path, change, words):
    assert words in refused(options(doll_shards, tmp_path / "run", **change))


def test_a_batch_that_the_devices_cannot_share_is_refused(doll_shards, tmp_path) -> None:
    with pytest.raises(DeepPaintError, match="--batch_size=2 cannot be shared by 3 devices"):
        make_plan(options(doll_shards, tmp_path / "run"), replicas=3)


def test_a_run_directory_that_cannot_be_made_is_refused(doll_shards: Path, tmp_path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    with pytest.raises(DeepPaintError, match=str(file)):
        train(options(doll_shards, file / "run"))
    assert file.read_text() == "in the way"
