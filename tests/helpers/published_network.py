"""The authors' PyTorch generator written down in NumPy and float64: the oracle of its import.

Tensors are read by their published names, `(N, C, H, W)` and `(out, in, height, width)` as PyTorch
has them. Inference mode. Nothing here calls the library.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.helpers.numpy_networks import EPSILON, relu, sigmoid

# Channels before and after each block, and of each gate, in widths.
DOWN = [(1, 2), (2, 4), (4, 8), (8, 8), (8, 8), (8, 8)]
UP = [(8, 8), (8, 8), (8, 8), (8, 4), (4, 2), (2, 1)]
GATED = [8, 8, 8, 8, 4, 2]


def random_state(width: int, seed: int = 0) -> dict[str, np.ndarray]:
    """A state dict of the published names and shapes in which every number matters."""
    rng = np.random.default_rng(seed)
    state = {}

    def conv(name: str, inputs: int, outputs: int, side: int, bias: bool = True) -> None:
        # Small enough that no sigmoid or tanh down the line saturates and hides a mistake.
        scale = (0.7 / (inputs * side * side)) ** 0.5
        state[f"{name}.weight"] = rng.normal(0.0, scale, (outputs, inputs, side, side))
        if bias:
            state[f"{name}.bias"] = rng.normal(0.0, 0.2, outputs)

    def norm(name: str, channels: int) -> None:
        state[f"{name}.weight"] = rng.uniform(0.4, 1.0, channels)
        state[f"{name}.bias"] = rng.normal(0.0, 0.2, channels)
        state[f"{name}.running_mean"] = rng.normal(0.0, 0.2, channels)
        state[f"{name}.running_var"] = rng.uniform(0.4, 1.0, channels)
        state[f"{name}.num_batches_tracked"] = np.array(106_680)

    def block(name: str, inside: int, around: int, outputs: int) -> None:
        conv(f"{name}.conv1", inside, outputs, 3)
        norm(f"{name}.norm1", outputs)
        conv(f"{name}.conv2", outputs, outputs, 3)
        norm(f"{name}.norm2", outputs)
        if around != outputs:
            conv(f"{name}.channel_map", around, outputs, 1, bias=False)

    def gate(name: str, channels: int) -> None:
        conv(f"{name}.W.0", channels, channels, 1)
        norm(f"{name}.W.1", channels)
        conv(f"{name}.Wx", channels, channels // 2, 2, bias=False)
        conv(f"{name}.Wg", 8 * width, channels // 2, 1)
        conv(f"{name}.psi", channels // 2, 1, 1)

    for i, (before, after) in enumerate(DOWN):
        block(f"down_sampler.{i}", before * width, before * width, after * width)
    for i, (before, after) in enumerate(UP):
        block(f"up_sampler.{i}", 2 * before * width, before * width, after * width)
    for i, channels in enumerate(GATED):
        gate(f"attentions.{i}", channels * width)
    conv("first_layer.0", 15, width, 3)
    norm("first_layer.1", width)
    conv("gate_block.0", 8 * width, 8 * width, 1)
    norm("gate_block.1", 8 * width)
    conv("last_layer.1", width, 3, 3)
    return {
        name: values.astype("float32") if values.dtype == float else values
        for name, values in state.items()
    }


def paint(state: dict, sketch: np.ndarray, histogram: np.ndarray) -> tuple[np.ndarray, list]:
    """The picture, `(N, 3, H, W)`, and the gates' maps before they are enlarged, deepest first."""
    x = np.concatenate([sketch, histogram], axis=1)
    x = _norm(state, "first_layer.1", _conv(state, "first_layer.0", x, pad=1))
    kept = []
    for i in range(6):
        name = f"down_sampler.{i}"
        connection = _residual(state, name, relu(x), x)
        x, places = _max_pool(connection)
        kept.append((connection, places))
    signal = _norm(state, "gate_block.1", _conv(state, "gate_block.0", x))
    maps = []
    for i in range(6):
        connection, places = kept.pop()
        gated, attention = _gate(state, f"attentions.{i}", connection, signal)
        x = _max_unpool(x, places)
        inner = np.concatenate([relu(x), gated], axis=1)
        x = _residual(state, f"up_sampler.{i}", inner, x)
        maps.append(attention)
    return np.tanh(_conv(state, "last_layer.1", relu(x), pad=1)), maps


def _conv(state: dict, name: str, x: np.ndarray, stride: int = 1, pad: int = 0) -> np.ndarray:
    kernel = state[f"{name}.weight"].astype(float)
    x = np.pad(x.astype(float), [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    windows = sliding_window_view(x, kernel.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    y = np.einsum("nchwij,ocij->nohw", windows, kernel, optimize=True)
    return y + _per_channel(state[f"{name}.bias"]) if f"{name}.bias" in state else y


def _norm(state: dict, name: str, x: np.ndarray) -> np.ndarray:
    mean, variance = (_per_channel(state[f"{name}.running_{of}"]) for of in ("mean", "var"))
    x = (x - mean) / np.sqrt(variance + EPSILON)
    return x * _per_channel(state[f"{name}.weight"]) + _per_channel(state[f"{name}.bias"])


def _per_channel(values: np.ndarray) -> np.ndarray:
    return values.astype(float)[:, None, None]


def _residual(state: dict, name: str, inner: np.ndarray, around: np.ndarray) -> np.ndarray:
    y = _norm(state, f"{name}.norm1", _conv(state, f"{name}.conv1", inner, pad=1))
    y = _norm(state, f"{name}.norm2", _conv(state, f"{name}.conv2", relu(y), pad=1))
    mapped = f"{name}.channel_map.weight" in state
    return y + (_conv(state, f"{name}.channel_map", around) if mapped else around)


def _gate(state: dict, name: str, x: np.ndarray, signal: np.ndarray) -> tuple:
    small = _conv(state, f"{name}.Wx", x, stride=2)
    signal = _nearest(_conv(state, f"{name}.Wg", signal), small.shape)
    attention = sigmoid(_conv(state, f"{name}.psi", relu(signal + small)))
    gated = _conv(state, f"{name}.W.0", _nearest(attention, x.shape) * x)
    return _norm(state, f"{name}.W.1", gated), attention


def _nearest(x: np.ndarray, shape: tuple) -> np.ndarray:
    rows = np.arange(shape[2]) * x.shape[2] // shape[2]
    columns = np.arange(shape[3]) * x.shape[3] // shape[3]
    return x[:, :, rows[:, None], columns]


def _max_pool(x: np.ndarray) -> tuple:
    """Maxima of 2 x 2 cells, and where each stood: flat indices into its channel's plane."""
    n, c, h, w = x.shape
    cells = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    place = cells.reshape(n, c, h // 2, w // 2, 4).argmax(axis=-1)
    rows = 2 * np.arange(h // 2)[:, None] + place // 2
    columns = 2 * np.arange(w // 2) + place % 2
    return cells.max(axis=(4, 5)), rows * w + columns


def _max_unpool(x: np.ndarray, places: np.ndarray) -> np.ndarray:
    n, c, h, w = x.shape
    planes = np.zeros((n, c, 4 * h * w))
    np.put_along_axis(planes, places.reshape(n, c, -1), x.reshape(n, c, -1), axis=-1)
    return planes.reshape(n, c, 2 * h, 2 * w)
