"""Every experiment's flagfile really trains: a few small steps of each."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from absl import flags

from tf_deeppaint.networks.vgg16 import SHAPES
from tf_deeppaint.training.loop import train
from tf_deeppaint.training.options import TrainingOptions
from tf_deeppaint.utils.options import define_flags, flag_values

ROOT = Path(__file__).parents[2]
FLAGFILES = sorted((ROOT / "experiments").glob("*.flags"))
# What makes a run long, and the run before it; everything else stays as the flagfile says.
SMALL = ("--width=4", "--steps=2", "--batch_size=2", "--strategy=one")
ANEW = "--init_from="


def options_of(flagfile: Path, *arguments: str) -> TrainingOptions:
    """The options that the program takes from a flagfile and further flags."""
    registry = flags.FlagValues()
    define_flags(TrainingOptions, registry=registry)
    registry(["train", f"--flagfile={flagfile}", *arguments])
    return TrainingOptions(**flag_values(TrainingOptions, registry=registry))


@pytest.fixture(scope="module", name="vgg16")
def make_vgg16(tmp_path_factory) -> str:
    """A file of VGG16's weights, all zero: nothing of it can be had from a package registry."""
    path = tmp_path_factory.mktemp("vgg16") / "vgg16.npz"
    np.savez_compressed(path, **{name: np.zeros(shape, "f4") for name, shape in SHAPES.items()})
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize("flagfile", FLAGFILES, ids=lambda path: path.stem)
def test_a_flagfile_trains(doll_shards, tmp_path, vgg16, flagfile) -> None:
    paths = [f"--data={doll_shards}", f"--run={tmp_path / 'run'}"]
    if "perceptual" in flagfile.stem:
        paths.append(f"--vgg16={vgg16}")
    options = options_of(flagfile, *SMALL, ANEW, *paths)
    assert (options.width, options.steps) == (4, 2)
    tf.config.run_functions_eagerly(True)
    try:
        generator = train(dataclasses.replace(options, jit_compile=False))
    finally:
        tf.config.run_functions_eagerly(False)
    assert generator.is_file()
