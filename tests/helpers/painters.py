"""Painters for tests: tiny networks of random weights, and a backend that needs none."""

import functools
import threading

import numpy as np

from tf_deeppaint import Painter
from tf_deeppaint.painting.prediction import Prediction, make_predictions
from tf_deeppaint.palette.mixing import SLOTS
from tf_deeppaint.palette.rules import BANDS

SIZE = 64


@functools.cache
def tiny_painter(head: str) -> Painter:
    """A painter on a canvas of 64 pixels whose network has the given head.

    Weights as they are first drawn paint everything one gray; these paint pictures that differ.
    """
    from tf_deeppaint.networks.generator import Generator
    from tf_deeppaint.painting.keras_backend import KerasBackend

    generator = Generator(4, size=SIZE, background="white", head_kind=head, seed=0)
    factor = 4 if head == "mixture" else 6
    generator.set_weights([w * factor if w.ndim == 4 else w for w in generator.get_weights()])
    return Painter(KerasBackend(generator))


class FakeBackend:
    """Paints each band of the canvas in the first color of the palette's band, without a network.

    Args:
        size: Side of the canvas.
        mixes: Whether it says how colors are mixed, or paints itself.
        gates: How many attention maps it has: 1 in the upper half of the canvas, 0 below.

    Attributes:
        batches: How many sketches were given in each call of `run`.
    """

    background = "white"

    def __init__(self, size: int = 32, mixes: bool = True, gates: int = 2):
        self.size, self.mixes, self.gates = size, mixes, gates
        self.batches: list[int] = []
        self._lock = threading.Lock()

    def run(self, sketches: np.ndarray, palettes: np.ndarray) -> list[Prediction]:
        with self._lock:
            self.batches.append(len(sketches))
        band = np.arange(self.size) * BANDS // self.size
        if not self.mixes:
            colors = palettes[:, band, 0][:, :, None] * (sketches[..., None] / 255)
            image = (colors / 127.5 - 1).astype(np.float32)
            return make_predictions({"image": image}, sketches, palettes)
        weights = np.zeros((*sketches.shape, SLOTS), np.float32)
        weights[:, np.arange(self.size), :, 4 * band] = 1
        ink = 1 - sketches[..., None].astype(np.float32) / 255
        outputs = {"weights": weights, "shade": np.ones_like(ink), "ink": ink}
        return make_predictions(outputs, sketches, palettes)

    def attention(self, sketches: np.ndarray, palettes: np.ndarray) -> list[np.ndarray]:
        sides = [self.size >> gate for gate in range(self.gates, 0, -1)]
        maps = [np.zeros((len(sketches), side, side), np.float32) for side in sides]
        for level in maps:
            level[:, : level.shape[1] // 2] = 1
        return maps
