"""Several devices: R replicas of B / R pictures take the step of one with B."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]

# Five steps on two logical CPU devices or on one; what depends on how the batch is shared (dropout,
# the pool) is left out. SGD would show a wrong scale of the gradients, Adam hides it: so one of
# the two optimizers is SGD.
STEPS = """
import sys
import keras, numpy as np, tensorflow as tf
devices, sync, path = int(sys.argv[1]), sys.argv[2] == "sync", sys.argv[3]
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tf_deeppaint.training import distribution as strategies
from tf_deeppaint import DeepPaint, Discriminator, Generator
from tf_deeppaint.networks.matcher.color_matcher import ColorMatcher
from tf_deeppaint.training.gan.losses import Objective
from tf_deeppaint.training.matching.color_matching import ColorMatching
strategy = strategies.open_strategy("mirrored" if devices == 2 else "one")
assert strategy.num_replicas_in_sync == devices
keras.utils.set_random_seed(7)
rng = np.random.default_rng(1)
shapes = {"sketch": (64, 64, 3), "palette": (4, 4, 3), "picture": (64, 64, 3)}
batches = {key: rng.uniform(-1, 1, (5, 4, *s)).astype("float32") for key, s in shapes.items()}
if sys.argv[2] != "sync":  # both halves of every batch are the same pictures
    batches = {key: np.concatenate([b[:, :2], b[:, :2]], 1) for key, b in batches.items()}
with strategy.scope():
    optimizers = keras.optimizers.SGD(1e-3), keras.optimizers.Adam(1e-3, 0.5, epsilon=1e-2)
    if sys.argv[2] == "matcher":
        model = ColorMatching(ColorMatcher(8, size=64))
    else:
        model = DeepPaint(
            Generator(4, size=64, seed=1, synchronized=sync),
            Discriminator(4, synchronized=sync),
            Objective(l1_weight=2.0),
            pool_size=0,
        )
        for block in model.generator.up:
            block.dropout_rate = 0.0
    model.compile(*optimizers)
stream = tf.data.Dataset.from_tensor_slices(batches).take(int(sys.argv[4]))
if int(sys.argv[4]):
    model.fit(stream, shuffle=False, verbose=0)
np.savez(path, *[v.numpy() for v in model.trainable_variables])
"""


def trained_weights(devices: int, kind: str, steps: int, path: Path) -> list[np.ndarray]:
    """All trainable weights after some steps; moving variances hang on each replica's count."""
    command = [sys.executable, "-c", STEPS, str(devices), kind, str(path), str(steps)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    with np.load(path) as stored:
        return [stored[name] for name in stored.files]


def apart(weights: list[np.ndarray], others: list[np.ndarray], start: list[np.ndarray]) -> float:
    """How far two trainings have come apart, as a share of how far they have come."""
    difference = sum(np.sum((a - b) ** 2) for a, b in zip(weights, others, strict=True))
    way = sum(np.sum((a - b) ** 2) for a, b in zip(weights, start, strict=True))
    return float(np.sqrt(difference / way))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sync", "alike", "matcher"])
def test_two_replicas_take_the_steps_of_one(tmp_path, kind) -> None:
    """With norms over all pictures, or where each replica's statistics are those of the whole.

    Sums over the batch are taken in another order: weights are equal to 4e-7 after one step. The
    innermost norms, which see four numbers at this size, make more of such rounding, and so does
    every further step: after five, trainings that agree are apart by a thousandth to a hundredth
    of their way, by the processor's kernels; one with a wrong scale of the losses by a third or
    more. (With L1 at its usual weight they are apart by a fourteenth.)
    """
    one, two = (
        trained_weights(devices, kind, 5, tmp_path / f"{devices}.npz") for devices in (1, 2)
    )
    start = trained_weights(1, kind, 0, tmp_path / "0.npz")
    assert apart(one, two, start) < 0.03


@pytest.mark.slow
def test_one_step_of_two_replicas_is_that_of_one_to_rounding(tmp_path) -> None:
    one, two = (
        trained_weights(devices, "sync", 1, tmp_path / f"{devices}.npz") for devices in (1, 2)
    )
    for weight, other in zip(one, two, strict=True):
        np.testing.assert_allclose(weight, other, rtol=1e-5, atol=2e-6)


def start_worker(index: int, hosts: list[str], data: Path, run: Path, steps: int):
    cluster = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
    command = [sys.executable, "-m", "tf_deeppaint.train", f"--data={data}", f"--run={run}"]
    command += ["--strategy=multi_worker", "--width=2", "--batch_size=4", f"--steps={steps}"]
    return subprocess.Popen(
        [*command, "--checkpoint_every=2", "--log_every=1", "--pool_size=2"],
        cwd=ROOT,
        env=os.environ | {"TF_CONFIG": json.dumps(cluster)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def free_hosts(count: int) -> list[str]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    hosts = [f"127.0.0.1:{listening.getsockname()[1]}" for listening in sockets]
    for listening in sockets:
        listening.close()
    return hosts


@pytest.mark.slow
def test_two_workers_train_together_and_go_on(doll_shards, tmp_path) -> None:
    run = tmp_path / "run"
    for steps, first in ((3, 1), (5, 4)):
        hosts = free_hosts(2)
        workers = [start_worker(i, hosts, doll_shards, run, steps) for i in (0, 1)]
        said = [worker.communicate(timeout=300)[0] for worker in workers]
        assert [worker.returncode for worker in workers] == [0, 0], said
        told = [
            [line.split(" pictures")[0].split(",")[0] + line.split("left")[-1]
             for line in text.splitlines() if line.startswith("step ")]
            for text in said
        ]  # fmt: skip
        # Both see the same losses: those of all pictures of the batch.
        assert told[0] == told[1] and told[0][0].startswith(f"step {first}/{steps}")
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    steps_told = [line["step"] for line in lines if line["group"] == "training"]
    assert steps_told == [1, 2, 3, 4, 5]
    assert (run / "generator.keras").is_file()
