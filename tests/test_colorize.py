"""The program that colours, run as its users run it."""

import subprocess
import sys

import numpy as np
import pytest

from tf_deeppaint import extract_palette, images
from tf_deeppaint.generator import Generator
from tf_deeppaint.palette import write_palette
from tf_deeppaint.sources.dolls import Dolls


@pytest.fixture(scope="module", name="folder")
def make_folder(tmp_path_factory):
    """A model, a sketch of odd shape, a reference and its palette."""
    folder = tmp_path_factory.mktemp("colorize")
    dolls = Dolls(2, seed=8)
    first, second = (dolls.load(drawing, 96) for drawing in dolls.drawings())
    images.write_picture(folder / "sketch.png", first.sketch[:90, 10:80])
    images.write_picture(folder / "reference.png", second.picture)
    write_palette(folder / "palette.json", extract_palette(second.picture, "white"))
    Generator(2, size=64, background="white", seed=0).save(folder / "generator.keras")
    return folder


def colorize(folder, **flags) -> subprocess.CompletedProcess:
    defaults = {"model": ".", "sketch": "sketch.png", "output": "out.png"}
    arguments = [f"--{name}={value}" for name, value in (defaults | flags).items()]
    command = [sys.executable, "-m", "tf_deeppaint.colorize", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_reference_and_its_palette_colour_alike(folder):
    for flags in (
        {"reference": "reference.png", "output": "made/by_reference.png", "show": "row.png"},
        {"palette": "palette.json", "model": "generator.keras", "output": "by_palette.png"},
    ):
        done = colorize(folder, **flags)
        written = [flags[name] for name in ("output", "show") if name in flags]
        assert (done.returncode, done.stdout.split()) == (0, written), done.stderr
    assert images.read_picture(folder / "row.png").shape == (264, 1044, 3)
    painted = images.read_picture(folder / "made/by_reference.png")
    assert painted.shape == (90, 70, 3)
    np.testing.assert_array_equal(painted, images.read_picture(folder / "by_palette.png"))


BAD = {
    "no such sketch": ({"sketch": "gone.png"}, "gone.png"),
    "no picture": ({"sketch": "text.png"}, "text.png"),
    "an empty reference": ({"reference": "empty.png"}, "empty.png"),
    "a cut-off reference": ({"reference": "cut.png"}, "cut.png"),
    "a huge reference": ({"reference": "huge.png"}, "30000 x 30000"),
    "a broken palette": ({"palette": "text.png", "reference": None}, "text.png"),
    "both kinds of colours": ({"palette": "palette.json"}, "either"),
    "no colours": ({"reference": None}, "either"),
    "an output of another kind": ({"output": "out.jpg"}, "out.jpg"),
}


@pytest.fixture(scope="module", name="bad_files")
def make_bad_files(folder):
    whole = (folder / "reference.png").read_bytes()
    header = bytearray(whole)
    header[16:24] = (30000).to_bytes(4, "big") * 2
    contents = {"text": b"no picture", "empty": b"", "cut": whole[:-40], "huge": header}
    for name, content in contents.items():
        (folder / f"{name}.png").write_bytes(content)


@pytest.mark.usefixtures("bad_files")
@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_that_names_it(folder, case):
    changed, named = BAD[case]
    flags = {"reference": "reference.png", "output": "never.png"} | changed
    done = colorize(folder, **{name: value for name, value in flags.items() if value})
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and named in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout
    assert not list(folder.glob("*never.png*"))


def test_a_model_that_is_missing_is_one_line(folder):
    done = colorize(folder, model="nowhere", reference="reference.png", output="never.png")
    assert done.returncode == 1
    assert done.stderr.startswith("error: nowhere: no such model")
    assert done.stderr.count("\n") == 1
