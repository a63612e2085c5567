"""Pages that are a sketch already: nothing may be changed on them.

Each function draws one from a drawing and a random generator, which decides how it looks.
"""

import cv2
import numpy as np

from experiments.sketch_kinds.drawings import (
    Drawing,
    Page,
    compress,
    crop,
    ink,
    lay,
    mask_areas,
    pen,
    side_of,
    to_levels,
)


def black_pen(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Any pen from black to light gray on white."""
    level = int(rng.integers(0, 171))
    amount = ink(drawing, side_of(rng), pen(rng), smooth=rng.random() < 0.8)
    return to_levels(lay(amount, 255, level))[..., 0]


def colored_pen(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Lines of one color, some areas filled with it; or thin lines of two colors."""
    colors = rng.integers(0, 200, (2, 3)) * rng.choice([0, 1], (2, 3), p=[0.3, 0.7])
    side = side_of(rng)
    if rng.random() < 0.7:
        solid = int(rng.integers(0, 4)) * int(rng.random() < 0.5)
        return to_levels(lay(ink(drawing, side, pen(rng), solid), 255, colors[0]))
    page = lay(ink(drawing, side, pen(rng) / 2), 255, colors[0])
    part = drawing._replace(strokes=drawing.strokes[::2])
    return to_levels(lay(ink(part, side, pen(rng) / 2), page, colors[1]))


def solid_black(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Much solid black, as of hair and clothes."""
    amount = ink(drawing, side_of(rng), pen(rng), solid=int(rng.integers(1, 9)))
    page = to_levels(lay(amount, 255, 0))[..., 0]
    return crop(page, rng) if rng.random() < 0.5 else page


def night(drawing: Drawing, rng: np.random.Generator) -> Page:
    """A figure with black lines before solid black."""
    side = side_of(rng)
    figure = np.zeros((side, side), np.uint8)
    for points in drawing.areas:
        cv2.fillPoly(figure, [np.rint(points * side).astype(np.int32)], 255)
    figure = cv2.morphologyEx(figure, cv2.MORPH_CLOSE, np.ones((side // 40 + 1,) * 2))
    amount = np.maximum(ink(drawing, side, pen(rng)), 1 - figure / np.float32(255))
    page = to_levels(255 - 255 * amount)
    margin = side // 12 if rng.random() < 0.5 else 0
    return np.pad(page, margin, constant_values=255)


def few_lines(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Three strokes, one, or none."""
    number = int(rng.choice([0, 1, 1, 3]))
    part = Drawing(sorted(drawing.strokes, key=len)[-4:][:number], [], None)
    return to_levels(lay(ink(part, side_of(rng), pen(rng)), 255, int(rng.integers(0, 171))))[..., 0]


def dense_lines(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Hatching and many copies of a drawing on one page."""
    side = side_of(rng, 600)
    amount = ink(drawing, side, pen(rng) / 3)
    for shift in rng.uniform(-0.3, 0.3, (int(rng.integers(2, 7)), 2)):
        moved = [points * 0.8 + shift for points in drawing.strokes]
        amount = np.maximum(amount, ink(Drawing(moved, [], None), side, pen(rng) / 4))
    step = int(rng.integers(4, 14))
    rows, columns = np.indices((side, side))
    hatched = ((rows + columns) // 2 % step < 2) & mask_areas(drawing, side, 2)
    return to_levels(255 * (1 - np.maximum(amount, hatched)))


def screentone(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Black dots on white in some areas, as on manga pages."""
    side = side_of(rng, 600)
    period = rng.uniform(4, 12)
    rows, columns = np.indices((side, side))
    waves = np.cos(2 * np.pi * (rows + columns) / period / 2**0.5)
    waves += np.cos(2 * np.pi * (rows - columns) / period / 2**0.5)
    dots = (waves > rng.uniform(-0.5, 1.2)) & mask_areas(drawing, side, int(rng.integers(1, 5)))
    amount = np.maximum(ink(drawing, side, pen(rng)), dots)
    return to_levels(255 * (1 - cv2.GaussianBlur(amount, (0, 0), 0.5)))


def one_gray(drawing: Drawing, rng: np.random.Generator) -> Page:
    """One gray tone in two or three areas: a drawing on a computer."""
    side = side_of(rng)
    toned = mask_areas(drawing, side, int(rng.integers(1, 3))).astype(np.float32)
    page = lay(toned, 255, int(rng.integers(120, 225)))
    return to_levels(lay(ink(drawing, side, pen(rng)), page, 0))[..., 0]


def soft_lines(drawing: Drawing, rng: np.random.Generator) -> Page:
    """A small sketch enlarged, or a sharp one blurred or sharpened."""
    page = to_levels(lay(ink(drawing, side_of(rng, 200, 900), pen(rng)), 255, 0))[..., 0]
    if rng.random() < 0.5:
        page = cv2.GaussianBlur(page, (0, 0), rng.uniform(0.5, 3))
    factor = rng.uniform(1.2, 3)
    return cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_LANCZOS4)


def compressed(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Lines of any color as a JPEG of middling quality."""
    page = (black_pen, colored_pen, solid_black)[int(rng.integers(3))](drawing, rng)
    return compress(page, int(rng.integers(45, 96)))


def on_transparency(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Dark lines on nothing, or on white paper cut out around them."""
    amount = ink(drawing, side_of(rng), pen(rng))
    rgba = np.zeros((*amount.shape, 4), np.uint8)
    if rng.random() < 0.5:
        rgba[..., :3] = rng.integers(0, 90, 3)
        rgba[..., 3] = to_levels(255 * amount)
        return rgba
    near = cv2.dilate((amount > 0).astype(np.uint8), np.ones((len(amount) // 30 + 1,) * 2)) > 0
    rgba[..., :3] = to_levels(255 * (1 - amount))[..., None] * near[..., None]
    rgba[..., 3] = 255 * near
    return rgba


def panels(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Panels of a comic, one of them black, with lettering."""
    side = side_of(rng, 400, 1200)
    page = np.full((2 * side, side), 255, np.uint8)
    for top in (0, side):
        amount = ink(drawing, side, pen(rng) / 2, int(rng.integers(0, 4)))
        page[top : top + side] = to_levels(255 * (1 - amount))
        cv2.rectangle(page, (8, top + 8), (side - 9, top + side - 9), 0, max(2, side // 150))
    if rng.random() < 0.5:
        page[side + 12 : 2 * side - 12, 12 : side - 12] = 0
        cv2.putText(page, "CRASH!", (side // 8, 3 * side // 2), 1, side / 130, 255, 4)
    cv2.ellipse(page, (side // 4, side // 6), (side // 6, side // 12), 0, 0, 360, 0, 3)
    cv2.putText(page, "HELLO?", (side // 7, side // 6), 1, side / 500, 0, 2)
    return page


def closeup(drawing: Drawing, rng: np.random.Generator) -> Page:
    """A part of a drawing, without a margin."""
    amount = ink(drawing, side_of(rng, 700), pen(rng), int(rng.integers(0, 5)))
    return crop(to_levels(lay(amount, 255, rng.integers(0, 120, 3))), rng)


MAKERS = (
    black_pen,
    colored_pen,
    solid_black,
    night,
    few_lines,
    dense_lines,
    screentone,
    one_gray,
    soft_lines,
    compressed,
    on_transparency,
    panels,
    closeup,
)
