"""The colors of hints in the palette: in the band of the hint, in the least place."""

import numpy as np

from tests.helpers.painters import FakeBackend
from tf_deeppaint import Painter
from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.painting.hints.joining import join_palette

PALETTE = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
COLORS = ["#ff00ff", "#ffff00", "#00ffff", "#ff8000", "#0080ff"]


def codes(band: np.ndarray) -> list[str]:
    return ["#" + bytes(color).hex() for color in band]


def test_a_color_takes_the_last_place_of_the_band_of_its_hint():
    for y, band in ((0, 0), (99, 0), (100, 1), (399, 3)):
        joined = join_palette(PALETTE, [Hint.dot(5, y, COLORS[0])], 400)
        assert codes(joined[band]) == [*codes(PALETTE[band])[:3], COLORS[0]]
        others = [other for other in range(4) if other != band]
        np.testing.assert_array_equal(joined[others], PALETTE[others])
    stroke = Hint.stroke([(0, 0), (0, 399)], COLORS[0])
    assert codes(join_palette(PALETTE, [stroke], 400)[1])[3] == COLORS[0]


def test_a_repeated_color_gives_way_first_and_a_known_one_stays():
    palette = PALETTE.copy()
    palette[2, 1] = palette[2, 0]
    joined = join_palette(palette, [Hint.dot(0, 250, COLORS[0])], 400)
    assert codes(joined[2])[1] == COLORS[0]
    known = (PALETTE[2, 3] + 10).tolist()
    hints = [Hint.dot(0, 250, known), Hint.dot(0, 251, COLORS[1])]
    joined = join_palette(PALETTE, hints, 400)
    np.testing.assert_array_equal(joined[2, [0, 1, 3]], PALETTE[2, [0, 1, 3]])
    assert codes(joined[2])[2] == COLORS[1]


def test_a_band_takes_four():
    joined = join_palette(PALETTE, [Hint.dot(0, 0, color) for color in COLORS], 400)
    assert codes(joined[0]) == COLORS[3::-1]


def test_the_network_gets_them():
    sketch = np.full((64, 64), 255, np.uint8)
    sketch[8:56, [8, 55]] = sketch[[8, 55], 8:56] = 0
    hints = [Hint.dot(30, 30, COLORS[0])]
    (painting,) = Painter(FakeBackend()).make_paintings([sketch], PALETTE[None], None, [hints])
    assert codes(painting.prediction.palette[1])[3] == COLORS[0] and painting.hints == tuple(hints)
