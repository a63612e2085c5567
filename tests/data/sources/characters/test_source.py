"""Sources of characters: their examples, splits, colorings and partners."""

import re
import sys

import numpy as np
import pytest

from tests.helpers.character_files import STYLES, write_comicgen, write_styles
from tests.helpers.source_files import check_travels
from tf_deeppaint.data.sources.base import Example
from tf_deeppaint.data.sources.characters.artists import (
    AvatarArtist,
    ComicgenArtist,
    CompositeArtist,
    Drawing,
    open_artists,
)
from tf_deeppaint.data.sources.characters.comicgen import BOX
from tf_deeppaint.data.sources.characters.source import (
    TEST_EVERY,
    Avatars,
    Characters,
    Comicgen,
    Composite,
)
from tf_deeppaint.data.sources.color_schemes import ROLES
from tf_deeppaint.utils.errors import DeepPaintError

pytest.importorskip("resvg_py", reason="characters are rasterized by resvg_py")

SIZE = 128


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files of both packages."""
    return str(write_comicgen(write_styles(tmp_path_factory.mktemp("art"))))


@pytest.fixture(params=[Avatars, Comicgen, Composite])
def source(request, folder) -> Characters:
    return request.param(count=TEST_EVERY, colorings=2, partners=1, input=folder)


def example(source: Characters, number: int, coloring: int = 0) -> Example:
    return Example(f"{source.artist}-{source.seed}-{number:06d}-{coloring}")


def skin(source: Characters, loaded) -> tuple:
    """The commonest color of the skin."""
    pixels = loaded.picture[(loaded.parts == ROLES.index("skin")) & (loaded.sketch == 255)]
    colors, counts = np.unique(pixels, axis=0, return_counts=True)
    return tuple(colors[counts.argmax()])


def test_colorings_of_a_line_drawing_are_a_group_and_each_sixteenth_is_to_test_with(source):
    examples = list(source.examples())
    assert len({example.name for example in examples}) == len(examples) == 2 * TEST_EVERY
    assert len({example.group for example in examples}) == TEST_EVERY
    tested = [example for example in examples if example.split == "test"]
    assert [example.name for example in tested] == [
        f"{source.artist}-0-000015-0",
        f"{source.artist}-0-000015-1",
    ]
    assert {example.split for example in examples} == {"train", "test"}


def test_an_example_depends_on_its_name_alone(source, folder):
    loaded = source.load(example(source, 3, 1), SIZE)
    again = type(source)(count=999, colorings=5, partners=1, input=folder)
    same = again.load(example(source, 3, 1), SIZE)
    assert (loaded.picture == same.picture).all()
    assert (loaded.sketch == same.sketch).all()
    assert (loaded.partners[0] == same.partners[0]).all()
    assert loaded.digest == same.digest != source.load(example(source, 4), SIZE).digest


def test_the_pictures_fit_each_other(source):
    loaded = source.load(example(source, 1), SIZE)
    assert loaded.picture.shape == (SIZE, SIZE, 3)
    assert loaded.sketch.shape == loaded.parts.shape == (SIZE, SIZE)
    assert loaded.picture.dtype == loaded.sketch.dtype == loaded.parts.dtype == np.uint8
    paper = (loaded.parts == 0) & (loaded.sketch == 255)
    assert paper.mean() > 0.2
    assert (loaded.picture[paper] == 255).all()
    # Lines are dark in both; what is colored is a part.
    ink = loaded.sketch < 30
    assert ink.sum() > 50
    assert loaded.picture[ink].max() < 90
    assert (loaded.parts[(loaded.picture < 200).any(axis=-1) & ~(loaded.sketch < 255)] > 0).all()


def test_colorings_share_their_lines_and_nothing_else(source):
    first, second = (source.load(example(source, 2, coloring), SIZE) for coloring in (0, 1))
    assert (first.sketch == second.sketch).all()
    assert (first.parts == second.parts).all()
    assert (first.picture != second.picture).any()
    assert (first.partners[0] != second.partners[0]).any()


def test_sources_wear_one_scheme_under_equal_numbers(folder):
    # The other styles' tiny files have no color of that name.
    styles = ("adventurer", "lorelei", "open-peeps")
    sources = [Avatars(style=style, input=folder) for style in styles] + [Comicgen(input=folder)]
    loaded = [source.load(example(source, 5), SIZE) for source in sources]
    others = [source.load(example(source, 6), SIZE) for source in sources]
    colors = {skin(*pair) for pair in zip(sources, loaded, strict=True)}
    assert len(colors) == 1
    assert colors != {skin(*pair) for pair in zip(sources, others, strict=True)}


def test_partners_wear_the_scheme_of_the_drawing(folder):
    source = Avatars(partners=6, input=folder)
    loaded = source.load(example(source, 8), SIZE)
    assert len(loaded.partners) == 6
    color = skin(source, loaded)
    wearing = [(partner == color).all(axis=-1).sum() > 30 for partner in loaded.partners]
    assert sum(wearing) >= 4, "but for shadows and styles whose tiny files have no such color"
    strangers = source.load(example(source, 9), SIZE).partners
    assert not any((partner == color).all(axis=-1).sum() > 30 for partner in strangers)


@pytest.mark.parametrize("artist", ["adventurer", "composite"])
def test_no_hair_of_the_test_split_is_trained_on(folder, artist):
    """The left edges of hair tell the variants of the tiny style apart."""
    source = Composite(input=folder)
    drawings = open_artists(*source.folders)[artist]

    def hair(test: bool) -> set[str]:
        markups = [drawings.draw(np.random.default_rng(i), test).markup for i in range(300)]
        return {re.search(r'd="M(\d+) 10H70', markup)[1] for markup in markups}

    assert len(hair(True)) == 2
    assert len(hair(False)) == 14
    assert hair(True).isdisjoint(hair(False))


def test_a_drawing_of_the_test_split_is_made_of_held_out_parts(folder, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        AvatarArtist, "draw", lambda self, rng, test: drawn.append(test) or Drawing("", BOX)
    )
    source = Avatars(partners=0, input=folder)
    for number in (0, TEST_EVERY - 2, TEST_EVERY - 1, TEST_EVERY):
        source.load(example(source, number), SIZE)
    assert drawn == [False, False, True, False]


def test_nothing_of_an_unseen_style_is_trained_on(folder, monkeypatch):
    source = Avatars(style="toon-head", count=TEST_EVERY + 1, colorings=1, input=folder)
    assert {example.split for example in source.examples()} == {"test"}
    # Nor does it draw partners.
    names = {
        id(artist): name for name, artist in open_artists(*Composite(input=folder).folders).items()
    }
    drawn = set()
    for artist in (AvatarArtist, ComicgenArtist, CompositeArtist):
        draw = artist.draw
        monkeypatch.setattr(
            artist,
            "draw",
            lambda self, *args, draw=draw: drawn.add(names[id(self)]) or draw(self, *args),
        )
    other = Composite(partners=60, input=folder)
    other.load(example(other, 3), SIZE)
    assert drawn == set(names.values()) - {"toon-head"}


def test_a_source_travels_to_workers(source):
    check_travels(source)


def test_the_origin_of_avatars_is_that_of_the_style(folder):
    origins = [Avatars(style=style, input=folder).origin for style in STYLES]
    assert {origin.name for origin in origins} == {"avatars"}
    assert len({origin.attribution for origin in origins}) == len(STYLES)
    assert origins[0].license == "CC-BY-4.0"
    assert "Lisa Wischofsky" in origins[0].attribution


def test_names_of_others_are_refused(source):
    for name in ("", "doll-0-000001", f"{source.artist}-0-1-0", f"{source.artist}-0-000001"):
        with pytest.raises(DeepPaintError, match="names look like"):
            source.load(Example(name), SIZE)


def test_a_folder_without_the_files_is_named(tmp_path, folder):
    with pytest.raises(DeepPaintError, match=r"adventurer\.json"):
        source = Avatars(input=str(tmp_path))
        source.load(example(source, 0), SIZE)
    write_styles(tmp_path)
    with pytest.raises(DeepPaintError, match="svg"):
        source = Comicgen(input=str(tmp_path))
        source.load(example(source, 0), SIZE)


def test_a_missing_rasterizer_is_asked_for(source, monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(DeepPaintError, match=r'pip install -e "\.\[svg\]"'):
        source.load(example(source, 0), SIZE)


@pytest.mark.parametrize("options", [{"count": 0}, {"colorings": 0}, {"partners": -1}])
def test_numbers_out_of_range_are_refused(options):
    with pytest.raises(DeepPaintError, match=next(iter(options))):
        Comicgen(**options)
