"""Dolls of anime proportions: taller, turned, framed, in the colors that they are given."""

import cv2
import numpy as np
import pytest

from tf_deeppaint.data.sources.base import Example
from tf_deeppaint.data.sources.color_schemes import ROLES, make_scheme, shadow_of
from tf_deeppaint.data.sources.dolls.anime import draw_anime_doll
from tf_deeppaint.data.sources.dolls.source import Dolls

SIZE = 128
SOME = 40


@pytest.fixture(scope="module")
def dolls() -> list[tuple[np.ndarray, np.ndarray]]:
    drawn = [draw_anime_doll(np.random.default_rng((1, number)), SIZE) for number in range(SOME)]
    return [(doll.picture, doll.sketch) for doll in drawn]


def test_a_doll_depends_on_its_name_alone(dolls):
    source = Dolls(3, seed=1, proportions="anime")
    names = [example.name for example in source.examples()]
    assert names == ["anime-1-000000", "anime-1-000001", "anime-1-000002"]
    loaded = Dolls(1).load(Example("anime-1-000002"), SIZE)
    assert (loaded.picture == dolls[2][0]).all()
    assert (loaded.sketch == dolls[2][1]).all()
    assert len({picture.tobytes() for picture, _ in dolls}) == SOME


def test_figures_are_full_or_cut_by_the_lower_edge_alone(dolls):
    cut = []
    for _, sketch in dolls:
        ink = sketch < 128
        assert not ink[:2].any()
        rows = np.flatnonzero(ink.any(axis=1))
        assert rows[0] < 0.1 * SIZE
        cut.append(rows[-1] == SIZE - 1)
        if not cut[-1]:
            assert rows[-1] > 0.85 * SIZE
    assert 0.4 < np.mean(cut) < 0.9


def test_full_figures_are_slim(dolls):
    shares = []
    for _, sketch in dolls:
        ink = sketch < 128
        if not ink[-1].any():
            shares.append(np.ptp(np.flatnonzero(ink.any(axis=0))) / SIZE)
    assert np.median(shares) < 0.45


def test_the_sketch_is_dark_lines_on_white_paper(dolls):
    for picture, sketch in dolls:
        assert 0.01 < np.mean(sketch < 128) < 0.35
        assert np.mean(sketch == 255) > 0.5
        assert picture[sketch < 20].max() < 90


def test_every_line_bounds_or_marks_a_region_that_is_colored(dolls):
    for picture, sketch in dolls:
        assert (picture.min(axis=2)[sketch < 200] < 250).all()


def test_dolls_wear_the_scheme_they_are_given(dolls):
    scheme = make_scheme(np.random.default_rng(77))
    for number in range(8):
        picture, sketch, *_ = draw_anime_doll(np.random.default_rng((1, number)), SIZE, scheme)
        for role in ("hair", "skin"):
            # In shadows without an edge a color lies anywhere between its tones.
            color = np.array(getattr(scheme, role))
            low, high = shadow_of(getattr(scheme, role)), color
            between = (picture >= np.array(low) - 2) & (picture <= high + 2)
            assert (between.all(axis=-1) & (sketch == 255)).sum() > 20, role


def test_some_shadows_have_an_edge_and_some_have_none(dolls):
    """The number of colors of a drawing tells: gradients have many."""
    counts = []
    for picture, sketch in dolls:
        inside = cv2.erode((sketch == 255).astype(np.uint8), np.ones((3, 3))) > 0
        counts.append(len(np.unique(picture[inside], axis=0)))
    assert sum(count < 20 for count in counts) > SOME / 5
    assert sum(count > 100 for count in counts) > SOME / 10


def test_partners_wear_the_scheme_of_the_doll():
    loaded = Dolls(1, partners=3).load(Example("anime-5-000004"), SIZE)
    skin = make_scheme(np.random.default_rng((5, 4))).skin
    assert len(loaded.partners) == 3
    for picture in (loaded.picture, *loaded.partners):
        near = np.abs(picture.astype(int) - skin).max(axis=-1) <= 2
        assert near.sum() > 40
    assert Dolls(1).load(Example("anime-5-000004"), SIZE).partners == ()


@pytest.mark.parametrize("proportions", ["chibi", "anime"])
def test_every_pixel_has_the_role_whose_color_it_wears(proportions):
    source = Dolls(4, seed=2, proportions=proportions)
    for number, example in enumerate(source.examples()):
        loaded = source.load(example, 192)
        scheme = make_scheme(np.random.default_rng((2, number)))
        assert loaded.parts.shape == loaded.sketch.shape
        for role in ("hair", "skin", "top"):
            color = getattr(scheme, role)
            where = (loaded.picture == color).all(axis=-1) & (loaded.sketch == 255)
            if where.sum() > 30:
                assert (loaded.parts[where] == ROLES.index(role)).mean() > 0.99
        assert (loaded.parts == ROLES.index("hair")).sum() > 100
        # Lines have a role too; bare paper is apart from what is white.
        assert (loaded.parts[0, :] == 0).all()
        colored = (loaded.picture < 240).any(axis=-1) & (loaded.sketch == 255)
        assert (loaded.parts[colored] > 0).mean() > 0.99
