"""Tiny networks of every kind, with weights that matter, and what they are given."""

import numpy as np

from tests.helpers import numpy_networks as oracle
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.matcher.color_matcher import ColorMatcher
from tf_deeppaint.networks.unet import UNet

NETWORKS = {
    "rgb": lambda width: Generator(width, size=64),
    "mixture": lambda width: Generator(width, size=64, background="white", head_kind="mixture"),
    "no gates": lambda width: Generator(width, size=64, gated=False, histogram=False),
    "U-Net": lambda width: UNet(width, size=64),
    "matcher": lambda width: ColorMatcher(width, blocks=1, size=64, background="figure"),
    "instance": lambda width: Generator(width, size=64, norm="instance"),
}


def make_network(name: str, width: int = 2) -> PaintingNetwork:
    network = NETWORKS[name](width)
    oracle.randomize(network, seed=6)
    return network


def inputs(height: int = 64, width: int = 128) -> dict:
    rng = np.random.default_rng(0)
    palettes = rng.uniform(-1, 1, (2, 4, 1, 12)).repeat(height // 4, axis=1).repeat(width, axis=2)
    sketch = rng.uniform(-1, 1, (2, height, width, 1)).repeat(3, axis=-1)
    return {"sketch": sketch.astype("float32"), "histogram": palettes.astype("float32")}
