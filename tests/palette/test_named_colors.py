"""Colors named one by one: codes are read, or refused by name; each has its place in the bands."""

import itertools

import numpy as np
import pytest

from tf_deeppaint.palette.named_colors import (
    ColorChoice,
    color_code,
    palette_from_colors,
    parse_bands,
    parse_colors,
    replace_bands,
)
from tf_deeppaint.utils.errors import DeepPaintError

# Color n of a list is (n, n, n), so that a palette shows which color stands where.
LIST = np.arange(16, dtype=np.uint8)[:, None].repeat(3, axis=1)


def numbers(palette: np.ndarray) -> list[list[int]]:
    """Which colors of `LIST` are in a palette."""
    assert palette.dtype == np.uint8 and palette.shape[1:] == (4, 3)
    assert (palette == palette[..., :1]).all()
    return palette[..., 0].tolist()


# --- codes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#f4c7a1", [(244, 199, 161)]),
        ("#F4C7a1,#3b5dc9", [(244, 199, 161), (59, 93, 201)]),
        ("#08f", [(0, 136, 255)]),
        (" #000 ,\t#fff\n", [(0, 0, 0), (255, 255, 255)]),
        (",".join(["#010203"] * 16), [(1, 2, 3)] * 16),
    ],
)
def test_codes_are_read(text, expected):
    colors = parse_colors(text)
    assert colors.dtype == np.uint8
    np.testing.assert_array_equal(colors, expected)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("#f4c7a", "'#f4c7a' is no color"),
        ("#fff,red", "'red' is no color"),
        ("f4c7a1", "'f4c7a1' is no color"),
        ("#fff,##00,#000", "'##00' is no color"),
        ("#12345g", "'#12345g' is no color"),
        ("#-12", "'#-12' is no color"),
        ("#f f", "'#f f' is no color"),
        ("#fff #000", "'#fff #000' is no color"),
        ("#٣٣٣", "is no color"),
        ("#f4c7a1ff", "'#f4c7a1ff' is no color"),
        ("", "the 1. color is missing"),
        ("#fff,,#000", "the 2. color is missing"),
        ("#fff,", "the 2. color is missing"),
        (",".join(["#fff"] * 17), "17 colors; a palette holds 1 to 16"),
    ],
)
def test_what_is_no_color_is_named(text, named):
    with pytest.raises(DeepPaintError, match=r"^colors: ") as caught:
        parse_colors(text)
    assert named in str(caught.value)


def test_a_color_is_written_as_it_is_read():
    for color in ([0, 0, 0], [1, 10, 255], [244, 199, 161]):
        code = color_code(np.array(color, np.uint8))
        assert len(code) == 7 and parse_colors(code).tolist() == [color]
    assert color_code(np.array([59, 93, 201], np.uint8)) == "#3b5dc9"


def test_bands_are_read():
    assert parse_bands("4") == [4]
    assert parse_bands(" 3, 1,3") == [3, 1, 3]


@pytest.mark.parametrize("text", ["", "0", "5", "1,", "1;2", "1-3", "one", "1.0", "-1", "²"])
def test_what_is_no_band_is_named(text):
    with pytest.raises(DeepPaintError, match=r"^bands: '.*' is no band; write 1 to 4"):
        parse_bands(text)


# --- places -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, [[0, 0, 0, 0]] * 4),
        (2, [[0, 1, 0, 0], [0, 1, 0, 0], [1, 0, 1, 1], [1, 0, 1, 1]]),
        (3, [[0, 1, 2, 0], [0, 1, 2, 0], [1, 0, 2, 1], [2, 0, 1, 2]]),
        (4, [[0, 1, 2, 3], [1, 0, 2, 3], [2, 0, 1, 3], [3, 0, 1, 2]]),
        (5, [[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 2], [3, 4, 3, 3]]),
        (6, [[0, 0, 0, 0], [1, 2, 1, 1], [3, 3, 3, 3], [4, 5, 4, 4]]),
        (8, [[0, 1, 0, 0], [2, 3, 2, 2], [4, 5, 4, 4], [6, 7, 6, 6]]),
        (14, [[0, 1, 2, 0], [3, 4, 5, 6], [7, 8, 9, 7], [10, 11, 12, 13]]),
        (16, [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]]),
    ],
)
def test_colors_have_the_places_that_the_rule_gives_them(count, expected):
    assert numbers(palette_from_colors(LIST[:count])) == expected


@pytest.mark.parametrize("count", range(1, 17))
def test_every_color_is_used_from_the_top_to_the_bottom(count):
    rows = numbers(palette_from_colors(LIST[:count]))
    assert set(itertools.chain(*rows)) == set(range(count))
    firsts = [row[0] for row in rows]
    assert firsts == sorted(firsts)
    # What a band holds beside its own colors is its first, again.
    own = [list(dict.fromkeys(row)) for row in rows]
    assert all(row == mine + row[:1] * (4 - len(mine)) for row, mine in zip(rows, own, strict=True))
    if count > 4:
        assert list(itertools.chain(*own)) == list(range(count))
        assert max(map(len, own)) - min(map(len, own)) <= 1


@pytest.mark.parametrize("count", [0, 17])
def test_no_colors_or_too_many_are_refused(count):
    with pytest.raises(DeepPaintError, match=rf"^colors: {count} colors; 4 bands can hold 1 to"):
        palette_from_colors(np.zeros((count, 3), np.uint8))


# --- some bands of another palette --------------------------------------------------------------


@pytest.fixture(name="palette")
def make_palette() -> np.ndarray:
    return np.random.default_rng(3).integers(100, 256, (4, 4, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("count", "bands", "expected"),
    [
        (1, [4], {4: [0, 0, 0, 0]}),
        (3, [2], {2: [0, 1, 2, 0]}),
        (4, [1], {1: [0, 1, 2, 3]}),
        (1, [1, 3], {1: [0] * 4, 3: [0] * 4}),
        (2, [4, 1], {1: [0, 1, 0, 0], 4: [1, 0, 1, 1]}),
        (2, [3, 3], {3: [0, 1, 0, 0]}),
        (3, [1, 2, 4], {1: [0, 1, 2, 0], 2: [1, 0, 2, 1], 4: [2, 0, 1, 2]}),
        (7, [2, 3], {2: [0, 1, 2, 0], 3: [3, 4, 5, 6]}),
    ],
)
def test_bands_get_colors_and_the_others_stay(palette, count, bands, expected):
    before = palette.copy()
    mixed = replace_bands(palette, LIST[:count], bands)
    np.testing.assert_array_equal(palette, before)
    for band in range(1, 5):
        if band in expected:
            assert numbers(mixed[band - 1][None]) == [expected[band]]
        else:
            np.testing.assert_array_equal(mixed[band - 1], palette[band - 1])


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9, 16])
def test_all_bands_are_the_whole_palette(palette, count):
    mixed = replace_bands(palette, LIST[:count], [1, 2, 3, 4])
    np.testing.assert_array_equal(mixed, palette_from_colors(LIST[:count]))


@pytest.mark.parametrize(
    ("count", "bands", "named"),
    [
        (1, [], r"bands=\[\]: name some of 1 to 4"),
        (1, [0], r"bands=\[0\]"),
        (1, [2, 5], r"bands=\[2, 5\]"),
        (5, [4], "5 colors; 1 band can hold 1 to 4"),
        (9, [1, 4], "9 colors; 2 bands can hold 1 to 8"),
        (0, [4], "0 colors"),
    ],
)
def test_bands_that_are_not_and_colors_that_do_not_fit_are_refused(palette, count, bands, named):
    with pytest.raises(DeepPaintError, match=named):
        replace_bands(palette, LIST[:count], bands)


# --- what a command line chooses ----------------------------------------------------------------


def test_a_choice_is_the_palette_the_colors_or_both(palette):
    codes = "#000,#010101"
    kept = ColorChoice.parse(None, None, has_palette=True).apply(palette)
    np.testing.assert_array_equal(kept, palette)
    named = ColorChoice.parse(codes, None, has_palette=False).apply(None)
    np.testing.assert_array_equal(named, palette_from_colors(LIST[:2]))
    mixed = ColorChoice.parse(codes, "4,1", has_palette=True).apply(palette)
    np.testing.assert_array_equal(mixed, replace_bands(palette, LIST[:2], [1, 4]))


@pytest.mark.parametrize(
    ("colors", "bands", "has_palette", "named"),
    [
        ("#000", None, True, "^--bands names"),
        ("#000", "1", False, "^--bands names"),
        (None, "1", True, "^--bands names"),
        (None, "1", False, "^--bands names"),
        ("#000,#111,#222,#333,#444", "1", True, "5 colors; 1 band"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(colors, bands, has_palette, named):
    with pytest.raises(DeepPaintError, match=named):
        ColorChoice.parse(colors, bands, has_palette)
