"""Drawings in color schemes: which are listed, with which lines, and who their partners are."""

import numpy as np
import pytest

from tests.helpers.source_files import check_travels, write_picture
from tf_deeppaint.data.sources.base import Example, Skipped
from tf_deeppaint.data.sources.schemes import Schemes
from tf_deeppaint.utils.errors import DeepPaintError

COLORS = {"amy": 40, "ben": 120}
NAMES = ("runs", "sits", "stands", "waves")


def picture(scheme: str, number: int) -> np.ndarray:
    return np.full((20, 30, 3), (COLORS[scheme], number, 9), np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four drawings in two schemes, a lonely one, and files that are not taken."""
    folder = tmp_path_factory.mktemp("schemes")
    for number, name in enumerate(NAMES):
        for scheme in COLORS:
            write_picture(folder / "colors" / scheme / f"{name}.png", picture(scheme, number))
        write_picture(folder / "lines" / f"{name}.png", np.full((20, 30, 3), number, np.uint8))
    write_picture(folder / "colors" / "lonely" / "sits.png", picture("amy", 1))
    write_picture(folder / "colors" / "nowhere.png", picture("amy", 1))
    write_picture(folder / "colors" / "ben" / "deep" / "sits.png", picture("amy", 1))
    write_picture(folder / "colors" / "ben" / "bare.png", picture("ben", 8))
    write_picture(folder / "colors" / "ben" / "tall.png", picture("ben", 9))
    write_picture(folder / "lines" / "tall.png", np.zeros((60, 30, 3), np.uint8))
    return folder


def partners(folder, name: str, count: int = 2) -> list[list[int]]:
    loaded = Schemes(str(folder), count).load(Example(name), 64)
    return [partner[0, 0].tolist() for partner in loaded.partners]


def test_pictures_in_a_schemes_folder_are_listed_by_the_group_of_their_drawing(folder):
    items = list(Schemes(str(folder)).examples())
    groups = {item.name: item.group for item in items if isinstance(item, Example)}
    assert {f"colors/{s}/{n}.png" for s in COLORS for n in NAMES} <= groups.keys()
    assert groups["colors/amy/sits.png"] == groups["colors/ben/sits.png"] == "sits"
    skipped = [item for item in items if isinstance(item, Skipped)]
    reasons = {item.reason for item in skipped}
    assert reasons == {"not in a color scheme's folder"}
    assert sorted(item.complaint.split(":")[0] for item in skipped) == [
        f"{folder}/colors/ben/deep/sits.png",
        f"{folder}/colors/nowhere.png",
    ]


def test_a_drawing_comes_with_its_lines_and_the_next_ones_of_its_scheme(folder):
    loaded = Schemes(str(folder)).load(Example("colors/amy/sits.png"), 64)
    assert np.array_equal(loaded.picture, picture("amy", 1))
    assert (loaded.sketch == 1).all() and loaded.sketch.shape == (20, 30)
    assert partners(folder, "colors/amy/sits.png") == [[40, 2, 9], [40, 3, 9]]
    assert partners(folder, "colors/amy/waves.png") == [[40, 0, 9], [40, 1, 9]]
    assert len(partners(folder, "colors/amy/waves.png", 9)) == 3
    assert partners(folder, "colors/lonely/sits.png") == []


def test_inspection_and_loading_agree_about_the_digest(folder):
    source, example = Schemes(str(folder)), Example("colors/ben/waves.png")
    inspection, loaded = source.inspect(example), source.load(example, 64)
    assert inspection.digest == loaded.digest
    assert (inspection.height, inspection.width) == (20, 30)


@pytest.mark.parametrize(
    ("name", "message"), [("bare", "no lines/bare.png"), ("tall", "its lines 30 x 60")]
)
def test_a_drawing_without_lines_of_its_shape_is_refused(folder, name, message):
    with pytest.raises(DeepPaintError, match=message):
        Schemes(str(folder)).load(Example(f"colors/ben/{name}.png"), 64)


@pytest.mark.parametrize("missing", ["colors", "lines"])
def test_both_folders_are_needed(tmp_path, missing):
    for name in {"colors", "lines"} - {missing}:
        write_picture(tmp_path / name / "a" / "b.png", picture("amy", 1))
    with pytest.raises(DeepPaintError, match=f"{missing}: no such folder"):
        list(Schemes(str(tmp_path)).examples())


def test_it_travels_to_workers(folder):
    check_travels(Schemes(str(folder)))
