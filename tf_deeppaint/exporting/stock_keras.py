"""The stock Keras model: a network rebuilt of Keras's own layers, which loads without this package.

Other runtimes get a conversion of its graph. So it uses what they run fast: at most four axes, no
comparisons, no gathering. The pictures are the same in float32.
"""

import keras
import numpy as np
from keras import ops

from tf_deeppaint.images.sizes import check_size
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.blocks import AttentionGate, DownBlock, UpBlock
from tf_deeppaint.networks.folding import fold_norms
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.heads import LOGIT_SCALE, PaletteMixture, make_mixture, mix
from tf_deeppaint.networks.inputs import HISTOGRAM_CHANNELS, SKETCH_CHANNELS
from tf_deeppaint.networks.pooling import max_pool_arithmetic, max_unpool_arithmetic
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.palette.extraction import BANDS, COLORS
from tf_deeppaint.palette.mixing import Mixture


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
    check_size(size)
    network = fold_norms(network)
    sketch = keras.Input((size, size, SKETCH_CHANNELS), name="sketch")
    histogram = keras.Input((size, size, HISTOGRAM_CHANNELS), name="histogram")
    stacked = ops.concatenate([sketch, histogram], axis=-1)
    if not network.histogram:
        # Keras requires that every input is used.
        stacked, _ = ops.split(stacked, [SKETCH_CHANNELS], axis=-1)
    if isinstance(network, UNet):
        outputs = {"image": ops.tanh(_unet(network, stacked))}
    else:
        features, maps = _features(network, stacked)
        outputs = _head(network, features, sketch, histogram)
        outputs |= {f"attention_{stage}": level for stage, level in enumerate(maps)}
    inputs = {"sketch": sketch, "histogram": histogram}
    return keras.Model(inputs, outputs, name=network.name)


def _apply_copy(layer: keras.Layer, x):
    """Applies a float32 copy of a stock layer, named after its path in the network."""
    name = layer.path.split("/", 1)[1].replace("/", "_")
    copy = type(layer).from_config(layer.get_config() | {"name": name, "dtype": "float32"})
    y = copy(x)
    copy.set_weights(layer.get_weights())
    return y


def _norm(layer: keras.Layer, x):
    """Applies a norm that could not be folded."""
    return _apply_copy(layer, x) if layer.weights else x


# === The networks, as their `forward` ===


def _residual(block: DownBlock | UpBlock, y, x):
    y = _norm(block.norm_1, _apply_copy(block.conv_1, y))
    y = _norm(block.norm_2, _apply_copy(block.conv_2, ops.relu(y)))
    return y + (x if block.shortcut is None else _apply_copy(block.shortcut, x))


def _gate(gate: AttentionGate, skip, signal) -> tuple:
    x = _apply_copy(gate.from_skip, skip)
    signal = _apply_copy(gate.from_gate, signal)
    signal = _resize_nearest(signal, x.shape[1] // signal.shape[1])
    attention = ops.sigmoid(_apply_copy(gate.psi, ops.relu(x + signal)))
    gated = _apply_copy(gate.out, skip * _resize_nearest(attention, 2))
    return _norm(gate.norm, gated), attention


def _resize_nearest(x, factor: int):
    return x if factor == 1 else keras.layers.UpSampling2D(factor)(x)


def _features(network: Generator, x) -> tuple:
    x = _norm(network.stem_norm, _apply_copy(network.stem, x))
    levels = []
    for block in network.down:
        skip = _residual(block, ops.relu(x), x)
        x, mask = max_pool_arithmetic(skip)
        levels.append((mask, skip))
    signal = _norm(network.gate_norm, _apply_copy(network.gate, x)) if network.gated else None
    maps = []
    for stage, block in enumerate(network.up):
        mask, skip = levels.pop()
        if network.gated:
            skip, attention = _gate(network.attention[stage], skip, signal)
            maps.append(attention)
        x = max_unpool_arithmetic(x, mask)
        x = _residual(block, ops.concatenate([ops.relu(x), skip], axis=-1), x)
    return ops.relu(x), maps


def _unet(network: UNet, x):
    x = _apply_copy(network.down[0], x)
    skips = [x]
    for layer in network.down[1:]:
        x = _apply_copy(layer, ops.leaky_relu(x, 0.2))
        skips.append(x)
    x = skips.pop()
    for layer in network.up:
        x = _apply_copy(layer, ops.relu(x))
        if skips:
            x = ops.concatenate([x, skips.pop()], axis=-1)
    return x


# === Heads ===


def _head(network: Generator, features, sketch, histogram) -> dict:
    if network.head_kind == "rgb":
        return {"image": ops.tanh(_apply_copy(network.head, features))}
    rows = histogram[:, :: histogram.shape[1] // BANDS, :1]  # (N, 4, 1, 12)
    palette = ops.reshape(rows, (-1, BANDS * COLORS, 3))
    mixture = _mixture(network.head, features, sketch, palette)
    return {"image": mix(mixture, palette)} | mixture._asdict()


def _mixture(head: PaletteMixture, features, sketch, palette) -> Mixture:
    """The result of `PaletteMixture`, with its constants in the weights of stock layers."""
    _, height, width, _ = features.shape
    slots = BANDS * COLORS
    parts = [head.parts[0], slots, *head.parts[2:]]
    ends = np.cumsum(parts)[:-1].tolist()
    query, rank, extremes, shade, ink = ops.split(_head_conv(head, features), ends, axis=-1)
    queries = ops.reshape(query, (-1, height * width, parts[0]))
    products = ops.matmul(queries, _keys(head, palette))  # (N, H W, 16)
    by_band = ops.reshape(products, (-1, BANDS, height // BANDS * width, slots))
    logits = ops.reshape(by_band + _band_offsets(head), (-1, height, width, slots))
    logits = ops.concatenate([logits + rank, extremes], axis=-1)  # (N, H, W, 18)
    return make_mixture(logits, shade, ink, sketch)


def _head_conv(head: PaletteMixture, features):
    """The head's convolution, scaled, with a rank's preference once for each of its colors."""
    query, rank, *rest = np.split(np.arange(sum(head.parts)), np.cumsum(head.parts)[:2])
    channels = np.concatenate([query, np.tile(rank, BANDS), *rest])
    scale = np.full(len(channels), LOGIT_SCALE, np.float32)
    scale[: len(query)] /= len(query) ** 0.5
    scale[-2:] = 1.0  # shade and ink are no logits
    conv = keras.layers.Conv2D(len(channels), 3, padding="same", name="head_conv")
    y = conv(features)
    weights = head.conv.get_weights()
    conv.set_weights([weight[..., channels] * scale for weight in weights])
    return y


def _keys(head: PaletteMixture, palette):
    """The keys of the palette's colors, `(N, 16, 16)`, one column per color."""
    kernel, bias = head.hidden.get_weights()
    # Band and rank of a color are constant, so their part of the product becomes the bias.
    positions = np.repeat(kernel[3 : 3 + BANDS], COLORS, axis=0)
    positions = positions + np.tile(kernel[3 + BANDS :], (BANDS, 1)) + bias
    hidden = keras.layers.EinsumDense(
        "nsc,ch->nsh", positions.shape, bias_axes="sh", activation="relu", name="head_hidden"
    )
    described = hidden(palette)
    hidden.set_weights([kernel[:3], positions])
    return ops.transpose(_apply_copy(head.key, described), (0, 2, 1))


def _band_offsets(head: PaletteMixture) -> np.ndarray:
    """The logits' preference for a color's band, by the pixel's band, `(1, 4, 1, 16)`."""
    offsets = LOGIT_SCALE * ops.convert_to_numpy(head.band_offsets())
    return np.repeat(offsets, COLORS, axis=1)[None, :, None]
