"""The machine's peak rates, and the least time of a training step and of a picture at them.

python -m experiments.benchmarks.roofline --results=results.jsonl

The peaks are measured: matrix products and convolutions in float32 and bfloat16, and copies in
memory. In the graphs the operations of convolutions are counted, and the bytes that all operations
on pictures read and write. At the peaks, the larger of the two times is the least that the work
could take if nothing were fused.
"""

import math
from collections.abc import Callable, Iterator

from experiments.benchmarks import harness
from experiments.benchmarks.results import Row
from experiments.benchmarks.rounds import alternate
from tf_deeppaint.utils.silence import import_tensorflow

SIDE = 2048
COPIED_MIB = 512
# Widths and batches of training steps; widths of networks that paint; sides of both in pixels.
CASES = ((16, 4), (64, 1), (64, 4))
WIDTHS = (16, 64)
SIZE, PAINTED_SIZE = 256, 512
PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
CONVOLUTIONS = ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter")
# Operations that move no data: they name a tensor or change its shape.
FREE = (
    "Const",
    "Identity",
    "IdentityN",
    "ReadVariableOp",
    "Reshape",
    "Shape",
    "ShapeN",
    "StopGradient",
)


def main() -> Iterator[Row]:
    import_tensorflow()
    peaks = {dtype: product_peak(dtype) for dtype in PRECISIONS}
    convolutions = {dtype: convolution_peak(dtype) for dtype in PRECISIONS}
    bandwidth = copy_peak()
    for name, rates in (("matrix products", peaks), ("3 x 3 convolutions", convolutions)):
        for dtype, rate in rates.items():
            yield Row(f"peak of {name}", dtype, rate / 1e9, unit="GFLOP/s")
    yield Row("peak of copies in memory", "float32", bandwidth / 1e9, unit="GB/s")
    for dtype, policy in PRECISIONS.items():
        peak = max(peaks[dtype], convolutions[dtype])
        for width, batch in CASES:
            step = f"a training step, {SIZE} px, width {width}, batch {batch}"
            graph = training_graph(width, batch, policy)
            yield least_time(step, dtype, graph, peak, bandwidth)
        for width in WIDTHS:
            picture = f"one picture, {PAINTED_SIZE} px, width {width}"
            graph = painting_graph(width, policy)
            yield least_time(picture, dtype, graph, peak, bandwidth)


def least_time(work: str, dtype: str, graph, peak: float, bandwidth: float) -> Row:
    """The least time of a graph."""
    operations, moved = demands(graph)
    needs = f"{dtype}: {operations / 1e9:.0f} GFLOP, {moved / 2**30:.1f} GiB moved"
    least = max(operations / peak, moved / bandwidth)
    return Row(f"least time of {work}", needs, 1000 * least, unit="ms")


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
    return min(alternate({"": function}, harness.rounds(7))[""])


def training_graph(width: int, batch: int, precision: str, size: int = SIZE):
    """The graph of a training step, as it is traced."""
    import tensorflow as tf

    from experiments.benchmarks.workloads.keras_workloads import make_training_step

    shapes = {"sketch": (size, size, 3), "palette": (4, 4, 3), "picture": (size, size, 3)}
    spec = {key: tf.TensorSpec((batch, *shape)) for key, shape in shapes.items()}
    return make_training_step(width, size, precision).get_concrete_function(spec).graph


def painting_graph(width: int, precision: str, size: int = PAINTED_SIZE):
    """The graph of one picture, norms folded."""
    import tensorflow as tf

    from tf_deeppaint import Generator
    from tf_deeppaint.networks.model_files import with_precision

    generator = with_precision(Generator(width, size=size, norm="none"), precision)
    spec = {
        name: tf.TensorSpec((1, size, size, channels))
        for name, channels in (("sketch", 3), ("histogram", 12))
    }
    run = tf.function(lambda inputs: generator(inputs, training=False))
    return run.get_concrete_function(spec).graph


def demands(graph) -> tuple[float, float]:
    """Operations of a graph's convolutions, and bytes that its operations read and write."""
    nodes = [node for node in graph.get_operations() if node.type not in FREE]
    operations = sum(operations_of(node) for node in nodes if node.type in CONVOLUTIONS)
    moved = sum(size_of(t) for node in nodes for t in (*node.inputs, *node.outputs))
    return operations, moved


def operations_of(node) -> float:
    """Operations of one convolution, forward or back."""
    pictures, kernel = (node.outputs[0], node.inputs[1])
    if node.type == "Conv2DBackpropInput":
        pictures = node.inputs[2]
    elif node.type == "Conv2DBackpropFilter":
        pictures, kernel = node.inputs[2], node.outputs[0]
    return 2.0 * math.prod(pictures.shape[:3]) * math.prod(kernel.shape)


def size_of(tensor) -> int:
    """Bytes of a tensor of known shape, else 0."""
    if not tensor.shape.is_fully_defined() or tensor.dtype.size is None:
        return 0
    return math.prod(tensor.shape) * tensor.dtype.size


if __name__ == "__main__":
    harness.run(main)
