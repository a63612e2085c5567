"""A network converted to ONNX."""

import json
from collections.abc import Callable
from types import ModuleType

import numpy as np
import tensorflow as tf

from tf_deeppaint.exporting.traced_function import describe, painting_function
from tf_deeppaint.painting.converted.description import METADATA
from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.extras import import_extra
from tf_deeppaint.utils.silence import without_stderr

# The newest opset that tf2onnx writes; runtimes of 2023 and later read it.
_OPSET = 18


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
                function,
                input_signature=function.input_signature,
                opset=_OPSET,
                custom_op_handlers={"Erfc": (_convert_erfc, [])},
            )
    # Its handlers of operations raise errors of any class.
    except Exception as error:
        raise DeepPaintError(f"cannot be converted to ONNX ({one_line(error)})") from error
    # Operations without a handler stay in the graph.
    known = {schema.name for schema in onnx.defs.get_all_schemas()}
    if foreign := sorted({node.op_type for node in model.graph.node} - known):
        raise DeepPaintError(f"cannot be converted to ONNX (it has no {', '.join(foreign)})")
    _fill_inputs(onnx, model, function)
    entry = model.metadata_props.add()
    entry.key = METADATA
    entry.value = json.dumps(describe(network, size, "float32"))
    return model.SerializeToString()


def _convert_erfc(graph, node, _name: str, _arguments) -> None:
    """Writes erfc(x), which Keras's GELU is made of and ONNX lacks, as 1 - erf(x)."""
    erf = graph.make_node("Erf", [node.input[0]])
    one = graph.make_const(f"{node.name}_one", np.float32(1))
    described = {"shapes": node.output_shapes, "dtypes": node.output_dtypes}
    graph.remove_node(node.name)
    inputs = [one.output[0], erf.output[0]]
    graph.make_node("Sub", inputs, name=node.name, outputs=node.output, **described)


def _fill_inputs(onnx: ModuleType, model, function: Callable) -> None:
    """Gives constants back to the graph that tf2onnx 1.17 has made inputs of, without a value."""
    named = {spec.name for spec in function.input_signature}
    graph = function.get_concrete_function().graph
    captured = {inside.name: outside for outside, inside in graph.captures}
    for given in [given for given in model.graph.input if given.name not in named]:
        operation = graph.get_operation_by_name(given.name.partition(":")[0])
        value = tf.get_static_value(operation.outputs[0])
        if value is None:  # computed before the graph was traced, as the codes of places are
            value = captured[operation.outputs[0].name].numpy()
        model.graph.initializer.append(onnx.numpy_helper.from_array(value, given.name))
        model.graph.input.remove(given)
