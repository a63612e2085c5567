"""The program that shows and saves palettes, run as its users run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.palette.extraction import extract_palette
from tf_deeppaint.palette.palette_files import load_palette, load_rule, palette_from_json
from tf_deeppaint.palette.swatches import draw_swatches

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", name="folder")
def make_folder(tmp_path_factory):
    """A colored picture of odd shape, and a file that is none."""
    folder = tmp_path_factory.mktemp("palette")
    source = Dolls(1, seed=6)
    picture = source.load(next(iter(source.examples())), 200).picture
    write_picture(folder / "b.png", picture[:, 20:170])
    (folder / "text.png").write_text("no picture")
    return folder


def run(folder, **flags) -> subprocess.CompletedProcess:
    arguments = [f"--{name}={value}" for name, value in flags.items()]
    return subprocess.run(
        [sys.executable, "-m", "tf_deeppaint.palette", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def palette_of(folder, background: str = "figure") -> np.ndarray:
    return extract_palette(read_picture(folder / "b.png"), background)


def test_a_picture_gives_json_and_swatches(folder):
    done = run(folder, picture="b.png", output="made/p.json", swatches="made/p.png")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["made/p.json", "made/p.png"]
    expected = palette_of(folder)
    np.testing.assert_array_equal(load_palette(folder / "made/p.json"), expected)
    assert load_rule(folder / "made/p.json") == "figure"
    shown = draw_swatches(expected, read_picture(folder / "b.png"))
    np.testing.assert_array_equal(read_picture(folder / "made/p.png"), shown)


def test_without_files_the_json_is_printed(folder):
    for background in ("drop", "keep"):
        done = run(folder, picture="b.png", background=background)
        assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
        printed = palette_from_json(done.stdout, "printed")
        np.testing.assert_array_equal(printed, palette_of(folder, background))
    assert not np.array_equal(palette_of(folder, "drop"), palette_of(folder, "keep"))


def test_a_large_picture_is_shrunk_first(folder):
    """Stripes of a pixel, too fine for a painter, mix; the longer side is 512 then."""
    stripes = np.zeros((1024, 256, 3), np.uint8)
    stripes[::2] = 200
    write_picture(folder / "stripes.png", stripes)
    done = run(folder, picture="stripes.png")
    assert palette_from_json(done.stdout, "printed").tolist() == [[[100] * 3] * 4] * 4


def test_colors_alone_make_a_palette(folder):
    done = run(folder, colors="#f4c7a1,#3b5dc9", swatches="colors.png")
    assert (done.returncode, done.stdout) == (0, "colors.png\n"), done.stderr
    skin, blue = [244, 199, 161], [59, 93, 201]
    expected = [[skin, blue, skin, skin]] * 2 + [[blue, skin, blue, blue]] * 2
    shown = draw_swatches(np.array(expected, np.uint8))
    np.testing.assert_array_equal(read_picture(folder / "colors.png"), shown)
    printed = json.loads(run(folder, colors="#f4c7a1,#3b5dc9").stdout)
    assert [list(band.values()) for band in printed.values()] == expected


def test_colors_take_the_place_of_a_pictures_bands(folder):
    done = run(folder, picture="b.png", colors="#123", bands="4,2")
    mixed = palette_from_json(done.stdout, "printed")
    np.testing.assert_array_equal(mixed[[0, 2]], palette_of(folder)[[0, 2]])
    assert mixed[[1, 3]].tolist() == [[[0x11, 0x22, 0x33]] * 4] * 2


BAD = {
    "nothing": ({}, "--picture"),
    "a picture that is none": ({"picture": "text.png"}, "text.png"),
    "no such picture": ({"picture": "gone.png"}, "gone.png"),
    "an empty name": ({"picture": ""}, "does not exist"),
    "no color": ({"colors": "#fff,blue"}, "'blue'"),
    "no colors": ({"colors": ""}, "missing"),
    "no band": ({"picture": "b.png", "colors": "#fff", "bands": "5"}, "'5'"),
    "too many colors": (
        {"picture": "b.png", "colors": "#1,#2,#3,#4,#5".replace("#", "#00"), "bands": "1"},
        "5 colors; 1 band",
    ),
    "both without bands": ({"picture": "b.png", "colors": "#fff"}, "--bands"),
    "bands without colors": ({"picture": "b.png", "bands": "1"}, "--bands"),
    "bands without a picture": ({"colors": "#fff", "bands": "1"}, "--bands"),
    "no such rule": ({"picture": "b.png", "background": "black"}, "background"),
    "swatches of another kind": ({"colors": "#fff", "swatches": "never.jpg"}, "never.jpg"),
    "a palette of another kind": ({"colors": "#fff", "output": "never.png"}, "never.png"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_one_line_that_names_it(folder, case):
    flags, named = BAD[case]
    done = run(folder, **({"output": "never.json"} | flags))
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and named in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout
    assert not list(folder.glob("*never*"))
