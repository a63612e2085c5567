"""The backend that runs an `.onnx` file by ONNX Runtime: neither TensorFlow nor Keras is loaded."""

import os
from collections.abc import Sequence

import numpy as np

from tf_deeppaint.painting.converted.backend import ConvertedBackend
from tf_deeppaint.painting.converted.description import METADATA, is_described, parse_description
from tf_deeppaint.utils import files
from tf_deeppaint.utils.commands import command
from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.extras import import_extra

SUFFIX = ".onnx"
_MAX_BYTES = 2**30  # a network of width 64 has 194 MB


class OnnxBackend(ConvertedBackend):
    """Runs a converted network on uint8 canvases, one after another, on all cores.

    Any number of threads may use it.

    Args:
        path: A file written by `deeppaint export onnx`.

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
            super().__init__(parse_description(text))
            if not is_described(self.metadata, inputs, outputs):
                raise ValueError("another graph than it describes")
        except Exception as error:
            raise DeepPaintError(f"{path}: damaged; convert the network again") from error

    def _run(self, inputs: dict[str, np.ndarray], names: Sequence[str]) -> list[np.ndarray]:
        return self._session.run(list(names), inputs) if names else []  # it takes none for all
