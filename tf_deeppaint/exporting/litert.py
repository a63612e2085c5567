"""A network converted for LiteRT: phones, browsers, boards, and CPUs without TensorFlow."""

import json
import tempfile
from collections.abc import Callable, Iterable

import numpy as np
import tensorflow as tf
from tensorflow.lite.tools import flatbuffer_utils
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tf_deeppaint.exporting.traced_function import describe, painting_function
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.painting.converted.description import METADATA
from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.silence import without_stderr

# These operations stay in float32 in `full_int8`. Pooling and unpooling depend on small differences
# of features: in int8 a picture falls from 36 dB to 24. The others are the head's, which takes
# little time; so do the operations that follow on the head's layers.
_FLOAT_OPS = ["SUB", "MUL", "MAXIMUM", "MINIMUM", "STRIDED_SLICE"]
_FLOAT_OPS += ["SPLIT_V", "SOFTMAX", "TANH", "BATCH_MATMUL"]

# Pictures that `full_int8` is calibrated on; more of them hardly change the ranges.
SAMPLES = 4


def convert(
    network: PaintingNetwork,
    precision: str = "float32",
    size: int | None = None,
    samples: Iterable[tuple[np.ndarray, np.ndarray]] = (),
) -> bytes:
    """Converts a network; `traced_function` lists the inputs and outputs of the file.

    Args:
        network: A trained network, of any precision; it is not changed.
        precision: `"float32"`; `"float16"`: weights in float16; `"dynamic_int8"`: weights in int8,
            ranges of features measured at every run; `"full_int8"`: ranges measured on `samples`.
        size: Side of the canvas, a multiple of 64; the network's by default.
        samples: For `"full_int8"`: uint8 sketches `(S, S)` and palettes `(4, 4, 3)`.

    Returns:
        The bytes of a `.tflite` file of operations built into LiteRT only, with metadata.

    Raises:
        DeepPaintError: The size is no multiple of 64, there are no samples, or the network has an
            operation that LiteRT does not have.
    """
    size = network.size if size is None else size
    samples = list(samples)
    if precision == "full_int8" and not samples:
        raise DeepPaintError("full_int8 is calibrated on pictures: give --data=FOLDER")
    function = painting_function(network, size)
    with tempfile.TemporaryDirectory() as folder:
        _save_frozen(function, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        try:
            with without_stderr():
                data = _convert(converter, precision, samples)
        # The converter raises errors of its own class, RuntimeErrors and ValueErrors.
        except Exception as error:
            raise DeepPaintError(f"cannot be converted for LiteRT ({one_line(error)})") from error
    return _add_metadata(data, describe(network, size, precision))


def _save_frozen(function: Callable, folder: str) -> None:
    """Writes a SavedModel whose weights are constants: variables would be read at every run."""
    concrete = function.get_concrete_function()
    names = sorted(concrete.structured_outputs)
    frozen = convert_variables_to_constants_v2(concrete)
    module = tf.Module()
    module.paint = tf.function(
        lambda sketch, palette: dict(zip(names, frozen(sketch, palette), strict=True)),
        input_signature=function.input_signature,
        autograph=False,
    )
    tf.saved_model.save(module, folder, signatures={"serving_default": module.paint})


def _convert(converter: tf.lite.TFLiteConverter, precision: str, samples: list) -> bytes:
    def representative_inputs():
        for sketch, palette in samples:
            yield {"sketch": sketch[None], "palette": palette[None]}

    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision != "full_int8":
        return converter.convert()
    converter.representative_dataset = representative_inputs
    # The converter alone cannot leave operations out; the debugger, which is made for finding out
    # which ones should be, can.
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=_FLOAT_OPS)
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=converter, debug_dataset=representative_inputs, debug_options=options
    )
    options.denylisted_nodes = _names_of_head(debugger.calibrated_model)
    return debugger.get_nondebug_quantized_model()


def _names_of_head(data: bytes) -> list[str]:
    """Names of the outputs of the head's operations in a `.tflite` file, and of all after them."""
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(data))
    (graph,) = model.subgraphs
    head: set[int] = set()
    for operation in graph.operators:
        outputs = {int(index) for index in operation.outputs}
        follows = not head.isdisjoint(map(int, operation.inputs))
        if follows or any(b"/head_" in graph.tensors[index].name for index in outputs):
            head |= outputs
    return [graph.tensors[index].name.decode() for index in sorted(head)]


def _add_metadata(data: bytes, metadata: dict) -> bytes:
    """Adds a buffer of JSON to the flatbuffer, by the schema that comes with TensorFlow."""
    schema = flatbuffer_utils.schema_fb
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(data))
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(json.dumps(metadata).encode(), np.uint8)
    entry.name, entry.buffer = METADATA, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or ()), entry]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
