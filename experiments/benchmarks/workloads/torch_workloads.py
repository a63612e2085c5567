"""Workloads of the published network in PyTorch, as written and tuned; see `harness.Workload`."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from experiments.benchmarks.workloads.published_python import read_pair
from experiments.benchmarks.workloads.published_torch import (
    Generator,
    Training,
    memory_format,
    settle,
)

CORES = os.cpu_count() or 1
torch.set_num_threads(CORES)


def training_step(
    width: int, size: int, batch: int, tuned: bool, bfloat16: bool = False
) -> Callable[[], object]:
    """One step of the GAN."""
    torch.manual_seed(0)
    training = Training(width, tuned, bfloat16)
    batches = [_random_values((batch, channels, size, size), tuned) for channels in (3, 12, 3)]
    return lambda: float(training.step(*batches)[1])


def forward(width: int, size: int, tuned: bool, bfloat16: bool = False) -> Callable[[], object]:
    """One picture, from NumPy to NumPy; as written the norms are in training mode."""
    torch.manual_seed(0)
    values = _random_values((1, 15, size, size), tuned)
    network = Generator(width).to(memory_format=memory_format(tuned))
    settle(network, values).train(not tuned)

    @torch.inference_mode()
    def run() -> np.ndarray:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            return network(values)[0].float().numpy()

    return run


class _Pairs(torch.utils.data.Dataset):
    """The published loader's pairs in a folder."""

    def __init__(self, folder: str):
        self.paths = sorted(Path(folder).glob("*.png"))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> list[torch.Tensor]:
        rng = np.random.default_rng(torch.initial_seed() + number)
        return [torch.from_numpy(values) for values in read_pair(self.paths[number], rng)]


def reading(folder: str, batch: int, batches: int) -> Callable[[], object]:
    """Batches of the published loader's pairs, one process a core."""
    options = {"num_workers": CORES, "persistent_workers": True}
    loader = torch.utils.data.DataLoader(
        _Pairs(folder), batch, shuffle=True, drop_last=True, **options
    )
    endless = (values for _ in iter(int, 1) for values in loader)
    return lambda: [next(endless) for _ in range(batches)]


def _random_values(shape: tuple, tuned: bool) -> torch.Tensor:
    """float32 in [-1, 1], the same at every call."""
    values = np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")
    return torch.from_numpy(values).contiguous(memory_format=memory_format(tuned))
