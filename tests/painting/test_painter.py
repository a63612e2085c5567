"""The Painter: any sketch in, the network's colors out, at the sketch's own size."""

import threading
import warnings

import cv2
import keras
import numpy as np
import pytest
from PIL import Image

from tf_deeppaint import Painter, extract_palette, palette_to_histogram
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.line_art.cleaning import clean
from tf_deeppaint.line_art.ink import to_working_size, working_to_canvas
from tf_deeppaint.line_art.outlines import take_lines
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture(scope="module", name="generator")
def make_generator() -> Generator:
    keras.utils.set_random_seed(1)
    generator = Generator(4, size=64, background="white")
    # Weights of N(0, 0.02) paint everything one gray; larger ones paint pictures that differ.
    generator.set_weights([w * 12 if w.ndim == 4 else w for w in generator.get_weights()])
    return generator


@pytest.fixture(scope="module", name="painter")
def make_painter(generator) -> Painter:
    return Painter(KerasBackend(generator))


@pytest.fixture(name="rng")
def make_rng() -> np.random.Generator:
    return np.random.default_rng(5)


def canvas_of(sketch: np.ndarray) -> np.ndarray:
    return working_to_canvas(to_working_size(sketch), 64)[0]


def random_picture(rng, *shape) -> np.ndarray:
    return rng.integers(0, 256, shape, dtype=np.uint8)


def inputs_of(sketches: np.ndarray, palettes: np.ndarray) -> dict:
    """What a network sees of uint8 sketches and palettes."""
    return {
        "sketch": np.repeat(sketches[..., None] / 127.5 - 1, 3, -1).astype("float32"),
        "histogram": np.stack([palette_to_histogram(palette, 64, 64) for palette in palettes]),
    }


def test_painting_is_the_generator_on_the_sketch_and_the_histogram_images(generator, painter, rng):
    sketch, reference = np.full((64, 64), 255, np.uint8), random_picture(rng, 80, 60, 3)
    sketch[20:24], sketch[:, 30:34] = 0, 0
    inputs = inputs_of(sketch[None], extract_palette(reference, "white")[None])
    expected = (np.asarray(generator(inputs))[0] + 1) * 127.5
    painted = painter.paint(sketch, reference, lines="network")
    assert painted.dtype == np.uint8
    assert painted.std() > 5  # a picture, not one gray
    np.testing.assert_allclose(painted, expected, atol=0.6)


def test_a_palette_paints_what_its_reference_paints(painter, rng):
    sketch, reference = random_picture(rng, 50, 70), random_picture(rng, 64, 64, 3)
    colors = painter.palette_of(reference)
    np.testing.assert_array_equal(
        painter.paint(sketch, colors=colors), painter.paint(sketch, reference)
    )


def test_another_palette_paints_another_picture(painter, rng):
    sketch = random_picture(rng, 64, 64)
    one, two = (np.full((4, 4, 3), color, np.uint8) for color in ((200, 30, 30), (20, 90, 250)))
    difference = painter.paint(sketch, colors=one).astype(int) - painter.paint(sketch, colors=two)
    assert np.abs(difference).mean() > 1


def test_files_and_arrays_paint_alike(painter, rng, tmp_path):
    sketch, reference = random_picture(rng, 40, 30, 3), random_picture(rng, 30, 30, 3)
    write_picture(tmp_path / "sketch.png", sketch)
    write_picture(tmp_path / "reference.png", reference)
    np.testing.assert_array_equal(
        painter.paint(tmp_path / "sketch.png", tmp_path / "reference.png"),
        painter.paint(sketch, reference),
    )


def test_pillow_images_paint_too(painter, rng):
    sketch, reference = random_picture(rng, 40, 30), random_picture(rng, 30, 30, 3)
    np.testing.assert_array_equal(
        painter.paint(Image.fromarray(sketch), Image.fromarray(reference)),
        painter.paint(sketch, reference),
    )


def test_a_sketch_is_cleaned_on_demand(painter, rng):
    scan = np.full((60, 50), 180, np.uint8)
    scan[20:23, 5:45] = 60
    palette = random_picture(rng, 4, 4, 3)
    np.testing.assert_array_equal(
        painter.paint(scan, colors=palette, clean=True),
        painter.paint(clean(scan), colors=palette),
    )


def chalk(*paper: int) -> np.ndarray:
    page = np.full((240, 200, 3), paper, np.uint8)
    page[20:22, 5:175] = page[20:170, 40:42] = 235
    return page


def test_chalk_is_inverted_on_its_own_and_python_is_warned(painter, rng, tmp_path):
    palette = random_picture(rng, 4, 4, 3)
    write_picture(tmp_path / "board.png", chalk(30, 50, 40))
    for given in (chalk(30, 50, 40), tmp_path / "board.png"):
        with pytest.warns(UserWarning, match="light lines on dark paper: inverted") as caught:
            painted = painter.paint(given, colors=palette)
        assert [warning.filename for warning in caught] == [__file__]
        np.testing.assert_array_equal(
            painted, painter.paint(clean(chalk(30, 50, 40)), colors=palette)
        )
    assert str(caught[0].message).startswith(str(tmp_path / "board.png: "))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        untouched = painter.paint(chalk(30, 50, 40), colors=palette, clean="off")
    assert np.abs(untouched.astype(int) - painted).mean() > 20


def test_a_colored_page_is_painted_by_its_lines(painter, rng):
    page = np.full((120, 120, 3), 255, np.uint8)
    cv2.circle(page, (60, 60), 40, (220, 90, 60), -1)
    cv2.rectangle(page, (20, 80), (100, 110), (60, 110, 200), -1)
    palette = random_picture(rng, 4, 4, 3)
    with pytest.warns(UserWarning, match="colored already: its lines are taken out"):
        painted = painter.paint(page, colors=palette, recolor=True)
    np.testing.assert_array_equal(painted, painter.paint(take_lines(page), colors=palette))


def test_sketches_of_many_sizes_go_through_the_network_together(painter, rng):
    shapes = [(64, 64), (50, 90), (110, 60)]
    sketches, palettes = (
        [random_picture(rng, *shape) for shape in shapes],
        random_picture(rng, 3, 4, 4, 3),
    )
    paintings = painter.make_paintings(sketches, palettes)
    for painting, sketch, palette in zip(paintings, sketches, palettes, strict=True):
        np.testing.assert_array_equal(painting.sketch, sketch)
        np.testing.assert_array_equal(painting.prediction.palette, palette)
        alone = painter.make_paintings([sketch], palette[None])[0]
        values, expected = painting.prediction.values, alone.prediction.values
        np.testing.assert_allclose(values, expected, atol=1e-4)
        np.testing.assert_array_equal(painting.prediction.canvas, canvas_of(sketch))


def test_attention_lies_on_the_sketch(painter, rng):
    """Against the canvas's maps, enlarged and cut by hand."""
    painting = painter.make_paintings(
        [random_picture(rng, 30, 60)], random_picture(rng, 1, 4, 4, 3)
    )[0]
    prediction = painting.prediction
    canvas = painter.backend.attention(prediction.canvas[None], prediction.palette[None])
    for level, whole in zip(painter.attention(painting), canvas, strict=True):
        enlarged = cv2.resize(whole[0], (64, 64), interpolation=cv2.INTER_CUBIC)
        np.testing.assert_array_equal(level, enlarged[16:48])


def test_a_large_reference_gives_the_palette_of_its_small_version(painter):
    small = np.zeros((8, 8, 3), np.uint8)
    small[::2], small[1::2] = (250, 10, 10), (10, 10, 250)
    large = small.repeat(160, axis=0).repeat(160, axis=1)
    np.testing.assert_array_equal(painter.palette_of(large), extract_palette(small, "white"))


def test_painting_is_deterministic_and_alone_in_its_batch(painter, rng):
    sketches, palettes = random_picture(rng, 3, 64, 64), random_picture(rng, 3, 4, 4, 3)
    together = painter.paint_canvases(sketches, palettes)
    np.testing.assert_array_equal(together, painter.paint_canvases(sketches, palettes))
    alone = painter.paint_canvases(sketches[1:2], palettes[1:2])[0]
    np.testing.assert_allclose(together[1].astype(int), alone, atol=1)


def test_threads_share_one_painter_for_sketches_of_many_sizes(generator, rng):
    painter = Painter(KerasBackend(generator))
    shapes = [(64, 64), (1, 1), (30, 200), (200, 30), (65, 63), (128, 128)]
    sketches = [random_picture(rng, *shape) for shape in shapes]
    references = [random_picture(rng, *shape, 3) for shape in shapes[::-1]]
    found, begin = {}, threading.Barrier(len(shapes))

    def paint(number: int) -> None:
        begin.wait()
        found[number] = painter.paint(sketches[number], references[number])

    threads = [threading.Thread(target=paint, args=(number,)) for number in range(len(shapes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, pair in enumerate(zip(sketches, references, strict=True)):
        assert found[number].shape == (*shapes[number], 3)
        np.testing.assert_array_equal(found[number], painter.paint(*pair))
    assert painter.backend._network.experimental_get_tracing_count() == 1


def test_a_run_directory_and_its_file_load_alike(generator, painter, rng, tmp_path):
    generator.save(tmp_path / "generator.keras")
    sketch, reference = random_picture(rng, 64, 64), random_picture(rng, 32, 32, 3)
    expected = painter.paint(sketch, reference)
    for path in (tmp_path, tmp_path / "generator.keras"):
        loaded = Painter.load(path)
        assert (loaded.size, loaded.background) == (64, "white")
        np.testing.assert_array_equal(loaded.paint(sketch, reference), expected)


def test_a_network_of_another_precision_paints_in_float32(generator, painter, rng):
    config = generator.get_config() | {"dtype": "mixed_bfloat16", "name": "trained"}
    mixed = Generator.from_config(config)
    mixed.set_weights(generator.get_weights())
    sketch, reference = random_picture(rng, 64, 64), random_picture(rng, 32, 32, 3)
    np.testing.assert_array_equal(
        Painter(KerasBackend(mixed)).paint(sketch, reference), painter.paint(sketch, reference)
    )


def test_attention_is_that_of_the_generator_the_deepest_gate_first(generator, painter, rng):
    sketches, palettes = random_picture(rng, 2, 64, 64), random_picture(rng, 2, 4, 4, 3)
    maps = painter.backend.attention(sketches, palettes)
    assert [level.shape for level in maps] == [(2, side, side) for side in (1, 2, 4, 8, 16, 32)]
    _, expected = generator(inputs_of(sketches, palettes), return_attention=True)
    for level, other in zip(maps, expected, strict=True):
        assert level.dtype == np.float32
        np.testing.assert_allclose(level, np.asarray(other)[..., 0], atol=1e-5)
    assert max(np.ptp(level) for level in maps) > 0.01


def test_the_baseline_paints_too_and_has_no_attention(rng, tmp_path):
    keras.utils.set_random_seed(1)
    network = UNet(4, size=64, background="keep")
    network.set_weights([w * 12 if w.ndim == 4 else w for w in network.get_weights()])
    network.save(tmp_path / "unet.keras")
    painter = Painter.load(tmp_path / "unet.keras")
    assert (painter.size, painter.background) == (64, "keep")
    sketches, palettes = random_picture(rng, 2, 64, 64), random_picture(rng, 2, 4, 4, 3)
    expected = (np.asarray(network(inputs_of(sketches, palettes))) + 1) * 127.5
    assert expected.std() > 5
    painted = painter.paint_canvases(sketches, palettes)
    np.testing.assert_allclose(painted, expected, atol=0.6)
    assert painter.backend.attention(sketches, palettes) == []
    reference = random_picture(rng, 80, 60, 3)
    colors = extract_palette(reference, "keep")
    np.testing.assert_array_equal(
        painter.paint(sketches[0], reference), painter.paint(sketches[0], colors=colors)
    )


@pytest.mark.parametrize("colors", [{}, {"reference": 1, "colors": 1}])
def test_colors_come_from_exactly_one_place(painter, rng, colors):
    given = {"reference": random_picture(rng, 8, 8, 3), "colors": random_picture(rng, 4, 4, 3)}
    with pytest.raises(DeepPaintError, match="either"):
        painter.paint(random_picture(rng, 64, 64), **{key: given[key] for key in colors})


@pytest.mark.parametrize(
    "colors",
    [
        np.zeros((4, 3), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((2, 4, 4, 3), np.uint8),
    ],
    ids=str,
)
def test_a_palette_is_four_by_four_bytes(painter, rng, colors):
    with pytest.raises(DeepPaintError, match=r"a palette is uint8 \(4, 4, 3\)"):
        painter.paint(random_picture(rng, 9, 9), colors=colors)


@pytest.fixture(scope="module", name="mixing")
def make_mixing() -> Generator:
    generator = Generator(4, size=64, background="white", head_kind="mixture", seed=0)
    generator.set_weights([w * 4 if w.ndim == 4 else w for w in generator.get_weights()])
    return generator


def test_a_region_has_the_color_that_leads_and_the_page_is_white(mixing):
    sketch = np.full((64, 64), 255, np.uint8)
    sketch[[10, 40], 10:51] = sketch[10:41, [10, 50]] = 0
    # Four shades each of four colors that are far apart.
    hues = np.array([[210, 60, 60], [60, 200, 70], [70, 80, 220], [225, 205, 60]])
    palette = np.stack([hues * share // 100 for share in (100, 95, 90, 85)], 1).astype(np.uint8)
    backend, inputs = KerasBackend(mixing), (sketch[None], palette[None])
    network, even = (
        Painter(backend, even_regions=choice).paint_canvases(*inputs)[0] for choice in (False, None)
    )
    inside = np.s_[11:40, 11:50]
    mixture, _ = mixing.forward(inputs_of(*inputs))
    weights, shade = (np.asarray(part)[0][inside] for part in (mixture.weights, mixture.shade))
    colors = np.concatenate([palette.reshape(16, 3), [[255] * 3, [0] * 3]])
    means = weights.astype(float).mean((0, 1))
    groups = np.array([*np.repeat(range(4), 4), 4, 5])
    means[groups != groups[(means * np.where(np.arange(18) == 16, 0.15, 1)).argmax()]] = 0
    softened = (1 + shade) / 2
    expected = np.clip(means / means.sum() @ colors * softened, 0, 255)
    np.testing.assert_allclose(even[inside], expected, atol=0.6)
    assert np.abs(even[inside].astype(int) - network[inside]).max() > 8
    # White too is shaded.
    page = np.clip(255 * (1 + np.asarray(mixture.shade)[0]) / 2, 0, 255)[:9]
    np.testing.assert_allclose(even[:9], np.broadcast_to(page, even[:9].shape), atol=0.6)


def test_whether_regions_are_evened_out_can_be_chosen_on_loading(mixing, tmp_path):
    mixing.save(tmp_path / "generator.keras")
    for choice, expected in ((None, True), (False, False)):
        assert Painter.load(tmp_path, even_regions=choice).even_regions is expected


def test_regions_are_evened_out_only_where_colors_are_mixed(generator):
    with pytest.raises(DeepPaintError, match="needs a model with the mixture head"):
        Painter(KerasBackend(generator), even_regions=True)
