"""What a backend is: the part of a painter that runs a network."""

from typing import Protocol

import numpy as np

from tf_deeppaint.painting.prediction import Prediction


class Backend(Protocol):
    """Runs a network for a `Painter`, from any number of threads.

    Attributes:
        size: Side of the network's canvas in pixels.
        background: The palette rule that the network was trained with.
        mixes: Whether the network mixes the palette's colors, so that predictions are mixtures.
    """

    size: int
    background: str
    mixes: bool

    def run(self, sketches: np.ndarray, palettes: np.ndarray) -> list[Prediction]:
        """Runs the network on canvases.

        Args:
            sketches: uint8 gray `(N, size, size)`.
            palettes: uint8 `(N, 4, 4, 3)`.
        """
        ...

    def attention(self, sketches: np.ndarray, palettes: np.ndarray) -> list[np.ndarray]:
        """The attention maps behind `run`, the deepest gate's first.

        Returns:
            float32 `(N, h, w)` in (0, 1) for each gate; none where there are no gates.
        """
        ...
