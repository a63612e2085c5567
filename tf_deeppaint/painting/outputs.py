"""What is written of a painting, and where."""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tf_deeppaint.images.canvas import fit_to_canvas
from tf_deeppaint.images.decoding import decode_small
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.images.pixels import WHITE
from tf_deeppaint.painting.jobs import Job
from tf_deeppaint.painting.layer_files import OPEN_RASTER, write_layers
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.painting.painting import Painting
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.visualization import contact_sheets
from tf_deeppaint.visualization.heat_maps import draw_heat_map

# A side of a contact sheet has at most so many pixels; cells shrink, but not below the second.
_MOST_PIXELS, _LEAST_CELL = 16384, 32


class Outputs(NamedTuple):
    """Where a painting's files go; None: nowhere.

    Attributes:
        picture: The picture, a PNG file.
        layers: An OpenRaster file, or a folder of PNG files.
        attention: The folder for its attention maps.
    """

    picture: str
    layers: str | None = None
    attention: str | None = None


def outputs_of(job: Job, folders: Outputs) -> Outputs:
    """Where the files of one job of many go, by the folders for all."""
    return Outputs(
        files.join(folders.picture, f"{job.name}.png"),
        folders.layers and files.join(folders.layers, job.name + OPEN_RASTER),
        folders.attention and files.join(folders.attention, job.name),
    )


def check_outputs(written: Iterable[str], read: Iterable[str]) -> None:
    """Checks that no sketch or reference would be written over.

    Raises:
        DeepPaintError: one would.
    """
    given = {os.path.realpath(path) for path in read}
    for path in written:
        if os.path.realpath(path) in given:
            raise DeepPaintError(f"{path}: would be written over what is read; name another place")


def write_painting(painter: Painter, painting: Painting, outputs: Outputs, lines: str) -> None:
    """Writes what is wanted of a painting; the picture last, so that with it all is there.

    Args:
        painter: Who painted it.
        painting: What is written.
        outputs: Where to.
        lines: As `Painting.picture` takes it.

    Raises:
        DeepPaintError: a file cannot be written, or the model has no attention.
    """
    maps = painter.attention(painting) if outputs.attention else []
    if outputs.attention and not maps:
        raise DeepPaintError("the model has no attention gates; leave out --attention")
    if outputs.layers:
        write_layers(outputs.layers, painting.layers())
    for number, level in enumerate(maps, start=1):
        name = f"attention-{number}.png"
        drawn = draw_heat_map(level, painting.sketch)
        write_picture(files.join(outputs.attention, name), drawn)
    painting.picture(lines).save(outputs.picture)


def write_contact_sheet(path: str, jobs: Sequence[Job], folders: Outputs, columns: int) -> None:
    """Draws what was painted into one PNG, a row a sketch; what could not be painted is white.

    Args:
        path: The file.
        jobs: As `plan_jobs` lists them.
        folders: As `outputs_of` takes them.
        columns: How many references each sketch was painted after. Of several each heads a
            column; one, where there is one, stands beside its sketch.

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
    write_picture(path, contact_sheets.draw_sheet(drawn, side))


def cell_side(count: int, columns: int) -> int:
    """Side of a contact sheet's cells in pixels, for so many paintings; see `write_contact_sheet`.

    Raises:
        DeepPaintError: too many.
    """
    cells = max(-(-count // columns), columns) + 1
    side = min(
        contact_sheets.SHOWN, (_MOST_PIXELS - contact_sheets.GAP) // cells - contact_sheets.GAP
    )
    if side < _LEAST_CELL:
        raise DeepPaintError(
            f"--show: {count} pictures are too many for one sheet; leave it out, or paint fewer"
        )
    return side


def _read_cell(path: str, side: int) -> np.ndarray:
    try:
        picture = decode_small(files.read_bytes(path), path, side)[0] if path else None
    except DeepPaintError:
        picture = None
    if picture is None:
        return np.full((side, side, 3), WHITE, np.uint8)
    return fit_to_canvas(picture, side)[0]
