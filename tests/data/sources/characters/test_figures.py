"""Figures: lines and roles are read out of one rasterization."""

import numpy as np
import pytest

from tests.helpers.character_files import box
from tf_deeppaint.data.sources.characters.figures import (
    INK,
    Box,
    Figure,
    code,
    fit_box,
    ink_code,
    render_figure,
)
from tf_deeppaint.data.sources.color_schemes import ROLES

pytest.importorskip("resvg_py", reason="figures are rasterized by resvg_py")

CANVAS = Box(0, 0, 100, 100)


def path(fill: str, *corners: float) -> str:
    return f'<path fill="{fill}" d="{box(*corners)}"/>'


def render(*elements: str, size: int = 100) -> Figure:
    return render_figure("".join(elements), CANVAS, size, "a test")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_read_inside_its_outline_and_under_it(role):
    figure = render(path(INK, 20, 20, 80, 80), path(code(role), 24, 24, 76, 76))
    assert (figure.parts[24:76, 24:76] == ROLES.index(role)).all()
    assert (figure.sketch[24:76, 24:76] == 255).all()
    assert (figure.sketch[21:23, 21:79] == 0).all()
    assert (figure.parts[:20] == 0).all()
    # The middle of the line belongs to one side or the other, and to nothing else.
    assert set(np.unique(figure.parts)) <= {0, ROLES.index(role)}


def test_roles_that_touch_without_a_line_get_a_thin_one_and_no_third_role():
    # The border lies inside a column of pixels.
    figure = render(path(code("skin"), 10, 10, 50.5, 90), path(code("hair"), 50.5, 10, 90, 90))
    inside = np.unique(figure.parts[12:88, 12:88])
    assert sorted(inside) == sorted([ROLES.index("skin"), ROLES.index("hair")])
    assert (figure.sketch[12:88, 47:54].min(axis=1) < 100).all()
    assert (figure.sketch[16:84, 16:46] == 255).all()
    assert (figure.sketch[16:84, 55:84] == 255).all()


def test_borders_that_have_a_line_get_no_second_one():
    figure = render(path(INK, 20, 20, 80, 80), path(code("top"), 24, 24, 76, 76))
    alone = render(path(INK, 20, 20, 80, 80), path(code("paper"), 24, 24, 76, 76))
    assert (figure.sketch == alone.sketch).all()


def test_specks_on_bare_paper_are_removed_and_freckles_stay():
    speck, freckle = path(INK, 5, 5, 6, 6), path(INK, 50, 50, 51, 51)
    figure = render(speck, path(code("skin"), 20, 20, 80, 80), freckle)
    assert (figure.sketch[:12] == 255).all()
    assert figure.sketch[50, 50] < 30


def test_a_line_thinner_than_a_pixel_is_gray_and_keeps_the_role_below_it():
    figure = render(path(code("top"), 10, 10, 90, 90), path(INK, 50, 10, 50.5, 90))
    assert (figure.sketch[12:88, 50] > 90).all()
    assert (figure.sketch[12:88, 50] < 165).all()
    assert (figure.parts[12:88, 12:88] == ROLES.index("top")).all()


def test_solid_ink_of_a_role_becomes_an_area_inside_an_outline():
    figure = render(path(ink_code("hair"), 20, 20, 80, 80), size=256)
    middle = slice(64, 192)
    # The ink begins at 51.2.
    assert (figure.sketch[middle, 51:53] < 80).all()
    assert (figure.sketch[middle, 55:57] == 255).all()
    assert (figure.sketch[middle, middle] == 255).all()
    assert (figure.parts[middle, middle] == ROLES.index("hair")).all()
    assert (figure.parts[:40] == 0).all()


def test_lines_of_ink_that_plays_a_role_stay_lines():
    figure = render(path(ink_code("hair"), 20, 20, 80, 22), path(code("skin"), 20, 40, 80, 80))
    assert (figure.sketch[20:22, 21:79] == 0).all()
    assert ROLES.index("hair") not in figure.parts


def test_plain_ink_is_never_opened_up():
    figure = render(path(INK, 20, 20, 80, 80), size=256)
    assert (figure.sketch[60:200, 60:200] == 0).all()


def test_what_is_drawn_is_centered_and_not_stretched():
    figure = render_figure(path(INK, 0, 0, 100, 50), Box(0, 0, 100, 50), 64, "a test")
    rows, columns = np.nonzero(figure.sketch < 128)
    assert (np.ptp(columns), np.ptp(rows)) == (63, 31)
    assert rows.min() + rows.max() == 63


def test_a_box_is_fitted_around_the_drawing():
    fitted = fit_box(path(INK, 30, 20, 50, 70), CANVAS, "a test")
    assert fitted.width == fitted.height == pytest.approx(50 * 1.08, abs=4)
    assert fitted.left + fitted.width / 2 == pytest.approx(40, abs=2)
    assert fitted.top + fitted.height / 2 == pytest.approx(45, abs=2)


def test_a_drawing_that_the_lower_edge_cuts_stays_cut_by_it():
    fitted = fit_box(path(INK, 30, 60, 70, 120), CANVAS, "a test")
    assert fitted.top + fitted.height == pytest.approx(100, abs=0.01)
    assert fitted.width < 50


def test_a_drawing_that_a_side_cuts_keeps_its_box():
    assert fit_box(path(INK, 0, 40, 70, 60), CANVAS, "a test") == CANVAS
    assert fit_box("", CANVAS, "nothing") == CANVAS
