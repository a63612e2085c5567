"""A network converted to ONNX, and run by ONNX Runtime."""

import json
import os
from collections.abc import Sequence

import numpy as np

from tf_deeppaint.exporting.traced_function import describe, painting_function
from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.extras import import_extra
from tf_deeppaint.utils.silence import without_stderr

# The newest opset that tf2onnx writes; runtimes of 2023 and later read it.
_OPSET = 18
# The key of the description of the network in a file.
_METADATA = "tf_deeppaint"


def convert(network, size: int | None = None) -> bytes:
    """Converts a network; `traced_function` lists the inputs and outputs of the file.

    Args:
        network: A trained generator, of any precision; it is not changed.
        size: Side of the canvas, a multiple of 64; the network's by default.

    Returns:
        The bytes of an `.onnx` file of float32 weights, with metadata.

    Raises:
        DeepPaintError: The size is no multiple of 64, tf2onnx is not installed, or the network
            has an operation that ONNX does not have.
    """
    tf2onnx, onnx = import_extra("tf2onnx", "onnx"), import_extra("onnx", "onnx")
    size = network.size if size is None else size
    function = painting_function(network, size)
    try:
        with without_stderr():
            model, _ = tf2onnx.convert.from_function(
                function, input_signature=function.input_signature, opset=_OPSET
            )
    # Its handlers of operations raise errors of any class.
    except Exception as error:
        raise DeepPaintError(f"cannot be converted to ONNX ({one_line(error)})") from error
    # Operations without a handler stay in the graph.
    known = {schema.name for schema in onnx.defs.get_all_schemas()}
    if foreign := sorted({node.op_type for node in model.graph.node} - known):
        raise DeepPaintError(f"cannot be converted to ONNX (it has no {', '.join(foreign)})")
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
        DeepPaintError: The file is missing, damaged, or not written by this package; or ONNX
            Runtime is not installed.
    """

    def __init__(self, path: str | os.PathLike):
        runtime = import_extra("onnxruntime", "onnx")
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = runtime.InferenceSession(
                os.fspath(path), options, providers=["CPUExecutionProvider"]
            )
        # Its errors have no other class in common.
        except Exception as error:
            raise DeepPaintError(
                f"{path}: cannot be loaded by ONNX Runtime ({one_line(error)})"
            ) from error
        metadata = self._session.get_modelmeta().custom_metadata_map.get(_METADATA)
        if metadata is None:
            raise DeepPaintError(f"{path}: not written by `python -m export.onnx`")
        self.metadata = json.loads(metadata)

    def outputs(
        self, sketches: np.ndarray, palettes: np.ndarray, names: Sequence[str]
    ) -> list[np.ndarray]:
        """The named outputs for canvases; see `LiteRtBackend.outputs`."""
        painted = [
            self._session.run(list(names), {"sketch": sketch[None], "palette": palette[None]})
            for sketch, palette in zip(sketches, palettes, strict=True)
        ]
        return [np.concatenate(batch) for batch in zip(*painted, strict=True)]
