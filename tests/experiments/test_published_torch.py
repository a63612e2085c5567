"""What the benchmarks compare with does the same work: pictures, losses and steps of both."""

import numpy as np
import pytest
import tensorflow as tf

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


@pytest.mark.parametrize("tuned", [False, True])
def test_both_trainings_lose_the_same_step_after_step(tuned: bool, monkeypatch) -> None:
    """Without dropout, the one thing that is drawn at random before the pool is full."""
    monkeypatch.setattr(published_torch, "DROPPED", 0)
    torch.manual_seed(2)
    theirs = published_torch.Training(WIDTH, tuned)
    generator = to_generator(
        {name: values.numpy() for name, values in theirs.generator.state_dict().items()}, SIZE
    )
    for block in generator.up:
        block.dropout_rate = 0.0
    discriminator = Discriminator(WIDTH)
    # Norms begin alike: at 1 and 0.
    convs = [layer for layer in theirs.discriminator if isinstance(layer, torch.nn.Conv2d)]
    for ours, layer in zip([*discriminator.convs, discriminator.head], convs, strict=True):
        ours.kernel.assign(layer.weight.detach().numpy().transpose(2, 3, 1, 0))
        ours.bias.assign(layer.bias.detach().numpy())
    model = DeepPaint(generator, discriminator, pool_size=50)
    model.compile(run_eagerly=True)
    rng = np.random.default_rng(3)
    for _ in range(2):
        batch = {
            "sketch": rng.uniform(-1, 1, (BATCH, SIZE, SIZE, 3)).astype("float32"),
            "palette": rng.uniform(-1, 1, (BATCH, 4, 4, 3)).astype("float32"),
            "picture": rng.uniform(-1, 1, (BATCH, SIZE, SIZE, 3)).astype("float32"),
        }
        histogram = batch["palette"].reshape(BATCH, 4, 12).repeat(SIZE // 4, axis=1)
        histogram = histogram[:, :, None].repeat(SIZE, axis=2)
        for tracker in model.metrics:
            tracker.reset_state()
        logs = model.train_step({key: tf.constant(value) for key, value in batch.items()})
        losses = theirs.step(planes(batch["sketch"]), planes(histogram), planes(batch["picture"]))
        found = [float(logs[name]) for name in ("discriminator_loss", "generator_loss")]
        np.testing.assert_allclose(found, [float(loss) for loss in losses], rtol=1e-4)
