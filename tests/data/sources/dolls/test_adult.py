"""Dolls of adults: framed, lined, in the colors that they are given; no other doll changes."""

import numpy as np
import pytest

from tf_deeppaint.data.sources.base import Example, LoadedExample
from tf_deeppaint.data.sources.color_schemes import INKS, ROLES, ColorScheme, make_scheme
from tf_deeppaint.data.sources.dolls.adults.adult import draw_adult_doll
from tf_deeppaint.data.sources.dolls.adults.bodies import tube, union
from tf_deeppaint.data.sources.dolls.canvas import box
from tf_deeppaint.data.sources.dolls.source import Dolls

SIZE = 128
SOME = 40


@pytest.fixture(scope="module")
def dolls() -> list[LoadedExample]:
    return [draw_adult_doll(np.random.default_rng((1, number)), SIZE) for number in range(SOME)]


def test_a_doll_depends_on_its_name_alone(dolls):
    source = Dolls(3, seed=1, proportions="adult")
    names = [example.name for example in source.examples()]
    assert names == ["adult-1-000000", "adult-1-000001", "adult-1-000002"]
    loaded = Dolls(1).load(Example("adult-1-000002"), SIZE)
    assert (loaded.picture == dolls[2].picture).all()
    assert (loaded.sketch == dolls[2].sketch).all()
    assert len({doll.picture.tobytes() for doll in dolls}) == SOME


def test_figures_are_full_or_cut_by_the_lower_edge(dolls):
    cut = []
    for doll in dolls:
        ink = doll.sketch < 128
        assert not ink[:2].any()
        rows = np.flatnonzero(ink.any(axis=1))
        assert rows[0] < 0.5 * SIZE
        cut.append(rows[-1] == SIZE - 1)
    assert 0.4 < np.mean(cut) < 0.9


def test_the_sketch_is_dark_lines_on_white_paper(dolls):
    for doll in dolls:
        assert 0.01 < np.mean(doll.sketch < 128) < 0.35
        assert np.mean(doll.sketch == 255) > 0.5
        assert doll.picture[doll.sketch < 20].max() < 90


def test_colors_end_at_lines():
    """Where the roles of two neighbors differ, a line runs between them."""
    for number in range(12):
        doll = draw_adult_doll(np.random.default_rng((1, number)), 256)
        inked = doll.sketch < 250
        for axis in (0, 1):
            changes = np.diff(doll.parts.astype(int), axis=axis) != 0
            one = np.delete(inked, -1, axis=axis)
            other = np.delete(inked, 0, axis=axis)
            assert (one | other)[changes].mean() > 0.97


def test_dolls_wear_all_the_colors_that_they_are_given():
    scheme = make_scheme(np.random.default_rng(77))
    colors = {tuple(color) for role, color in scheme._asdict().items() if role != "ink"}
    seen = set()
    for number in range(SOME):
        doll = draw_adult_doll(np.random.default_rng((1, number)), SIZE, scheme)
        is_skin = np.abs(doll.picture.astype(int) - scheme.skin).max(axis=-1) <= 2
        assert (is_skin & (doll.sketch == 255)).sum() > 10
        seen |= {tuple(color) for color in colors if (doll.picture == color).all(axis=-1).any()}
    assert seen == colors


def distinct_scheme() -> ColorScheme:
    """Colors that no shadow makes equal."""
    hues = [(40 + 17 * i, (90 * i + 60) % 200, (140 * i + 30) % 220) for i in range(11)]
    return ColorScheme(INKS[0], *hues)


def test_every_pixel_has_the_role_whose_color_it_wears():
    scheme = distinct_scheme()
    for number in range(12):
        doll = draw_adult_doll(np.random.default_rng((2, number)), 192, scheme)
        for role in ("hair", "skin", "top", "bottom", "layer"):
            color = getattr(scheme, role)
            where = (doll.picture == color).all(axis=-1) & (doll.sketch == 255)
            if where.sum() > 30:
                assert (doll.parts[where] == ROLES.index(role)).mean() > 0.99
        colored = (doll.picture < 240).any(axis=-1) & (doll.sketch == 255)
        assert (doll.parts[colored] > 0).mean() > 0.99


def test_partners_wear_the_scheme_of_the_doll():
    loaded = Dolls(1, partners=3).load(Example("adult-5-000004"), SIZE)
    skin = make_scheme(np.random.default_rng((5, 4))).skin
    assert len(loaded.partners) == 3
    for picture in (loaded.picture, *loaded.partners):
        near = np.abs(picture.astype(int) - skin).max(axis=-1) <= 2
        assert near.sum() > 10


def test_partners_of_other_dolls_are_never_adults(monkeypatch):
    adult = "tf_deeppaint.data.sources.dolls.adults.adult.draw_adult_doll"
    monkeypatch.setattr(adult, lambda *_: pytest.fail("an adult was drawn"))
    for name in ("doll-0-000001", "anime-0-000001"):
        assert len(Dolls(1, partners=8).load(Example(name), 32).partners) == 8


def test_a_limb_that_bends_sharply_has_one_outline_without_holes():
    outline = tube([(0, 0), (0, 2), (0.3, 0.2)], (0.3, 0.3))
    low, high = outline.min(axis=0), outline.max(axis=0)
    np.testing.assert_allclose([*low, *high], [-0.3, 0, 0.6, 2.3], atol=0.12)


def test_overlapping_outlines_are_joined():
    joined = union(box(0, 0, 2, 1), box(1, 0, 3, 1))
    x, y = joined.T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert area == pytest.approx(3.0, abs=0.2)
