"""The options: one declaration behind flags, checks, run directory and documentation."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from absl import flags

from experiments import write_options
from tf_deeppaint.data.augmentation import AUGMENTATIONS
from tf_deeppaint.training.gan.losses import GAN_LOSSES, Objective
from tf_deeppaint.training.matching.losses import MatchingObjective
from tf_deeppaint.training.optimizers import SCHEDULES
from tf_deeppaint.training.options import (
    TrainingOptions,
    check_options,
    options_table,
    to_flagfile,
    unused_options,
    with_current_names,
)
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import define_flags, flag_values

ROOT = Path(__file__).parents[2]
FIELDS = dataclasses.fields(TrainingOptions)


def parsed(*arguments: str) -> TrainingOptions:
    registry = flags.FlagValues()
    define_flags(TrainingOptions, registry=registry)
    registry(["train", *arguments])
    return TrainingOptions(**with_current_names(flag_values(TrainingOptions, registry=registry)))


def test_the_document_holds_the_table() -> None:
    text = write_options.DOCUMENT.read_text()
    is_current = write_options.with_table(text) == text
    assert is_current, "run `python -m experiments.write_options`"


def test_the_table_has_a_row_an_option_with_default_and_choices() -> None:
    rows = options_table().splitlines()
    assert [row.split("`")[1] for row in rows[2:]] == [f"--{field.name}" for field in FIELDS]
    assert "| `--epochs` | `30` | Passes over the training records. |" in rows
    assert any(row.startswith("| `--data` | required | ") for row in rows)
    (row,) = (row for row in rows if row.startswith("| `--precision` "))
    assert row.endswith(" One of `float32`, `mixed_bfloat16`, `mixed_float16`. |")


def test_flags_have_the_defaults_of_the_options() -> None:
    assert parsed("--data=a,b", "--run=r") == TrainingOptions(data=("a", "b"), run="r")
    alone = TrainingOptions(data="a", run="r", augment="color")
    assert parsed("--data=a", "--run=r", "--augment=color") == alone


def test_a_flagfile_repeats_the_options(tmp_path) -> None:
    options = TrainingOptions(
        data=("a,b", "c d"), run="r", attention=False, ema=0.1, augment=(), vgg16="x=y.npz"
    )
    assert parsed(*to_flagfile(options).splitlines()) == options
    assert "fresh" not in to_flagfile(options)


@pytest.mark.parametrize("old", [["flip", "colour"], ["colour"]])
def test_the_spelling_of_earlier_versions_is_read(old) -> None:
    new = [name.replace("colour", "color") for name in old]
    assert with_current_names({"augment": old, "width": 4}) == {"augment": new, "width": 4}
    assert parsed("--data=a", "--run=r", f"--augment={','.join(old)}").augment == tuple(new)
    for damaged in ({}, {"augment": 7}, {"augment": [7, None, ["colour"]]}):
        assert with_current_names(damaged) == damaged


def test_choices_are_those_of_the_parts_that_follow_them() -> None:
    choices = {field.name: field.metadata["choices"] for field in FIELDS}
    assert choices["augment"] == AUGMENTATIONS
    assert choices["gan_loss"] == GAN_LOSSES
    assert choices["schedule"] == SCHEDULES


@pytest.mark.parametrize(
    "change",
    [
        {"width": 5},
        {"width": 0},
        {"seed": -1},
        {"seed": 2**32},
        {"size": 32},
        {"ema": 1.0},
        {"learning_rate": float("nan")},
        {"head": "cmyk"},
        {"augment": ("flip", "spin")},
    ],
    ids=str,
)
def test_values_that_are_not_allowed_are_refused_by_flag(change) -> None:
    ((name, _),) = change.items()
    with pytest.raises(DeepPaintError, match=f"--{name}="):
        check_options(TrainingOptions(**{"data": ("a",), "run": "r"} | change))


LEAST = {
    "steps": 0,
    "epochs": 1,
    "batch_size": 1,
    "width": 2,
    "l1_weight": 0.0,
    "tv_weight": 0.0,
    "r1_weight": 0.0,
    "pool_size": 0,
    "learning_rate": 0.0,
    "discriminator_learning_rate": 0.0,
    "clip_norm": 0.0,
    "accumulate": 1,
    "ema": 0.0,
    "swapped_palettes": 0.0,
    "size": 0,
    "seed": 0,
    "log_every": 1,
    "save_every": 1,
    "checkpoint_every": 1,
    "checkpoint_minutes": 0.0,
    "keep_checkpoints": 1,
    "validation_records": 1,
}
MOST = {"ema": 0.99999, "seed": 2**32 - 1, "swapped_palettes": 1.0}


@pytest.mark.parametrize("change", [LEAST, MOST], ids=["least", "most"])
def test_values_at_their_bounds_are_allowed(change) -> None:
    check_options(TrainingOptions(**{"data": ("a",), "run": "r"} | change))


# A value that is not the default, how the flag is given, and who has a use for it.
NOT_FOR_ALL = {
    "norm": ("instance", "--norm=instance", "deeppaint matcher"),
    "attention": (False, "--noattention", "deeppaint"),
    "histogram": (False, "--nohistogram", "deeppaint pix2pix"),
    "head": ("mixture", "--head=mixture", "deeppaint"),
    "discriminator_norm": ("none", "--discriminator_norm=none", "deeppaint pix2pix"),
    "spectral_norm": (True, "--spectral_norm", "deeppaint pix2pix"),
    "gan_loss": ("hinge", "--gan_loss=hinge", "deeppaint pix2pix"),
    "color_weight": (2.0, "--color_weight=2.0", "matcher"),
    "parts_weight": (0.3, "--parts_weight=0.3", "matcher"),
    "perceptual_weight": (5.0, "--perceptual_weight=5.0", "deeppaint pix2pix"),
    "vgg16": ("v.npz", "--vgg16=v.npz", "deeppaint pix2pix"),
    "tv_weight": (0.1, "--tv_weight=0.1", "deeppaint pix2pix"),
    "r1_weight": (1.0, "--r1_weight=1.0", "deeppaint pix2pix"),
    "pool_size": (0, "--pool_size=0", "deeppaint pix2pix"),
    "discriminator_learning_rate": (
        1e-3,
        "--discriminator_learning_rate=0.001",
        "deeppaint pix2pix",
    ),
}


@pytest.mark.parametrize("generator", ["deeppaint", "pix2pix", "matcher"])
@pytest.mark.parametrize("name", NOT_FOR_ALL)
def test_an_option_that_the_generator_does_not_use_is_refused(generator, name) -> None:
    value, flag, users = NOT_FOR_ALL[name]
    options = TrainingOptions(data=("a",), run="r", generator=generator)
    check_options(options)
    changed = dataclasses.replace(options, **{name: value})
    if generator in users.split():
        together = {"perceptual_weight": {"vgg16": "v"}, "vgg16": {"perceptual_weight": 1.0}}
        return check_options(dataclasses.replace(changed, **together.get(name, {})))
    with pytest.raises(DeepPaintError) as refused:
        check_options(changed)
    assert str(refused.value) == (
        f"{flag} has no effect with --generator={generator}, only with "
        f"{users.replace(' ', ' and ')}; leave it out"
    )


def test_every_weight_of_an_objective_is_refused_where_the_other_one_is_minimized() -> None:
    weights = {
        generator: {field.name for field in dataclasses.fields(objective)}
        for generator, objective in (("pix2pix", Objective), ("matcher", MatchingObjective))
    }
    for generator, other in (("pix2pix", "matcher"), ("matcher", "pix2pix")):
        unused = set(unused_options(generator))
        assert weights[other] - weights[generator] <= unused
        assert not weights[generator] & unused


def test_the_weight_of_l1_is_that_of_the_objective_unless_it_is_given() -> None:
    for generator, objective in (
        ("deeppaint", Objective()),
        ("pix2pix", Objective()),
        ("matcher", MatchingObjective()),
    ):
        chosen = ("--data=a", "--run=r", f"--generator={generator}")
        assert parsed(*chosen).l1_weight == objective.l1_weight
        assert parsed(*chosen, "--l1_weight=7").l1_weight == 7.0
        for options in (parsed(*chosen), parsed(*chosen, "--l1_weight=7")):
            assert parsed(*to_flagfile(options).splitlines()) == options


@pytest.mark.parametrize("flagfile", sorted(ROOT.glob("experiments/*.flags")), ids=lambda p: p.stem)
def test_the_options_of_every_experiment_are_used(flagfile, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    check_options(parsed(f"--flagfile={flagfile}"))


def test_help_needs_no_tensorflow_and_names_every_option() -> None:
    code = (
        "import runpy, sys\n"
        "sys.argv = ['train', '--help']\n"
        "try: runpy.run_module('tf_deeppaint.train', run_name='__main__', alter_sys=True)\n"
        "except SystemExit: print('loaded:', 'tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "loaded: False False" in done.stdout
    for field in FIELDS:
        assert f"--{field.name}:" in done.stdout or f"--[no]{field.name}:" in done.stdout


def test_options_are_plain_json() -> None:
    options = TrainingOptions(data=("a",), run="r")
    assert json.loads(json.dumps(dataclasses.asdict(options)))["width"] == 64
