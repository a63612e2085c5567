"""The palette rule `figure`: what is counted, and that NumPy and the graph agree to the integer."""

import cv2
import numpy as np
import pytest
import tensorflow as tf
from skimage.color import rgb2lab

from tf_deeppaint.palette.extraction import extract_palette
from tf_deeppaint.palette.figure import (
    MAX_COLORS,
    SAME_COLOR,
    SHADES,
    UNIT,
    extract_figure_palette,
    find_backdrop,
    shade_features,
)
from tf_deeppaint.palette.figure_graph import extract_figure_palettes

SKIN, CREAM, WHITE, HAIR = (253, 229, 213), (255, 240, 205), (255, 255, 255), (60, 40, 110)
RED, BLUE, GREEN, SKY = (200, 40, 40), (40, 60, 160), (40, 140, 60), (150, 190, 235)


def figure(size=256, backdrop=WHITE, line=3, colors=(HAIR, SKIN, RED, BLUE)) -> np.ndarray:
    """Four outlined discs, one above the other."""
    picture = np.full((size, size, 3), backdrop, np.uint8)
    for number, color in enumerate(colors):
        center = (size // 2, size * (2 * number + 1) // 8)
        cv2.circle(picture, center, size // 9, color, -1)
        cv2.circle(picture, center, size // 9, (15, 10, 20), line, cv2.LINE_AA)
    return picture


def colors_of(palette: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(color) for color in palette.reshape(-1, 3).tolist()}


def test_every_band_leads_with_its_own_color_and_goes_on_with_the_figures() -> None:
    palette = extract_figure_palette(figure())
    assert palette[:, 0].tolist() == [list(c) for c in (HAIR, SKIN, RED, BLUE)]
    assert colors_of(palette) == {HAIR, SKIN, RED, BLUE}


@pytest.mark.parametrize("backdrop", [WHITE, SKY, (20, 20, 30), RED])
def test_the_backdrop_makes_no_difference(backdrop) -> None:
    colors = (HAIR, SKIN, GREEN, BLUE)
    expected = extract_figure_palette(figure(colors=colors))
    palette = extract_figure_palette(figure(backdrop=backdrop, colors=colors))
    np.testing.assert_array_equal(palette, expected)


def test_a_noisy_backdrop_is_left_out_too() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(-6, 7, (256, 256, 3))
    picture = np.clip(figure(backdrop=SKY) + noise, 0, 255).astype(np.uint8)
    palette = extract_figure_palette(picture).astype(int)
    for band, color in enumerate((HAIR, SKIN, RED, BLUE)):
        assert np.abs(palette[band, 0] - color).max() <= 8
    assert np.abs(palette - SKY).max(axis=-1).min() > 20


def test_enclosed_white_is_a_color() -> None:
    palette = extract_figure_palette(figure(colors=(HAIR, WHITE, RED, BLUE)))
    assert tuple(palette[1, 0]) == WHITE


def test_skin_cream_and_white_are_three_colors() -> None:
    palette = extract_figure_palette(figure(colors=(SKIN, CREAM, WHITE, BLUE)))
    assert {SKIN, CREAM, WHITE} < colors_of(palette)


@pytest.mark.parametrize("line", [1, 2, 3, 4])
def test_thin_outlines_are_left_out_and_dark_areas_are_not(line) -> None:
    assert min(map(sum, colors_of(extract_figure_palette(figure(line=line))))) > 150
    black = (12, 12, 16)
    palette = extract_figure_palette(figure(line=line, colors=(black, SKIN, RED, BLUE)))
    assert tuple(palette[0, 0]) == black


def test_shades_of_a_color_are_merged() -> None:
    picture = figure()
    below = np.arange(256)[:, None] % 64 > 36
    shaded = (picture * 0.82).astype(np.uint8)
    is_color = (picture != 255).any(-1, keepdims=True)
    picture = np.where(below[..., None] & is_color, shaded, picture)
    assert colors_of(extract_figure_palette(picture)) == {HAIR, SKIN, RED, BLUE}


def test_a_picture_of_one_color_is_four_times_that_color() -> None:
    assert colors_of(extract_figure_palette(np.full((5, 7, 3), 90, np.uint8))) == {(90, 90, 90)}
    assert colors_of(extract_figure_palette(np.full((1, 1, 3), 255, np.uint8))) == {WHITE}


def test_a_picture_that_fills_its_frame_has_no_backdrop() -> None:
    rng = np.random.default_rng(1)
    picture = cv2.resize(rng.integers(0, 255, (4, 4, 3)).astype(np.uint8), (128, 128))
    quarters = np.array([[0, 31], [31 << 5, 31 << 10]], np.int32)  # black, blue, green, red
    assert not find_backdrop(np.kron(quarters, np.ones((8, 8), np.int32))).any()
    assert len(colors_of(extract_figure_palette(picture))) > 4


def test_features_are_those_of_lab_with_compressed_chroma() -> None:
    number = 20 * SHADES**2 + 9 * SHADES + 5
    rgb = np.array([20, 9, 5]) / (SHADES - 1)
    lightness, a, b = rgb2lab(rgb)
    chroma = np.hypot(a, b)
    factor = np.log(1 + 0.045 * chroma) / 0.045 / chroma
    expected = [0.4 * lightness, a * factor, b * factor]
    np.testing.assert_allclose(shade_features()[number], np.multiply(UNIT, expected), atol=0.6)


# --- the ranking, against its definition --------------------------------------------------------


def slowly(counts: dict[int, list[int]]) -> list[list[int]]:
    """Ranks shades by the definition: of each band the leading shades of its colors.

    Args:
        counts: Pixels of each shade in the four bands.
    """
    features = shade_features().tolist()
    left = dict(sorted(counts.items()))
    colors = []
    while left and len(colors) < MAX_COLORS:
        lead = max(left, key=lambda shade: (sum(left[shade]), -shade))
        near = [
            shade
            for shade in left
            if sum((x - y) ** 2 for x, y in zip(features[shade], features[lead], strict=True))
            <= SAME_COLOR
        ]
        colors.append((lead, [sum(left[shade][band] for shade in near) for band in range(4)]))
        left = {shade: bands for shade, bands in left.items() if shade not in near}
    ranked = []
    for band in range(4):
        here = sorted((c for c in colors if c[1][band]), key=lambda c: -c[1][band])
        rest = sorted((c for c in colors if not c[1][band]), key=lambda c: -sum(c[1]))
        order = [lead for lead, _ in here + rest][:4]
        ranked.append((4 * order)[:4] if len(order) < 4 else order)
    return ranked


def test_colors_are_ranked_as_defined() -> None:
    rng = np.random.default_rng(5)
    base = rng.integers(64, 256, (9, 3))
    blocks = base[rng.integers(0, 9, (8, 8))]
    # Blocks of 16 pixels: each counts by its flat inside.
    picture = np.kron(blocks, np.ones((16, 16, 1), int)).astype(np.uint8)
    palette = extract_figure_palette(picture)
    shades = (picture.astype(int) >> 3) @ [SHADES**2, SHADES, 1]
    window = np.ones((3, 3), np.uint8)
    spread = (cv2.dilate(picture, window) - cv2.erode(picture, window)).max(-1)
    assert picture.max(-1).min() >= 64
    weight = np.where(spread <= 24, 17, 0)
    assert not find_backdrop(shades.astype(np.int32)).any()
    counts: dict[int, list[int]] = {}
    for y, x in np.ndindex(shades.shape):
        if weight[y, x]:
            counts.setdefault(shades[y, x], [0] * 4)[y // 32] += int(weight[y, x])
    expected = [[np.unique(picture[shades == s], axis=0)[0] for s in b] for b in slowly(counts)]
    np.testing.assert_array_equal(palette, expected)


# --- the graph ------------------------------------------------------------------------------------

in_graph = tf.function(
    extract_figure_palettes, input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)]
)


def random_picture(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    height, width, colors, noise = *rng.integers(1, 120, 2), rng.integers(1, 9), rng.integers(1, 20)
    index = rng.integers(0, colors, (6, 5)).astype(np.uint8)
    index = cv2.resize(index, (int(width), int(height)), interpolation=cv2.INTER_NEAREST)
    picture = rng.integers(0, 256, (colors, 3))[index]
    return np.clip(picture + rng.integers(-noise, noise, picture.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(12))
def test_the_graph_returns_the_same_integers(seed) -> None:
    picture = random_picture(seed)
    np.testing.assert_array_equal(in_graph(picture[None])[0], extract_figure_palette(picture))


def test_the_graph_returns_the_same_integers_for_figures_and_batches() -> None:
    pictures = [figure(line=2), figure(backdrop=SKY), np.full((256, 256, 3), 255, np.uint8)]
    expected = [extract_figure_palette(picture) for picture in pictures]
    np.testing.assert_array_equal(in_graph(np.stack(pictures)), expected)
    large = figure(300, backdrop=SKY, colors=(HAIR, WHITE, GREEN, SKIN))
    np.testing.assert_array_equal(in_graph(large[None])[0], extract_figure_palette(large))


def test_the_rule_is_one_of_the_background_rules() -> None:
    picture = figure(backdrop=SKY)
    expected = extract_figure_palette(picture)
    np.testing.assert_array_equal(extract_palette(picture, "figure"), expected)
