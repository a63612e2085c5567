"""A parser under test: its valid inputs, how they are changed, how it is fed.

A target takes one input and returns, or raises DeepPaintError; anything else is a finding.
"""

import os
import random
from collections import deque
from collections.abc import Callable, Iterable

from tests.hostile.mutations import mutate


class Target:
    """One parser.

    Args:
        seeds: Valid inputs.
        feed: Gives it an input; called in an empty working folder of its own.
        change: How inputs are changed.
        share: How many of a thousand inputs of a run it gets.
    """

    def __init__(
        self,
        seeds: Iterable[bytes],
        feed: Callable[[bytes], object],
        change: Callable[[bytes, random.Random], bytes] | None = None,
        share: int = 10,
    ):
        self.seeds = list(seeds)
        self.feed = feed
        self.change = change
        self.share = share

    def input(self, name: str, seed: int, number: int) -> bytes:
        """The `number`-th input of a seed; the first ones are the valid inputs as they are."""
        if number < len(self.seeds):
            return self.seeds[number]
        rng = random.Random(f"{name}/{seed}/{number}")
        data = rng.choice(self.seeds)
        if self.change is None or rng.random() < 0.1:
            return mutate(data, rng, self.seeds)
        return self.change(data, rng)


def drain(items: Iterable) -> None:
    """Takes all that is yielded."""
    deque(items, maxlen=0)


def write_file(path: str, data: bytes) -> str:
    """Writes a file into the working folder."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return path
