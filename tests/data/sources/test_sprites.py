"""Sprites: figures of the test split, whose partners are the others of the same figure."""

import numpy as np
import pytest

from tests.helpers.source_files import check_travels, write_picture
from tf_deeppaint.data.sources.base import Example
from tf_deeppaint.data.sources.sprites import Sprites
from tf_deeppaint.utils.errors import DeepPaintError


def sprite(color: tuple[int, int, int]) -> np.ndarray:
    """A figure of one color that the lower edge cuts, on a transparent canvas."""
    pixels = np.zeros((120, 100, 4), np.uint8)
    pixels[40:, 30:60] = (*color, 255)
    return pixels


@pytest.fixture
def folder(tmp_path):
    for name, color in {
        "eileen happy": (200, 90, 90),
        "eileen concerned": (190, 90, 90),
        "lucy mad": (20, 20, 30),
        "bg cave": (9, 9, 9),
    }.items():
        write_picture(tmp_path / "game/images" / f"{name}.png", sprite(color))
    return tmp_path


def test_the_figures_are_listed_for_the_test_split_alone(folder):
    listed = {example.name: example for example in Sprites(str(folder)).examples()}
    assert sorted(listed) == [
        "game/images/eileen concerned.png",
        "game/images/eileen happy.png",
        "game/images/lucy mad.png",
    ]
    assert {example.split for example in listed.values()} == {"test"}
    assert {example.group for example in listed.values()} == {"eileen", "lucy"}
    path = folder / "game/images/lucy mad.png"
    assert listed["game/images/lucy mad.png"].bytes == path.stat().st_size


def test_a_sprite_is_cut_to_its_figure_over_white_with_partners(folder):
    loaded = Sprites(str(folder)).load(Example("game/images/eileen happy.png"), 64)
    assert loaded.sketch is None
    # Margins of 4 % of 80 pixels around 30 x 80, none below.
    assert loaded.picture.shape == (83, 36, 3)
    assert (loaded.picture[0] == 255).all()
    assert (loaded.picture[-1, 10] == (200, 90, 90)).all()
    (partner,) = loaded.partners
    assert (partner[-1, 10] == (190, 90, 90)).all()


def test_a_figure_alone_has_no_partner(folder):
    assert Sprites(str(folder)).load(Example("game/images/lucy mad.png"), 64).partners == ()


def test_a_damaged_or_missing_sprite_is_named(folder):
    source = Sprites(str(folder))
    (folder / "game/images/lucy mad.png").write_bytes(b"no picture")
    with pytest.raises(DeepPaintError, match="lucy mad"):
        source.load(Example("game/images/lucy mad.png"), 64)
    with pytest.raises(DeepPaintError, match="lucy sad"):
        source.load(Example("game/images/lucy sad.png"), 64)


def test_a_folder_without_sprites_is_named(tmp_path):
    with pytest.raises(DeepPaintError, match="holds no sprite"):
        list(Sprites(str(tmp_path)).examples())


def test_a_source_travels_to_workers(folder):
    check_travels(Sprites(str(folder)))
