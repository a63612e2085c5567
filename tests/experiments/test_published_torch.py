"""What the benchmarks compare with does the same work: pictures, losses and steps of both."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.programs import ROOT
from tests.helpers.published_network import random_state
from tf_deeppaint import DeepPaint, Discriminator, Generator
from tf_deeppaint.networks.torch_weights import to_generator

torch = pytest.importorskip("torch", reason="PyTorch, of the extra bench, is what is compared with")

from experiments.benchmarks.workloads import published_torch  # noqa: E402 - needs PyTorch

WIDTH, SIZE, BATCH = 4, 64, 2


def planes(values) -> "torch.Tensor":
    """`(N, H, W, C)` as PyTorch has it."""
    return torch.tensor(np.asarray(values).transpose(0, 3, 1, 2).copy())


def test_both_generators_paint_the_same_picture() -> None:
    theirs = published_torch.Generator(WIDTH).eval()
    # Numbers that all matter; under the published names.
    state = random_state(WIDTH, seed=1)
    theirs.load_state_dict({name: torch.tensor(values) for name, values in state.items()})
    # In float64, because rounding can move a maximum to the next place.
    ours = Generator(WIDTH, size=SIZE, dtype="float64")
    ours.set_weights(to_generator(state, SIZE).get_weights())
    rng = np.random.default_rng(0)
    inputs = {
        "sketch": rng.uniform(-1, 1, (BATCH, SIZE, SIZE, 3)),
        "histogram": rng.uniform(-1, 1, (BATCH, SIZE, SIZE, 12)),
    }
    picture, maps = ours(inputs, return_attention=True)
    stacked = planes(np.concatenate([inputs["sketch"], inputs["histogram"]], -1))
    with torch.inference_mode():
        expected, expected_maps = theirs.double()(stacked)
    np.testing.assert_allclose(planes(picture), expected, rtol=0, atol=1e-6)
    for level, expected_level in zip(maps, expected_maps, strict=True):
        np.testing.assert_allclose(planes(level), expected_level, rtol=0, atol=1e-6)
    assert expected.std() > 0.05 and all(level.std() > 1e-3 for level in expected_maps)


@pytest.mark.parametrize("tuned", ["tuned", "as written"])
def test_both_trainings_lose_the_same_step_after_step(tuned: str, tmp_path) -> None:
    """Without dropout; PyTorch trains in a process of its own."""
    rng = np.random.default_rng(3)
    shape = (2, BATCH, SIZE, SIZE, 3)
    sketches, pictures = (rng.uniform(-1, 1, shape).astype("float32") for _ in range(2))
    palettes = rng.uniform(-1, 1, (2, BATCH, 4, 4, 3)).astype("float32")
    histograms = palettes.reshape(2, BATCH, 4, 1, 12).repeat(SIZE // 4, 2).repeat(SIZE, 3)
    given = {"sketch": sketches, "histogram": histograms, "picture": pictures}
    np.savez(tmp_path / "given.npz", **{k: np.moveaxis(v, -1, 2) for k, v in given.items()})
    program = [sys.executable, "-m", "tests.helpers.published_training"]
    files = [str(tmp_path / name) for name in ("given.npz", "steps.npz")]
    done = subprocess.run(
        [*program, files[0], str(WIDTH), tuned, files[1]], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    theirs = np.load(files[1])

    parts = [name.partition(".") for name in theirs.files]
    state = {name: theirs[f"generator.{name}"] for part, _, name in parts if part == "generator"}
    generator = to_generator(state, SIZE)
    for block in generator.up:
        block.dropout_rate = 0.0
    discriminator = Discriminator(WIDTH)
    # Norms begin alike: at 1 and 0.
    named = [name for name in theirs.files if name.startswith("discriminator.")]
    kernels = [name for name in named if theirs[name].ndim == 4]
    for ours, name in zip([*discriminator.convs, discriminator.head], kernels, strict=True):
        ours.kernel.assign(theirs[name].transpose(2, 3, 1, 0))
        ours.bias.assign(theirs[name.replace("weight", "bias")])
    model = DeepPaint(generator, discriminator, pool_size=50)
    model.compile(run_eagerly=True)
    for sketch, palette, picture, losses in zip(
        sketches, palettes, pictures, theirs["losses"], strict=True
    ):
        for tracker in model.metrics:
            tracker.reset_state()
        batch = {"sketch": sketch, "palette": palette, "picture": picture}
        logs = model.train_step({key: tf.constant(values) for key, values in batch.items()})
        found = [float(logs[name]) for name in ("discriminator_loss", "generator_loss")]
        np.testing.assert_allclose(found, losses, rtol=1e-4)
