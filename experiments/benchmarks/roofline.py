r"""What this machine could do at best, and what a training step and a picture ask of it.

python -m experiments.benchmarks.roofline --results=results.jsonl

The peaks are measured: matrix products and convolutions in float32 and bfloat16, and copies in
memory. Operations and bytes are counted in the graphs: those of their convolutions, and what all
their operations on pictures read and write. The larger of the two times that they take at the
peaks is the least the work could take if nothing were fused.
"""

import math
from collections.abc import Callable

from absl import flags

from experiments.benchmarks.results import Row, write_rows
from experiments.benchmarks.turns import seconds_of
from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_TURNS = flags.DEFINE_integer("turns", 7, "How often each is timed.", lower_bound=1)
_RESULTS = flags.DEFINE_string("results", None, "File to append the figures to, as JSON.")

SIDE = 2048
COPIED_MIB = 512
# Widths and batches of training steps, and widths of networks that paint; sides of both.
CASES = ((16, 4), (64, 1), (64, 4))
WIDTHS = (16, 64)
SIZE, PAINTED_SIZE = 256, 512
PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
CONVOLUTIONS = ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter")
# What only names a tensor, or another shape of it.
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


def main() -> None:
    import_tensorflow()
    peaks = {dtype: product_peak(dtype) for dtype in PRECISIONS}
    convolutions = {dtype: convolution_peak(dtype) for dtype in PRECISIONS}
    bandwidth = copy_peak()
    found = [
        Row(f"peak of {what}", dtype, value / 1e9, unit="GFLOP/s")
        for what, values in (("matrix products", peaks), ("3 x 3 convolutions", convolutions))
        for dtype, value in values.items()
    ]
    found.append(Row("peak of copies in memory", "float32", bandwidth / 1e9, unit="GB/s"))
    for dtype, policy in PRECISIONS.items():
        peak = max(peaks[dtype], convolutions[dtype])
        for width, batch in CASES:
            step = f"a training step, {SIZE} px, width {width}, batch {batch}"
            graph = training_graph(width, batch, policy)
            found.append(least_time(step, dtype, graph, peak, bandwidth))
        for width in WIDTHS:
            picture = f"one picture, {PAINTED_SIZE} px, width {width}"
            graph = painting_graph(width, policy)
            found.append(least_time(picture, dtype, graph, peak, bandwidth))
    write_rows("roofline", found, _RESULTS.value)


def least_time(work: str, dtype: str, graph, peak: float, bandwidth: float) -> Row:
    """What a graph takes at best."""
    operations, moved = demands(graph)
    asked = f"{dtype}: {operations / 1e9:.0f} GFLOP, {moved / 2**30:.1f} GiB moved"
    least = max(operations / peak, moved / bandwidth)
    return Row(f"least time of {work}", asked, 1000 * least, unit="ms")


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
    """Bytes a second, read and written, of adding 1 to what no cache holds."""
    import tensorflow as tf

    values = tf.zeros(COPIED_MIB * 2**18)
    return 2 * COPIED_MIB * 2**20 / shortest(tf.function(lambda: values + 1.0))


def shortest(work: Callable[[], object]) -> float:
    work()
    return min(seconds_of(work) for _ in range(_TURNS.value))


def training_graph(width: int, batch: int, precision: str, size: int = SIZE):
    """The graph of a training step, as it is traced."""
    import tensorflow as tf

    from tf_deeppaint import DeepPaint, Discriminator, Generator

    options = {"dtype": precision}
    model = DeepPaint(Generator(width, size=size, **options), Discriminator(width, **options))
    model.compile()
    shapes = {"sketch": (size, size, 3), "palette": (4, 4, 3), "picture": (size, size, 3)}
    spec = {key: tf.TensorSpec((batch, *shape)) for key, shape in shapes.items()}
    return tf.function(model.train_step).get_concrete_function(spec).graph


def painting_graph(width: int, precision: str, size: int = PAINTED_SIZE):
    """The graph of one picture, norms folded."""
    import tensorflow as tf

    from tf_deeppaint import Generator
    from tf_deeppaint.networks.model_files import in_precision

    generator = in_precision(Generator(width, size=size, norm="none"), precision)
    spec = {
        name: tf.TensorSpec((1, size, size, channels))
        for name, channels in (("sketch", 3), ("histogram", 12))
    }
    run = tf.function(lambda inputs: generator(inputs, training=False))
    return run.get_concrete_function(spec).graph


def demands(graph) -> tuple[float, float]:
    """Operations of a graph's convolutions, and bytes that its operations read and write."""
    nodes = [node for node in graph.get_operations() if node.type not in FREE]
    work = sum(operations_of(node) for node in nodes if node.type in CONVOLUTIONS)
    moved = sum(size_of(t) for node in nodes for t in (*node.inputs, *node.outputs))
    return work, moved


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
    programs.run(main)
