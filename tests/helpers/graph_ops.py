"""What the graph of a traced function holds, its branches and inner functions included."""

from collections import Counter

import tensorflow as tf


def operations(traced: tf.types.experimental.ConcreteFunction) -> Counter:
    """How often each kind of operation stands in a graph."""
    graph = traced.graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    return Counter(node.op for node in nodes)
