"""Pages to be cleaned: light lines, pencil, scans, photographs.

Each function draws one from a drawing and a random generator, which decides how it looks.
"""

import cv2
import numpy as np

from experiments.sketch_kinds.drawings import (
    Drawing,
    Page,
    add_noise,
    compress,
    grain,
    ink,
    lay,
    light_falling_off,
    mask_areas,
    normal,
    pen,
    shade_border,
    side_of,
    to_levels,
)


def inverted(drawing: Drawing, rng: np.random.Generator) -> Page:
    """A sketch whose levels are reversed, some with solid areas."""
    solid = int(rng.integers(0, 4)) * int(rng.random() < 0.4)
    amount = ink(drawing, side_of(rng), pen(rng, 0.1, 2), solid)
    page = to_levels(lay(amount, 0, int(rng.integers(140, 256))))[..., 0]
    return compress(page, int(rng.integers(50, 96))) if rng.random() < 0.4 else page


def chalk(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Light lines, grainy, on a dark board or blueprint, in uneven light."""
    side = side_of(rng)
    board = np.array([(38, 60, 46), (30, 60, 140), (45, 45, 48), (10, 10, 20), (70, 30, 30)])
    paper = board[int(rng.integers(len(board)))]
    color = np.array([(225, 230, 220), (255, 255, 255), (250, 240, 140), (150, 230, 250)])
    amount = ink(drawing, side, pen(rng, 0.15, 1.2)) * grain(rng, side, 0.6)
    page = lay(amount * rng.uniform(0.6, 1), paper, color[int(rng.integers(len(color)))])
    page = page * light_falling_off(rng, side, rng.uniform(0.6, 1))
    return add_noise(page, rng, rng.uniform(0, 4))


def pencil(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Gray, grainy strokes of low contrast on paper with a grain."""
    side = side_of(rng, 400)
    amount = ink(drawing, side, float(rng.uniform(0.15, 0.9))) * grain(rng, side, 0.9)
    if rng.random() < 0.5:  # shading with the side of the lead
        shaded = mask_areas(drawing, side, int(rng.integers(1, 4))) * grain(rng, side, 1.2)
        amount = np.maximum(amount, 0.4 * shaded)
    amount *= rng.uniform(0.35, 0.85)
    paper = rng.uniform(222, 250) + np.array([1, 0.6, 0]) * rng.uniform(-4, 8)
    texture = cv2.GaussianBlur(normal(rng, side), (0, 0), rng.uniform(0.4, 1.4))
    texture *= rng.uniform(2, 6) / texture.std()
    page = lay(amount, paper, rng.integers(60, 100)) + texture[..., None]
    return compress(to_levels(page), int(rng.integers(70, 96)))


def scan(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Ink on gray or yellowish paper, in uneven light, with noise; some with a shadow or fold."""
    side = side_of(rng, 400)
    solid = int(rng.integers(0, 4)) * int(rng.random() < 0.3)
    amount = ink(drawing, side, float(rng.uniform(0.15, 1.5)), solid)
    papers = np.array([(250, 250, 250), (245, 234, 198), (228, 226, 220), (238, 226, 200)])
    inks = np.array([(35, 33, 40), (30, 40, 110), (70, 45, 30)])
    page = lay(amount, papers[rng.integers(len(papers))], inks[rng.integers(len(inks))])
    page = page * light_falling_off(rng, side, rng.uniform(0.45, 0.95))
    if rng.random() < 0.4:
        page = page * shade_border(rng, side)
    page = add_noise(page, rng, rng.uniform(1, 5))
    return compress(page, int(rng.integers(70, 96)))


def border_shadow(drawing: Drawing, rng: np.random.Generator) -> Page:
    """A scan whose paper was made white, but for a shadow along a side."""
    side = side_of(rng, 400)
    page = lay(ink(drawing, side, float(rng.uniform(0.2, 1.5))), 255, 20)
    return add_noise(page * shade_border(rng, side), rng, rng.uniform(0, 2))


def tinted(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Dark lines on paper of one color without noise, drawn on a computer."""
    paper = 255 - rng.uniform(15, 100) * rng.uniform(0.3, 1, 3)
    amount = ink(drawing, side_of(rng), pen(rng, 0.15, 1.2))
    return to_levels(lay(amount, paper, paper * rng.uniform(0, 0.4)))


def light_layer(drawing: Drawing, rng: np.random.Generator) -> Page:
    """Light lines on a transparent layer, which vanish over white."""
    amount = ink(drawing, side_of(rng), pen(rng, 0.1, 2))
    rgba = np.empty((*amount.shape, 4), np.uint8)
    rgba[..., :3] = rng.integers(215, 256)
    rgba[..., 3] = to_levels(255 * amount)
    return rgba


MAKERS = (inverted, chalk, pencil, scan, border_shadow, tinted, light_layer)
