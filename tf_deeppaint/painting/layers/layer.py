"""A layer: a name, pixels that are computed where they are asked for, and how they blend."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

# How a layer blends with what is below it.
NORMAL, MULTIPLY, SCREEN = "normal", "multiply", "screen"


class Layer(NamedTuple):
    """A layer: its name, for people, and its pixels.

    Attributes:
        name: The name.
        pixels: uint8 RGBA `(H, W, 4)`; or what computes some of the rows where they are asked for.
        shape: Height and width, where the pixels are computed.
        blend: `NORMAL`, `MULTIPLY` or `SCREEN`.
        group: The name of the group that it belongs to with its neighbors, if any.
        is_shown: Whether it is visible.
    """

    name: str
    pixels: np.ndarray | Callable[[slice], np.ndarray]
    shape: tuple[int, int] | None = None
    blend: str = NORMAL
    group: str | None = None
    is_shown: bool = True

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.shape or self.pixels.shape[:2]

    @property
    def rgba(self) -> np.ndarray:
        """All pixels, uint8 RGBA `(H, W, 4)`."""
        return self.rows(slice(0, self.size[0]))

    def rows(self, rows: slice) -> np.ndarray:
        """Some rows, uint8 RGBA `(h, W, 4)`."""
        return self.pixels(rows) if callable(self.pixels) else self.pixels[rows]


def check_layers(layers: Sequence[Layer]) -> None:
    """Raises ValueError unless there are layers, all of one size."""
    if len({layer.size for layer in layers}) != 1:
        raise ValueError("layers of one size are needed, at least one")
