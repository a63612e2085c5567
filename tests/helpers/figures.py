"""Line drawings of figures in the middle of a page."""

import cv2
import numpy as np

# The last row of a bust's lines, in parts of its page's side.
LOWEST = 0.75


def bust(side: int, rise: int = 0, shoulders: int = 60) -> np.ndarray:
    """A head on shoulders whose lines end on the paper; the right one so many rows lower.

    Args:
        side: Of the page in pixels.
        rise: In pixels; negative: the left line ends lower.
        shoulders: Pixels from the middle to either end.
    """
    page = np.full((side, side), 255, np.uint8)
    middle, neck, end = side // 2, side // 2 + 10, round(LOWEST * side)
    cv2.circle(page, (middle, side // 3), side // 8, 0, 2)
    for sign in (-1, 1):
        lowest = end + max(0, sign * rise)
        corners = [(0, neck), (sign * shoulders // 2, neck + 2), (sign * shoulders, lowest)]
        points = np.array([(middle + x, y) for x, y in corners])
        cv2.polylines(page, [points], False, 0, 2)
    return page


def standing(side: int) -> np.ndarray:
    """A figure on two feet, which are closed: a body with arms, and legs apart."""
    page = np.full((side, side), 255, np.uint8)
    middle = side // 2
    cv2.circle(page, (middle, side // 4), side // 10, 0, 2)
    cv2.rectangle(page, (middle - 40, side // 3), (middle + 40, side // 2), 0, 2)
    for left in (middle - 24, middle + 8):
        cv2.rectangle(page, (left, side // 2), (left + 16, round(0.8 * side)), 0, 2)
    return page


def striding(side: int) -> np.ndarray:
    """A figure whose feet are as far apart as it is wide."""
    page = np.full((side, side), 255, np.uint8)
    middle, hip, ground = side // 2, side // 2, round(0.8 * side)
    cv2.circle(page, (middle, side // 4), side // 10, 0, 2)
    cv2.rectangle(page, (middle - 20, side // 3), (middle + 20, hip), 0, 2)
    for sign in (-1, 1):
        leg = [(sign * 4, hip), (sign * 20, hip), (sign * 70, ground), (sign * 45, ground)]
        cv2.polylines(page, [np.array([(middle + x, y) for x, y in leg])], True, 0, 2)
    return page
