"""Paintings: pictures, layers and other colors of what a network said once."""

import dataclasses
from zipfile import ZipFile

import cv2
import numpy as np
import pytest

from tests.helpers.painters import FakeBackend, tiny_painter
from tf_deeppaint import Painter
from tf_deeppaint.images.decoding import decode_picture, read_picture
from tf_deeppaint.images.pixels import over_white
from tf_deeppaint.line_art.ink import to_working_size, working_to_canvas
from tf_deeppaint.line_art.preparation import prepare
from tf_deeppaint.line_art.regions import PAGE, find_regions
from tf_deeppaint.painting.layer_files import write_layers
from tf_deeppaint.painting.layers.merging import merge
from tf_deeppaint.painting.painting import Painting, Picture
from tf_deeppaint.palette.mixing import SLOTS
from tf_deeppaint.palette.named_colors import parse_colors
from tf_deeppaint.utils.errors import DeepPaintError

BANDS = np.array([(240, 60, 50), (60, 200, 80), (70, 90, 230), (250, 220, 90)], np.uint8)


@pytest.fixture(name="rng")
def make_rng() -> np.random.Generator:
    return np.random.default_rng(9)


@pytest.fixture(name="palette")
def make_palette(rng) -> np.ndarray:
    palette = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    palette[:, 0] = BANDS
    return palette


def drawn(height: int, width: int) -> np.ndarray:
    """A box with a cross in it, soft at the edges."""
    sketch = np.full((height, width), 255, np.uint8)
    corners = (width // 5, height // 5), (4 * width // 5, 4 * height // 5)
    cv2.rectangle(sketch, *corners, 0, 2, cv2.LINE_AA)
    cv2.line(sketch, *corners, 90, 2, cv2.LINE_AA)
    return sketch


def upright(height: int, width: int) -> np.ndarray:
    """Upright lines alone, so that no line runs along the border of two bands."""
    sketch = np.full((height, width), 255, np.uint8)
    sketch[:, width // 10 :: width // 5] = 0
    return sketch


def begin(palette, shape=(90, 60), draw=drawn, **backend) -> Painting:
    painter = Painter(FakeBackend(**backend), even_regions=False)
    return painter.make_paintings([draw(*shape)], palette[None])[0]


def laid(color: np.ndarray, sketch: np.ndarray) -> np.ndarray:
    """Lines over color by multiplication, not rounded."""
    return color * (sketch[..., None] / 255)


@pytest.mark.parametrize("mixes", [True, False])
def test_one_color_everywhere_is_that_color_under_the_sketchs_own_lines(mixes):
    """Also where the network paints the lines itself: they are taken out of its picture."""
    palette = np.full((4, 4, 3), (240, 130, 70), np.uint8)
    painting = begin(palette, mixes=mixes)
    np.testing.assert_allclose(painting.color().astype(int), [[(240, 130, 70)] * 60] * 90, atol=1)
    expected = laid(np.full((90, 60, 3), (240, 130, 70)), painting.sketch)
    np.testing.assert_allclose(painting.picture(), expected, atol=1.5)


def test_the_picture_is_the_color_under_the_lines(palette):
    painting = begin(palette)
    expected = laid(painting.color(), painting.sketch)
    np.testing.assert_allclose(painting.picture(), expected, atol=0.501)


def test_colors_are_where_the_network_put_them_on_its_canvas(palette):
    """Bands of the canvas, of which a wide sketch covers the middle."""
    painting = begin(palette, (300, 600), upright)
    bands = np.arange(32) * 4 // 32
    place = painting.placement
    assert (place.top, place.height, place.left, place.width) == (8, 16, 0, 32)
    rows = bands[8 + (np.arange(300) * 16 // 300)]
    inside = np.abs(np.arange(300) - 150) > 95  # five cells from the border of the two bands
    expected = np.broadcast_to(BANDS[rows][:, None], (300, 600, 3))
    np.testing.assert_array_equal(painting.color()[inside], expected[inside])


@pytest.mark.parametrize("mixes", [True, False])
def test_the_networks_picture_is_its_canvas_brought_back(palette, mixes):
    painting = begin(palette, (32, 32), upright, mixes=mixes)
    colors = np.broadcast_to(BANDS[np.arange(32) // 8][:, None], (32, 32, 3))
    shown = painting.picture("network")
    np.testing.assert_allclose(shown, laid(colors, painting.sketch), atol=0.6)
    large = begin(palette, (64, 64), upright, mixes=mixes)
    canvas = working_to_canvas(to_working_size(large.sketch), 32).canvas
    painted = np.rint(laid(colors, canvas)).astype(np.uint8)
    expected = cv2.resize(painted, (64, 64), interpolation=cv2.INTER_CUBIC)
    np.testing.assert_allclose(large.picture("network").astype(int), expected, atol=2)


# --- the color of lines, and paper ----------------------------------------------------------------


def ringed(height: int, width: int) -> np.ndarray:
    """Brown rings, one in the other, on transparent paper, RGBA."""
    ink = np.zeros((height, width), np.uint8)
    for radius in (0.4, 0.15):
        side = round(radius * min(height, width))
        cv2.circle(ink, (width // 2, height // 2), side, 255, 5, cv2.LINE_AA)
    return np.dstack([np.broadcast_to(np.uint8([120, 60, 20]), (height, width, 3)), ink])


@pytest.fixture(name="rings", params=[(90, 60), (200, 200), (300, 700)])
def make_rings(request, palette) -> tuple[np.ndarray, Painting]:
    page = ringed(*request.param)
    return page, Painter(FakeBackend()).make_paintings([prepare(page).sketch], palette[None])[0]


def test_colored_lines_stay_what_they_are_unless_black_or_another_color_is_asked_for(rings):
    page, painting = rings
    core = page[..., 3] == 255
    for line_color, expected in (("keep", (120, 60, 20)), ("#2060ff", (32, 96, 255))):
        lines = painting.picture(line_color=line_color)[core].astype(int)
        # Gray ink of this darkness lets color through; kept ink does not.
        opacity = 1 if line_color == "keep" else 1 - painting.sketch[core][:, None] / 255
        shown = painting.color()[core] * (1 - opacity) + np.array(expected) * opacity
        np.testing.assert_allclose(lines, shown, atol=1)
    expected = laid(painting.color(), np.asarray(painting.sketch))
    np.testing.assert_allclose(painting.picture(line_color="black"), expected, atol=0.501)


def test_on_transparent_paper_the_lines_alone_are_outside_and_color_is_opaque(rings):
    page, painting = rings
    picture = painting.picture(paper="transparent")
    height, width = painting.sketch.shape
    distance = np.hypot(
        *(np.indices((height, width)) - np.array([[[height // 2]], [[width // 2]]]))
    )
    radius = round(0.4 * min(height, width))
    outside, inside = distance > radius + 1, distance < radius - 1
    assert picture.shape == (height, width, 4) and isinstance(picture, Picture)
    for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        assert picture[corner][3] == 0
    np.testing.assert_allclose(picture[outside][:, 3].astype(int), page[outside][:, 3], atol=1)
    assert (picture[inside][:, 3] == 255).all()
    soft = outside & (page[..., 3] > 60) & (page[..., 3] < 255)
    assert soft.any() and np.abs(picture[soft][:, :3].astype(int) - (120, 60, 20)).max() <= 8
    # The ring inside is not open, whatever its color.
    np.testing.assert_array_equal(picture[inside][:, :3], painting.picture()[inside])


@pytest.mark.parametrize("side", [100, 240, 400])
def test_the_bare_backdrop_of_a_figure_that_the_edge_cuts_off_is_paper_too(palette, side):
    """A hill as wide as the sketch below a sky: white sky is paper, a colored one is not."""
    sketch = np.full((side, side), 255, np.uint8)
    cv2.ellipse(sketch, (side // 2, side), (side // 2 - 1, side // 2), 0, 180, 360, 0, 3)
    for sky, opacity in ((255, 0), (90, 255)):
        palette[:2] = sky
        painting = Painter(FakeBackend()).make_paintings([sketch], palette[None])[0]
        assert painting.regions.labels[0, 0] != PAGE
        picture = painting.picture(paper="transparent")
        assert (picture[: side // 3, :, 3] == opacity).all()
        assert (picture[-side // 8 :, side // 4 : -side // 4, 3] == 255).all()


@pytest.mark.parametrize("code", ["#fff0d0", "#203060", "#0f0"])
def test_paper_of_a_color_stands_where_the_sketch_is_open(rings, code):
    _, painting = rings
    color = parse_colors(code)[0]
    transparent = painting.picture(paper="transparent").astype(float)
    opacity = transparent[..., 3:] / 255
    expected = transparent[..., :3] * opacity + color * (1 - opacity)
    np.testing.assert_allclose(painting.picture(paper=code), expected, atol=2)


def test_paper_is_that_of_the_sketch_where_that_is_asked_for(rings, palette):
    page, painting = rings
    transparent = painting.picture(paper="transparent")
    np.testing.assert_array_equal(painting.picture(paper="auto"), transparent)
    assert painting.picture().shape[2] == 3
    flat = prepare(over_white(page)).sketch
    (opaque,) = Painter(FakeBackend()).make_paintings([flat], palette[None])
    np.testing.assert_array_equal(opaque.picture(paper="auto"), opaque.picture())
    np.testing.assert_array_equal(opaque.picture(), painting.picture())
    painter = Painter(FakeBackend())
    painted = painter.paint(page, colors=palette, line_color="#2060ff", paper="auto")
    np.testing.assert_array_equal(painted, painting.picture("original", "#2060ff", "auto"))


@pytest.mark.parametrize("mixes", [True, False])
@pytest.mark.parametrize("paper", ["white", "transparent", "#fff0d0"])
def test_layers_show_the_picture_of_every_pen_and_paper(palette, mixes, paper):
    for even_regions in {False, mixes}:
        painter = Painter(FakeBackend(mixes=mixes), even_regions)
        (painting,) = painter.make_paintings([prepare(ringed(80, 90)).sketch], palette[None])
        for line_color in ("keep", "#c81e28"):
            merged = merge(painting.layers(line_color, paper)).astype(int)
            picture = painting.picture("original", line_color, paper).astype(int)
            if paper == "transparent":
                np.testing.assert_array_equal(merged[..., 3], picture[..., 3])
                merged, picture = (x * (x[..., 3:] > 0) for x in (merged, picture))
            np.testing.assert_allclose(merged, picture, atol=1)


@pytest.mark.parametrize("wrong", ["none", "#12", "", None])
def test_papers_that_there_are_none_of_are_told(palette, wrong):
    with pytest.raises(DeepPaintError, match=r"paper=.*auto, white, transparent or a color"):
        begin(palette).picture(paper=wrong)
    with pytest.raises(DeepPaintError, match=r"line_color=.*keep, black or a color"):
        begin(palette).layers(line_color=wrong)


def test_lines_are_of_two_kinds(palette):
    with pytest.raises(DeepPaintError, match="original, network"):
        begin(palette).picture("none")


# --- regions ------------------------------------------------------------------------------------


def slits(side: int) -> np.ndarray:
    """Upright slits, 1 % of the side wide, in the lower half of a box."""
    sketch = np.full((side, side), 255, np.uint8)
    cv2.rectangle(sketch, (side // 5, side // 5), (4 * side // 5, 4 * side // 5), 0, 2)
    cv2.line(sketch, (side // 5, side // 2), (4 * side // 5, side // 2), 0, 2)
    for x in range(side // 5, 4 * side // 5, side // 64):
        cv2.line(sketch, (x, side // 2), (x, 4 * side // 5), 0, 2)
    return sketch


@pytest.mark.parametrize("side", [512, 1000, 1500])
def test_a_slit_thinner_than_a_pixel_of_the_canvas_has_one_color(palette, side):
    """Bands of the canvas of 32 pixels lie across the slits."""
    sketch = slits(side)
    painting = Painter(FakeBackend()).make_paintings([sketch], palette[None])[0]
    color = painting.color()
    _, labels = cv2.connectedComponents((sketch == 255).astype(np.uint8), connectivity=4)
    rows = np.arange(side // 2, 4 * side // 5)
    for x in range(side // 5 + side // 128, 4 * side // 5 - side // 64, side // 64):
        slit = color[labels == labels[side // 2 + side // 8, x]]
        assert len(slit) > 3 * side // 10
        assert (slit == slit[0]).all(axis=-1).mean() > 0.99
        # Most of it is in the third band.
        assert np.abs(slit[0].astype(int) - BANDS[2]).max() < 40
    assert (color[: side // 6] == 255).all() and (np.ptp(rows) > 0)


def test_the_page_is_exactly_white_and_the_figure_is_not(palette):
    painter = tiny_painter("mixture")
    palette[:] = np.minimum(palette, 200)
    sketch = np.full((200, 300), 255, np.uint8)
    cv2.circle(sketch, (150, 100), 60, 0, 3)
    painting = painter.make_paintings([sketch], palette[None])[0]
    color = painting.color()
    distance = np.hypot(*(np.indices(sketch.shape) - np.array([100, 150])[:, None, None]))
    assert (color[distance > 64] == 255).all()
    assert color[distance < 57].min(axis=-1).max() < 255


def test_regions_are_kept_with_the_painting(palette):
    sketch = drawn(90, 60)
    painting = Painter(FakeBackend()).make_paintings([sketch], palette[None])[0]
    np.testing.assert_array_equal(painting.regions.labels, find_regions(to_working_size(sketch)))
    recolored = painting.recolor(palette[::-1])
    assert recolored.regions is painting.regions
    assert begin(palette).regions is None


@pytest.mark.parametrize("side", [400, 900])
def test_gaps_are_given_in_pixels_of_the_sketch(palette, side):
    sketch = np.full((side, side), 255, np.uint8)
    first, last, torn = side // 5, 4 * side // 5, side // 20
    cv2.rectangle(sketch, (first, first), (last, last), 0, side // 250)
    sketch[first - 9 : first + 9, side // 2 : side // 2 + torn] = 255
    painter, middle = Painter(FakeBackend()), (side // 2, side // 2)
    for gap, is_colored in ((None, False), (0, False), (torn, True), (torn // 3, False)):
        picture = painter.make_paintings([sketch], palette[None], gap)[0].picture()
        assert (picture[middle] < 255).any() == is_colored
        np.testing.assert_array_equal(painter.paint(sketch, colors=palette, gap=gap), picture)


@pytest.mark.parametrize("shape", [(64, 64), (769, 800), (1025, 300), (50, 1200)])
def test_layers_part_the_picture_by_the_color_of_each_region(palette, shape):
    """A layer of a flat color holds this color alone, up to the lines."""
    sketch = drawn(*shape)
    painting = Painter(FakeBackend()).make_paintings([sketch], palette[None])[0]
    layers = painting.layers()
    np.testing.assert_allclose(merge(layers).astype(int), painting.picture(), atol=1)
    assert len(layers) > 3
    for layer in layers[1:-1]:
        colors = layer.rgba[layer.rgba[..., 3] > 0][:, :3].astype(int)
        of_one = np.abs(colors - np.median(colors, axis=0)).max(axis=-1) <= 1
        assert of_one.mean() > 0.9 or len(colors) < 100


# --- other colors -------------------------------------------------------------------------------


@pytest.mark.parametrize("mixes", [True, False])
def test_color_that_is_made_once_is_the_same_and_stays_with_its_palette(
    palette, mixes, monkeypatch
):
    painting = Painter(FakeBackend(64, mixes)).make_paintings([drawn(90, 60)], palette[None])[0]
    picture, layers = painting.picture(paper="#fff0d0"), merge(painting.layers())
    ready = painting.with_color()
    if mixes:
        for change in (lambda p: p.recolor(255 - palette), lambda p: p.hint(30, 30, "#c81e28")):
            np.testing.assert_array_equal(change(ready).picture(), change(painting).picture())
    monkeypatch.setattr("tf_deeppaint.painting.painting.upsample_color", None)
    np.testing.assert_array_equal(ready.picture(paper="#fff0d0"), picture)
    np.testing.assert_array_equal(merge(ready.layers()), layers)


def test_recoloring_mixes_the_same_weights_anew(palette, rng):
    """Against the formula written out: `mixture` says it."""
    painter = tiny_painter("mixture")
    painting = painter.make_paintings([upright(64, 64)], palette[None])[0]
    other = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    mixture = painting.prediction.mixture
    colors = np.concatenate([other.reshape(16, 3), [[255] * 3, [0] * 3]]).astype(float)
    mixed = np.einsum("yxk,kc->yxc", mixture.weights.astype(float), colors)
    expected = np.clip(mixed * mixture.shade, 0, 255) * (1 - mixture.ink)
    recolored = painting.recolor(other)
    np.testing.assert_allclose(recolored.picture("network"), expected, atol=0.51)
    assert np.abs(recolored.picture().astype(int) - painting.picture()).mean() > 10


def test_recoloring_back_gives_the_same_picture(palette):
    painting = begin(palette)
    back = painting.recolor(palette[::-1]).recolor(palette)
    np.testing.assert_array_equal(back.picture(), painting.picture())


def test_recoloring_leaves_the_painting_as_it_was(palette):
    painting = begin(palette)
    before = painting.picture()
    painting.recolor(np.zeros((4, 4, 3), np.uint8))
    np.testing.assert_array_equal(painting.picture(), before)
    np.testing.assert_array_equal(painting.prediction.palette, palette)


def test_only_mixtures_are_recolored(palette):
    with pytest.raises(DeepPaintError, match="mixture head"):
        begin(palette, mixes=False).recolor(palette)


def test_it_takes_a_palette_to_recolor(palette):
    for wrong in (palette[0], palette / 255, palette[None]):
        with pytest.raises(DeepPaintError, match=r"a palette is uint8 \(4, 4, 3\)"):
            begin(palette).recolor(wrong)


# --- layers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", ["mixture", "rgb"])
@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (150, 70)])
def test_layers_together_are_the_picture(palette, head, shape):
    painting = tiny_painter(head).make_paintings([drawn(*shape)], palette[None])[0]
    layers = painting.layers()
    assert (layers[0].name, layers[-1].name) == ("paper", "lines")
    np.testing.assert_allclose(merge(layers).astype(int), painting.picture(), atol=1)


def test_there_is_a_layer_for_each_color_of_the_palette(palette):
    layers = begin(palette, (96, 96), upright).layers()
    names = [layer.name for layer in layers]
    codes = ["#f03c32", "#3cc850", "#465ae6", "#fadc5a"]
    colors = [f"{band}.1 {code}" for band, code in enumerate(codes, start=1)]
    assert names == ["paper", *colors, "shading", "highlights", "lines"]
    for number, layer in enumerate(layers[1:5]):
        # But for three rows, a cell of the canvas, where colors are blended at their border.
        top, bottom = 24 * number, 24 * number + 24
        assert (layer.rgba[top + 3 : bottom - 3] == [*BANDS[number], 255]).all()
        assert not layer.rgba[: max(0, top - 3), :, 3].any()
        assert not layer.rgba[bottom + 3 :, :, 3].any()


def test_no_pixel_is_in_two_layers_of_color(palette):
    painter = Painter(tiny_painter("mixture").backend, even_regions=False)
    painting = painter.make_paintings([drawn(100, 80)], palette[None])[0]
    layers = [layer for layer in painting.layers() if layer.group]
    assert len(layers) > 2
    opacity = np.stack([layer.rgba[..., 3] for layer in layers])
    assert set(np.unique(opacity)) <= {0, 255}
    assert (opacity > 0).sum(axis=0).max() == 1


def test_equal_colors_of_a_palette_share_a_layer(palette):
    palette[2] = palette[0]
    names = [layer.name for layer in begin(palette, (96, 96)).layers() if layer.group]
    assert names == ["1.1 #f03c32", "2.1 #3cc850", "4.1 #fadc5a"]


def test_white_needs_no_layer(palette):
    painting = begin(np.full_like(palette, 255), (96, 96))
    assert [layer.name for layer in painting.layers()] == ["paper", "lines"]


def test_a_layer_has_what_is_mixed_mostly_of_its_color(palette):
    """Three tenths each of two equal colors are more than four of another."""
    palette[3, 3] = palette[0, 0]
    painting = begin(palette, (32, 32))
    weights = np.zeros((32, 32, SLOTS), np.float32)
    weights[..., [0, 15, 4]] = 0.3, 0.3, 0.4
    mixture = painting.prediction.mixture._replace(weights=weights)
    painting.prediction = dataclasses.replace(painting.prediction, mixture=mixture)
    assert [layer.name for layer in painting.layers() if layer.group] == ["1.1 #f03c32"]


def test_what_paints_without_a_mixture_has_one_layer_of_color(palette):
    assert [x.name for x in begin(palette, mixes=False).layers()] == ["paper", "color", "lines"]


def test_layers_can_be_written(palette, tmp_path):
    write_layers(tmp_path / "x.ora", begin(palette).layers())
    with ZipFile(tmp_path / "x.ora") as archive:
        assert archive.read("mimetype") == b"image/openraster"
        merged = decode_picture(archive.read("mergedimage.png"), "merged")
    np.testing.assert_allclose(merged.astype(int), begin(palette).picture(), atol=1)


# --- saving --------------------------------------------------------------------------------------


def test_a_picture_saves_itself(palette, tmp_path):
    picture = begin(palette).picture()
    assert isinstance(picture, Picture) and isinstance(picture, np.ndarray)
    for path in (tmp_path / "made" / "x.png", str(tmp_path / "y.PNG")):
        picture.save(path)
        np.testing.assert_array_equal(read_picture(path), picture)
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]


def test_a_picture_is_saved_as_png_only(palette, tmp_path):
    with pytest.raises(DeepPaintError, match=r"x\.jpg: pictures are written as \.png"):
        begin(palette).picture().save(tmp_path / "x.jpg")
    assert not list(tmp_path.iterdir())


def test_a_picture_that_cannot_be_saved_says_so(palette, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeepPaintError, match=r"file.*: cannot be written"):
        begin(palette).picture().save(tmp_path / "file" / "x.png")


def test_cutting_takes_what_the_sketch_lies_on(palette):
    painting = begin(palette, (20, 40))
    canvas = np.arange(32 * 32).reshape(32, 32)
    np.testing.assert_array_equal(painting.cut(canvas), canvas[8:24])
    canvas = painting.prediction.canvas
    np.testing.assert_array_equal(painting.cut(canvas), canvas[8:24])


def test_a_hint_on_the_page_has_its_own_color_everywhere(palette):
    """The network's shade on paper does not count: neither beside a small drawing nor around it."""
    page = np.full((200, 200), 255, np.uint8)
    page[60:150, 70:130] = drawn(90, 60)
    painting = Painter(Shading()).make_paintings([page], palette[None])[0]
    hinted = painting.hint(5, 5, "#ffe080")
    for shown in (hinted.color(), hinted.picture(), hinted.picture("network")):
        paper = np.r_[shown[:50].reshape(-1, 3), shown[:, :60].reshape(-1, 3)]
        np.testing.assert_allclose(paper.astype(int), [(255, 224, 128)] * len(paper), atol=1)


class Shading(FakeBackend):
    """Brightens everything by 1.2."""

    def run(self, sketches, palettes):
        predictions = []
        for prediction in super().run(sketches, palettes):
            mixture = prediction.mixture._replace(shade=prediction.mixture.shade * np.float32(1.2))
            predictions.append(dataclasses.replace(prediction, mixture=mixture))
        return predictions


# --- flats ----------------------------------------------------------------------------------------


def crossed(side: int) -> np.ndarray:
    """A box that a cross parts in four."""
    sketch = np.full((side, side), 255, np.uint8)
    first, last = side // 5, 4 * side // 5
    sketch[[first, side // 2, last], first : last + 1] = 0
    sketch[first : last + 1, [first, side // 2, last]] = 0
    return sketch


@pytest.mark.parametrize("side", [100, 900])
def test_each_region_can_be_a_flat_of_its_own(palette, side):
    painting = Painter(FakeBackend()).make_paintings([crossed(side)], palette[None])[0]
    places = [(y * side // 20, x * side // 20) for y in (7, 13) for x in (7, 13)]
    by_region = painting.layers(flats="region")
    flats = [layer for layer in by_region if layer.group]
    assert [layer.name.rsplit(" ", 1)[0] for layer in flats] == [f"region {n}" for n in range(1, 5)]
    for layer in flats:
        assert sum(layer.rgba[place][3] == 255 for place in places) == 1
    unique = painting.layers(flats="unique")
    (regions,) = (layer for layer in unique if not layer.is_shown)
    assert len({tuple(regions.rgba[place]) for place in places}) == 4
    for layers in (by_region, unique):
        np.testing.assert_allclose(merge(layers).astype(int), painting.picture(), atol=1)


def test_flats_that_cannot_be_made_are_told(palette):
    with pytest.raises(DeepPaintError, match="flats='none': choose one of color, region, unique"):
        begin(palette).layers(flats="none")
    with pytest.raises(DeepPaintError, match="regions are evened out"):
        begin(palette).layers(flats="region")
