"""What a model in training paints of the same few drawings, as pictures to look at."""

import keras
import numpy as np

from tf_deeppaint.images.pixels import from_unit_range, to_unit_range
from tf_deeppaint.palette.graph import palettes_to_histograms
from tf_deeppaint.training.deep_paint import DeepPaint
from tf_deeppaint.visualization import contact_sheets

COUNT = 6


def sample_sheet(model: DeepPaint, batch: dict) -> np.ndarray:
    """Draws what a model paints of a batch, as `loading` yields it; see `draw_results`.

    The reference of each drawing is the next picture of the batch.
    """

    def paint(palettes: np.ndarray) -> np.ndarray:
        painted = model(batch | {"palette": to_unit_range(palettes)}, training=False)
        return from_unit_range(painted)

    sketches, palettes, truth = (
        from_unit_range(batch[key]) for key in ("sketch", "palette", "picture")
    )
    references, others = (np.roll(own, -1, axis=0) for own in (truth, palettes))
    return contact_sheets.draw_results(
        sketches[..., 0], palettes, truth, paint(palettes), references, others, paint(others)
    )


def attention_sheet(model: DeepPaint, batch: dict) -> np.ndarray | None:
    """Draws sketches and attention maps; see `draw_attention`. None without gates."""
    _, height, width, _ = batch["sketch"].shape
    histogram = palettes_to_histograms(batch["palette"], height, width)
    inputs = {"sketch": batch["sketch"], "histogram": histogram}
    _, maps = model.generator(inputs, return_attention=True)
    if not maps:
        return None
    sketches = from_unit_range(batch["sketch"])[..., 0]
    return contact_sheets.draw_attention(
        sketches, [keras.ops.convert_to_numpy(level)[..., 0] for level in maps]
    )
