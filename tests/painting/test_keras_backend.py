"""The backend: uint8 canvases in, what the generator says of them out, traced once."""

import threading

import keras
import numpy as np
import pytest

from tests.helpers.painters import tiny_painter
from tf_deeppaint import palette_to_histogram
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.palette.mixing import SLOTS


@pytest.fixture(name="rng")
def make_rng() -> np.random.Generator:
    return np.random.default_rng(6)


def given(rng, count: int) -> tuple[np.ndarray, np.ndarray]:
    sketches = rng.integers(0, 256, (count, 64, 64), dtype=np.uint8)
    return sketches, rng.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)


def inputs_of(sketches: np.ndarray, palettes: np.ndarray) -> dict:
    """What a network sees, made in NumPy."""
    return {
        "sketch": np.repeat(sketches[..., None] / 127.5 - 1, 3, -1).astype("float32"),
        "histogram": np.stack([palette_to_histogram(palette, 64, 64) for palette in palettes]),
    }


def to_numpy(tensor) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


def test_a_picture_is_the_generators(rng):
    backend, sketches_and_palettes = tiny_painter("rgb").backend, given(rng, 3)
    assert (backend.size, backend.background, backend.mixes) == (64, "white", False)
    found = np.stack([p.values for p in backend.run(*sketches_and_palettes)])
    expected = to_numpy(backend.generator(inputs_of(*sketches_and_palettes), training=False))
    assert found.dtype == np.float32 and found.shape == (3, 64, 64, 3)
    assert found.std() > 0.05
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_mixture_is_the_generators(rng):
    backend, sketches_and_palettes = tiny_painter("mixture").backend, given(rng, 2)
    assert backend.mixes
    found = [
        np.stack(parts)
        for parts in zip(*(p.mixture for p in backend.run(*sketches_and_palettes)), strict=True)
    ]
    assert [part.shape for part in found] == [(2, 64, 64, channels) for channels in (SLOTS, 1, 1)]
    expected, _ = backend.generator.forward(inputs_of(*sketches_and_palettes))
    for part, other in zip(found, expected, strict=True):
        assert isinstance(part, np.ndarray) and part.dtype == np.float32
        # Norms are folded into kernels: how sums are rounded depends on the processor.
        np.testing.assert_allclose(part, to_numpy(other), atol=2e-3)
    np.testing.assert_allclose(found[0].sum(-1), 1, atol=1e-5)


def test_batches_of_every_size_are_traced_once(rng):
    backend = KerasBackend(tiny_painter("rgb").backend.generator)
    traced = backend._network.experimental_get_tracing_count
    assert traced() == 0
    for count in (1, 3, 8, 1, 5):
        assert len(backend.run(*given(rng, count))) == count
    assert traced() == 1


def test_threads_trace_it_once_and_do_not_mix_up(rng):
    backend = KerasBackend(tiny_painter("rgb").backend.generator)
    batches = [given(rng, count) for count in (1, 2, 3, 2, 1, 3)]
    found, begin = {}, threading.Barrier(len(batches))

    def run(number: int) -> None:
        begin.wait()
        found[number] = backend.run(*batches[number])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(batches))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert backend._network.experimental_get_tracing_count() == 1
    for number, batch in enumerate(batches):
        for prediction, expected in zip(found[number], backend.run(*batch), strict=True):
            np.testing.assert_array_equal(prediction.values, expected.values)


@pytest.mark.parametrize("head", ["rgb", "mixture"])
def test_attention_is_that_behind_the_picture(rng, head):
    backend, sketches_and_palettes = tiny_painter(head).backend, given(rng, 2)
    maps = backend.attention(*sketches_and_palettes)
    assert [level.shape for level in maps] == [(2, side, side) for side in (1, 2, 4, 8, 16, 32)]
    _, expected = backend.generator(inputs_of(*sketches_and_palettes), return_attention=True)
    for level, other in zip(maps, expected, strict=True):
        np.testing.assert_allclose(level, to_numpy(other)[..., 0], atol=1e-4)


def test_without_gates_there_is_no_attention(rng):
    for network in (Generator(2, size=64, gated=False), UNet(2, size=64)):
        assert KerasBackend(network).attention(*given(rng, 1)) == []


def test_the_callers_network_is_left_as_it_is():
    network = Generator(2, size=64, background="drop", dtype="mixed_bfloat16")
    backend = KerasBackend(network)
    assert backend.background == "drop"
    assert network.dtype_policy.name == "mixed_bfloat16"
    assert backend.generator.dtype_policy.name == "float32"
