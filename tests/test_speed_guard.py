"""Counts that stand for speed: operations, copies and tracings of the graphs that must be fast.

A change that raises one of them costs time, whatever a clock says; one that lowers it may lower
the bound here.
"""

import math
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from experiments.benchmarks.roofline import demands, training_graph
from tf_deeppaint import Generator
from tf_deeppaint.images.canvas import Placement
from tf_deeppaint.images.graph import label_parts
from tf_deeppaint.line_art.regions import find_parts
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.painting.region_colors import vote_by_region
from tf_deeppaint.serving import decoding

WIDTH, BATCH, SIZE = 4, 2, 128
# Convolutions of the generator, and of three passes of the discriminator.
CONVOLUTIONS = 57 + 3 * 5
NORMS = 32 + 3 * 3
# Bytes that a step reads and writes for every pixel of its batch, by precision.
MOVED = {"float32": 11_610.0, "mixed_bfloat16": 6_610.0}


@pytest.fixture(scope="module", params=MOVED)
def step(request) -> tuple[tf.Graph, str]:
    """The graph of a training step, and its precision."""
    return training_graph(WIDTH, BATCH, request.param, SIZE), request.param


def kinds_of(graph: tf.Graph) -> Counter:
    return Counter(operation.type for operation in graph.get_operations())


def transposed(graph: tf.Graph) -> list[str]:
    """The operations that turn pictures around; shapes are turned by some gradients."""
    return [
        operation.name
        for operation in graph.get_operations()
        if operation.type == "Transpose" and math.prod(operation.inputs[0].shape) > 64
    ]


@pytest.mark.slow
def test_a_step_goes_once_through_every_layer_and_back(step) -> None:
    kinds = kinds_of(step[0])
    for kind in ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"):
        assert kinds[kind] == CONVOLUTIONS
    # In one kernel each.
    assert kinds["FusedBatchNormV3"] == kinds["FusedBatchNormGradV3"] == NORMS
    assert not transposed(step[0])


@pytest.mark.slow
def test_a_step_moves_no_more_bytes_than_it_did(step) -> None:
    graph, precision = step
    operations, moved = demands(graph)
    assert moved / (BATCH * SIZE**2) <= MOVED[precision]
    # As many multiplications as the networks have, counted by hand: nothing is computed twice.
    assert operations == pytest.approx(1.513e9, rel=1e-3)


@pytest.mark.slow
def test_a_step_has_no_more_operations_than_it_had(step) -> None:
    graph, precision = step
    kinds = kinds_of(graph)
    small = sum(kinds.values()) - kinds["Const"] - kinds["Placeholder"]
    assert small <= {"float32": 3240, "mixed_bfloat16": 3520}[precision]
    # Kernels and biases to bfloat16, their gradients back, and a few pictures and scalars.
    assert kinds["Cast"] <= {"float32": 30, "mixed_bfloat16": 314}[precision]


def test_painting_folds_norms_and_traces_once_for_all_batches() -> None:
    backend = KerasBackend(Generator(WIDTH, size=64))
    for count in (1, 3, 2):
        backend.run(np.zeros((count, 64, 64), np.uint8), np.zeros((count, 4, 4, 3), np.uint8))
    assert backend._network.experimental_get_tracing_count() == 1
    graph = backend._network.get_concrete_function().graph
    kinds = kinds_of(graph)
    assert kinds["Conv2D"] == 57 and not transposed(graph)
    assert not {kind for kind in kinds if "BatchNorm" in kind or "Random" in kind}
    assert sum(kinds.values()) - kinds["Const"] <= 1048


def test_finding_regions_sorts_runs_of_pixels_and_the_edges_of_lines(monkeypatch) -> None:
    """Sorting all pixels took a third of the time of a picture."""
    sketch = np.full((256, 256), 255, np.uint8)
    for top, left in ((20, 20), (20, 140), (140, 20), (140, 140)):
        sketch[top : top + 90, left : left + 90] = 0
        sketch[top + 3 : top + 87, left + 3 : left + 87] = 255
    weights = np.random.default_rng(1).random((64, 64, 18), np.float32)
    palette = np.zeros((4, 4, 3), np.uint8)
    sorted_values = []
    for name in ("unique", "argsort"):
        real = getattr(np, name)

        def count(values, *args, real=real, **options):
            sorted_values.append(np.size(values))
            return real(values, *args, **options)

        monkeypatch.setattr(np, name, count)
    labels, _ = find_parts(sketch)
    vote_by_region(weights, labels, Placement(0, 0, 64, 64), palette)
    assert labels.max() == 5 and len(sorted_values) >= 2
    assert sum(sorted_values) < sketch.size / 2


def test_the_graph_joins_runs_of_pixels_not_pixels() -> None:
    """Of a drawing of 512 pixels that took twelve times as long."""
    side = 64
    traced = tf.function(label_parts, [tf.TensorSpec((side, side), tf.bool)], autograph=False)
    operations = traced.get_concrete_function().graph.get_operations()
    (loop,) = (operation for operation in operations if operation.type.endswith("While"))
    assert side**2 not in [value.shape.num_elements() for value in loop.inputs]


def test_serving_prepares_little_for_every_file() -> None:
    """A data set's function is prepared anew for every request, which took half of its time."""

    def decode(files):
        headers = decoding.read_headers(files, files, 1 << 20)
        return decoding.decoded(files, files, headers)(tf.constant(0))

    traced = tf.function(decode, [tf.TensorSpec((1,), tf.string)], autograph=False)
    functions = traced.get_concrete_function().graph.as_graph_def().library.function
    by_name = {function.signature.name: function.node_def for function in functions}

    def count(name: str) -> int:
        called = [attr.func.name for node in by_name[name] for attr in node.attr.values()]
        return len(by_name[name]) + sum(count(other) for other in called if other)

    prepared = [
        count(node.attr["f"].func.name)
        for nodes in by_name.values()
        for node in nodes
        if node.op == "MapDataset"
    ]
    # PNG with and without transparency, JPEG, and JPEG without its end.
    assert len(prepared) == 4
    assert sorted(prepared)[2] <= 30 and max(prepared) <= 250
