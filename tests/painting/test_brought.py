"""What people bring, painted: pens, gaps, frames, pale skin, skies; leaks and what stays white.

The backend colors everything, so that paper and regions alone decide what stays white.
"""

import cv2
import numpy as np
import pytest

from tests.helpers.painters import FakeBackend
from tf_deeppaint import Painter
from tf_deeppaint.images.pixels import to_gray

SKIN, HAIR, SHIRT, BLUE = (253, 229, 213), (62, 44, 33), (200, 40, 40), (40, 60, 160)
WHITE, SKY, CREAM = (255, 255, 255), (150, 190, 235), (255, 240, 205)
BANDS = np.array([HAIR, SHIRT, BLUE, (30, 130, 60)], np.uint8)
PALETTE = np.broadcast_to(BANDS[:, None], (4, 4, 3))


@pytest.fixture(scope="module", name="painter")
def make_painter() -> Painter:
    backend = FakeBackend(size=128)
    backend.background = "figure"
    return Painter(backend)


def figure(side: int, pen: float, ink=(0, 0, 0), gap: float = 0, shape=None) -> np.ndarray:
    """A head, hair, a body with arms and legs, uint8 RGB; pen and gaps in percent of the side."""
    page = np.full((*(shape or (side, side)), 3), 255, np.uint8)
    width = max(1, round(pen * side / 100))
    at = lambda x, y: (round(x * side), round(y * side))  # noqa: E731
    cv2.circle(page, at(0.5, 0.25), round(0.17 * side), ink, width, cv2.LINE_AA)
    cv2.ellipse(page, at(0.5, 0.25), at(0.17, 0.08), 0, 180, 360, ink, width, cv2.LINE_AA)
    for left, top, right, bottom in (
        (0.38, 0.42, 0.62, 0.7),
        (0.22, 0.44, 0.38, 0.52),
        (0.62, 0.44, 0.78, 0.52),
        (0.38, 0.7, 0.49, 0.94),
        (0.51, 0.7, 0.62, 0.94),
    ):
        cv2.rectangle(page, at(left, top), at(right, bottom), ink, width, cv2.LINE_AA)
    for x, y, is_level in ((0.3, 0.44, 1), (0.7, 0.52, 1), (0.38, 0.85, 0), (0.62, 0.8, 0)):
        if gap:
            column, row = at(x, y)
            along, across = round(gap * side / 200), width
            right, down = (along, across) if is_level else (across, along)
            page[row - down : row + down, column - right : column + right] = 255
    return page


def shares(painter: Painter, sketch: np.ndarray, whole: np.ndarray) -> tuple[float, float]:
    """Leak and figure left white, in percent, of a sketch whose drawing without gaps is `whole`."""
    paper = (to_gray(whole) >= 128).astype(np.uint8)
    cv2.floodFill(paper, None, (0, 0), 2)
    near = cv2.dilate((to_gray(whole) < 250).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    painted = painter.paint(sketch, colors=PALETTE, clean="off")
    is_white = (painted >= 250).all(axis=-1)
    background, inside = (paper == 2) & ~near, (paper == 1) & ~near
    return 100 * (~is_white)[background].mean(), 100 * is_white[inside].mean()


def assert_clean(found: tuple[float, float]) -> None:
    leak, white = found
    assert leak < 0.5 and white < 1, found


# --- lines of any pen ---------------------------------------------------------------------------


@pytest.mark.parametrize("side, pen", [(320, 0.05), (900, 0.05), (600, 0.3), (500, 1), (400, 3)])
@pytest.mark.parametrize("ink", [(0, 0, 0), (170, 170, 170), (120, 60, 20)])
def test_any_pen_and_ink_closes_the_figure(painter, side, pen, ink):
    """Thin and normal lines then differ by less than one percent in both shares."""
    assert_clean(shares(painter, figure(side, pen, ink), figure(side, pen)))


@pytest.mark.parametrize("pen, gap", [(0.1, 2), (0.8, 0.5), (0.8, 2), (2, 1)])
def test_gaps_let_nothing_out(painter, pen, gap):
    assert_clean(shares(painter, figure(500, pen, gap=gap), figure(500, pen)))


@pytest.mark.parametrize("deviation", [1, 2.5, 4])
def test_blurred_lines_are_lines(painter, deviation):
    sketch = cv2.GaussianBlur(figure(500, 0.6), (0, 0), deviation)
    whole = figure(500, 4)  # what is blurred is gray beside its lines
    assert_clean(shares(painter, sketch, whole))


@pytest.mark.parametrize("shape", [(700, 400), (400, 750), (566, 400)])
def test_sheets_of_any_shape(painter, shape):
    sketch = figure(400, 0.2, (90, 90, 90), shape=shape)
    assert_clean(shares(painter, sketch, figure(400, 0.2, shape=shape)))


# --- what is closed and yet paper ---------------------------------------------------------------


@pytest.mark.parametrize(
    "frame, text, left",
    [(3, "WHAT?", 72), (9, "OH NO", 72), (24, "HELLO", 72), (24, "HELLO", 62), (9, "WHAT?", 80)],
)
def test_panels_and_bubbles_stay_paper(painter, frame, text, left):
    sketch = figure(600, 0.8)
    cv2.rectangle(sketch, (frame, frame), (599 - frame, 599 - frame), (0, 0, 0), 5)
    cv2.ellipse(sketch, (112, 85), (75, 40), 0, 0, 360, (0, 0, 0), 4)
    cv2.putText(sketch, text, (left, 93), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2, cv2.LINE_AA)
    painted = painter.paint(sketch, colors=PALETTE)
    # No color in the bubble, beside the figure and in the margin: gray alone.
    for part in (np.s_[46:125, 38:187], np.s_[300:590, 30:110], np.s_[: frame - 1]):
        assert np.ptp(painted[part].astype(int), axis=-1).max(initial=0) <= 6
    for y, x, color in ((170, 300, HAIR), (350, 300, SHIRT), (500, 260, (30, 130, 60))):
        assert painted[y, x].min() < 200 and np.ptp(painted[y, x].astype(int)) > 15, color


# --- palettes: the rule `figure` from pictures as people have them -------------------------------


def colored(backdrop, clothes=SHIRT, skin=SKIN, outline=(10, 8, 12)) -> np.ndarray:
    """The figure in color before a backdrop, uint8 RGB `(512, 512, 3)`."""
    page = np.empty((512, 512, 3), np.uint8)
    page[:] = backdrop
    for center, axes, color in (
        ((256, 110), (95, 95), HAIR),
        ((256, 130), (70, 70), skin),
        ((256, 300), (85, 105), clothes),
        ((256, 450), (60, 55), BLUE),
    ):
        cv2.ellipse(page, center, axes, 0, 0, 360, color, -1, cv2.LINE_AA)
        cv2.ellipse(page, center, axes, 0, 0, 360, outline, 3, cv2.LINE_AA)
    return page


def holds(palette: np.ndarray, color: tuple[int, ...]) -> bool:
    return bool(np.abs(palette.reshape(-1, 3).astype(int) - color).max(axis=1).min() <= 4)


BACKDROPS = {"white": WHITE, "sky": SKY, "night": (25, 25, 45), "pink": (240, 180, 200)}


@pytest.mark.parametrize("backdrop", BACKDROPS)
@pytest.mark.parametrize("skin", [(253, 229, 213), (178, 122, 86)])
@pytest.mark.parametrize("clothes", [SHIRT, WHITE, CREAM])
def test_skin_and_clothes_are_in_the_palette_and_the_backdrop_is_not(
    painter, backdrop, skin, clothes
):
    palette = painter.palette_of(colored(BACKDROPS[backdrop], clothes, skin))
    for color in (skin, clothes, HAIR, BLUE):
        assert holds(palette, color)
    if backdrop != "white" or clothes != WHITE:
        assert not holds(palette, BACKDROPS[backdrop])
    assert not holds(palette, (10, 8, 12))


@pytest.mark.parametrize("below", [WHITE, (0, 0, 0), (10, 200, 10)])
def test_what_is_under_transparency_is_no_color(painter, below):
    """Files keep any color where nothing shows."""
    drawn = colored((1, 2, 3), clothes=CREAM)
    alpha = np.where((drawn == (1, 2, 3)).all(axis=-1), 0, 255).astype(np.uint8)
    drawn[alpha == 0] = below
    palette = painter.palette_of(np.dstack([drawn, alpha]))
    assert all(holds(palette, color) for color in (SKIN, CREAM, HAIR, BLUE))
    np.testing.assert_array_equal(palette, painter.palette_of(colored(WHITE, clothes=CREAM)))


@pytest.mark.parametrize("size", [9, 20, 40])
def test_light_colors_on_white_are_told_apart(painter, size):
    page = np.full((256, 256, 3), 255, np.uint8)
    colors = [(244, 199, 161), (255, 241, 201), (255, 255, 153), (200, 230, 255)]
    for number, color in enumerate(colors):
        cv2.circle(page, (128, 32 + 64 * number), min(size, 30), color, -1)
    assert all(holds(painter.palette_of(page), color) for color in colors)
