"""A network converted to ONNX, and run by ONNX Runtime."""

import importlib
import json
import os
from types import ModuleType

import numpy as np

from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.silence import without_stderr

SUFFIX = ".onnx"
# The newest that tf2onnx writes and that runtimes of some years read.
_OPSET = 18
_METADATA = "tf_deeppaint"


def convert(network, size: int | None = None) -> bytes:
    """Converts a network; `traced_function` lists the inputs and outputs of the file.

    Args:
        network: A trained generator, of any precision; it is not changed.
        size: Side of the canvas, a multiple of 64; the network's by default.

    Returns:
        The bytes of an `.onnx` file of float32 weights, with metadata.

    Raises:
        DeepPaintError: the size is no multiple of 64, tf2onnx is missing, or the network holds an
            operation that ONNX does not have.
    """
    from tf_deeppaint.exporting.traced_function import describe, painting_function

    tf2onnx, onnx = _import("tf2onnx"), _import("onnx")
    size = network.size if size is None else size
    function = painting_function(network, size)
    try:
        with without_stderr():
            model, _ = tf2onnx.convert.from_function(
                function, input_signature=function.input_signature, opset=_OPSET
            )
    # Whatever its handlers of operations raise.
    except Exception as error:
        raise DeepPaintError(f"cannot be converted to ONNX ({one_line(error)})") from error
    # What it has no handler for stays in the graph.
    foreign = {node.op_type for node in model.graph.node} - {
        schema.name for schema in onnx.defs.get_all_schemas()
    }
    if foreign:
        raise DeepPaintError(
            f"cannot be converted to ONNX (it has no {', '.join(sorted(foreign))})"
        )
    entry = model.metadata_props.add()
    entry.key = _METADATA
    entry.value = json.dumps(describe(network, size, "float32"))
    return model.SerializeToString()


class OnnxPainting:
    """Runs a converted network, one picture after another, on all cores.

    Args:
        path: A file written by `python -m export.onnx`.

    Attributes:
        metadata: The file's description of the network; see `traced_function.describe`.

    Raises:
        DeepPaintError: nothing there, damaged, not written by this package, or ONNX Runtime is
            missing.
    """

    def __init__(self, path: str | os.PathLike):
        runtime = _import("onnxruntime")
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = runtime.InferenceSession(
                os.fspath(path), options, providers=["CPUExecutionProvider"]
            )
        # Its errors have no class in common but this one.
        except Exception as error:
            raise DeepPaintError(
                f"{path}: cannot be loaded by ONNX Runtime ({one_line(error)})"
            ) from error
        described = self._session.get_modelmeta().custom_metadata_map.get(_METADATA)
        if described is None:
            raise DeepPaintError(f"{path}: not written by `python -m export.onnx`")
        self.metadata = json.loads(described)

    def pictures(self, sketches: np.ndarray, palettes: np.ndarray) -> np.ndarray:
        """Paints uint8 canvases `(N, S, S)`: float32 `(N, S, S, 3)` in [-1, 1]."""
        painted = [
            self._session.run(["image"], {"sketch": sketch[None], "palette": palette[None]})[0]
            for sketch, palette in zip(sketches, palettes, strict=True)
        ]
        return np.concatenate(painted)


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DeepPaintError(
            f'{name} is missing; install it with `pip install "tf-deeppaint[onnx]"`'
        ) from error
