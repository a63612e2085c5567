"""Drawings in the cache: drawn once, the same when read, checked."""

import json
import os

import numpy as np
import pytest

from tests.helpers.character_files import write_comicgen, write_styles
from tf_deeppaint.data.sources.characters import source
from tf_deeppaint.evaluation.characters import cache, drawings
from tf_deeppaint.evaluation.characters.cache import load_drawings
from tf_deeppaint.utils.errors import DeepPaintError

pytest.importorskip("resvg_py", reason="characters are rasterized by resvg_py")

COUNT = 1


@pytest.fixture(scope="module", name="folder")
def make_folder(tmp_path_factory) -> str:
    return str(write_comicgen(write_styles(tmp_path_factory.mktemp("art"))))


def open_two(count: int, folder: str | None = None) -> dict:
    sources = drawings.open_sources(count, folder)
    return {name: sources[name] for name in ("dolls", "micah")}


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path, folder):
    """The packages are those of the folder; the cache is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(drawings, "SIDE", 48)
    monkeypatch.setattr(cache, "open_sources", open_two)
    for fetch in ("fetch_pypi", "fetch_npm"):
        monkeypatch.setattr(source, fetch, lambda *_: folder)


def check_equal(one, other) -> None:
    assert one.digest == other.digest and list(one.sources) == list(other.sources)
    for name, part in one.sources.items():
        assert part.names == other.sources[name].names
        for array, same in zip(part[1:], other.sources[name][1:], strict=True):
            assert array.dtype == same.dtype
            np.testing.assert_array_equal(array, same)


def test_what_is_drawn_is_read_again_and_not_drawn(monkeypatch, folder):
    told = []
    first = load_drawings(COUNT, on_progress=lambda *numbers: told.append(numbers))
    assert told[-1] == (2, 2)
    check_equal(first, load_drawings(COUNT, folder))  # without the cache
    monkeypatch.setattr(drawings, "draw", None)
    check_equal(first, load_drawings(COUNT))


def test_another_number_and_another_program_are_drawn_anew(monkeypatch):
    one = load_drawings(COUNT)
    two = load_drawings(COUNT + 1)
    assert one.digest != two.digest
    for name, part in two.sources.items():
        np.testing.assert_array_equal(part.sketches[:1], one.sources[name].sketches)
    monkeypatch.setattr(cache, "_digest_of_code", lambda: "another")
    monkeypatch.setattr(drawings, "SIDE", 40)
    assert load_drawings(COUNT).sources["dolls"].sketches.shape == (1, 40, 40)


def test_the_manifest_names_drawings_and_licenses(tmp_path):
    drawn = load_drawings(COUNT)
    (path,) = (tmp_path / "cache/tf_deeppaint").glob("characters-1-*/manifest.json")
    manifest = json.loads(path.read_text())
    assert manifest["digest"] == drawn.digest
    assert manifest["sources"]["micah"]["origin"]["license"] == "CC-BY-4.0"
    assert manifest["sources"]["micah"]["drawings"] == drawn.sources["micah"].names


@pytest.mark.parametrize("name", ["dolls.npz", "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "remove"])
def test_a_damaged_cache_is_named(tmp_path, name, damage):
    load_drawings(COUNT)
    (path,) = (tmp_path / "cache/tf_deeppaint").glob(f"characters-1-*/{name}")
    if damage == "cut":
        os.truncate(path, path.stat().st_size // 2)
    else:
        path.unlink()
    with pytest.raises(DeepPaintError, match=r"characters-1-.*remove the folder"):
        load_drawings(COUNT)
