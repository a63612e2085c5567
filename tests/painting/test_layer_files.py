"""Layers: taken apart, laid together again, and as files that an independent reader opens."""

import io
import os
import tracemalloc
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageChops

from tf_deeppaint.images import pixels
from tf_deeppaint.line_art.compositing import lay_lines
from tf_deeppaint.line_art.pens import Ink, find_ink
from tf_deeppaint.painting import layer_files
from tf_deeppaint.painting.layer_files import write_layers
from tf_deeppaint.painting.layers.layer import Layer
from tf_deeppaint.painting.layers.merging import merge
from tf_deeppaint.painting.layers.separation import Flats, make_layers
from tf_deeppaint.utils.errors import DeepPaintError

SHAPES = [(1, 1), (1, 9), (9, 1), (40, 60), (300, 20)]


def drawing(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Color with white, nearly white and all other colors, and a sketch of all levels."""
    rng = np.random.default_rng(1)
    color = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    color[rng.random((height, width)) < 0.3] = 255
    nearly = rng.random((height, width)) < 0.2
    color[nearly] = rng.integers(252, 256, (int(nearly.sum()), 3))
    sketch = rng.integers(0, 256, (height, width), dtype=np.uint8)
    sketch[rng.random((height, width)) < 0.5] = 255
    return color, sketch


GRAYS = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
NAMES = {1: "skin", 9: "empty", 2: "#3b5dc9", 255: "hair"}


def groups_of(shape: tuple[int, int]) -> Flats:
    """Labels of three groups at random and of a part in none, and names; of an empty one too."""
    number = np.random.default_rng(2).integers(0, 4, shape)
    colors = np.random.default_rng(4).integers(0, 256, (256, 3), dtype=np.uint8)
    colors[[1, 2]] = [(0, 255, 90), (255, 255, 255)]
    labels = np.array([0, 1, 2, 255], np.uint8)[number]
    return Flats(labels, colors, np.arange(256), {0: "color"} | NAMES)


def composed(layers: list[Layer]) -> np.ndarray:
    """Layers laid over white by Pillow, which rounds at every layer."""
    height, width, _ = layers[0].rgba.shape
    shown = Image.new("RGBA", (width, height), "white")
    for layer in layers:
        image = Image.fromarray(layer.rgba)
        if layer.blend != "normal":
            blend = {"multiply": ImageChops.multiply, "screen": ImageChops.screen}[layer.blend]
            opacity = image.getchannel("A")
            image = blend(image.convert("RGB"), shown.convert("RGB"))
            image.putalpha(opacity)
        shown.alpha_composite(image)
    return np.asarray(shown.convert("RGB")).astype(int)


def off(one: np.ndarray, other: np.ndarray) -> int:
    """The largest difference between two pictures."""
    return int(np.abs(one.astype(int) - other).max())


# --- a picture taken apart ----------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("grouped", [False, True])
def test_layers_together_show_the_colored_sketch(shape, grouped):
    color, sketch = drawing(*shape)
    layers = make_layers(color, sketch, groups_of(shape) if grouped else None)
    assert all(layer.rgba.shape == (*shape, 4) for layer in layers)
    assert all(layer.rgba.dtype == np.uint8 for layer in layers)
    assert off(merge(layers), lay_lines(color, sketch)) <= 1
    assert off(composed(layers), lay_lines(color, sketch)) <= 1


def test_every_color_under_every_line_comes_out_but_for_a_level():
    levels = np.arange(256, dtype=np.uint8)
    color, sketch = np.meshgrid(levels, levels)
    color = np.dstack([color] * 3)
    assert off(merge(make_layers(color, sketch)), lay_lines(color, sketch)) <= 1


def test_the_lines_are_black_as_opaque_as_the_sketch_is_dark():
    levels = np.arange(256, dtype=np.uint8)
    color, sketch = np.meshgrid(levels, levels)
    color = np.dstack([color, 255 - color, color // 2])
    lines = make_layers(color, sketch)[-1].rgba
    assert lines.dtype == np.uint8 and not lines[..., :3].any()
    opacity = lines[..., 3:] / 255
    shown = color * (1 - opacity) + lines[..., :3] * opacity
    assert np.abs(shown - lay_lines(color, sketch)).max() <= 0.5 + 1e-6
    lines = make_layers(color[:1, :3], np.array([[0, 77, 255]], np.uint8))[-1].rgba
    assert lines[0, :, 3].tolist() == [255, 178, 0]


def test_without_groups_there_are_paper_color_and_lines():
    color, sketch = drawing(40, 60)
    paper, painted, lines = make_layers(color, sketch)
    assert [paper.name, painted.name, lines.name] == ["paper", "color", "lines"]
    assert (paper.rgba == 255).all()
    white = (color >= 254).all(axis=-1)
    assert 50 < white.sum() < 2000
    assert (painted.rgba[white] == (255, 255, 255, 0)).all()
    assert (painted.rgba[~white, 3] == 255).all()
    np.testing.assert_array_equal(painted.rgba[~white, :3], color[~white])
    assert not lines.rgba[..., :3].any()
    np.testing.assert_array_equal(lines.rgba[..., 3], 255 - sketch)


def test_a_color_layer_is_there_though_nothing_is_painted():
    white = np.full((6, 5, 3), 255, np.uint8)
    layers = make_layers(white, white[..., 0])
    assert [layer.name for layer in layers] == ["paper", "color", "lines"]
    assert not layers[1].rgba[..., 3].any()
    layers = make_layers(
        white, white[..., 0], Flats(white[..., 0], GRAYS, np.arange(256), {255: "all"})
    )
    assert [layer.name for layer in layers] == ["paper", "lines"]


def test_groups_are_flats_in_their_order_each_of_one_color():
    color, sketch = drawing(40, 60)
    flats = groups_of(sketch.shape)
    layers = make_layers(color, sketch, flats)
    names = [layer.name for layer in layers]
    kept = ["color", "skin", "#3b5dc9", "hair"]
    assert names == ["paper", *kept, "shading", "highlights", "lines"]
    assert [layer.group for layer in layers] == [None, *["flats"] * 4, None, None, None]
    white = (color >= 254).all(axis=-1)
    for number, layer in zip((0, 1, 2, 255), layers[1:5], strict=True):
        shown = (flats.labels == number) & ~white
        assert shown.any() and layer.blend == "normal" and layer.is_shown
        np.testing.assert_array_equal(layer.rgba[..., 3], np.where(shown, 255, 0))
        assert (layer.rgba[shown, :3] == flats.colors[number]).all()
        assert (layer.rgba[~shown, :3] == 255).all()
    assert [layer.blend for layer in layers[5:7]] == ["multiply", "screen"]


def test_shading_is_gray_and_alone_where_a_flat_is_only_darkened():
    """A flat color at every brightness from 40 % on."""
    flat = np.uint8([240, 130, 70])
    color = np.rint(flat * np.linspace(0.4, 1, 500)[None, :, None]).astype(np.uint8)
    sketch = np.full((1, 500), 255, np.uint8)
    layers = make_layers(
        color, sketch, Flats(np.zeros_like(sketch), flat[None], np.zeros(1, int), {0: "skin"})
    )
    assert [layer.name for layer in layers] == ["paper", "skin", "shading", "lines"]
    shading = layers[2].rgba
    assert (np.ptp(shading[..., :3], axis=-1) <= 255 / 70).all()  # one level of blue
    assert (np.ptp(shading[..., :3], axis=-1) == 0).mean() > 0.5
    np.testing.assert_allclose(shading[0, ::50, 0], 255 * np.linspace(0.4, 1, 500)[::50], atol=1.5)
    assert off(merge(layers), color) <= 1


def test_a_flat_filled_with_another_color_keeps_its_shading():
    flat, other = np.uint8([200, 100, 50]), np.uint8([50, 150, 250])
    color = np.rint(flat * np.linspace(0.5, 1, 60)[None, :, None]).astype(np.uint8)
    sketch = np.full((1, 60), 255, np.uint8)
    layers = make_layers(
        color, sketch, Flats(np.zeros_like(sketch), flat[None], np.zeros(1, int), {0: "skin"})
    )
    layers[1] = Layer("skin", np.full((1, 60, 4), (*other, 255), np.uint8))
    np.testing.assert_allclose(merge(layers)[0], other * np.linspace(0.5, 1, 60)[:, None], atol=3)


def test_numbers_can_share_a_layer():
    color, sketch = drawing(12, 10)
    sides = (np.indices(sketch.shape)[1] < 5).astype(np.uint8)
    flats = Flats(sides, GRAYS, np.array([3, 3] + [9] * 254), {9: "others", 3: "both"})
    layers = make_layers(color, sketch, flats)
    (both,) = (layer for layer in layers if layer.group)
    assert both.name == "both"
    white = (color >= 254).all(axis=-1)
    np.testing.assert_array_equal(both.rgba[~white, 0], sides[~white])


def test_regions_have_a_color_each_on_a_layer_that_is_not_shown():
    color, sketch = drawing(40, 60)
    regions = np.arange(2400, dtype=np.uint16).reshape(40, 60)
    flats = groups_of(sketch.shape)
    layers = make_layers(color, sketch, flats._replace(hidden=regions))
    assert [layer.name for layer in layers if not layer.is_shown] == ["regions"]
    rgba = layers[-2].rgba.reshape(-1, 4)
    colors = rgba[rgba[:, 3] > 0]
    assert len(np.unique(colors, axis=0)) == len(colors) > 1000
    np.testing.assert_array_equal(merge(layers), merge(make_layers(color, sketch, flats)))


# --- pens and papers ------------------------------------------------------------------------------


def colored_lines(height: int, width: int) -> tuple[np.ndarray, Ink]:
    """A sketch in many colors, and its ink."""
    rng = np.random.default_rng(5)
    page = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    page[rng.random((height, width)) < 0.6] = 255
    sketch = np.asarray(Image.fromarray(page).convert("L"))
    return sketch, find_ink(page, sketch)


def a_paper(height: int, width: int) -> np.ndarray:
    """The right half is paper."""
    return np.repeat(np.uint8([[0, 1]]), width, axis=1).repeat(height, axis=0)[:, ::2][:, :width]


PENS = {"black": np.zeros(3, np.uint8), "red": np.uint8([200, 30, 40]), "kept": None}
SHEETS = [np.uint8([255, 255, 255]), np.uint8([250, 230, 190]), np.uint8([20, 40, 90]), None]


@pytest.mark.parametrize("pen", PENS)
@pytest.mark.parametrize("paper", SHEETS, ids=str)
def test_layers_of_every_pen_on_every_paper_show_the_picture(pen, paper, tmp_path):
    color, _ = drawing(40, 60)
    sketch, ink = colored_lines(40, 60)
    pen = ink if PENS[pen] is None else PENS[pen]
    is_paper = None if paper is not None and paper.min() == 255 else a_paper(40, 60)
    picture = lay_lines(color, sketch, pen, paper, is_paper)
    layers = make_layers(color, sketch, groups_of(sketch.shape), pen, paper, is_paper)
    assert (layers[0].name == "paper") == (paper is not None)
    write_layers(tmp_path / "x.ora", layers)
    opened = Opened(tmp_path / "x.ora")
    merged = np.asarray(opened.picture("mergedimage.png"))
    assert merged.shape == picture.shape == (40, 60, 4 if paper is None else 3)
    for seen in (merged, merge(opened.layers())):
        if paper is None:  # what is transparent has no color
            np.testing.assert_array_equal(seen[..., 3], picture[..., 3])
            seen, picture = (x * (x[..., 3:] > 0) for x in (seen, picture))
        assert off(seen, picture) <= 1


# --- laid together ------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 7, 256])
def test_merging_is_over_at_every_opacity(rows, monkeypatch):
    monkeypatch.setattr(pixels, "ROWS", rows)
    rng = np.random.default_rng(3)
    layers = [Layer(str(n), rng.integers(0, 256, (33, 20, 4), dtype=np.uint8)) for n in range(4)]
    layers.insert(0, Layer("paper", np.full((33, 20, 4), 255, np.uint8)))
    merged = merge(layers)
    assert merged.shape == (33, 20, 3) and merged.dtype == np.uint8
    shown = np.full((33, 20, 3), 255.0)
    for layer in layers:
        opacity = layer.rgba[..., 3:] / 255
        shown = opacity * layer.rgba[..., :3] + (1 - opacity) * shown
    assert np.abs(merged - shown).max() <= 0.5 + 1e-3
    assert off(merged, composed(layers)) <= 3


@pytest.mark.parametrize("seed", range(3))
def test_without_paper_the_merged_picture_is_as_transparent_as_its_layers(seed):
    rng = np.random.default_rng(seed)
    layers = [Layer(str(n), rng.integers(0, 256, (9, 12, 4), dtype=np.uint8)) for n in range(3)]
    for layer in layers:
        layer.rgba[rng.random((9, 12)) < 0.5, 3] = 0
    merged = merge(layers).astype(float)
    # Over any paper it shows what the layers do.
    for level in (0.0, 100.0, 255.0):
        shown = np.full((9, 12, 3), level)
        for rgba in (layer.rgba for layer in layers):
            opacity = rgba[..., 3:] / 255
            shown = opacity * rgba[..., :3] + (1 - opacity) * shown
        opacity = merged[..., 3:] / 255
        assert np.abs(opacity * merged[..., :3] + (1 - opacity) * level - shown).max() <= 1.01
    assert merged[np.all([layer.rgba[..., 3] == 0 for layer in layers], axis=0)].max() == 0


# --- OpenRaster ---------------------------------------------------------------------------------


def a_stack(height: int = 40, width: int = 60) -> list[Layer]:
    """Paper, four layers that part the color, and lines."""
    color, sketch = drawing(height, width)
    paper, whole, lines = make_layers(color, sketch)
    flats, layers = groups_of(sketch.shape), []
    for number, name in {0: "color", **NAMES}.items():
        rgba = whole.rgba.copy()
        rgba[flats.labels != number] = (255, 255, 255, 0)
        layers += [Layer(name, rgba)] if rgba[..., 3].any() else []
    return [paper, *layers, lines]


class Opened:
    """An OpenRaster file as its specification tells a reader to open it."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            self.entries = archive.infolist()
            self.files = {entry.filename: archive.read(entry) for entry in self.entries}
        self.image = ElementTree.fromstring(self.files["stack.xml"])
        (self.stack,) = self.image.findall("stack")

    def picture(self, name: str) -> Image.Image:
        return Image.open(io.BytesIO(self.files[name]))

    def layers(self) -> list[Layer]:
        """The layers from the bottom up."""
        blends = {"svg:src-over": "normal", "svg:multiply": "multiply", "svg:screen": "screen"}
        return [
            Layer(
                e.get("name"),
                np.asarray(self.picture(e.get("src"))),
                blend=blends[e.get("composite-op")],
                is_shown=e.get("visibility") == "visible",
            )
            for e in reversed(list(self.stack.iter("layer")))
        ]


@pytest.fixture
def opened(tmp_path) -> Opened:
    write_layers(tmp_path / "x.ora", a_stack())
    assert os.listdir(tmp_path) == ["x.ora"]
    return Opened(tmp_path / "x.ora")


def test_the_file_is_laid_out_as_the_baseline_demands(opened, tmp_path):
    # https://www.openraster.org/baseline/file-layout-spec.html
    first = opened.entries[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert opened.files["mimetype"] == b"image/openraster"
    # So that programs which look for the type at a fixed place find it.
    assert (tmp_path / "x.ora").read_bytes()[30:54] == b"mimetypeimage/openraster"
    needed = {"mimetype", "stack.xml", "mergedimage.png", "Thumbnails/thumbnail.png"}
    sources = [element.get("src") for element in opened.stack]
    assert all(source.startswith("data/") and source.endswith(".png") for source in sources)
    assert {entry.filename for entry in opened.entries} == needed | set(sources)
    assert len(opened.entries) == len(needed) + len(set(sources)) == 4 + len(sources)
    methods = {entry.compress_type for entry in opened.entries}
    assert methods <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
    assert {entry.date_time for entry in opened.entries} == {(1980, 1, 1, 0, 0, 0)}
    assert all(entry.external_attr >> 16 & 0o444 == 0o444 for entry in opened.entries)


def test_the_stack_lists_the_layers_from_the_top_at_their_place(opened):
    # https://www.openraster.org/baseline/layer-stack-spec.html
    assert opened.files["stack.xml"].startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert opened.image.tag == "image" and opened.image.get("version") == "0.0.5"
    assert (opened.image.get("w"), opened.image.get("h")) == ("60", "40")
    assert not opened.stack.attrib
    names = ["lines", "hair", "#3b5dc9", "skin", "color", "paper"]
    assert [element.get("name") for element in opened.stack] == names
    for element in opened.stack:
        assert element.tag == "layer"
        assert (element.get("x"), element.get("y")) == ("0", "0")
        assert float(element.get("opacity")) == 1 and element.get("visibility") == "visible"
        assert element.get("composite-op") == "svg:src-over"


@pytest.mark.parametrize("shape", SHAPES)
def test_layers_are_read_as_they_were_and_merged_as_they_show(shape, tmp_path):
    color, sketch = drawing(*shape)
    layers = make_layers(color, sketch, groups_of(shape))
    write_layers(tmp_path / "x.ora", layers)
    opened = Opened(tmp_path / "x.ora")
    for read, layer in zip(opened.layers(), layers, strict=True):
        assert (read.name, read.blend) == (layer.name, layer.blend)
        np.testing.assert_array_equal(read.rgba, layer.rgba)
    merged = opened.picture("mergedimage.png")
    assert merged.format == "PNG" and not merged.info.get("interlace")
    np.testing.assert_array_equal(np.asarray(merged), merge(layers))
    assert off(np.asarray(merged), lay_lines(color, sketch)) <= 1


@pytest.mark.parametrize(
    "shape, expected",
    [
        ((40, 60), (60, 40)),
        ((256, 256), (256, 256)),
        ((300, 600), (256, 128)),
        ((2000, 3), (1, 256)),
    ],
)
def test_the_thumbnail_is_the_picture_as_large_as_256_pixels_allow(shape, expected, tmp_path):
    sketch = np.full(shape, 255, np.uint8)
    color = np.full((*shape, 3), (200, 30, 60), np.uint8)
    color[: shape[0] // 2] = (10, 120, 250)
    write_layers(tmp_path / "x.ora", make_layers(color, sketch))
    thumbnail = Opened(tmp_path / "x.ora").picture("Thumbnails/thumbnail.png")
    assert thumbnail.size == expected
    assert thumbnail.format == "PNG" and not thumbnail.info.get("interlace")
    pixels = np.asarray(thumbnail)
    assert pixels.dtype == np.uint8
    assert tuple(pixels[0, 0]) == (10, 120, 250) and tuple(pixels[-1, -1]) == (200, 30, 60)


@pytest.mark.parametrize("dpi", [(600, 600), (300.0, 150.0), (72.009, 72.009), None])
def test_the_resolution_is_in_every_file(dpi, tmp_path):
    write_layers(tmp_path / "x.ora", a_stack(), dpi)
    write_layers(tmp_path / "folder", a_stack(), dpi)
    opened = Opened(tmp_path / "x.ora")
    sources = [e.get("src") for e in opened.stack] + ["mergedimage.png"]
    pictures = [opened.picture(source) for source in sources]
    pictures += [Image.open(path) for path in (tmp_path / "folder").iterdir()]
    assert len(pictures) == 6 + 1 + 6
    for picture in pictures:
        assert (dpi is None) == ("dpi" not in picture.info)
        assert dpi is None or np.allclose(picture.info["dpi"], dpi, atol=0.02)
    expected = (None, None) if dpi is None else tuple(str(round(value)) for value in dpi)
    assert (opened.image.get("xres"), opened.image.get("yres")) == expected


def test_layers_are_written_in_the_memory_of_a_few_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "ROWS", 16)
    monkeypatch.setattr(layer_files, "THUMBNAIL_SIDE", 16)
    color, sketch = np.full((900, 800, 3), 90, np.uint8), np.full((900, 800), 255, np.uint8)
    labels, color[:, :100] = np.zeros((900, 800), np.uint8), 255
    for number in range(4):
        labels[225 * number :] = number
    flats = Flats(labels, GRAYS, np.arange(256), {n: str(n) for n in range(4)})
    layers = make_layers(color, sketch, flats)
    for path in (tmp_path / "x.ora", tmp_path / "x.psd", tmp_path / "folder"):
        write_layers(path, layers)  # so that modules are imported
        tracemalloc.start()
        write_layers(path, layers)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # Half of one layer; a PSD needs a part of all of them, compressed.
        assert peak < 900 * 800 * (4 if path.suffix == ".psd" else 2)


@pytest.mark.parametrize("suffix", ["ora", "psd"])
def test_equal_layers_give_equal_bytes(tmp_path, suffix):
    names = [f"a.{suffix}", f"b.{suffix.upper()}", f"again/c.{suffix}"]
    for name in names:
        write_layers(tmp_path / name, a_stack())
    assert len({(tmp_path / name).read_bytes() for name in names}) == 1
    first = (tmp_path / names[0]).read_bytes()
    write_layers(tmp_path / names[0], a_stack()[1:])
    assert (tmp_path / names[0]).read_bytes() != first


def test_groups_hidden_layers_and_the_merged_picture_are_in_the_file(tmp_path):
    color, sketch = drawing(40, 60)
    flats = groups_of(sketch.shape)
    layers = make_layers(color, sketch, flats._replace(hidden=flats.labels))
    picture = lay_lines(color, sketch)
    write_layers(tmp_path / "x.ora", layers, None, iter([picture[:30], picture[30:]]))
    opened = Opened(tmp_path / "x.ora")
    (group,) = opened.stack.findall("stack")
    assert group.get("name") == "flats" and [e.get("name") for e in group] == [
        *("hair", "#3b5dc9", "skin", "color")
    ]
    assert [e.get("name") or e.tag for e in opened.stack] == [
        *("lines", "regions", "highlights", "shading", "flats", "paper")
    ]
    assert [layer.name for layer in opened.layers() if not layer.is_shown] == ["regions"]
    np.testing.assert_array_equal(np.asarray(opened.picture("mergedimage.png")), picture)
    assert opened.picture("data/layer0.png").info["srgb"] == 0


# --- a folder of pictures -----------------------------------------------------------------------


def test_a_folder_gets_a_picture_a_layer_numbered_from_the_bottom(tmp_path):
    layers = a_stack()
    write_layers(tmp_path / "new" / "layers.v2", layers)
    names = ["paper", "color", "skin", "_3b5dc9", "hair", "lines"]
    written = [f"{number}-{name}.png" for number, name in enumerate(names, start=1)]
    assert sorted(os.listdir(tmp_path / "new" / "layers.v2")) == written
    for name, layer in zip(written, layers, strict=True):
        picture = Image.open(tmp_path / "new" / "layers.v2" / name)
        assert picture.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(picture), layer.rgba)


def test_names_of_many_layers_sort_as_the_layers_lie(tmp_path):
    pixel = np.zeros((1, 1, 4), np.uint8)
    write_layers(tmp_path, [Layer(f"layer {n}", pixel) for n in range(11)])
    expected = [f"{n + 1:02}-layer {n}.png" for n in range(11)]
    assert sorted(os.listdir(tmp_path)) == expected


def test_the_same_picture_is_written_again_and_other_files_stay(tmp_path):
    (tmp_path / "notes.png").write_bytes(b"mine")
    (tmp_path / "2024 trip.png").write_bytes(b"mine, too")
    write_layers(tmp_path, a_stack())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write_layers(tmp_path, a_stack())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert before["notes.png"] == b"mine" and len(before) == 2 + 6


def test_a_picture_that_fails_half_way_leaves_no_half_of_a_file(tmp_path, monkeypatch):
    layers = a_stack()
    write_layers(tmp_path, layers)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    real, written = os.replace, []

    def failing(source, target):
        written.append(target)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", failing)
    changed = [Layer(layer.name, 255 - layer.rgba) for layer in layers]
    with pytest.raises(DeepPaintError, match=r"3-skin\.png: cannot be written \(No space left"):
        write_layers(tmp_path, changed)
    assert {path.name for path in tmp_path.iterdir()} == set(before)
    for number, layer in enumerate(changed[:2], start=1):
        read = np.asarray(Image.open(tmp_path / f"{number}-{layer.name}.png"))
        np.testing.assert_array_equal(read, layer.rgba)
    kept = sorted(before)[2:]
    assert {name: (tmp_path / name).read_bytes() for name in kept} == {n: before[n] for n in kept}


ODD_NAMES = [
    "..",
    "../../up",
    "/etc/passwd",
    "C:\\x",
    'a"<b>&c?*|',
    "line\nbreak\0\x1b[31m",
    "",
    "Haut \u808c \xe9",
    "\ud800 half",
    "\ufffe\uffff",
    "\U0001d538" * 300,
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_of_a_layer_stays_inside_the_folder(name, tmp_path):
    rgba = np.full((2, 3, 4), 77, np.uint8)
    folder = tmp_path / "a" / "b"
    write_layers(folder, [Layer(name, rgba), Layer(name, rgba)])
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
    written = sorted(os.listdir(folder))
    assert [file[:2] + file[-4:] for file in written] == ["1-.png", "2-.png"]
    assert not set("".join(written)) & set('\\/:*?"<>|\n\0\x1b\ud800')
    assert np.asarray(Image.open(folder / written[0])).tolist() == rgba.tolist()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_of_a_layer_makes_a_stack_that_can_be_parsed(name, tmp_path):
    rgba = np.full((2, 3, 4), 77, np.uint8)
    write_layers(tmp_path / "x.ora", [Layer(name, rgba)])
    opened = Opened(tmp_path / "x.ora")
    (layer,) = opened.layers()
    assert layer.rgba.tolist() == rgba.tolist()
    assert [entry.filename for entry in opened.entries][2] == "data/layer0.png"
    if name.isprintable():
        assert layer.name == name
    else:
        assert len(layer.name) == len(name)


# --- what cannot be written ---------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".webp", ".PNG", ".kra", ".xcf", ".jpg", ".tiff"])
def test_other_kinds_of_files_are_refused(suffix, tmp_path):
    path = tmp_path / f"x{suffix}"
    with pytest.raises(DeepPaintError) as refusal:
        write_layers(path, a_stack())
    assert str(refusal.value) == (
        f"{path}: layers are not written as {suffix.lower()}; name an .ora or "
        ".psd file, or a folder"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("other", ["4-lines.png", "3-hair.png", "07-lines.png", "8-.png"])
def test_a_folder_with_layers_of_another_picture_is_refused_before_anything_is_written(
    other, tmp_path
):
    (tmp_path / other).write_bytes(b"of another")
    with pytest.raises(DeepPaintError, match=f"{other}: is a layer of something else; remove it"):
        write_layers(tmp_path, a_stack())
    assert [path.name for path in tmp_path.iterdir()] == [other]
    assert (tmp_path / other).read_bytes() == b"of another"


@pytest.mark.parametrize("place", ["file/x.ora", "file/layers", "file", "folder.ora"])
def test_places_that_cannot_be_written_are_named(place, tmp_path):
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "folder.ora").mkdir()
    with pytest.raises(DeepPaintError) as refusal:
        write_layers(tmp_path / place, a_stack())
    assert str(tmp_path / place.split("/")[0]) in str(refusal.value)
    assert "cannot be written" in str(refusal.value) and "\n" not in str(refusal.value)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.ora"]
    assert (tmp_path / "file").read_bytes() == b"mine" and not os.listdir(tmp_path / "folder.ora")


def test_layers_of_different_sizes_or_none_are_no_picture(tmp_path):
    small, large = (Layer("x", np.zeros((side, 4, 4), np.uint8)) for side in (3, 4))
    for layers in ([], [small, large]):
        for use in (merge, lambda layers: write_layers(tmp_path / "x.ora", layers)):
            with pytest.raises(ValueError, match="one size"):
                use(layers)
        with pytest.raises(ValueError, match="one size"):
            write_layers(tmp_path / "folder", layers)
    assert not list(tmp_path.iterdir())
