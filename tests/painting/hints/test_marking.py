"""Hints on paintings: which regions change, and that nothing else does."""

import dataclasses
import functools

import cv2
import numpy as np
import pytest

from tests.helpers.painters import FakeBackend
from tf_deeppaint import Painter
from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.painting.hints.marking import MOST_COLORS
from tf_deeppaint.painting.layers.merging import merge
from tf_deeppaint.painting.painting import Painting
from tf_deeppaint.utils.errors import DeepPaintError

RED, BLUE = (250, 20, 30), (10, 40, 240)
PALETTE = np.random.default_rng(3).integers(60, 200, (4, 4, 3), dtype=np.uint8)
# One color a band, and the same above and below.
ROWS = np.repeat(np.uint8([(50, 90, 20), (50, 90, 20), (150, 20, 90), (50, 90, 20)])[:, None], 4, 1)
SIDE = 200
# The middles of the boxes of `boxes`.
CENTERS = [(x, y) for y in (55, 100, 145) for x in (55, 100, 145)]


def boxes(scale: int = 1, torn: bool = False) -> np.ndarray:
    """Nine boxes of a grid; `torn`: with a gap in the wall between the first two."""
    sketch = np.full((SIDE, SIDE), 255, np.uint8)
    for at in (32, 77, 122, 167):
        sketch[32:169, at : at + 2] = sketch[at : at + 2, 32:169] = 0
    if torn:
        sketch[54:57, 74:82] = 255
    return np.repeat(np.repeat(sketch, scale, axis=0), scale, axis=1)


def paint(sketch: np.ndarray, palette: np.ndarray = PALETTE) -> Painting:
    return Painter(FakeBackend()).make_paintings([sketch], palette[None])[0]


@functools.cache
def paint_boxes(has_rows: bool = False, scale: int = 1, torn: bool = False) -> Painting:
    return paint(boxes(scale, torn), ROWS if has_rows else PALETTE)


def inside(center: tuple[int, int], scale: int = 1) -> np.ndarray:
    """The paper of a box, without what is next to its walls."""
    mask = np.zeros((SIDE * scale, SIDE * scale), bool)
    (left, top), (right, bottom) = ((np.array(center) + k) * scale for k in (-18, 18))
    mask[top:bottom, left:right] = True
    return mask


def changed(before: Painting, after: Painting) -> list[int]:
    """The boxes whose color differs; 9 stands for the paper around."""
    differs = (before.color() != after.color()).any(axis=-1)
    places = [differs[y, x] for x, y in CENTERS] + [differs[5, 5]]
    return np.flatnonzero(places).tolist()


@pytest.mark.parametrize(("scale", "torn"), [(1, False), (1, True), (5, True)])
def test_a_hint_colors_the_region_under_it_and_no_other(scale, torn):
    painting = paint_boxes(scale=scale, torn=torn)
    x, y = (value * scale for value in CENTERS[0])
    hinted = painting.hint(x, y, RED)
    color, before = hinted.color(), painting.color()
    assert (color[inside(CENTERS[0], scale)] == RED).all()
    other = np.ones(before.shape[:2], bool)
    other[30 * scale : 80 * scale, 30 * scale : 80 * scale] = False
    np.testing.assert_array_equal(color[other], before[other])
    # The painting itself stays as it was.
    assert painting.hints == () and hinted.hints == (Hint.dot(x, y, RED),)
    np.testing.assert_array_equal(hinted.with_hints(()).color(), before)


class Shaded(FakeBackend):
    """Shades from left to right."""

    def run(self, sketches, palettes):
        shade = np.linspace(0.8, 1.2, self.size, dtype=np.float32)[None, :, None]
        shade = np.repeat(shade, self.size, axis=0)
        return [
            dataclasses.replace(p, mixture=p.mixture._replace(shade=shade))
            for p in super().run(sketches, palettes)
        ]


def test_shading_stays():
    painting = Painter(Shaded()).make_paintings([boxes()], PALETTE[None])[0]
    gray = painting.hint(*CENTERS[4], (128, 128, 128)).color()[inside(CENTERS[4])] / 128
    red = painting.hint(*CENTERS[4], (200, 100, 50)).color()[inside(CENTERS[4])]
    assert gray.min() < 0.98 and gray.max() > 1.02
    np.testing.assert_allclose(red, gray * (200, 100, 50), atol=1.5)


def test_on_a_line_the_nearest_region_is_meant():
    painting = paint_boxes()
    np.testing.assert_array_equal(
        painting.hint(*CENTERS[0], RED).color(), painting.hint(33, 55, RED).color()
    )


def test_a_later_hint_goes_over_an_earlier_one_and_each_can_be_removed():
    painting = paint_boxes()
    first = painting.hint(*CENTERS[0], RED)
    both = first.hint(*CENTERS[1], BLUE)
    over = both.hint(*CENTERS[0], BLUE)
    assert changed(painting, over) == [0, 1] and (over.color()[inside(CENTERS[0])] == BLUE).all()
    for kept, expected in ((over.hints[:2], both), (over.hints[:1], first), ((), painting)):
        removed = over.with_hints(kept)
        assert removed.hints == kept
        np.testing.assert_array_equal(removed.color(), expected.color())
    assert changed(painting, over.with_hints(over.hints[1:2])) == [1]


def test_hints_survive_recoloring_and_another_reference():
    other = PALETTE[::-1, ::-1].copy()
    hinted = paint_boxes().hint(*CENTERS[0], RED)
    recolored = hinted.recolor(other)
    assert recolored.hints == hinted.hints
    assert changed(paint_boxes().recolor(other), recolored) == [0]
    anew = Painter(FakeBackend()).make_paintings([boxes()], other[None], None, [hinted.hints])[0]
    assert anew.hints == hinted.hints
    for painting in (recolored, anew):
        assert (painting.color()[inside(CENTERS[0])] == RED).all()


def test_everything_of_a_color_changes_where_that_is_asked_for():
    """The network paints bands: a row of boxes has one color, and two rows have the same."""
    painting = paint_boxes(has_rows=True)
    before = painting.color()
    colors = [tuple(before[y, x].tolist()) for x, y in CENTERS]
    assert len(set(colors)) == 2
    for number in (0, 4):
        same = [i for i, color in enumerate(colors) if color == colors[number]]
        assert len(same) in (3, 6)
        hinted = painting.hint(*CENTERS[number], RED, everywhere=True)
        assert changed(painting, hinted) == same
        # What changed together stays together.
        assert changed(painting.recolor(PALETTE), hinted.recolor(PALETTE)) == same
    # What has got a hint's color is of this color too.
    hinted = painting.hint(*CENTERS[0], RED).hint(*CENTERS[8], RED)
    assert changed(hinted, hinted.hint(*CENTERS[8], BLUE, everywhere=True)) == [0, 8]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([CENTERS[0], CENTERS[2]], [0, 1, 2]),
        ([CENTERS[0], CENTERS[8]], [0, 4, 8]),
        ([CENTERS[2], CENTERS[0], CENTERS[6]], [0, 1, 2, 3, 6]),
        ([(40, 55), (75, 55)], [0]),
        ([(40, 55), (81, 55)], [0]),  # a slip over the wall
        ([(20, 55), (75, 55)], [0]),  # begun on the page
        ([(5, 5), (30, 5), (30, 15)], [9]),
    ],
)
def test_a_stroke_colors_the_regions_that_it_runs_through(points, expected):
    painting = paint_boxes()
    assert changed(painting, painting.hint_stroke(points, RED)) == expected


def test_a_small_region_that_a_stroke_covers_gets_its_color_too():
    sketch, (x, y) = boxes(), CENTERS[4]
    cv2.circle(sketch, (x, y), 6, 0, 2)
    rows = [corner for k in range(-5, 6) for corner in ((x - 5, y + k), (x + 5, y + k))]
    stroke = paint(sketch).hint_stroke([CENTERS[3], *rows, CENTERS[5]], RED)
    assert (stroke.color()[y, x] == RED).all()


def test_the_page_is_colored_part_by_part():
    """A panel around boxes, and the margin around the panel."""
    sketch = np.full((300, 300), 255, np.uint8)
    cv2.rectangle(sketch, (15, 15), (285, 285), 0, 2)
    sketch[50:250, 50:250] = boxes()
    painting = paint(sketch)
    margin, panel, box = (2, 2), (30, 30), (150, 150)
    before = painting.color()
    assert (before[margin] == 255).all() and (before[panel] == 255).all()
    one = painting.hint(*panel, RED)
    assert (one.color()[panel] == RED).all() and (one.color()[margin] == 255).all()
    both = one.hint(*margin, BLUE)
    assert (both.color()[panel] == RED).all() and (both.color()[margin] == BLUE).all()
    everywhere = painting.hint(*margin, BLUE, everywhere=True).color()
    assert (everywhere[margin] == BLUE).all() and (everywhere[panel] == BLUE).all()
    assert (everywhere[box] == before[box]).all()
    # Colored paper is no longer open; white paper is.
    assert (both.picture(paper="transparent")[margin] == (*BLUE, 255)).all()
    assert painting.picture(paper="transparent")[margin][3] == 0
    assert both.hint(*margin, "#fff").picture(paper="transparent")[margin][3] == 0


def test_layers_and_the_networks_own_lines_show_hints():
    painting = paint_boxes().hint(*CENTERS[0], RED).hint(*CENTERS[1], RED).hint(5, 5, BLUE)
    layers = painting.layers()
    names = [layer.name for layer in layers]
    assert names[-3:] == ["hint #fa141e", "hint #0a28f0", "lines"]
    opacity = layers[-3].rgba[..., 3] == 255
    assert [i for i, (x, y) in enumerate(CENTERS) if opacity[y, x]] == [0, 1]
    np.testing.assert_allclose(merge(layers).astype(int), painting.picture(), atol=1)
    network = painting.picture("network")
    assert (network[55, 55] == RED).all() and (network[145, 145] != RED).any()


@pytest.mark.parametrize("shape", [(1600, 300), (300, 1600)])
def test_hints_on_strips(shape):
    """Five figures below each other."""
    sketch = np.full((1600, 300), 255, np.uint8)
    for top in range(100, 1600, 300):
        cv2.circle(sketch, (150, top + 50), 80, 0, 3)
    sketch = sketch if shape[0] > shape[1] else np.ascontiguousarray(sketch.T)
    painting = paint(sketch)
    middles = [(150, top + 50) for top in range(100, 1600, 300)]
    middles = middles if shape[0] > shape[1] else [(y, x) for x, y in middles]
    hinted = painting.hint(*middles[3], RED)
    differs = (painting.color() != hinted.color()).any(axis=-1)
    assert [bool(differs[y, x]) for x, y in middles] == [False, False, False, True, False]
    assert (hinted.color()[middles[3][1], middles[3][0]] == RED).all()


def test_no_network_runs_and_hints_are_deterministic():
    backend = FakeBackend()
    painting = Painter(backend).make_paintings([boxes()], PALETTE[None])[0]
    pictures = [painting.hint(*CENTERS[0], RED).hint(*CENTERS[1], BLUE).picture() for _ in "ab"]
    assert backend.batches == [1]
    np.testing.assert_array_equal(*pictures)


@pytest.mark.parametrize("point", [(200, 5), (5, 200), (4000, 4000)])
def test_a_hint_beside_the_picture_is_told(point):
    with pytest.raises(
        DeepPaintError, match=rf"x={point[0]}, y={point[1]} lies beside .* 200 x 200"
    ):
        paint_boxes().hint(*point, RED)


def test_a_hint_in_wide_black_is_told():
    sketch = boxes()
    sketch[60:140, 60:140] = 0
    with pytest.raises(DeepPaintError, match="x=100, y=100 lies where no region is"):
        paint(sketch).hint(100, 100, RED)


def test_there_is_an_end_to_colors():
    hints = [Hint.dot(55, 55, (level, 0, 0)) for level in range(MOST_COLORS + 1)]
    painting = paint_boxes().with_hints(hints[:-1] * 2)
    with pytest.raises(DeepPaintError, match="different colors"):
        painting.add_hints(hints[-1:])


@pytest.mark.parametrize("backend", [FakeBackend(mixes=False), FakeBackend()])
def test_without_regions_there_are_no_hints(backend):
    painting = Painter(backend, even_regions=False).make_paintings([boxes()], PALETTE[None])[0]
    with pytest.raises(DeepPaintError, match="hints need"):
        painting.hint(5, 5, RED)
