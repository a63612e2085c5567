"""Every experiment's flagfile really trains: a few small steps of each."""

import dataclasses
import os
import subprocess
import sys
from ast import literal_eval
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.networks.vgg16 import SHAPES
from tf_deeppaint.training.loop import train
from tf_deeppaint.training.options import TrainingOptions

ROOT = Path(__file__).parents[2]
FLAGFILES = sorted((ROOT / "experiments").glob("*.flags"))
# What makes a run long, and the run before it; everything else stays as the flagfile says.
SMALL = ("--width=4", "--steps=2", "--batch_size=2", "--pool_size=2", "--strategy=one")
ANEW = "--init_from="


def options_of(flagfile: Path, *flags: str) -> str:
    """The options a flagfile gives, parsed by the program itself in a process of its own."""
    code = (
        "import dataclasses, runpy, sys; from absl import flags; "
        "from tf_deeppaint import program; program.run = lambda main: None; "
        "runpy.run_module('tf_deeppaint.train', run_name='__main__', alter_sys=True); "
        "from tf_deeppaint.training.options import TrainingOptions as T; flags.FLAGS(sys.argv); "
        "print(repr({f.name: flags.FLAGS[f.name].value for f in dataclasses.fields(T)}))"
    )
    command = [sys.executable, "-c", code, f"--flagfile={flagfile}", *flags]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


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
    options = TrainingOptions(**literal_eval(options_of(flagfile, *SMALL, ANEW, *paths)))
    assert (options.width, options.steps) == (4, 2)
    tf.config.run_functions_eagerly(True)
    try:
        generator = train(dataclasses.replace(options, jit_compile=False), "")
    finally:
        tf.config.run_functions_eagerly(False)
    assert generator.is_file()
