"""Pages that are colored or gray-toned already.

Each function draws one from a drawing and a random generator, which decides how it looks.
"""

import cv2
import numpy as np

from experiments.sketch_kinds.drawings import (
    Drawing,
    Page,
    add_noise,
    compress,
    ink,
    lay,
    light_falling_off,
    pen,
    side_of,
    to_levels,
)


def colored(drawing: Drawing, rng: np.random.Generator) -> Page:
    """The drawing in its colors, some before a backdrop, some compressed."""
    page = _colors(drawing, rng)
    if rng.random() < 0.4:
        page = _before(page, rng.integers(60, 256, 3))
    return compress(page, int(rng.integers(60, 96))) if rng.random() < 0.4 else page


def before_night(drawing: Drawing, rng: np.random.Generator) -> Page:
    """The drawing in its colors, or without, before a dark backdrop."""
    page = _before(_colors(drawing, rng), rng.integers(0, 60, 3))
    page = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY) if rng.random() < 0.5 else page
    return compress(page, int(rng.integers(60, 96))) if rng.random() < 0.4 else page


def watercolor(drawing: Drawing, rng: np.random.Generator) -> Page:
    """A photograph of a colored drawing: on paper, in uneven light, with noise."""
    page = colored(drawing, rng).astype(np.float32)
    side = len(page)
    page = page * rng.uniform(0.6, 1)
    page = page * np.array([1, rng.uniform(0.92, 1), rng.uniform(0.8, 1)])
    return add_noise(
        page * light_falling_off(rng, side, rng.uniform(0.6, 1)), rng, rng.uniform(1, 5)
    )


def half_colored(drawing: Drawing, rng: np.random.Generator) -> Page:
    """A sketch with two or three areas filled with colors of their own."""
    side = side_of(rng)
    page = np.full((side, side, 3), 255, np.float32)
    for points in drawing.areas[:4]:
        mask = np.zeros((side, side), np.float32)
        cv2.fillPoly(mask, [np.rint(points * side).astype(np.int32)], 1.0)
        low, high = np.sort(rng.uniform(0, 255, 2))
        page = lay(mask, page, rng.permutation([low * 0.8, (low + high) / 2, 255]))
    return to_levels(lay(ink(drawing, side, pen(rng) / 2), page, 0))


def grays(drawing: Drawing, rng: np.random.Generator) -> Page:
    """The drawing in its colors, without their color."""
    return cv2.cvtColor(colored(drawing, rng), cv2.COLOR_RGB2GRAY)


def starry_night(drawing: Drawing, rng: np.random.Generator) -> Page:
    """A nearly empty dark page: stars, a moon, lit windows; some with the drawing small in it."""
    side = side_of(rng)
    page = np.full((side, side, 3), rng.integers(0, 40, 3), np.uint8)
    light = tuple(int(level) for level in rng.integers(190, 256, 3))
    for x, y in rng.integers(0, side, (int(rng.integers(3, 200)), 2)):
        cv2.circle(page, (int(x), int(y)), int(rng.integers(0, max(2, side // 150))), light, -1)
    if rng.random() < 0.5:
        center = tuple(int(place) for place in rng.integers(side // 8, 7 * side // 8, 2))
        cv2.circle(page, center, int(side * rng.uniform(0.02, 0.08)), light, -1, cv2.LINE_AA)
    for x, y in rng.integers(0, side, (int(rng.integers(0, 30)), 2)):
        far = int(x + side * 0.012), int(y + side * rng.uniform(0.01, 0.03))
        cv2.rectangle(page, (int(x), int(y)), far, light, -1)
    if rng.random() < 0.3:
        small = cv2.resize(_colors(drawing, rng), (side // 5,) * 2, interpolation=cv2.INTER_AREA)
        page[4 : 4 + side // 5, 4 : 4 + side // 5][small.min(axis=2) < 240] = 60
    return compress(page, int(rng.integers(60, 96))) if rng.random() < 0.4 else page


def _colors(drawing: Drawing, rng: np.random.Generator) -> Page:
    assert drawing.picture is not None
    side = side_of(rng)
    return cv2.resize(drawing.picture, (side, side), interpolation=cv2.INTER_CUBIC)


def _before(page: Page, backdrop: np.ndarray) -> Page:
    """The page with what is white around the figure in a color, as if that were behind it."""
    paper = (page.min(axis=2) >= 240).astype(np.uint8)
    filled = np.zeros((len(page) + 2, len(page) + 2), np.uint8)
    cv2.floodFill(paper, filled, (0, 0), 2)
    return np.where((paper == 2)[..., None], backdrop, page).astype(np.uint8)


MAKERS = (colored, half_colored, watercolor, before_night, starry_night, grays)
