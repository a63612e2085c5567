"""The machine's peak rates, and the least time of a training step and of a picture at them.

The peaks are measured: matrix products and convolutions in float32 and bfloat16, and copies in
memory. In the graphs the operations of convolutions are counted, and the bytes that all operations
on pictures read and write. At the peaks, the larger of the two times is the least that the work
could take if nothing were fused.
"""

import math
from collections.abc import Callable, Iterator

from experiments.benchmarks import harness
from experiments.benchmarks.results import Row
from tf_deeppaint.utils.silence import import_tensorflow

SIDE, COPIED_MIB = 2048, 512
# Widths and batches of training steps; widths of networks that paint; sides of both in pixels.
CASES, WIDTHS = ((16, 4), (64, 1), (64, 4)), (16, 64)
SIZE, PAINTED_SIZE = 256, 512
PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
# Operations that move no data: they name a tensor or change its shape.
FREE = (
    *("Const", "Identity", "IdentityN", "ReadVariableOp"),
    *("Reshape", "Shape", "ShapeN", "StopGradient"),
)


def roofline() -> Iterator[Row]:
    import_tensorflow()
    products = {dtype: product_peak(dtype) for dtype in PRECISIONS}
    convolutions = {dtype: convolution_peak(dtype) for dtype in PRECISIONS}
    bandwidth = copy_peak()
    for name, rates in (("matrix products", products), ("3 x 3 convolutions", convolutions)):
        for dtype, rate in rates.items():
            yield Row(f"peak of {name}", dtype, [rate / 1e9], "GFLOP/s")
    yield Row("peak of copies in memory", "float32", [bandwidth / 1e9], "GB/s")
    for dtype, policy in PRECISIONS.items():
        peak = max(products[dtype], convolutions[dtype])
        works = {
            f"a training step, {SIZE} px, width {width}, batch {batch}": training_graph(
                width, batch, policy
            )
            for width, batch in CASES
        } | {
            f"one picture, {PAINTED_SIZE} px, width {width}": painting_graph(width, policy)
            for width in WIDTHS
        }
        for work, graph in works.items():
            operations, moved = demands(graph)
            needs = f"{dtype}: {operations / 1e9:.0f} GFLOP, {moved / 2**30:.1f} GiB moved"
            least = max(operations / peak, moved / bandwidth)
            yield Row(f"least time of {work}", needs, [1000 * least], "ms")


def product_peak(dtype: str) -> float:
    """Operations a second of products of square matrices."""
    import tensorflow as tf

    matrix = tf.cast(tf.random.normal((SIDE, SIDE)), dtype)
    return 2 * SIDE**3 / shortest(tf.function(lambda: tf.matmul(matrix, matrix)))


def convolution_peak(dtype: str) -> float:
    """Operations a second of a convolution as the networks have them, 256 channels at 64 px."""
    import tensorflow as tf

    pictures = tf.cast(tf.random.normal((4, 64, 64, 256)), dtype)
    kernel = tf.cast(tf.random.normal((3, 3, 256, 256)), dtype)
    run = tf.function(lambda: tf.nn.conv2d(pictures, kernel, 1, "SAME"))
    return 2 * 4 * 64 * 64 * 256 * 256 * 9 / shortest(run)


def copy_peak() -> float:
    """Bytes a second, read and written, of adding 1 to more than the caches hold."""
    import tensorflow as tf

    values = tf.zeros(COPIED_MIB * 2**18)
    return 2 * COPIED_MIB * 2**20 / shortest(tf.function(lambda: values + 1.0))


def shortest(function: Callable[[], object]) -> float:
    """The least seconds of several runs."""
    return min(harness.alternate({"": function}, harness.rounds(7))[""])


def training_graph(width: int, batch: int, precision: str, size: int = SIZE):
    """The graph of a training step, as it is traced."""
    import tensorflow as tf

    from experiments.benchmarks.workloads.keras_workloads import (
        make_training_step,
        training_shapes,
    )

    spec = {key: tf.TensorSpec(shape) for key, shape in training_shapes(batch, size).items()}
    return make_training_step(width, size, precision).get_concrete_function(spec).graph


def painting_graph(width: int, precision: str):
    """The graph of one picture, norms folded."""
    import tensorflow as tf

    from tf_deeppaint import Generator
    from tf_deeppaint.networks.model_files import with_precision

    generator = with_precision(Generator(width, size=PAINTED_SIZE, norm="none"), precision)
    spec = {
        name: tf.TensorSpec((1, PAINTED_SIZE, PAINTED_SIZE, channels))
        for name, channels in (("sketch", 3), ("histogram", 12))
    }
    run = tf.function(lambda inputs: generator(inputs, training=False))
    return run.get_concrete_function(spec).graph


def demands(graph) -> tuple[float, float]:
    """Operations of a graph's convolutions, and bytes that its operations read and write."""
    operations = moved = 0
    for node in graph.get_operations():
        if node.type in FREE:
            continue
        for tensor in (*node.inputs, *node.outputs):
            if tensor.shape.is_fully_defined() and tensor.dtype.size is not None:
                moved += math.prod(tensor.shape) * tensor.dtype.size
        if node.type.startswith("Conv2D"):
            operations += operations_of(node)
    return operations, moved


def operations_of(node) -> float:
    """Operations of one convolution, forward or back."""
    pictures = node.outputs[0] if node.type == "Conv2D" else node.inputs[2]  # (N, H, W, C)
    kernel = node.outputs[0] if node.type == "Conv2DBackpropFilter" else node.inputs[1]
    return 2.0 * math.prod(pictures.shape[:3]) * math.prod(kernel.shape)
