"""What the backends of converted networks share: they run one canvas after another."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from tf_deeppaint.painting.prediction import Prediction, make_predictions
from tf_deeppaint.palette.mixing import Mixture


class ConvertedBackend(ABC):
    """A backend of the Painter that runs a converted file.

    Args:
        metadata: The file's description of its network; see `traced_function.describe`.

    Attributes:
        size: Side of the canvas in pixels.
        background: The palette rule that the network was trained with.
        mixes: Whether it mixes the palette's colors.
        metadata: As given.
    """

    def __init__(self, metadata: dict):
        self.metadata = metadata
        self.size = metadata["size"]
        self.background = metadata["background"]
        self.mixes = metadata["head"] == "mixture"

    def run(self, sketches: np.ndarray, palettes: np.ndarray) -> list[Prediction]:
        """Runs the network on a batch; see `Backend.run`."""
        names = Mixture._fields if self.mixes else ("image",)
        outputs = dict(zip(names, self.outputs(sketches, palettes, names), strict=True))
        return make_predictions(outputs, sketches, palettes)

    def attention(self, sketches: np.ndarray, palettes: np.ndarray) -> list[np.ndarray]:
        """The attention maps behind `run`; see `Backend.attention`."""
        names = [f"attention_{stage}" for stage in range(self.metadata["gates"])]
        return [level[..., 0] for level in self.outputs(sketches, palettes, names)]

    def outputs(
        self, sketches: np.ndarray, palettes: np.ndarray, names: Sequence[str]
    ) -> list[np.ndarray]:
        """The named outputs of the file's graph, `(N, ...)` each, for the arguments of `run`."""
        batches = [
            self._run({"sketch": sketch[None], "palette": palette[None]}, names)
            for sketch, palette in zip(sketches, palettes, strict=True)
        ]
        return [np.concatenate(batch) for batch in zip(*batches, strict=True)]

    @abstractmethod
    def _run(self, inputs: dict[str, np.ndarray], names: Sequence[str]) -> list[np.ndarray]:
        """The named outputs of the graph for its inputs."""
