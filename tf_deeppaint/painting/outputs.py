"""Writes a painting: picture, layers, attention maps; and the contact sheet of many."""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.canvas import fit_to_canvas
from tf_deeppaint.images.decoding import decode_small
from tf_deeppaint.images.encoding import write_parts, write_picture
from tf_deeppaint.images.pixels import MAX_SIDE, WHITE
from tf_deeppaint.images.resolution import Dpi
from tf_deeppaint.images.strips import is_large
from tf_deeppaint.line_art.pens import KEEP
from tf_deeppaint.painting.jobs import Job
from tf_deeppaint.painting.layer_files import LAYERS, write_layers
from tf_deeppaint.painting.layers.flats import BY_COLOR
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.painting.painting import WHITE_PAPER, Painting
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.visualization.contact_sheets import GAP, SHOWN, draw_sheet
from tf_deeppaint.visualization.heat_maps import draw_heat_map

# The longest side of a contact sheet and the shortest of its cells, in pixels.
_MAX_SIDE, _MIN_CELL = 16384, 32


class Outputs(NamedTuple):
    """The paths of a painting's files; None: not written."""

    picture: str  # a PNG file
    layers: str | None = None  # an OpenRaster or PSD file, or a folder of PNG files
    attention: str | None = None  # a folder


def outputs_of(job: Job, folders: Outputs, layers: str = "ora") -> Outputs:
    """The paths of one job's files below the folders of all jobs.

    `layers`: what they are written as, one of `layer_files.LAYERS`.
    """
    return Outputs(
        files.join(folders.picture, f"{job.name}.png"),
        folders.layers and files.join(folders.layers, job.name + LAYERS[layers]),
        folders.attention and files.join(folders.attention, job.name),
    )


def check_outputs(written: Iterable[str], read: Iterable[str]) -> None:
    """Raises DeepPaintError if a sketch or reference would be written over."""
    inputs = {os.path.realpath(path) for path in read}
    for path in written:
        if os.path.realpath(path) in inputs:
            raise DeepPaintError(f"{path}: would be written over what is read; name another place")


def write_painting(
    painter: Painter,
    painting: Painting,
    outputs: Outputs,
    lines: str,
    dpi: Dpi | None = None,
    line_color: str = KEEP,
    paper: str = WHITE_PAPER,
    flats: str = BY_COLOR,
) -> None:
    """Writes a painting's files; the picture last, so that it exists only with the others.

    Args:
        painter: The painter that made the painting.
        painting: What is written.
        outputs: The files.
        lines: As `Painting.picture` takes it.
        dpi: The resolution of the sketch, which the picture and the layers keep.
        line_color: As `Painting.picture` takes it.
        paper: Likewise.
        flats: As `Painting.layers` takes it.

    Raises:
        DeepPaintError: a file cannot be written, or the model has no attention.
    """
    maps = painter.attention(painting) if outputs.attention else []
    if outputs.attention and not maps:
        raise DeepPaintError("the model has no attention gates; leave out --attention")
    if (outputs.layers or outputs.attention) and is_large(*painting.sketch.shape):
        raise DeepPaintError(
            f"{outputs.picture}: over {MAX_SIDE} x {MAX_SIDE} pixels, too large for --layers and "
            "--attention; leave them out, or scale the sketch down"
        )
    if outputs.layers:
        painting = painting.with_color()
        layers = painting.layers(line_color, paper, flats)
        merged = painting.parts("original", line_color, paper)
        write_layers(outputs.layers, layers, dpi, merged)
    for number, level in enumerate(maps, start=1):
        path = files.join(outputs.attention, f"attention-{number}.png")
        write_picture(path, draw_heat_map(level, painting.sketch))
    parts = painting.parts(lines, line_color, paper)
    write_parts(outputs.picture, *painting.sketch.shape, parts, dpi)


def write_contact_sheet(path: str, jobs: Sequence[Job], folders: Outputs, columns: int) -> None:
    """Draws what was painted into one PNG, a row a sketch; a missing picture is white.

    Args:
        path: The file.
        jobs: As `plan_jobs` lists them.
        folders: As `outputs_of` takes them.
        columns: How many references each sketch was painted with. Several head the columns;
            one stands beside its sketch.

    Raises:
        DeepPaintError: the file cannot be written.
    """
    side = cell_side(len(jobs), columns)
    rows = [jobs[first : first + columns] for first in range(0, len(jobs), columns)]
    cells = [[row[0].sketch, *(outputs_of(job, folders).picture for job in row)] for row in rows]
    if columns > 1:
        cells.insert(0, ["", *(job.reference for job in rows[0])])
    elif jobs[0].reference is not None:
        for row, (job,) in zip(cells, rows, strict=True):
            row.insert(1, job.reference)
    drawn = [[_read_cell(path, side) for path in row] for row in cells]
    write_picture(path, draw_sheet(drawn, side))


def cell_side(count: int, columns: int) -> int:
    """Side of a contact sheet's cells in pixels, for `count` pictures; see `write_contact_sheet`.

    Raises:
        DeepPaintError: too many.
    """
    cells = max(-(-count // columns), columns) + 1
    side = min(SHOWN, (_MAX_SIDE - GAP) // cells - GAP)
    if side < _MIN_CELL:
        raise DeepPaintError(
            f"--show: {count} pictures are too many for one sheet; leave it out, or paint fewer"
        )
    return side


def _read_cell(path: str, side: int) -> np.ndarray:
    try:
        return fit_to_canvas(decode_small(files.read_bytes(path), path, side)[0], side)[0]
    except DeepPaintError:
        return np.full((side, side, 3), WHITE, np.uint8)
