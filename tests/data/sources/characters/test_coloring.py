"""Coloring: figures wear a scheme, flat or shaded, under their lines."""

import numpy as np
import pytest

from tf_deeppaint.data.sources.characters.coloring import Shading, color_figure
from tf_deeppaint.data.sources.characters.figures import Figure
from tf_deeppaint.data.sources.color_schemes import ROLES, make_scheme

SCHEME = make_scheme(np.random.default_rng(5))


def bare(role: str, *corners: int) -> Figure:
    """A rectangle of a role without lines."""
    left, top, right, bottom = corners
    parts = np.zeros((100, 100), np.uint8)
    parts[top:bottom, left:right] = ROLES.index(role)
    return Figure(np.full((100, 100), 255, np.uint8), parts)


def test_a_flat_coloring_has_the_colors_of_the_scheme_and_white_paper():
    figure = bare("hair", 20, 20, 80, 80)
    figure.sketch[20:24] = 0
    figure.sketch[24] = 128
    picture = color_figure(figure, SCHEME, Shading("flat", False, 0.03))
    assert (picture[30:70, 30:70] == SCHEME.hair).all()
    assert (picture[:18] == 255).all()
    assert (picture[21:23, 30:70] == SCHEME.ink).all()
    # Half a line is half ink.
    half = (np.array(SCHEME.hair) + SCHEME.ink) / 2
    assert np.abs(picture[24, 30:70] - half).max() <= 1.5


def test_white_things_are_white_in_every_scheme():
    figure = bare("plain", 20, 20, 80, 80)
    assert (color_figure(figure, SCHEME, Shading("cel", True, 0.05)) == 255).all()


@pytest.mark.parametrize("right", [False, True])
def test_a_cel_shadow_lies_away_from_the_light(right):
    figure = bare("top", 20, 20, 80, 80)
    picture = color_figure(figure, SCHEME, Shading("cel", right, 0.1)).astype(int)
    inside = picture[20:80, 20:80].sum(axis=-1)
    assert len(np.unique(inside)) == 2
    lit, dark = (inside[10, -1], inside[10, 0]) if right else (inside[10, 0], inside[10, -1])
    assert dark < lit == sum(SCHEME.top)
    # Ten pixels along the side, seven along the lower edge.
    shadow = inside == dark
    assert (shadow[10].sum(), shadow[:, 30].sum()) == (10, 7)


def test_a_soft_shadow_has_no_edge():
    figure = bare("top", 20, 20, 80, 80)
    picture = color_figure(figure, SCHEME, Shading("soft", False, 0.1)).astype(int)
    levels = picture[50, 20:80].sum(axis=-1)
    assert len(np.unique(levels)) > 5
    assert np.abs(np.diff(levels)).max() < 0.3 * np.ptp(levels)


def test_eyes_cast_no_shadow_on_the_skin():
    figure = bare("skin", 0, 0, 100, 100)
    figure.parts[40:60, 40:60] = ROLES.index("plain")
    picture = color_figure(figure, SCHEME, Shading("cel", False, 0.05))
    assert (picture[20:38, 20:80] == SCHEME.skin).all()
    assert (picture[40:60, 30:39] == SCHEME.skin).all()
