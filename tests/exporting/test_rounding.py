"""A network in eight bits, against the same arithmetic in NumPy, and what its bound finds."""

import contextlib
from collections.abc import Iterator

import keras
import numpy as np
import pytest

from tests.helpers.small_networks import make_network
from tf_deeppaint.exporting import fidelity, litert, rounding
from tf_deeppaint.exporting.artifacts import Artifact, open_artifact
from tf_deeppaint.exporting.fidelity import find_violations, measure


@pytest.fixture(scope="module", name="network")
def make_the_network():
    return make_network("matcher", 4)


@pytest.fixture(scope="module", name="given")
def draw_what_is_given():
    return fidelity.drawn_samples(64, "figure", 2)


def in_eight_bits(values: np.ndarray, lowest, highest, steps: int) -> np.ndarray:
    step = (highest - lowest) / steps
    return np.rint(values / step) * step


@pytest.mark.parametrize("results", [False, True])
def test_kernels_are_rounded_by_output_channel_and_values_together(monkeypatch, results):
    rng = np.random.default_rng(0)
    kernel = rng.normal(0, 1, (1, 1, 3, 2)).astype("float32") * [1.0, 50.0]
    transposed = rng.normal(0, 1, (1, 1, 3, 2)).astype("float32") * [[[[1.0], [9.0], [0.1]]]]
    bias = np.array([0.123456, -7.654321], "float32")

    def make_model(network, size):
        sketch = keras.Input((size, size, 3), name="sketch")
        histogram = keras.Input((size, size, 12), name="histogram")
        convolution = keras.layers.Conv2D(2, 1)
        upward = keras.layers.Conv2DTranspose(3, 1, use_bias=False)
        image = upward(convolution(sketch))
        convolution.set_weights([kernel, bias])
        upward.set_weights([transposed])
        return keras.Model({"sketch": sketch, "histogram": histogram}, {"image": image})

    monkeypatch.setattr(rounding, "make_stock_model", make_model)
    sketch = rng.integers(0, 256, (1, 8, 8), dtype=np.uint8)
    palette = np.zeros((1, 4, 4, 3), np.uint8)
    x = np.repeat(sketch[..., None] / 127.5 - 1, 3, axis=-1)
    for weights, axes, equation in (
        (kernel[0, 0], 0, "nhwi,io->nhwo"),
        (transposed[0, 0], 1, "nhwi,oi->nhwo"),
    ):
        most = np.abs(weights).max(axes, keepdims=True)
        x = in_eight_bits(x, min(x.min(), 0.0), x.max(), 255)
        x = np.einsum(equation, x, in_eight_bits(weights, 0.0, most, 127))
        x = x + bias if axes == 0 else x
        x = in_eight_bits(x, min(x.min(), 0.0), x.max(), 255) if results else x
    painted = rounding.rounded_painter(None, 8, results)(sketch, palette)
    # Where float32 falls on the other side of a half, the result is one step away.
    assert np.median(np.abs(painted - x)) < 1e-4
    assert np.quantile(np.abs(painted - x), 0.95) < 1e-4


FILTER = 23  # of the head: pictures without it are 39 dB from the network's


@contextlib.contextmanager
def without_a_filter(network) -> Iterator[None]:
    before = network.query.kernel.numpy()
    lost = before.copy()
    lost[..., FILTER] = 0
    network.query.kernel.assign(lost)
    yield
    network.query.kernel.assign(before)


def kept(paint, given, precision: str) -> Artifact:
    """An artifact that paints what `paint` does now."""
    painted = [paint(*(part[n : n + 1] for part in given)) for n in range(2)]

    def paint_again(sketch, palette):
        return next(painted[n] for n in range(2) if np.array_equal(given[1][n], palette[0]))

    return Artifact(__file__, precision, 64, paint_again)


def test_a_filter_that_is_missing_is_found_where_the_pictures_would_pass(network, given):
    with without_a_filter(network):
        lacking = kept(rounding.rounded_painter(network, 64, results=True), given, "full_int8")
    found = measure(network, lacking, *given)
    assert found.psnr > 34 and found.ciede2000 < 2  # as much as people are asked to bear
    (complaint,) = find_violations(found)
    least = min(45, found.rounded_psnr - 7)
    assert f"{found.psnr:.1f} dB, under {least:.3g}; eight bits alone leave" in complaint


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["dynamic_int8", "full_int8"])
def test_converted_files_keep_what_eight_bits_can(network, given, precision, tmp_path):
    pytest.importorskip("ai_edge_litert", reason="needs the extra litert")
    samples = zip(*fidelity.drawn_samples(64, "figure", 6), strict=True)
    calibration = list(samples)[2:] if precision == "full_int8" else ()
    path = tmp_path / "x.tflite"
    path.write_bytes(litert.convert(network, precision, samples=calibration))
    assert find_violations(measure(network, open_artifact(path), *given)) == []
    with without_a_filter(network):
        path.write_bytes(litert.convert(network, precision, samples=calibration))
    assert find_violations(measure(network, open_artifact(path), *given))
