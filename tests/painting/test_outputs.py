"""What is written of paintings, and where."""

import io
import os
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from tests.helpers.painters import FakeBackend
from tf_deeppaint import Painter
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.painting.jobs import Job
from tf_deeppaint.painting.outputs import (
    Outputs,
    cell_side,
    check_outputs,
    outputs_of,
    write_contact_sheet,
    write_painting,
)
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.visualization import contact_sheets
from tf_deeppaint.visualization.heat_maps import draw_heat_map

PALETTE = np.full((4, 4, 3), (250, 180, 60), np.uint8)


def begin(painter: Painter, height: int = 40, width: int = 60):
    sketch = np.full((height, width), 255, np.uint8)
    sketch[height // 3, :-5] = 0
    return painter.make_paintings([sketch], PALETTE[None])[0]


def written(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# --- one painting --------------------------------------------------------------------------------


def test_a_picture_alone(tmp_path):
    painter = Painter(FakeBackend())
    painting = begin(painter)
    write_painting(painter, painting, Outputs(str(tmp_path / "x.png")), "original")
    assert written(tmp_path) == ["x.png"]
    np.testing.assert_array_equal(read_picture(tmp_path / "x.png"), painting.picture())


@pytest.mark.parametrize("dpi", [(600.0, 600.0), (72.0, 144.0), (300.0, 300.0)])
def test_resolution_paper_and_color_of_lines_are_in_picture_and_layers(dpi, tmp_path):
    painter = Painter(FakeBackend())
    painting = begin(painter)
    look = "#c81e28", "transparent"
    for layers in ("x.ora", "folder"):
        outputs = Outputs(str(tmp_path / "x.png"), str(tmp_path / layers))
        write_painting(painter, painting, outputs, "original", dpi, *look)
    with ZipFile(tmp_path / "x.ora") as archive:
        names = [name for name in archive.namelist() if name.startswith(("data/", "merged"))]
        files = [io.BytesIO(archive.read(name)) for name in names]
    paths = [tmp_path / "x.png", *(tmp_path / "folder").iterdir()]
    for picture in map(Image.open, [*files, *paths]):
        assert picture.mode == "RGBA"
        np.testing.assert_allclose(picture.info["dpi"], dpi, atol=0.02)
    np.testing.assert_array_equal(
        Image.open(tmp_path / "x.png"), painting.picture("original", *look)
    )
    assert Image.open(max(paths[1:])).getpixel((0, 13)) == (200, 30, 40, 255)


def test_everything_of_a_painting(tmp_path):
    painter = Painter(FakeBackend())
    painting = begin(painter)
    outputs = Outputs(*(str(tmp_path / name) for name in ("x.png", "x.ora", "maps")))
    write_painting(painter, painting, outputs, "network")
    assert written(tmp_path) == ["maps/attention-1.png", "maps/attention-2.png", "x.ora", "x.png"]
    shown = read_picture(tmp_path / "x.png")
    np.testing.assert_array_equal(shown, painting.picture("network"))
    for number, level in enumerate(painter.attention(painting), start=1):
        drawn = read_picture(tmp_path / f"maps/attention-{number}.png")
        np.testing.assert_array_equal(drawn, draw_heat_map(level, painting.sketch))
        assert drawn.shape == (40, 60, 3)


def test_maps_are_cut_like_the_sketch():
    """The canvas's upper half passes, so the sketch's upper half does, whatever its shape."""
    painter = Painter(FakeBackend())
    for shape in ((40, 60), (60, 40), (15, 60)):
        sketch = np.full(shape, 255, np.uint8)
        sketch[shape[0] // 3], sketch[:, shape[1] // 3] = 0, 0
        painting = painter.make_paintings([sketch], PALETTE[None])[0]
        for level in painter.attention(painting):
            assert level.shape == (painting.placement.height, painting.placement.width)
            half = painting.placement.height / 2
            assert (level[: round(half * 0.6)] > 0.5).all()
            assert (level[-round(half * 0.6) :] < 0.5).all()


def test_without_gates_nothing_is_written(tmp_path):
    painter = Painter(FakeBackend(gates=0))
    outputs = Outputs(*(str(tmp_path / name) for name in ("x.png", "x.ora", "maps")))
    with pytest.raises(DeepPaintError, match="no attention gates"):
        write_painting(painter, begin(painter), outputs, "original")
    assert written(tmp_path) == []


def test_the_picture_comes_last(tmp_path):
    """So that whoever resumes may trust that with it all is there."""
    painter = Painter(FakeBackend())
    outputs = Outputs(*(str(tmp_path / name) for name in ("x.png", "x.xcf", "maps")))
    with pytest.raises(DeepPaintError, match=r"not written as \.xcf"):
        write_painting(painter, begin(painter), outputs, "original")
    assert written(tmp_path) == []
    (tmp_path / "maps").write_text("a file")
    outputs = Outputs(str(tmp_path / "x.png"), None, str(tmp_path / "maps"))
    with pytest.raises(DeepPaintError, match="maps: cannot be written"):
        write_painting(painter, begin(painter), outputs, "original")
    assert written(tmp_path) == ["maps"]


# --- many ----------------------------------------------------------------------------------------


def test_each_of_many_has_files_of_its_name():
    job = Job("in/sub/a.png", None, "sub/a")
    assert outputs_of(job, Outputs("out")) == Outputs("out/sub/a.png")
    for kind, name in (("psd", "a.psd"), ("png", "a-layers")):
        assert outputs_of(job, Outputs("out", "layers"), kind).layers == f"layers/sub/{name}"
    assert outputs_of(job, Outputs("out", "layers", "maps")) == Outputs(
        "out/sub/a.png", "layers/sub/a.ora", "maps/sub/a"
    )


def test_nothing_is_written_over_what_is_read(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    path = str(tmp_path / "real" / "a.png")
    check_outputs([str(tmp_path / "a.png"), path], [str(tmp_path / "real" / "b.png")])
    for same in (path, str(tmp_path / "link" / "a.png"), str(tmp_path / "real/../real/a.png")):
        with pytest.raises(DeepPaintError, match=r"a\.png: would be written over"):
            check_outputs(["x.png", same], [path])
    relative = os.path.relpath(path)
    with pytest.raises(DeepPaintError, match="would be written over"):
        check_outputs([relative], [path])


def test_cells_shrink_until_they_fit_on_a_sheet():
    assert cell_side(1, 1) == cell_side(10, 1) == cell_side(10, 5) == contact_sheets.SHOWN
    for count, columns in ((100, 1), (400, 1), (10000, 100), (200, 100)):
        side = cell_side(count, columns)
        assert 32 <= side < contact_sheets.SHOWN
        cells = max(count // columns, columns) + 1
        assert cells * (side + contact_sheets.GAP) + contact_sheets.GAP <= 16384
    for count, columns in ((500, 1), (500, 500)):
        with pytest.raises(DeepPaintError, match=f"--show: {count} pictures are too many"):
            cell_side(count, columns)


COLORS = {"red": (250, 10, 10), "green": (20, 200, 30), "blue": (30, 40, 240)}


@pytest.fixture(name="folder")
def make_folder(tmp_path):
    """Gray sketches, colored references, and pictures of mixed colors, all flat."""
    for number, name in enumerate("ab"):
        write_picture(tmp_path / f"{name}.png", np.full((50, 20), 60 * number + 60, np.uint8))
    for name, color in COLORS.items():
        write_picture(tmp_path / f"{name}.png", np.full((9, 9, 3), color, np.uint8))
    for sketch in "ab":
        for number, reference in enumerate(COLORS):
            color = (10 * ord(sketch) % 256, 50 * number, 0)
            picture = np.full((30, 30, 3), color, np.uint8)
            write_picture(tmp_path / "out" / f"{sketch}--{reference}.png", picture)
    return tmp_path


def cells_of(path, columns: int) -> list[list[tuple]]:
    """The colors in the middle of a sheet's cells."""
    drawn = read_picture(path)
    step = (drawn.shape[1] - contact_sheets.GAP) // columns
    middles = range(contact_sheets.GAP + step // 2, drawn.shape[1], step), drawn.shape[0]
    rows = range(contact_sheets.GAP + step // 2, middles[1], step)
    return [[tuple(drawn[y, x].tolist()) for x in middles[0]] for y in rows]


def all_jobs(folder) -> list[Job]:
    return [
        Job(str(folder / f"{sketch}.png"), str(folder / f"{name}.png"), f"{sketch}--{name}")
        for sketch in "ab"
        for name in COLORS
    ]


WHITE = (255, 255, 255)


def test_a_sheet_of_all_pairs_has_a_row_a_sketch_and_a_column_a_reference(folder):
    folders = Outputs(str(folder / "out"))
    (folder / "out" / "b--green.png").unlink()  # could not be painted
    (folder / "out" / "a--blue.png").write_text("no picture")
    write_contact_sheet(str(folder / "contact_sheets.png"), all_jobs(folder), folders, 3)
    a, b = (10 * ord(name) % 256 for name in "ab")
    assert cells_of(folder / "contact_sheets.png", 4) == [
        [WHITE, *COLORS.values()],
        [(60, 60, 60), (a, 0, 0), (a, 50, 0), WHITE],
        [(120, 120, 120), (b, 0, 0), WHITE, (b, 100, 0)],
    ]


def test_a_sheet_of_pairs_has_the_reference_beside_the_sketch(folder):
    jobs = all_jobs(folder)[1::3]
    write_contact_sheet(str(folder / "contact_sheets.png"), jobs, Outputs(str(folder / "out")), 1)
    a, b = (10 * ord(name) % 256 for name in "ab")
    assert cells_of(folder / "contact_sheets.png", 3) == [
        [(60, 60, 60), COLORS["green"], (a, 50, 0)],
        [(120, 120, 120), COLORS["green"], (b, 50, 0)],
    ]


def test_a_sheet_without_references_has_none(folder):
    jobs = [job._replace(reference=None) for job in all_jobs(folder)[::3]]
    write_contact_sheet(str(folder / "contact_sheets.png"), jobs, Outputs(str(folder / "out")), 1)
    a, b = (10 * ord(name) % 256 for name in "ab")
    assert cells_of(folder / "contact_sheets.png", 2) == [
        [(60, 60, 60), (a, 0, 0)],
        [(120, 120, 120), (b, 0, 0)],
    ]
