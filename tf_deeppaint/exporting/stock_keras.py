"""The stock Keras model: a network rebuilt of Keras's own layers, which loads without this package.

The code of the network and of its blocks runs once on symbolic tensors, with a float32 copy of each
of Keras's own layers in its place. Other runtimes get a conversion of the resulting graph. So it
has what they run fast: at most four axes, no comparisons, no gathering. `pooling.max_pool`,
`pooling.max_unpool` and `blocks.resize_nearest` have a form for it. The pictures are the same in
float32.
"""

import functools
import inspect
import types

import keras
from keras import ops

from tf_deeppaint.images.sizes import check_network_size
from tf_deeppaint.networks import PACKAGE
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.folding import fold_norms
from tf_deeppaint.networks.heads import mix
from tf_deeppaint.networks.inputs import HISTOGRAM_CHANNELS, SKETCH_CHANNELS, histogram_to_palette

# Layers that do nothing at inference.
_IDENTITIES = (keras.layers.Identity, keras.layers.Dropout)


def make_stock_model(network: PaintingNetwork, size: int | None = None) -> keras.Model:
    """Rebuilds a network as a functional model of stock layers and `keras.ops`, norms folded.

    Args:
        network: A trained network of any precision; it is not changed.
        size: Side of the square canvas, a multiple of 64; the network's by default.

    Returns:
        A float32 model that `keras.saving.load_model` loads wherever Keras is installed. Its inputs
        are `{"sketch": (N, S, S, 3), "histogram": (N, S, S, 12)}` in [-1, 1]; its outputs a
        dictionary: `image`, `(N, S, S, 3)` in [-1, 1]; `attention_0 ..`, `(N, h, h, 1)` in (0, 1),
        the deepest gate's first; with the head `"mixture"` also `weights`, `shade` and `ink`, the
        parts of a `Mixture`.

    Raises:
        DeepPaintError: The size is no multiple of 64.
    """
    size = network.size if size is None else size
    check_network_size(size)
    inputs = {
        "sketch": keras.Input((size, size, SKETCH_CHANNELS), name="sketch"),
        "histogram": keras.Input((size, size, HISTOGRAM_CHANNELS), name="histogram"),
    }
    # Keras requires that every input is used; a network may not use the histogram images.
    joined = ops.concatenate(list(inputs.values()), axis=-1)
    sketch, histogram = ops.split(joined, [SKETCH_CHANNELS], axis=-1)
    unrolled = _Unrolled(fold_norms(network))
    output, maps = unrolled.forward({"sketch": sketch, "histogram": histogram})
    outputs = {f"attention_{stage}": level for stage, level in enumerate(maps)}
    if network.head_kind == "mixture":
        outputs |= output._asdict()
        output = mix(output, histogram_to_palette(histogram))
    return keras.Model(inputs, {"image": output} | outputs, name=network.name)


class _Unrolled:
    """A network or layer of this package whose methods see copies of the stock layers in it."""

    def __init__(self, layer: keras.Layer):
        self._layer = layer

    def __getattr__(self, name: str):
        value = getattr(self._layer, name)
        if inspect.ismethod(value):
            return types.MethodType(value.__func__, self)
        if isinstance(value, keras.Variable):
            return value.numpy()
        return [_unroll(item) for item in value] if isinstance(value, list) else _unroll(value)

    def __call__(self, *inputs, training: bool = False):
        return self.call(*inputs)


def _unroll(value):
    if not isinstance(value, keras.Layer):
        return value
    if type(value).__module__.startswith(f"{PACKAGE}."):
        return _Unrolled(value)
    return functools.partial(_apply_copy, value)


def _apply_copy(layer: keras.Layer, x, training: bool = False):
    """Applies a float32 copy of a stock layer, named after its path in the network."""
    if isinstance(layer, _IDENTITIES):
        return x
    name = layer.path.split("/", 1)[1].replace("/", "_")
    copy = type(layer).from_config(layer.get_config() | {"name": name, "dtype": "float32"})
    # Before the call: what does not depend on the inputs is computed at once.
    copy.build(x.shape)
    copy.set_weights(layer.get_weights())
    return copy(x)
