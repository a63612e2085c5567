"""The published Python for pictures: palette, line art, and a pair as its loader reads it."""

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

BANDS = COLORS = 4


def palette(path: Path) -> list:
    """Five colors of each of four bands by colorgram.py, as the authors extract them."""
    import colorgram

    picture = Image.open(path).convert("RGB")
    height = picture.height // BANDS
    bands = [picture.crop((0, i * height, picture.width, (i + 1) * height)) for i in range(BANDS)]
    return [[color.rgb for color in colorgram.extract(band, COLORS + 1)] for band in bands]


def sketch(path: Path) -> np.ndarray:
    """XDoG in float64, as in published ports: sigma 0.5, k 4.5, tau 0.95."""
    import cv2

    gray = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) / 255.0
    near, far = (cv2.GaussianBlur(gray, (0, 0), sigma) for sigma in (0.5, 0.5 * 4.5))
    difference = near - 0.95 * far
    lines = np.where(difference >= 0.01, 1.0, 1.0 + np.tanh(200.0 * (difference - 0.01)))
    return np.uint8(255 * lines)


def write_pairs(folder: Path, sketches, pictures, palettes) -> None:
    """Writes what the loader reads: PNGs of picture and sketch side by side, colors as JSON."""
    from tf_deeppaint.images.encoding import write_picture
    from tf_deeppaint.palette.palette_files import write_palette

    for number, (lines, picture) in enumerate(zip(sketches, pictures, strict=True)):
        pair = np.concatenate([picture, np.repeat(lines[..., None], 3, axis=-1)], axis=1)
        write_picture(folder / f"{number:04d}.png", pair)
        write_palette(folder / f"{number:04d}.json", palettes[number])


def read_pair(path: Path, rng: np.random.Generator) -> list[np.ndarray]:
    """Sketch `(3, S, S)`, histogram images `(12, S, S)` and picture `(3, S, S)`, float32.

    Mirrored half of the time, by Pillow and NumPy.
    """
    pair = Image.open(path).convert("RGB")
    side = pair.height
    halves = [pair.crop((left, 0, left + side, side)) for left in (side, 0)]
    if rng.random() < 0.5:
        halves = [ImageOps.mirror(half) for half in halves]
    colors = json.loads(path.with_suffix(".json").read_text())
    histograms = []
    for rank in range(1, COLORS + 1):
        image = Image.new("RGB", (side, side))
        for band in range(BANDS):
            color = tuple(colors[str(band + 1)][str(rank)])
            image.paste(color, (0, band * side // BANDS, side, (band + 1) * side // BANDS))
        histograms.append(_to_planes(image))
    lines, picture = map(_to_planes, halves)
    return [lines, np.concatenate(histograms), picture]


def _to_planes(image: Image.Image) -> np.ndarray:
    planes = np.asarray(image).transpose(2, 0, 1).astype(np.float32) / 255.0
    return (planes - 0.5) / 0.5
