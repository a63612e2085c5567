"""The backend that runs an `.onnx` file by ONNX Runtime: neither TensorFlow nor Keras is loaded."""

import os
from collections.abc import Sequence

import numpy as np

from tf_deeppaint.painting.converted.description import METADATA, is_described, parse_description
from tf_deeppaint.painting.prediction import Prediction, make_predictions
from tf_deeppaint.palette.mixing import Mixture
from tf_deeppaint.utils import files
from tf_deeppaint.utils.commands import command
from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.extras import import_extra

SUFFIX = ".onnx"
_MAX_BYTES = 2**30  # a network of width 64 has 194 MB


class OnnxBackend:
    """Runs a converted network on uint8 canvases, one after another, on all cores.

    Any number of threads may use it.

    Args:
        path: A file written by `deeppaint export onnx`.

    Attributes:
        size: Side of the canvas in pixels.
        background: The palette rule that the network was trained with.
        mixes: Whether it mixes the palette's colors.
        metadata: The file's description of the network; see `traced_function.describe`.

    Raises:
        DeepPaintError: The file is missing, damaged, or not written by this package; or ONNX
            Runtime is not installed.
    """

    def __init__(self, path: str | os.PathLike):
        if not files.is_file(path):
            raise DeepPaintError(f"{path}: no such file")
        runtime = import_extra("onnxruntime", "onnx")
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        try:
            # As bytes: a path would let the file name others that hold its weights.
            self._session = runtime.InferenceSession(
                files.read_bytes(path, _MAX_BYTES), options, providers=["CPUExecutionProvider"]
            )
        except DeepPaintError:
            raise
        # Its errors have no other class in common.
        except Exception as error:
            raise DeepPaintError(
                f"{path}: cannot be loaded by ONNX Runtime ({one_line(error)})"
            ) from error
        text = self._session.get_modelmeta().custom_metadata_map.get(METADATA)
        if text is None:
            raise DeepPaintError(f"{path}: not written by `{command('export onnx')}`")
        inputs = {given.name: tuple(given.shape) for given in self._session.get_inputs()}
        outputs = {made.name for made in self._session.get_outputs()}
        try:
            self.metadata = parse_description(text)
            if not is_described(self.metadata, inputs, outputs):
                raise ValueError("another graph than it describes")
        except Exception as error:
            raise DeepPaintError(f"{path}: damaged; convert the network again") from error
        self.size = self.metadata["size"]
        self.background = self.metadata["background"]
        self.mixes = self.metadata["head"] == "mixture"

    def run(self, sketches: np.ndarray, palettes: np.ndarray) -> list[Prediction]:
        """Runs the network on a batch; see `KerasBackend.run`."""
        names = Mixture._fields if self.mixes else ("image",)
        outputs = dict(zip(names, self.outputs(sketches, palettes, names), strict=True))
        return make_predictions(outputs, sketches, palettes)

    def attention(self, sketches: np.ndarray, palettes: np.ndarray) -> list[np.ndarray]:
        """The attention maps behind `run`; see `KerasBackend.attention`."""
        names = [f"attention_{stage}" for stage in range(self.metadata["gates"])]
        if not names:  # ONNX Runtime takes none for all
            return []
        return [level[..., 0] for level in self.outputs(sketches, palettes, names)]

    def outputs(
        self, sketches: np.ndarray, palettes: np.ndarray, names: Sequence[str]
    ) -> list[np.ndarray]:
        """The named outputs of the file's graph, `(N, ...)` each, for the arguments of `run`."""
        painted = [
            self._session.run(list(names), {"sketch": sketch[None], "palette": palette[None]})
            for sketch, palette in zip(sketches, palettes, strict=True)
        ]
        return [np.concatenate(batch) for batch in zip(*painted, strict=True)]
