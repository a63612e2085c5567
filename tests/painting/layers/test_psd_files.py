"""Photoshop's format: opened again by psd-tools and by Pillow."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms
from psd_tools import PSDImage

from tf_deeppaint.images.decoding import read_picture, read_resolution
from tf_deeppaint.line_art.compositing import lay_lines
from tf_deeppaint.painting.layer_files import write_layers
from tf_deeppaint.painting.layers.layer import Layer
from tf_deeppaint.painting.layers.merging import merge
from tf_deeppaint.painting.layers.separation import Flats, make_layers
from tf_deeppaint.utils.errors import DeepPaintError

HEIGHT, WIDTH = 300, 70  # more rows than are packed at a time


@pytest.fixture(scope="module", name="drawing")
def make_drawing() -> tuple[np.ndarray, np.ndarray, Flats]:
    """Noisy color of three flats on white paper, and lines of all levels."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (HEIGHT, WIDTH), dtype=np.uint8)
    colors = np.uint8([(240, 180, 150), (40, 60, 200), (90, 200, 60)])
    color = np.clip(colors[labels] * rng.uniform(0.6, 1.4, (HEIGHT, WIDTH, 1)), 0, 255)
    color = color.astype(np.uint8)
    color[:40] = 255
    sketch = rng.integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
    sketch[rng.random(sketch.shape) < 0.7] = 255
    return (
        color,
        sketch,
        Flats(labels, colors, np.arange(3), {0: "skin", 1: "häär #2", 2: "leaf"}, hidden=labels),
    )


@pytest.fixture(scope="module", name="layers")
def make_stack(drawing) -> list[Layer]:
    color, sketch, flats = drawing
    return make_layers(color, sketch, flats)


@pytest.fixture(scope="module", name="path")
def write(tmp_path_factory, drawing, layers) -> str:
    path = tmp_path_factory.mktemp("psd") / "x.psd"
    write_layers(path, layers, (300.0, 150.0), [lay_lines(*drawing[:2])])
    return str(path)


def test_psd_tools_reads_groups_blend_modes_and_pixels(path, layers):
    document = PSDImage.open(path)
    assert document.size == (WIDTH, HEIGHT) and document.color_mode.name == "RGB"
    names = [layer.name for layer in document]
    assert names == ["paper", "flats", "shading", "highlights", "regions", "lines"]
    blends = [layer.blend_mode.name for layer in document]
    assert blends == ["NORMAL", "NORMAL", "MULTIPLY", "SCREEN", "NORMAL", "NORMAL"]
    assert [layer.name for layer in document if not layer.visible] == ["regions"]
    (group,) = (layer for layer in document if layer.is_group())
    assert [layer.name for layer in group] == ["skin", "häär #2", "leaf"]
    read = [layer for layer in document.descendants() if not layer.is_group()]
    for one, other in zip(read, layers, strict=True):
        assert one.name == other.name
        np.testing.assert_array_equal(np.rint(one.numpy() * 255), other.rgba)


def test_psd_tools_finds_the_layers_to_show_the_picture(path, drawing):
    picture = lay_lines(*drawing[:2])
    document = PSDImage.open(path)
    shown = np.full((HEIGHT, WIDTH, 3), 255.0)
    for layer in (layer for layer in document.descendants() if not layer.is_group()):
        if not layer.visible:
            continue
        color, opacity = layer.numpy("color") * 255, layer.numpy("shape")
        product = color * shown / 255
        blended = {"MULTIPLY": product, "SCREEN": color + shown - product}
        color = blended.get(layer.blend_mode.name, color)
        shown = opacity * color + (1 - opacity) * shown
    assert np.abs(np.rint(shown) - picture).max() <= 1


def test_pillow_reads_picture_resolution_profile_and_names(path, drawing, layers):
    image = Image.open(path)
    np.testing.assert_array_equal(np.asarray(image), lay_lines(*drawing[:2]))
    (resolution,) = (data for number, _, data in image.resources if number == 1005)
    # Pixels an inch in 16.16 fixed point: Adobe Photoshop File Formats Specification, 1005.
    assert struct.unpack(">IHHIHH", resolution) == (300 << 16, 1, 1, 150 << 16, 1, 1)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)
    names = [layer[0] for layer in image.layers]
    assert "paper" in names and len(names) == len(layers) + 2  # and two that bound the group


def test_our_own_reader_takes_the_picture(path, drawing):
    np.testing.assert_array_equal(read_picture(path), lay_lines(*drawing[:2]))
    assert read_resolution(path) == pytest.approx((300, 150), abs=0.01)


def test_without_paper_the_merged_picture_is_transparent(tmp_path, drawing):
    color, sketch, flats = drawing
    is_paper = np.zeros(sketch.shape, np.uint8)
    is_paper[:40] = 1
    layers = make_layers(color, sketch, flats, paper=None, is_paper=is_paper)
    write_layers(tmp_path / "x.psd", layers)
    merged = merge(layers)
    read = np.asarray(Image.open(tmp_path / "x.psd").convert("RGBA"))
    opaque = merged[..., 3] > 0
    np.testing.assert_array_equal(read[..., 3], merged[..., 3])
    np.testing.assert_array_equal(read[opaque], merged[opaque])
    assert PSDImage.open(tmp_path / "x.psd")[0].name == "flats"


@pytest.mark.parametrize("name", ["", "\udcff half", "\U0001d538" * 300, "a\0b\nc", "../x"])
def test_any_name_is_written(tmp_path, name):
    rgba = np.full((2, 3, 4), 77, np.uint8)
    write_layers(tmp_path / "x.psd", [Layer(name, rgba)])
    (layer,) = PSDImage.open(tmp_path / "x.psd")
    assert layer.name == name[:250] or not name.isprintable()
    np.testing.assert_array_equal(np.rint(layer.numpy() * 255), rgba)


def test_sides_over_the_limit_of_the_format_are_told(tmp_path):
    long = Layer(
        "paper", lambda rows: np.zeros((len(range(*rows.indices(30_001))), 2, 4), np.uint8)
    )
    with pytest.raises(DeepPaintError, match=r"x\.psd: 2 x 30001 pixels; a \.psd has 30000"):
        write_layers(tmp_path / "x.psd", [long._replace(shape=(30_001, 2))])
    assert not list(tmp_path.iterdir())
