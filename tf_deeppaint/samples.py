"""What a model in training paints of the same few drawings, as pictures to look at."""

import keras
import numpy as np

from tf_deeppaint import images, sheet
from tf_deeppaint.deep_paint import DeepPaint
from tf_deeppaint.palette_ops import palettes_to_histograms

COUNT = 6


def sample_sheet(model: DeepPaint, batch: dict) -> np.ndarray:
    """Draws what a model paints of a batch, as `datasets` yields it; see `sheet.draw_results`."""

    def paint(sketches: np.ndarray, palettes: np.ndarray) -> np.ndarray:
        painted = model(batch | {"palette": images.to_unit_range(palettes)}, training=False)
        return images.from_unit_range(painted)

    sketches, palettes, truth = (
        images.from_unit_range(batch[key]) for key in ("sketch", "palette", "picture")
    )
    return sheet.draw_results(sketches[..., 0], palettes, truth, paint)


def attention_sheet(model: DeepPaint, batch: dict) -> np.ndarray | None:
    """Draws the sketch and the attention maps of every gate, the deepest first, a row a drawing.

    None where the generator has no gates. White in a map is 1: all of the skip passes.
    """
    _, height, width, _ = batch["sketch"].shape
    histogram = palettes_to_histograms(batch["palette"], height, width)
    inputs = {"sketch": batch["sketch"], "histogram": histogram}
    _, maps = model.generator(inputs, return_attention=True)
    if not maps:
        return None
    sketches = images.from_unit_range(batch["sketch"])[..., 0]
    levels = [np.rint(255 * keras.ops.convert_to_numpy(m)[..., 0]).astype(np.uint8) for m in maps]
    rows = [[sketch, *(level[i] for level in levels)] for i, sketch in enumerate(sketches)]
    return sheet.draw_sheet(rows, sheet.CELL)
