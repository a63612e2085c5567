"""The published network and pix2pix written again in NumPy and float64: the oracle.

Nothing here calls the library; it only reads the weights of its layers. Inference mode, `(N, H, W,
C)`.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

EPSILON = 1e-5


def randomize(layer, seed: int = 0) -> None:
    """Gives every weight a value that matters: fresh norms would be the identity."""
    rng = np.random.default_rng(seed)
    for weight in layer.weights:
        shape = weight.shape
        if weight.name == "kernel":
            # Small enough that no sigmoid or tanh down the line saturates and hides a mistake.
            values = rng.normal(0.0, (0.7 / np.prod(shape[:-1])) ** 0.5, shape)
        elif weight.name in ("gamma", "moving_variance"):
            values = rng.uniform(0.4, 1.0, shape)
        else:
            values = rng.normal(0.0, 0.2, shape)
        weight.assign(values)


def relu(x):
    return np.maximum(x, 0.0)


def leaky_relu(x):
    return np.where(x > 0.0, x, 0.2 * x)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def conv(x, layer, stride: int = 1, pad: int = 0):
    """Cross-correlation with the layer's kernel, written as a sum over windows."""
    kernel = np.asarray(layer.kernel, np.float64)
    if hasattr(layer, "u"):
        kernel = kernel / power_step(kernel, np.asarray(layer.u, np.float64))[0]
    x = np.pad(np.asarray(x, np.float64), [(0, 0), (pad, pad), (pad, pad), (0, 0)])
    windows = sliding_window_view(x, kernel.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
    y = np.einsum("nhwcij,ijco->nhwo", windows, kernel, optimize=True)
    return y if layer.bias is None else y + np.asarray(layer.bias, np.float64)


def power_step(kernel, u):
    """Sigma and the next u, of the kernel as a matrix with a column a filter."""
    matrix = kernel.reshape(-1, kernel.shape[-1])
    v = matrix @ u
    v /= np.linalg.norm(v)
    u = matrix.T @ v
    return np.linalg.norm(u), u / np.linalg.norm(u)


def conv_transpose(x, layer):
    """Every value of x adds a multiple of the 4 x 4 kernel to the picture of twice the size."""
    kernel = np.asarray(layer.kernel, np.float64)
    n, height, width, _ = x.shape
    y = np.zeros((n, 2 * height + 2, 2 * width + 2, kernel.shape[2]))
    for row in range(4):
        for column in range(4):
            part = y[:, row : row + 2 * height : 2, column : column + 2 * width : 2]
            part += x @ kernel[row, column].T
    y = y[:, 1:-1, 1:-1]
    return y if layer.bias is None else y + np.asarray(layer.bias, np.float64)


def norm(x, layer):
    """The norm the layer's weights make it: batch (at inference), instance, or none at all."""
    if not layer.weights:
        return x
    if hasattr(layer, "moving_mean"):
        mean, variance = layer.moving_mean, layer.moving_variance
    else:
        mean, variance = x.mean((1, 2), keepdims=True), x.var((1, 2), keepdims=True)
    gamma, beta, mean, variance = (
        np.asarray(value, np.float64) for value in (layer.gamma, layer.beta, mean, variance)
    )
    return (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta


def nearest(x, factor: int):
    return x.repeat(factor, axis=1).repeat(factor, axis=2)


def cells(x):
    """`(N, H/2, W/2, C, 4)`: the places of every 2 x 2 cell in row-major order."""
    n, h, w, c = x.shape
    cut = x.reshape(n, h // 2, 2, w // 2, 2, c)
    return cut.transpose(0, 1, 3, 5, 2, 4).reshape(n, h // 2, w // 2, c, 4)


def from_cells(cut):
    n, h, w, c, _ = cut.shape
    x = cut.reshape(n, h, w, c, 2, 2).transpose(0, 1, 4, 2, 5, 3)
    return x.reshape(n, 2 * h, 2 * w, c)


def max_pool(x):
    """The maxima and the place, 0..3, of the first of each cell that equals it."""
    cut = cells(x)
    place = cut.argmax(axis=-1)
    return take(cut, place), place


def take(cut, place):
    return np.take_along_axis(cut, place[..., None], axis=-1)[..., 0]


def max_unpool(x, place):
    return from_cells(np.where(np.arange(4) == place[..., None], x[..., None], 0.0))


def residual(inner, around, block, changes: bool):
    y = norm(conv(inner, block.conv_1, pad=1), block.norm_1)
    y = norm(conv(relu(y), block.conv_2, pad=1), block.norm_2)
    return y + (conv(around, block.shortcut) if changes else around)


def down_block(x, block):
    skip = residual(relu(x), x, block, changes=x.shape[-1] != block.filters)
    pooled, place = max_pool(skip)
    return pooled, place, skip


def attention_gate(skip, gate, layer):
    signal = conv(gate, layer.from_gate)
    from_skip = conv(skip, layer.from_skip, stride=2)
    signal = nearest(signal, from_skip.shape[1] // signal.shape[1])
    attention = sigmoid(conv(relu(from_skip + signal), layer.psi))
    return norm(conv(skip * nearest(attention, 2), layer.out), layer.norm), attention


def up_block(x, place, gated, block):
    x = max_unpool(x, place)
    inner = np.concatenate([relu(x), gated], axis=-1)
    return residual(inner, x, block, changes=x.shape[-1] != block.filters)


def generator(network, *inputs):
    x = np.concatenate(inputs, axis=-1)
    x = norm(conv(x, network.stem, pad=1), network.stem_norm)
    places, skips, maps = [], [], []
    for block in network.down:
        x, place, skip = down_block(x, block)
        places.append(place)
        skips.append(skip)
    gated = network.get_config()["gated"]
    gate = norm(conv(x, network.gate), network.gate_norm) if gated else None
    for stage in range(6):
        skip = skips[5 - stage]
        if gated:
            skip, attention = attention_gate(skip, gate, network.attention[stage])
            maps.append(attention)
        x = up_block(x, places[5 - stage], skip, network.up[stage])
    if network.get_config()["head_kind"] == "mixture":
        sketch, histogram = inputs
        palette = palette_of(histogram)
        return mix(palette_mixture(relu(x), sketch, palette, network.head), palette), maps
    return np.tanh(conv(relu(x), network.head, pad=1)), maps


def palette_of(histogram):
    """Image i (channels 3 i ..) shows in band b, here in its middle, that band's i-th color."""
    height = histogram.shape[1]
    return np.stack(
        [
            np.stack(
                [histogram[:, b * height // 4 + height // 8, 0, 3 * i :][:, :3] for i in range(4)],
                1,
            )
            for b in range(4)
        ],
        axis=1,
    )


def palette_mixture(features, sketch, palette, head):
    """Weights of the 18 colors, shade and ink; a pixel's band and a color at a time."""
    found = conv(features, head.conv, pad=1)
    query, rank, plain, shade, ink = np.split(found, (16, 20, 22, 23), axis=-1)
    n, height, width, _ = found.shape
    offset = np.asarray(head.band_offset, np.float64)
    logits = np.zeros((n, height, width, 18))
    logits[..., 16:] = plain
    for band in range(4):
        for place in range(4):
            told = [palette[:, band, place], np.eye(4)[[band] * n], np.eye(4)[[place] * n]]
            key = dense(relu(dense(np.concatenate(told, axis=-1), head.hidden)), head.key)
            for own in range(4):
                rows = slice(own * height // 4, (own + 1) * height // 4)
                logits[:, rows, :, 4 * band + place] = (
                    np.einsum("nhwq,nq->nhw", query[:, rows], key) / 4.0
                    + rank[:, rows, :, place]
                    + offset[3 + band - own]
                )
    weights = np.exp(4.0 * logits)
    weights /= weights.sum(-1, keepdims=True)
    paper = (np.asarray(sketch, np.float64)[..., :1] + 1.0) / 2.0
    return weights, 1.0 + 0.3 * np.tanh(shade), sigmoid(ink + 2.0) * (1.0 - paper)


def dense(x, layer):
    return x @ np.asarray(layer.kernel, np.float64) + np.asarray(layer.bias, np.float64)


def mix(mixture, palette):
    weights, shade, ink = (np.asarray(part, np.float64) for part in mixture)
    n = len(palette)
    ends = np.broadcast_to(np.array([1.0, -1.0])[:, None], (n, 2, 3))
    colors = (np.concatenate([palette.reshape(n, 16, 3), ends], axis=1) + 1.0) / 2.0
    mixed = np.einsum("nhwk,nkc->nhwc", weights, colors)
    return 2.0 * (np.clip(mixed * shade, 0.0, 1.0) * (1.0 - ink)) - 1.0


def discriminator(network, pair):
    x = leaky_relu(conv(pair, network.convs[0], stride=2, pad=1))
    for layer, layer_norm, stride in zip(network.convs[1:], network.norms, (2, 2, 1), strict=True):
        x = leaky_relu(norm(conv(x, layer, stride, pad=1), layer_norm))
    return conv(x, network.head, pad=1)


def unet(network, *inputs):
    x = conv(np.concatenate(inputs, axis=-1), network.down[0], stride=2, pad=1)
    skips = [x]
    for level in range(1, 6):
        x = conv(leaky_relu(x), network.down[level], stride=2, pad=1)
        # Neither the outermost level nor the innermost has a norm.
        skips.append(x := norm(x, network.down_norms[level]) if level < 5 else x)
    for stage in range(5):
        x = norm(conv_transpose(relu(x), network.up[stage]), network.up_norms[stage])
        x = np.concatenate([x, skips[4 - stage]], axis=-1)
    return np.tanh(conv_transpose(relu(x), network.up[5]))
