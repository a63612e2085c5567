"""The blocks of the color matcher, against their formulas."""

import numpy as np
from scipy.special import erf

from tests.helpers.layer_checks import check_layer
from tf_deeppaint.networks.matcher.blocks import AttentionBlock, ResidualBlock


def test_a_residual_block_passes_every_check(tmp_path):
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 4)).astype("float32")
    check_layer(lambda **o: ResidualBlock(4, **o), (x,), tmp_path, trainable=8, non_trainable=4)


def test_an_attention_block_passes_every_check(tmp_path):
    x = np.random.default_rng(0).normal(size=(2, 5, 8)).astype("float32")
    check_layer(lambda **o: AttentionBlock(2, **o), (x,), tmp_path, trainable=12, non_trainable=0)


def test_an_attention_block_equals_its_formula():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 5, 8))
    block = AttentionBlock(2, dtype="float64")
    block.build(x.shape)
    for weight in block.weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))

    def norm(layer, x):
        centered = x - x.mean(-1, keepdims=True)
        scaled = centered / np.sqrt(x.var(-1, keepdims=True) + layer.epsilon)
        return scaled * np.asarray(layer.gamma) + np.asarray(layer.beta)

    def dense(layer, x):
        return x @ np.asarray(layer.kernel) + np.asarray(layer.bias)

    split = dense(block.split, norm(block.norm_1, x)).reshape(2, 5, 6, 4)
    attended = np.zeros((2, 5, 2, 4))
    for n in range(2):
        for head in range(2):
            query, key, value = (split[n, :, 2 * i + head] for i in range(3))
            products = query @ key.T / 2.0
            share = np.exp(products) / np.exp(products).sum(-1, keepdims=True)
            attended[n, :, head] = share @ value
    y = x + dense(block.join, attended.reshape(2, 5, 8))
    hidden = dense(block.dense_1, norm(block.norm_2, y))
    cubed = np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)
    exact, near = (0.5 * hidden * (1 + f) for f in (erf(hidden / 2**0.5), np.tanh(cubed)))
    found = np.asarray(block(x))
    assert (
        min(np.abs(found - y - dense(block.dense_2, gelu)).max() for gelu in (exact, near)) < 1e-6
    )
