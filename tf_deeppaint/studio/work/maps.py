"""A map of a picture: which color of the palette, and which region, each of its pixels has."""

import cv2
import numpy as np

from tf_deeppaint.painting.painting import Painting
from tf_deeppaint.painting.region_colors import leading_slots

# Numbers from here on are parts of the page: paper around the figure, panels, speech bubbles.
PAGES = 1 << 15


def draw_map(painting: Painting) -> np.ndarray | None:
    """Draws the map of a painting, at its working size.

    Returns:
        uint8 RGB `(h, w, 3)`. Red is the place in `mixing.slot_colors` of the color that a pixel is
        mixed mostly of, then of the colors of hints. Green and blue are the number of the region,
        the higher byte first; 0 on lines. None where regions are not evened out.
    """
    regions = painting.regions
    if regions is None:
        return None
    each = np.arange(len(regions.slots(painting.prediction.palette)))
    slots = leading_slots(regions, painting.prediction.weights, each, painting.placement)
    places = np.where(regions.pages > 0, PAGES + regions.pages, regions.labels)
    return cv2.merge([slots, (places >> 8).astype(np.uint8), places.astype(np.uint8)])
