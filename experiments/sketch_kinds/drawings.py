"""Drawings as strokes, which any pen can draw; and what pens, paper, light and noise do to them.

A page is a picture, uint8 gray `(H, W)`, RGB `(H, W, 3)` or RGBA `(H, W, 4)`.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

Page = np.ndarray
Maker = Callable[["Drawing", np.random.Generator], Page]  # see `__main__`


class Drawing(NamedTuple):
    """A drawing as strokes, so that any pen can draw it again at any size.

    Attributes:
        strokes: Points `(x, y)` of each stroke, in shares of the side, float `(P, 2)`.
        areas: Outlines of what the strokes close off, likewise, the largest first.
        picture: The drawing in color, uint8 RGB `(H, W, 3)`; None where there is none.
    """

    strokes: list[np.ndarray]
    areas: list[np.ndarray]
    picture: np.ndarray | None


def trace(sketch: np.ndarray, picture: np.ndarray | None = None) -> Drawing:
    """Finds the strokes of a square sketch, uint8 gray `(S, S)`, and the areas between them."""
    from skimage.morphology import skeletonize

    side = len(sketch)
    thin = skeletonize(sketch < 128).astype(np.uint8)
    contours, _ = cv2.findContours(thin, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    strokes = [_smooth(contour[:, 0]) / side for contour in contours if len(contour) > 8]
    _, labels, stats, _ = cv2.connectedComponentsWithStats((sketch > 200).astype(np.uint8), 4)
    order = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA])
    areas = []
    for label in order[:40]:
        left, top, width, height, area = stats[label]
        inside = left > 0 and top > 0 and left + width < side and top + height < side
        if not inside or area < 60:
            continue
        mask = cv2.dilate((labels == label).astype(np.uint8), np.ones((3, 3)), iterations=2)
        outline, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        areas.append(outline[0][:, 0] / side)
    return Drawing(strokes, areas, picture)


def _smooth(points: np.ndarray) -> np.ndarray:
    """The points of a closed line, each the mean of five."""
    return np.mean([np.roll(points, shift, axis=0) for shift in range(-2, 3)], axis=0)


def ink(
    drawing: Drawing,
    side: int,
    width: float,
    solid: int = 0,
    smooth: bool = True,
) -> np.ndarray:
    """How much of each pixel is ink, float32 `(side, side)`.

    Args:
        drawing: What is drawn.
        side: Side in pixels.
        width: Width of the pen in percent of the side.
        solid: How many areas are filled with ink, the second largest first.
        smooth: Whether edges are antialiased.
    """
    pixels = width / 100 * side
    finer = 1 if pixels >= 1 else min(8, int(np.ceil(1 / pixels)))
    size = side * finer
    paper = np.zeros((size, size), np.uint8)
    kind = cv2.LINE_AA if smooth else cv2.LINE_8
    thickness = max(1, round(pixels * finer))
    for points in drawing.strokes:
        scaled = np.rint(points * size * 16).astype(np.int32)
        cv2.polylines(paper, [scaled], True, 255, thickness, kind, shift=4)
    for points in drawing.areas[1 : 1 + solid]:
        cv2.fillPoly(paper, [np.rint(points * size * 16).astype(np.int32)], 255, kind, shift=4)
    if finer > 1:
        paper = cv2.resize(paper, (side, side), interpolation=cv2.INTER_AREA)
    return paper.astype(np.float32) / 255


def lay(amount: np.ndarray, paper: object, color: object) -> np.ndarray:
    """Ink of a color on paper of a color, or a picture of either: float32 RGB `(H, W, 3)`."""
    amount = amount[..., None]
    paper = np.broadcast_to(np.array(paper, np.float32), (*amount.shape[:2], 3))
    return paper * (1 - amount) + np.array(color, np.float32) * amount


def to_levels(picture: np.ndarray) -> Page:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def compress(page: Page, quality: int) -> Page:
    """The page after it has been a JPEG file."""
    code = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(code, cv2.IMREAD_UNCHANGED)


def pen(rng: np.random.Generator, least: float = 0.05, most: float = 3) -> float:
    """Width of a pen in percent of the side, thin ones as often as broad ones."""
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))


def side_of(rng: np.random.Generator, least: int = 300, most: int = 1400) -> int:
    return int(np.exp(rng.uniform(np.log(least), np.log(most))))


def crop(page: Page, rng: np.random.Generator) -> Page:
    """A part of a page, so that little of its margin is left."""
    height, width = page.shape[:2]
    h, w = (int(length * rng.uniform(0.45, 0.8)) for length in (height, width))
    top, left = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    return page[top : top + h, left : left + w].copy()


# --- paper, light and noise ----------------------------------------------------------------------


def mask_areas(drawing: Drawing, side: int, count: int) -> np.ndarray:
    """The largest areas of a drawing, bool `(side, side)`."""
    mask = np.zeros((side, side), np.uint8)
    for points in drawing.areas[:count]:
        cv2.fillPoly(mask, [np.rint(points * side).astype(np.int32)], 1)
    return mask > 0


def normal(rng: np.random.Generator, side: int) -> np.ndarray:
    return rng.standard_normal((side, side), np.float32)


def grain(rng: np.random.Generator, side: int, strength: float) -> np.ndarray:
    """What paper's grain lets through of a soft stroke, float32 in [0, 1]."""
    grain = cv2.GaussianBlur(normal(rng, side), (0, 0), rng.uniform(0.6, 1.5))
    pressure = cv2.resize(normal(rng, 8), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(0.75 + strength * 0.5 * grain / grain.std() + 0.1 * pressure, 0, 1)


def light_falling_off(rng: np.random.Generator, side: int, darkest: float) -> np.ndarray:
    """Light that falls off slowly toward some side, float32 `(side, side, 1)`, at most 1."""
    slopes = cv2.resize(normal(rng, 3), (side, side), interpolation=cv2.INTER_CUBIC)
    slopes = (slopes - slopes.min()) / np.ptp(slopes)
    return (1 - (1 - darkest) * slopes)[..., None]


def shade_border(rng: np.random.Generator, side: int) -> np.ndarray:
    """A shadow along one side, as of a book's fold, float32 `(side, side, 1)`."""
    reach = rng.uniform(0.03, 0.1) * side
    shadow = 1 - rng.uniform(0.2, 0.7) * np.exp(-np.arange(side) / reach)
    shadow = np.broadcast_to(shadow[None], (side, side)).astype(np.float32)
    return np.rot90(shadow, int(rng.integers(4)))[..., None]


def add_noise(page: np.ndarray, rng: np.random.Generator, deviation: float) -> Page:
    noise = rng.standard_normal(page.shape[:2], np.float32)[..., None]
    return to_levels(page + deviation * noise)
