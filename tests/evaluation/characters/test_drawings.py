"""The benchmark's drawings: of held-out parts, each with a reference in its colors."""

import numpy as np
import pytest

from tests.helpers.character_files import write_comicgen, write_styles
from tests.helpers.source_files import write_picture
from tf_deeppaint.data.sources.base import LoadedExample
from tf_deeppaint.evaluation.characters import drawings
from tf_deeppaint.evaluation.characters.drawings import (
    choose_reference,
    draw,
    draw_sprites,
    find_figure,
    open_sources,
)

pytest.importorskip("resvg_py", reason="characters are rasterized by resvg_py")

SIZE, COUNT = 64, 2
RED, BLUE, GREEN = (200, 60, 60), (60, 60, 200), (40, 160, 60)


@pytest.fixture(scope="module", name="folder")
def make_folder(tmp_path_factory) -> str:
    return str(write_comicgen(write_styles(tmp_path_factory.mktemp("art"))))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(drawings, "SIDE", SIZE)
    monkeypatch.setattr(drawings, "SPRITE_SIDE", SIZE)


@pytest.fixture(scope="module", name="drawn")
def make_drawn(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawings, "SIDE", SIZE)
        return {name: draw(s, COUNT) for name, s in open_sources(COUNT, folder).items()}


def test_every_source_has_as_many_drawings(drawn):
    assert len(drawn) == 10
    assert len({source.seed for source in open_sources(COUNT).values()}) == 10
    for part in drawn.values():
        assert len(set(part.names)) == COUNT
        assert part.sketches.shape == part.figures.shape == (COUNT, SIZE, SIZE)
        assert part.pictures.shape == part.references.shape == (COUNT, SIZE, SIZE, 3)


def test_only_drawings_of_held_out_parts_are_taken(drawn, folder):
    for name, source in open_sources(COUNT, folder).items():
        splits = {example.name: example.split for example in source.examples()}
        expected = {""} if "dolls" in name else {"test"}
        assert {splits[example] for example in drawn[name].names} == expected


def test_the_reference_is_one_of_the_partners(drawn, folder):
    for name, source in open_sources(COUNT, folder).items():
        examples = {example.name: example for example in source.examples()}
        for number, example in enumerate(drawn[name].names):
            loaded = source.load(examples[example], SIZE)
            assert len(loaded.partners) == drawings.CANDIDATES
            reference = drawn[name].references[number]
            assert any((reference == partner).all() for partner in loaded.partners)
            np.testing.assert_array_equal(drawn[name].pictures[number], loaded.picture)
            np.testing.assert_array_equal(drawn[name].sketches[number], loaded.sketch)


def test_the_same_is_drawn_again(drawn, folder):
    again = draw(open_sources(COUNT, folder)["micah"], COUNT)
    for one, other in zip(drawn["micah"], again, strict=True):
        np.testing.assert_array_equal(one, other)


def stripes(*colors) -> np.ndarray:
    picture = np.full((SIZE, SIZE, 3), 255, np.uint8)
    for number, color in enumerate(colors):
        picture[10:50, 10 * number : 10 * number + 10] = color
    return picture


def test_the_reference_shows_most_of_the_colors():
    pixels = np.array([RED] * 50 + [BLUE] * 30 + [GREEN] * 20, np.uint8)
    red, other, both = stripes(RED), stripes(BLUE, GREEN), stripes((200, 64, 64), BLUE)
    assert choose_reference(pixels, (red, other, both)) is both
    assert choose_reference(pixels, (other, red)) is other  # the first of equals
    speck = stripes(RED)
    speck[50, :2], speck[50, 2:4] = BLUE, GREEN  # too small to be seen
    assert choose_reference(pixels, (speck, both)) is both


def test_a_figure_is_neither_paper_nor_line():
    sketch = np.full((SIZE, SIZE), 255, np.uint8)
    sketch[10:30, 10:30] = 100
    sketch[12:28, 12:28] = 255
    picture = np.repeat(sketch[..., None], 3, axis=-1)
    picture[12:20, 12:28] = RED
    parts = np.zeros((SIZE, SIZE), np.uint8)
    parts[10:30, 10:30] = 3
    inside = np.zeros((SIZE, SIZE), bool)
    inside[12:28, 12:28] = True
    np.testing.assert_array_equal(find_figure(LoadedExample(picture, sketch, parts=parts)), inside)
    # Without roles, white that is enclosed belongs to the figure too.
    np.testing.assert_array_equal(find_figure(LoadedExample(picture, sketch)), inside)


def test_sprites_get_lines_and_a_figure(tmp_path):
    pixels = np.zeros((120, 100, 4), np.uint8)
    pixels[40:, 30:60] = (*RED, 255)
    pixels[80:, 30:60] = (*BLUE, 255)
    for name in ("eileen happy", "lucy mad"):
        write_picture(tmp_path / "game/images" / f"{name}.png", pixels)
    sprites = draw_sprites(str(tmp_path))
    assert [name.rpartition("/")[-1] for name in sprites.names] == [
        "eileen happy.png",
        "lucy mad.png",
    ]
    assert (sprites.sketches.min(axis=(1, 2)) < 50).all()
    share = sprites.figures.mean(axis=(1, 2))
    colored = (sprites.pictures < 250).any(axis=-1).mean(axis=(1, 2))
    assert ((share > 0.5 * colored) & (share < colored)).all()
    assert not sprites.figures[:, 0].any()
