"""The plain twin: a network rebuilt of Keras's own layers, for where this package is not.

Its graph is also what is converted for other runtimes, so it is written in operations that these
run fast: at most four axes, no comparison, no gathering. Of float32 values the pictures are the
same.
"""

import keras
import numpy as np
from keras import ops

from tf_deeppaint.images.sizes import check_size
from tf_deeppaint.networks.folding import fold_norms
from tf_deeppaint.networks.generator import HISTOGRAM_CHANNELS, SKETCH_CHANNELS, Generator
from tf_deeppaint.networks.layers import AttentionGate, DownBlock, UpBlock
from tf_deeppaint.networks.mixture import LOGIT_SCALE, SHADING, PaletteMixture
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.palette.extraction import BANDS, COLORS
from tf_deeppaint.palette.mixing import SLOTS, Mixture

# Beyond every difference of two float32 features that is not 0, unless both are under 1e-30.
_STEEP = 1e37


def make_stock_model(network: Generator | UNet, size: int | None = None) -> keras.Model:
    """Rebuilds a network as a functional model of stock layers and `keras.ops`, norms folded.

    Args:
        network: A trained network, of any precision; it is left as it is.
        size: Side of the square canvas it is for, a multiple of 64; the network's by default.

    Returns:
        A float32 model that `keras.saving.load_model` reads wherever Keras is. Of
        `{"sketch": (N, S, S, 3), "histogram": (N, S, S, 12)}` in [-1, 1] it makes a dictionary:
        `image`, `(N, S, S, 3)` in [-1, 1]; `attention_0 ..`, `(N, h, h, 1)` in (0, 1), the deepest
        gate's first; where the head is `"mixture"` also `weights`, `shade` and `ink`, the parts of
        a `Mixture`.

    Raises:
        DeepPaintError: the size is no multiple of 64.
    """
    size = network.size if size is None else size
    check_size(size)
    network = fold_norms(network)
    sketch = keras.Input((size, size, SKETCH_CHANNELS), name="sketch")
    histogram = keras.Input((size, size, HISTOGRAM_CHANNELS), name="histogram")
    stacked = ops.concatenate([sketch, histogram], axis=-1)
    if not network.histogram:
        # Keras 3.12 wants every input to lead somewhere.
        stacked, _ = ops.split(stacked, [SKETCH_CHANNELS], axis=-1)
    if isinstance(network, UNet):
        outputs = {"image": ops.tanh(_unet(network, stacked))}
    else:
        features, maps = _features(network, stacked)
        outputs = _head(network, features, sketch, histogram)
        outputs |= {f"attention_{stage}": level for stage, level in enumerate(maps)}
    inputs = {"sketch": sketch, "histogram": histogram}
    return keras.Model(inputs, outputs, name=network.name)


def _twin(layer: keras.Layer, x):
    """Applies a stock layer's copy, named after its place in the network."""
    name = layer.path.split("/", 1)[1].replace("/", "_")
    copy = type(layer).from_config(layer.get_config() | {"name": name, "dtype": "float32"})
    y = copy(x)
    copy.set_weights(layer.get_weights())
    return y


def _norm(layer: keras.Layer, x):
    """A norm that could not be folded."""
    return _twin(layer, x) if layer.weights else x


# === Blocks ===


def _max_pool(x):
    """`layers.max_pool` with the winners as numbers, 0 or 1, with the batch in the rows."""
    _, height, width, channels = x.shape
    pairs = ops.reshape(x, (-1, 2, width // 2, 2 * channels))
    a, b = pairs[:, :1, :, :channels], pairs[:, :1, :, channels:]
    c, d = pairs[:, 1:, :, :channels], pairs[:, 1:, :, channels:]
    top, bottom = ops.maximum(a, b), ops.maximum(c, d)
    pooled = ops.reshape(ops.maximum(top, bottom), (-1, height // 2, width // 2, channels))
    return pooled, (_exceeds(bottom, top), _exceeds(b, a), _exceeds(d, c))


def _exceeds(x, y):
    return ops.minimum(ops.relu((x - y) * _STEEP), 1.0)


def _max_unpool(x, winner: tuple):
    low, top_right, bottom_right = winner
    _, height, width, channels = x.shape
    x = ops.reshape(x, (-1, 1, width, channels))
    below = x * low
    above = x - below
    right, below_right = above * top_right, below * bottom_right
    rows = [
        ops.concatenate([above - right, right], axis=-1),
        ops.concatenate([below - below_right, below_right], axis=-1),
    ]
    return ops.reshape(ops.concatenate(rows, axis=1), (-1, 2 * height, 2 * width, channels))


def _residual(block: DownBlock | UpBlock, feature, around):
    feature = _norm(block.norm_1, _twin(block.conv_1, feature))
    feature = _norm(block.norm_2, _twin(block.conv_2, ops.relu(feature)))
    return feature + (around if block.shortcut is None else _twin(block.shortcut, around))


def _gate(gate: AttentionGate, skip, signal):
    x = _twin(gate.from_skip, skip)
    signal = _twin(gate.from_gate, signal)
    attention = ops.sigmoid(
        _twin(gate.psi, ops.relu(x + _repeat(signal, x.shape[1] // signal.shape[1])))
    )
    return _norm(gate.norm, _twin(gate.out, skip * _repeat(attention, 2))), attention


def _repeat(x, factor: int):
    """Repeats every pixel; see `layers.resize_nearest`."""
    return x if factor == 1 else keras.layers.UpSampling2D(factor)(x)


def _features(network: Generator, x) -> tuple:
    x = _norm(network.stem_norm, _twin(network.stem, x))
    levels = []
    for block in network.down:
        skip = _residual(block, ops.relu(x), x)
        x, winner = _max_pool(skip)
        levels.append((winner, skip))
    signal = _norm(network.gate_norm, _twin(network.gate, x)) if network.attention else None
    maps = []
    for stage, block in enumerate(network.up):
        winner, skip = levels.pop()
        if network.attention:
            skip, attention = _gate(network.attention[stage], skip, signal)
            maps.append(attention)
        x = _max_unpool(x, winner)
        x = _residual(block, ops.concatenate([ops.relu(x), skip], axis=-1), x)
    return ops.relu(x), maps


def _unet(network: UNet, x):
    x = _twin(network.down[0], x)
    skips = [x]
    for layer in network.down[1:]:
        x = _twin(layer, ops.leaky_relu(x, 0.2))
        skips.append(x)
    x = skips.pop()
    for layer in network.up:
        x = _twin(layer, ops.relu(x))
        if skips:
            x = ops.concatenate([x, skips.pop()], axis=-1)
    return x


# === Heads ===


def _head(network: Generator, features, sketch, histogram) -> dict:
    if network.head_kind == "rgb":
        return {"image": ops.tanh(_twin(network.head, features))}
    rows = histogram[:, :: histogram.shape[1] // BANDS, :1]
    palette = ops.reshape(rows, (-1, BANDS * COLORS, 3))
    mixture = _mixture(network.head, features, sketch, palette)
    return {"image": _mix(mixture, palette)} | mixture._asdict()


def _mixture(head: PaletteMixture, features, sketch, palette) -> Mixture:
    """What `PaletteMixture` does, its constants in the weights of stock layers."""
    _, height, width, _ = features.shape
    slots = BANDS * COLORS
    parts = [head.parts[0], slots, *head.parts[2:]]
    ends = np.cumsum(parts)[:-1].tolist()
    query, rank, plain, shade, ink = ops.split(_head_conv(head, features), ends, axis=-1)
    alike = ops.matmul(ops.reshape(query, (-1, height * width, parts[0])), _keys(head, palette))
    by_band = ops.reshape(alike, (-1, BANDS, height // BANDS * width, slots))
    alike = ops.reshape(by_band + _band_offsets(head), (-1, height, width, slots))
    logits = ops.concatenate([alike + rank, plain], axis=-1)
    paper = (sketch[..., :1] + 1.0) / 2.0
    return Mixture(
        ops.softmax(logits, axis=-1),
        1.0 + SHADING * ops.tanh(shade),
        ops.sigmoid(ink + 2.0) * (1.0 - paper),
    )


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
    """A key of each of the palette's colors, `(N, 16, 16)`, a column a color."""
    kernel, bias = head.hidden.get_weights()
    # Band and rank of a color are always the same, so what they add is a bias of its own.
    places = np.repeat(kernel[3 : 3 + BANDS], COLORS, axis=0)
    places = places + np.tile(kernel[3 + BANDS :], (BANDS, 1)) + bias
    hidden = keras.layers.EinsumDense(
        "nsc,ch->nsh", places.shape, bias_axes="sh", activation="relu", name="head_hidden"
    )
    described = hidden(palette)
    hidden.set_weights([kernel[:3], places])
    return ops.transpose(_twin(head.key, described), (0, 2, 1))


def _band_offsets(head: PaletteMixture) -> np.ndarray:
    """What colors are preferred for their band: row, the pixel's; `(1, 4, 1, 16)`."""
    offset = LOGIT_SCALE * head.band_offset.numpy()
    rows = [offset[BANDS - 1 - band : 2 * BANDS - 1 - band] for band in range(BANDS)]
    return np.repeat(np.stack(rows), COLORS, axis=1)[None, :, None]


def _mix(mixture: Mixture, palette):
    """What `mixture.mix` does."""
    _, height, width, _ = mixture.weights.shape
    white = ops.ones_like(palette[:, :1])
    colors = (ops.concatenate([palette, white, -white], axis=1) + 1.0) / 2.0
    mixed = ops.matmul(ops.reshape(mixture.weights, (-1, height * width, SLOTS)), colors)
    mixed = ops.reshape(mixed, (-1, height, width, 3))
    return 2.0 * ops.clip(mixed * mixture.shade, 0.0, 1.0) * (1.0 - mixture.ink) - 1.0
