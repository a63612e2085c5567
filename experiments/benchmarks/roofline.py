"""The machine's peak rates, and the least time of a training step and of a picture at them.

The peaks are measured: matrix products and convolutions in float32 and bfloat16, and copies in
memory. In the graphs the operations of convolutions are counted, and the bytes that all operations
on pictures read and write. At the peaks, the larger of the two times is the least that the work
could take if nothing were fused.
"""

import math
from collections.abc import Callable, Iterator

from experiments.benchmarks import harness, networks
from experiments.benchmarks.results import Row
from tf_deeppaint.utils.silence import import_tensorflow

SIDE, COPIED_MIB = 2048, 512
# Sides in pixels of pictures that are trained on, and of those that are painted.
SIZE, PAINTED_SIZE = 256, 512
PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
# Operations that move no data: they name a tensor or change its shape.
FREE = (
    *("Const", "Identity", "IdentityN", "ReadVariableOp"),
    *("Reshape", "Shape", "ShapeN", "StopGradient"),
)


def roofline() -> Iterator[Row]:
    import_tensorflow()
    products, convolutions, bandwidth = measure_peaks()
    for name, rates in (("matrix products", products), ("3 x 3 convolutions", convolutions)):
        for dtype, rate in rates.items():
            yield Row(f"peak of {name}", dtype, [rate / 1e9], "GFLOP/s")
    yield Row("peak of copies in memory", "float32", [bandwidth / 1e9], "GB/s")
    for dtype, policy in PRECISIONS.items():
        graphs = {
            f"a training step, {SIZE} px, width {width}, batch {batch}": training_graph(
                width, batch, policy
            )
            for width, batch in networks.cases()
        }
        for width in networks.widths():
            graphs[f"one picture, {PAINTED_SIZE} px, width {width}"] = painting_graph(width, policy)
        for work, graph in graphs.items():
            operations, moved = demands(graph)
            needs = f"{dtype}: {operations / 1e9:.0f} GFLOP, {moved / 2**30:.1f} GiB moved"
            peak = max(products[dtype], convolutions[dtype])
            least = max(operations / peak, moved / bandwidth)
            yield Row(f"least time of {work}", needs, [1000 * least], "ms")


def measure_peaks() -> tuple[dict[str, float], dict[str, float], float]:
    """Operations a second of products and convolutions by type, and bytes a second of copies."""
    import tensorflow as tf

    def shortest(function: Callable[[], object]) -> float:
        seconds = harness.alternate({"": tf.function(function)}, harness.rounds(7))
        return min(seconds[""])

    products, convolutions = {}, {}
    for dtype in PRECISIONS:
        matrix = tf.cast(tf.random.normal((SIDE, SIDE)), dtype)
        seconds = shortest(lambda matrix=matrix: tf.matmul(matrix, matrix))
        products[dtype] = 2 * SIDE**3 / seconds
        # As the networks have them, 256 channels at 64 px.
        pictures = tf.cast(tf.random.normal((4, 64, 64, 256)), dtype)
        kernel = tf.cast(tf.random.normal((3, 3, 256, 256)), dtype)
        seconds = shortest(lambda x=pictures, kernel=kernel: tf.nn.conv2d(x, kernel, 1, "SAME"))
        convolutions[dtype] = 2 * 4 * 64 * 64 * 256 * 256 * 9 / seconds
    # Reading and writing more than the caches hold.
    values = tf.zeros(COPIED_MIB * 2**18)
    return products, convolutions, 2 * COPIED_MIB * 2**20 / shortest(lambda: values + 1.0)


def training_graph(width: int, batch: int, precision: str, size: int = SIZE):
    """The graph of a training step, as it is traced."""
    import tensorflow as tf

    from experiments.benchmarks.workloads import keras_workloads

    shapes = keras_workloads.training_shapes(batch, size)
    spec = {key: tf.TensorSpec(shape) for key, shape in shapes.items()}
    step = keras_workloads.make_training_step(width, size, precision)
    return step.get_concrete_function(spec).graph


def painting_graph(width: int, precision: str):
    """The graph of one picture, norms folded."""
    import tensorflow as tf

    from tf_deeppaint import Generator
    from tf_deeppaint.networks.model_files import with_precision

    generator = with_precision(Generator(width, size=PAINTED_SIZE, norm="none"), precision)
    channels = {"sketch": 3, "histogram": 12}
    spec = {key: tf.TensorSpec((1, *[PAINTED_SIZE] * 2, count)) for key, count in channels.items()}
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
