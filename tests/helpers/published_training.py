"""Steps of the published training in a process of its own: GIVEN.npz WIDTH TUNED -> STEPS.npz.

PyTorch's optimizers load Triton, which crashes a process that has TensorFlow in it.
"""

import sys

import numpy as np
import torch

from experiments.benchmarks.workloads import published_torch


def main() -> None:
    given, width, tuned, output = sys.argv[1:]
    # The one thing that is drawn at random before the pool is full.
    published_torch.DROPPED = 0
    torch.manual_seed(2)
    training = published_torch.Training(int(width), tuned == "tuned")
    results = {
        f"{part}.{name}": np.array(values, order="C")
        for part in ("generator", "discriminator")
        for name, values in getattr(training, part).state_dict().items()
    }
    batches = np.load(given)
    steps = zip(*(batches[name] for name in ("sketch", "histogram", "picture")), strict=True)
    losses = [
        [float(loss) for loss in training.step(*map(torch.from_numpy, batch))] for batch in steps
    ]
    np.savez(output, losses=losses, **results)


if __name__ == "__main__":
    main()
