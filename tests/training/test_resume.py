"""Real trainings, killed and stopped: the same command ends with the same weights, bit for bit."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint import Generator

ROOT = Path(__file__).parents[2]
STEPS = 24


def start(data: Path, run: Path, *flags: str) -> subprocess.Popen:
    """A deterministic training of a small network, a checkpoint every third step."""
    command = [sys.executable, "-m", "tf_deeppaint.train", f"--data={data}", f"--run={run}"]
    command += [f"--steps={STEPS}", "--width=2", "--batch_size=2", "--deterministic", "--ema=0.9"]
    command += ["--checkpoint_every=3", "--save_every=9", "--log_every=4", "--augment=flip,color"]
    return subprocess.Popen(
        [*command, "--schedule=cosine", *flags],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen) -> str:
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def hurt_at(process: subprocess.Popen, step: int, number: signal.Signals) -> str:
    """Sends a signal once the program has told of a step, and waits for its end."""
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith(f"step {step}/"):
            process.send_signal(number)
            break
    rest, _ = process.communicate(timeout=120)
    return "".join(said) + rest


def weights(run: Path) -> list[np.ndarray]:
    assert Generator  # known to Keras by its import
    return [
        array
        for name in ("generator.keras", "best.keras")
        for array in keras.saving.load_model(run / name).get_weights()
    ]


def metrics(run: Path) -> list[dict]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    varying = ("pictures_a_second", "wall_time")
    return [{k: v for k, v in line.items() if k not in varying} for line in lines]


def shown(run: Path) -> list[tuple[str, int]]:
    """Tag and step of every value in TensorBoard's files, by their records alone."""
    events = [
        tf.compat.v1.Event.FromString(record)
        for path in sorted((run / "tensorboard").iterdir())
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    ]
    return sorted((value.tag, event.step) for event in events for value in event.summary.value)


def assert_same(run: Path, other: Path) -> None:
    for array, expected in zip(weights(run), weights(other), strict=True):
        np.testing.assert_array_equal(array, expected)
    assert metrics(run)[-1] == metrics(other)[-1]
    steps = [(line["step"], line["group"]) for line in metrics(run)]
    assert steps == [(line["step"], line["group"]) for line in metrics(other)]
    assert shown(run) == shown(other)


@pytest.fixture(scope="module")
def whole(doll_shards: Path, tmp_path_factory) -> Path:
    """An uninterrupted run."""
    run = tmp_path_factory.mktemp("whole") / "run"
    finish(start(doll_shards, run))
    return run


@pytest.mark.slow
@pytest.mark.parametrize("step", sorted(np.random.default_rng(2026).integers(2, STEPS, 3).tolist()))
def test_a_run_killed_at_a_random_step_ends_with_the_same_weights(
    doll_shards, whole, tmp_path, step
) -> None:
    run = tmp_path / "run"
    process = start(doll_shards, run)
    hurt_at(process, step, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    said = finish(start(doll_shards, run))
    done = step - step % 3
    if done:
        assert "resuming after step " in said
    assert_same(run, whole)


@pytest.mark.slow
def test_a_stopped_run_saves_its_state_and_goes_on(doll_shards, whole, tmp_path) -> None:
    run = tmp_path / "run"
    process = start(doll_shards, run)
    said = hurt_at(process, 10, signal.SIGTERM)
    assert process.returncode == 0, said
    assert "; the same command resumes" in said
    stopped = int(said.split("stopped after step ")[1].split()[0])
    assert 10 <= stopped < STEPS
    said = finish(start(doll_shards, run))
    assert f"resuming after step {stopped} of {STEPS}" in said
    assert_same(run, whole)


@pytest.mark.slow
def test_a_finished_run_is_left_as_it_is_unless_it_is_to_be_longer(doll_shards, whole) -> None:
    before = weights(whole)
    said = finish(start(doll_shards, whole))
    assert f"resuming after step {STEPS} of {STEPS}" in said
    for array, expected in zip(weights(whole), before, strict=True):
        np.testing.assert_array_equal(array, expected)
