"""The backend that runs a `.tflite` file by LiteRT: neither TensorFlow nor Keras is loaded."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import tf_deeppaint
from tf_deeppaint.painting.converted.backend import ConvertedBackend
from tf_deeppaint.painting.converted.description import METADATA, is_described, parse_description
from tf_deeppaint.utils.commands import command
from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.extras import import_extra
from tf_deeppaint.utils.silence import without_stderr

SUFFIX = ".tflite"
# `deeppaint export litert --precision=float16` made it of the bundled `.keras` file.
BUNDLED_FILE = Path(tf_deeppaint.__file__).parent / "bundled" / "model.tflite"
_IDENTIFIER = b"TFL3"


class LiteRtBackend(ConvertedBackend):
    """Runs a converted network on uint8 canvases, by XNNPACK on all cores.

    Any number of threads may use it; one runs at a time, on all cores.

    Args:
        path: A file written by `deeppaint export litert`.

    Raises:
        DeepPaintError: see `read_metadata`; or LiteRT cannot load it.
    """

    def __init__(self, path: str | os.PathLike):
        super().__init__(read_metadata(path))
        self._runner = _load(path, self.metadata)
        self._lock = threading.Lock()

    def _run(self, inputs: dict[str, np.ndarray], names: Sequence[str]) -> list[np.ndarray]:
        with self._lock:
            outputs = self._runner(**inputs)
            return [outputs[name] for name in names]


def read_metadata(path: str | os.PathLike) -> dict:
    """The description of the network in a `.tflite` file; see `traced_function.describe`.

    Raises:
        DeepPaintError: no such file, damaged, not written by this package, or LiteRT is missing.
    """
    schema = import_extra("ai_edge_litert.schema_py_generated", "litert")
    try:
        data = np.memmap(path, np.uint8, "r") if os.path.getsize(path) else np.empty(0)
    except OSError as error:
        raise DeepPaintError(f"{path}: cannot be read ({error.strerror})") from error
    if bytes(data[4:8]) != _IDENTIFIER:
        raise DeepPaintError(f"{path}: not a LiteRT model")
    try:
        model = schema.Model.GetRootAs(data, 0)
        entries = [model.Metadata(i) for i in range(model.MetadataLength())]
        buffers = [entry.Buffer() for entry in entries if entry.Name() == METADATA.encode()]
        if not buffers:
            raise DeepPaintError(f"{path}: not written by `{command('export litert')}`")
        return parse_description(bytes(model.Buffers(buffers[0]).DataAsNumpy()))
    except DeepPaintError:
        raise
    # Offsets in a damaged file lead anywhere.
    except Exception as error:
        raise DeepPaintError(f"{path}: damaged; convert the network again") from error


def _load(path: str | os.PathLike, metadata: dict):
    """Loads the file; returns the runner of its one signature, which is what the metadata says."""
    interpreter = import_extra("ai_edge_litert.interpreter", "litert")
    try:
        with without_stderr():
            loaded = interpreter.Interpreter(os.fspath(path), num_threads=os.cpu_count())
            loaded.allocate_tensors()
        runner = loaded.get_signature_runner()
    except (ValueError, RuntimeError) as error:
        raise DeepPaintError(f"{path}: cannot be loaded by LiteRT ({one_line(error)})") from error
    inputs, outputs = runner.get_input_details(), runner.get_output_details()
    shapes = {name: tuple(details["shape"]) for name, details in inputs.items()}
    if not is_described(metadata, shapes, set(outputs)):
        raise DeepPaintError(
            f"{path}: damaged (its graph is not the one that it describes); convert the network "
            "again"
        )
    return runner
