"""The state of a training run: its last checkpoint, its weights, its metrics."""

import io
import json
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np

from tests.faults import programs
from tests.faults.programs import Fault


def last_step(run: Path) -> int:
    """The step of the last checkpoint; 0 where there is none."""
    names = (path.name for path in (run / "checkpoints").glob("state-*.index"))
    return max((int(name[6:].removesuffix(".index")) for name in names), default=0)


def wait_for_checkpoint(run: Path) -> None:
    """Waits until a training has written its first checkpoint."""
    for _ in range(10 * programs.PATIENCE_S):
        if last_step(run):
            return
        time.sleep(0.1)
    raise Fault("no checkpoint")


def are_equal(data: bytes, expected: bytes, name: str) -> bool:
    """Whether two files of a run hold the same metrics, or the same weights."""
    if name.endswith(".jsonl"):
        return figures(data) == figures(expected)
    weights, expected_weights = _weights_of(data), _weights_of(expected)
    return weights.keys() == expected_weights.keys() and all(
        np.array_equal(weights[name], expected_weights[name]) for name in weights
    )


def _weights_of(model: bytes) -> dict[str, np.ndarray]:
    weights = {}

    def take(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            weights[name] = item[()]

    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r").visititems(take)
    return weights


def figures(data: bytes) -> list[dict]:
    """The lines of metrics.jsonl, without the times."""
    times = ("pictures_a_second", "wall_time")
    lines = map(json.loads, data.decode().splitlines())
    return [{k: v for k, v in line.items() if k not in times} for line in lines]
