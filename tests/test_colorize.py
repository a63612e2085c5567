"""The program that colors, run as its users run it."""

import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.picture_files import png_chunk
from tests.helpers.psd_files import GRAY, psd, resolution
from tf_deeppaint import Discriminator, Painter, extract_palette
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.exporting.litert import convert
from tf_deeppaint.images.decoding import read_picture, read_rgba
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.painting.layers.layer import MULTIPLY, NORMAL, SCREEN, Layer
from tf_deeppaint.painting.layers.merging import merge
from tf_deeppaint.palette.palette_files import load_palette, write_palette

ROOT = Path(__file__).parent.parent
MODEL = "model.tflite"  # without TensorFlow, so in a fraction of the time


@pytest.fixture(scope="module", name="folder")
def make_folder(tmp_path_factory):
    """A model, a sketch of odd shape, its scan, a reference and its palette; and bad files."""
    folder = tmp_path_factory.mktemp("colorize")
    dolls = Dolls(2, seed=8)
    first, second = (dolls.load(drawing, 96) for drawing in dolls.examples())
    write_picture(folder / "sketch.png", first.sketch[:90, 10:80])
    write_picture(folder / "reference.png", second.picture)
    write_palette(folder / "palette.json", extract_palette(second.picture, "white"))
    scan = np.minimum(230, 60 + read_picture(folder / "sketch.png") // 2)
    write_picture(folder / "scan.png", scan)
    generator = Generator(2, size=64, background="white", head_kind="mixture", seed=0)
    generator.set_weights([w * 4 if w.ndim == 4 else w for w in generator.get_weights()])
    generator.save(folder / "generator.keras")
    (folder / MODEL).write_bytes(convert(generator))
    whole = (folder / "reference.png").read_bytes()
    header = png_chunk(b"IHDR", (30000).to_bytes(4, "big") * 2 + whole[24:29])
    header = whole[:8] + header + whole[33:]
    contents = {"text": b"no picture", "empty": b"", "cut": whole[:-40], "huge": header}
    for name, content in contents.items():
        (folder / f"{name}.png").write_bytes(content)
    (folder / "nothing").mkdir()
    (folder / "many").mkdir()
    for number in range(500):
        (folder / "many" / f"{number}.png").write_bytes(b"")
    return folder


def colorize(folder, **flags) -> subprocess.CompletedProcess:
    """Runs the program in a folder; a flag that is None is left out."""
    defaults = {"model": MODEL, "sketch": "sketch.png", "output": "out.png"}
    given = {name: value for name, value in (defaults | flags).items() if value is not None}
    command = [sys.executable, "-m", "tf_deeppaint.colorize"]
    return subprocess.run(
        [*command, *(f"--{name}={value}" for name, value in given.items())],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def written(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def assert_refused(done: subprocess.CompletedProcess, *words: str) -> None:
    """One line that says what is wrong, exit status 1, and nothing else."""
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
    assert not done.stdout
    for word in words:
        assert word in done.stderr


@pytest.fixture(scope="module", name="painter")
def make_painter(folder) -> Painter:
    return Painter.load(folder)


def assert_painted(path, expected) -> None:
    np.testing.assert_allclose(read_picture(path).astype(int), expected, atol=1)


# --- one sketch ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_reference_and_its_palette_color_alike(folder, painter):
    for flags in (
        {"reference": "reference.png", "output": "made/by_reference.png", "show": "row.png"},
        {"palette": "palette.json", "output": "by_palette.png", "layers": "layers"},
    ):
        done = colorize(folder, **flags)
        names = [flags[name] for name in ("output", "layers", "show") if name in flags]
        assert (done.returncode, done.stdout.split()) == (0, names), done.stderr
    assert read_picture(folder / "row.png").shape == (264, 1044, 3)
    expected = painter.paint(folder / "sketch.png", folder / "reference.png")
    assert expected.shape == (90, 70, 3)
    assert_painted(folder / "made/by_reference.png", expected)
    assert_painted(folder / "by_palette.png", expected)
    names = written(folder / "layers")
    assert names[0].endswith("1-paper.png") and names[-1].endswith("-lines.png")
    blends = [next((b for b in (MULTIPLY, SCREEN) if b in name), NORMAL) for name in names]
    layers = [
        Layer(name, read_rgba(folder / "layers" / name), blend=blend)
        for name, blend in zip(names, blends, strict=True)
    ]
    assert_painted(folder / "by_palette.png", merge(layers))


@pytest.mark.parametrize("flag", ["palette", "reference"])
def test_palettes_of_other_programs_color_as_the_palette_does(folder, flag, tmp_path):
    write_palette(tmp_path / "p.ase", load_palette(folder / "palette.json"))
    done = colorize(folder, **{flag: tmp_path / "p.ase"}, output=tmp_path / "x.png")
    assert done.returncode == 0, done.stderr
    painted = Painter.load(folder / MODEL).paint(
        folder / "sketch.png", colors=load_palette(folder / "palette.json")
    )
    np.testing.assert_array_equal(read_picture(tmp_path / "x.png"), painted)


@pytest.mark.slow
def test_a_palette_by_another_rule_is_told_of_and_painted(folder, painter, tmp_path):
    palette = load_palette(folder / "palette.json")
    (tmp_path / "pages").mkdir()
    shutil.copy(folder / "sketch.png", tmp_path / "pages")
    flags = {"sketch": tmp_path / "pages", "output": tmp_path / "colored"}
    for rule in ("white", "drop"):
        write_palette(tmp_path / "p.json", palette, rule)
        done = colorize(folder, palette=tmp_path / "p.json", **flags)
        assert done.returncode == 0 and done.stderr.count("\n") == (rule == "drop")
        assert_painted(
            tmp_path / "colored" / "sketch.png",
            painter.paint(folder / "sketch.png", colors=palette),
        )
    assert done.stderr.startswith("note: ")
    for word in ("p.json", "--background=drop", "trained with white", "--background=white"):
        assert word in done.stderr


def test_every_other_flag_of_one_sketch(folder, painter):
    """A scan is cleaned and painted by the network, a band in colors of one's own."""
    done = colorize(
        folder,
        sketch="scan.png",
        clean=True,
        reference="reference.png",
        colors="#f00,#00ff00",
        bands="4",
        lines="network",
        gap=0,
        output="scan/painted.png",
        layers="scan/painted.ora",
        attention="scan/maps",
        show="scan/row.png",
    )
    assert (done.returncode, done.stderr) == (0, "")
    names = ["scan/painted.png", "scan/painted.ora", "scan/maps", "scan/row.png"]
    assert done.stdout.split() == names
    maps = [f"maps/attention-{number}.png" for number in range(1, 7)]
    assert written(folder / "scan") == [*maps, "painted.ora", "painted.png", "row.png"]
    palette = painter.palette_of(folder / "reference.png")
    palette[3] = [(255, 0, 0), (0, 255, 0), (255, 0, 0), (255, 0, 0)]
    expected = painter.paint(
        folder / "scan.png", colors=palette, lines="network", clean=True, gap=0
    )
    assert_painted(folder / "scan/painted.png", expected)
    assert read_picture(folder / "scan/maps/attention-1.png").shape == expected.shape


def test_pages_that_are_no_sketch_are_told_of_and_made_one(folder, painter):
    """Light lines are inverted; the lines of a colored page are taken where that is asked for."""
    doll = Dolls(1, seed=8)
    lines = doll.load(next(iter(doll.examples())), 256).sketch
    write_picture(folder / "chalk.png", 230 - (lines // 255) * 200)
    shutil.copy(folder / "reference.png", folder / "painted_page.png")
    pages = {
        "chalk.png": ({}, "light lines on dark paper: inverted"),
        "painted_page.png": ({"recolor": True}, "colored already: its lines are taken out"),
    }
    for name, (flags, note) in pages.items():
        done = colorize(folder, sketch=name, reference="reference.png", output="told.png", **flags)
        assert (done.returncode, done.stderr) == (0, f"note: {name}: {note}\n")
        with pytest.warns(UserWarning, match=note):
            expected = painter.paint(folder / name, folder / "reference.png", **flags)
        assert_painted(folder / "told.png", expected)


def test_what_a_sketch_has_is_kept_color_transparency_resolution(folder):
    """Brown lines on nothing, of 300 pixels an inch."""
    ink = 255 - read_picture(folder / "sketch.png")[..., 0]
    brown = np.dstack([np.broadcast_to(np.uint8([120, 60, 20]), (*ink.shape, 3)), ink])
    Image.fromarray(brown).save(folder / "brown.png", dpi=(300, 300))
    done = colorize(
        folder,
        sketch="brown.png",
        reference="reference.png",
        output="kept/x.png",
        layers="kept/x.ora",
        show="kept/row.png",
    )
    assert (done.returncode, done.stderr) == (0, "")
    picture = Image.open(folder / "kept/x.png")
    assert picture.mode == "RGBA" and picture.getpixel((0, 0))[3] == 0
    assert Image.open(folder / "kept/row.png").mode == "RGB"
    assert np.allclose(picture.info["dpi"], 300, atol=0.02)
    pixels = np.asarray(picture)
    assert (pixels[ink == 255] == (120, 60, 20, 255)).all() and (ink == 255).any()
    assert (pixels[..., 3] >= ink).all()
    with zipfile.ZipFile(folder / "kept/x.ora") as archive:
        assert b'xres="300" yres="300"' in archive.read("stack.xml")
        assert b'name="paper"' not in archive.read("stack.xml")
        lines = Image.open(io.BytesIO(archive.read("data/layer0.png")))
        assert np.allclose(lines.info["dpi"], 300, atol=0.02)


# --- many ----------------------------------------------------------------------------------------


@pytest.fixture(name="pages")
def make_pages(folder, tmp_path):
    """A folder of sketches, in one below it too, two references, and files of every bad kind."""
    for name in ("a.png", "b.png", "sub/a.png", "c.jpg", "c.png"):
        (tmp_path / "pages" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "sketch.png", tmp_path / "pages" / name)
    reference = read_picture(folder / "reference.png")
    write_picture(tmp_path / "references/a.png", reference)
    write_picture(tmp_path / "references/b.png", reference[::-1])
    return tmp_path


def test_a_folder_is_painted_but_for_its_bad_files(folder, painter, pages):
    bad = {name: folder / f"{name}.png" for name in ("text", "empty", "cut", "huge")}
    for name, path in bad.items():
        shutil.copy(path, pages / "pages" / f"{name}.png")
    (pages / "pages/notes.txt").write_text("no picture")
    (pages / "pages/out.jpg").symlink_to(folder / "sketch.png")
    flags = {
        "model": folder / MODEL,
        "sketch": "pages",
        "reference": "references/a.png",
        "output": "pages/out",
        "layers": "layers",
        "attention": "maps",
        "show": "sheet.png",
    }
    done = colorize(pages, **flags)
    assert done.returncode == 1
    *lines, last = done.stderr.splitlines()
    assert last == "error: 6 files could not be painted; see above"
    assert [line.split(":")[1].strip() for line in lines] == [
        "pages/notes.txt",
        "pages/out.jpg",
        *(f"pages/{name}.png" for name in ("cut", "empty", "huge", "text")),
    ]
    assert all(line.startswith("skipped: ") for line in lines)
    assert done.stdout.splitlines()[-2:] == ["pages/out: 5 pictures painted", "sheet.png"]
    names = ["a", "b", "c_jpg", "c_png", "sub/a"]
    assert written(pages / "pages/out") == [f"{name}.png" for name in names]
    assert written(pages / "layers") == [f"{name}.ora" for name in names]
    assert len(written(pages / "maps")) == 6 * len(names)
    assert read_picture(pages / "sheet.png").shape == (9 * 260 + 4, 3 * 260 + 4, 3)
    expected = painter.paint(folder / "sketch.png", pages / "references/a.png")
    for name in names:
        assert_painted(pages / "pages/out" / f"{name}.png", expected)

    # A second run does what is missing, and takes no picture of the first for a sketch.
    for name in bad:
        (pages / "pages" / f"{name}.png").unlink()
    for name in ("notes.txt", "out.jpg", "out/b.png"):
        (pages / "pages" / name).unlink()
    (pages / "pages/out/a.png").write_bytes(b"kept")
    done = colorize(pages, **flags, resume=True, layers_format="psd")
    assert (done.returncode, done.stderr) == (0, "")
    assert written(pages / "layers") == sorted([*(f"{name}.ora" for name in names), "b.psd"])
    assert "pages/out: 1 pictures painted, 4 existed" in done.stdout
    assert (pages / "pages/out/a.png").read_bytes() == b"kept"
    assert_painted(pages / "pages/out/b.png", expected)
    assert written(pages / "pages/out") == [f"{name}.png" for name in names]


def test_a_folder_of_every_format_is_painted(folder, painter, tmp_path, monkeypatch):
    """Its name has brackets and is below the home folder; resolutions are kept."""
    pages = tmp_path / "[Artist] pages"
    pages.mkdir()
    sketch = Image.open(folder / "sketch.png").convert("L")
    kinds = {"a.png": "PNG", "b.jfif": "JPEG", "c.jpe": "JPEG", "d.tif": "TIFF", "e.avif": "AVIF"}
    for name, kind in kinds.items():
        sketch.save(pages / name, kind, dpi=(600, 600))
    whole = (pages / "b.jfif").read_bytes()
    (pages / "f.jpg").write_bytes(whole[:-2])
    (pages / "g.jpg").write_bytes(whole[: -len(whole) // 4])
    (pages / "h.psd").write_bytes(psd([np.asarray(sketch)], GRAY, resources=[resolution(600, 600)]))
    monkeypatch.setenv("HOME", str(tmp_path))
    flags = {"model": folder / MODEL, "palette": folder / "palette.json", "output": "~/painted"}
    done = colorize(tmp_path, sketch="~/[Artist] pages/*", **flags)
    assert done.returncode == 1
    bad, last = done.stderr.splitlines()
    assert bad.startswith(f"skipped: {pages / 'g.jpg'}: the JPEG file is cut off")
    assert last == "error: 1 files could not be painted; see above"
    names = [*"abcdefh"]
    assert written(tmp_path / "painted") == [f"{name}.png" for name in names]
    expected = painter.paint(folder / "sketch.png", colors=load_palette(folder / "palette.json"))
    for name in names:
        with Image.open(tmp_path / "painted" / f"{name}.png") as painted:
            if name != "e":  # Pillow writes no resolution into an AVIF
                assert painted.info["dpi"] == pytest.approx((600, 600), abs=0.02), name
            difference = np.abs(np.asarray(painted).astype(int) - expected)
            assert difference.max() <= 1 if name in "adh" else difference.mean() < 15, name


@pytest.mark.slow
def test_every_sketch_in_the_colors_of_every_reference(folder, painter, pages):
    done = colorize(
        pages,
        model=folder,
        sketch="pages/**/[ab].png",
        reference="references",
        pair="all",
        output="out",
        show="sheets/all.png",
    )
    assert (done.returncode, done.stderr) == (0, "")
    names = [f"{sketch}--{reference}.png" for sketch in ("a", "b", "sub/a") for reference in "ab"]
    assert written(pages / "out") == names
    for name in names:
        reference = pages / "references" / name[-5:]
        assert_painted(pages / "out" / name, painter.paint(folder / "sketch.png", reference))
    assert read_picture(pages / "sheets/all.png").shape == (4 * 260 + 4, 3 * 260 + 4, 3)


def test_sketches_are_paired_by_name_and_what_cannot_be_written_is_told(folder, painter, pages):
    (pages / "out/b.png").mkdir(parents=True)  # where the picture would go
    done = colorize(
        pages, model=folder, sketch="pages/*.png", reference="references/*", output="out"
    )
    assert done.returncode == 1
    first, second, last = done.stderr.splitlines()
    assert first == "skipped: pages/c.png: there is no reference of this name"
    assert second.startswith("skipped: out/b.png: cannot be written")
    assert last == "error: 2 files could not be painted; see above"
    assert "out: 1 pictures painted" in done.stdout
    assert written(pages / "out") == ["a.png"]
    expected = painter.paint(folder / "sketch.png", pages / "references/a.png")
    assert_painted(pages / "out/a.png", expected)


# --- what is wrong -------------------------------------------------------------------------------


# Told before TensorFlow is loaded, and before a picture is painted.
BAD = {
    "no such sketch": ({"sketch": "gone.png"}, "gone.png"),
    "no picture": ({"sketch": "text.png"}, "text.png"),
    "an empty reference": ({"reference": "empty.png"}, "empty.png"),
    "a cut-off reference": ({"reference": "cut.png"}, "cut.png"),
    "a huge reference": ({"reference": "huge.png"}, "30000 x 30000"),
    "a broken palette": ({"palette": "text.png", "reference": None}, "text.png"),
    "both kinds of colors": ({"palette": "palette.json"}, "either"),
    "no colors": ({"reference": None}, "either"),
    "no color of lines": ({"line_color": "brown"}, "line_color='brown': choose keep, black or"),
    "no paper": ({"paper": "glass"}, "paper='glass': choose auto, white, transparent or"),
    "no gap": ({"gap": "wide"}, "gap='wide'"),
    "no color": ({"reference": None, "colors": "#12345"}, "'#12345'"),
    "colors without bands": ({"colors": "#fff"}, "--bands"),
    "too many colors": ({"colors": "#000,#111,#222,#333,#444", "bands": "1"}, "5 colors"),
    "an output of another kind": ({"output": "never.jpg"}, "--output=never.jpg"),
    "a row of another kind": ({"show": "never.jpg"}, "--show=never.jpg"),
    "the sketch itself": ({"output": "sketch.png"}, "sketch.png: would be written over"),
    "the reference itself": ({"show": "./reference.png"}, "would be written over"),
    "a folder without sketches": ({"sketch": "nothing", "output": "never"}, "no pictures"),
    "a pattern of nothing": ({"sketch": "*.bmp", "output": "never"}, "no pictures"),
    "one file for many": ({"sketch": "s*.png"}, "--output=never.png: of many sketches"),
    "a file as the folder": ({"sketch": "s*.png", "output": "palette.json"}, "name a folder"),
    "a format of layers of one": (
        {"layers": "never", "layers_format": "psd"},
        "--layers_format=psd: is for many sketches",
    ),
    "layers of many in one": (
        {"sketch": "s*.png", "output": "never", "layers": "never.ora"},
        "--layers=never.ora: of many sketches",
    ),
    "the sketches themselves": ({"sketch": "s*.png", "output": "."}, "would be written over"),
    "a sheet of many of another kind": (
        {"sketch": "s*.png", "output": "never", "show": "never.gif"},
        "--show=never.gif",
    ),
    "too many for a sheet": (
        {
            "sketch": "s*.png",
            "reference": "many",
            "pair": "all",
            "output": "never",
            "show": "n.png",
        },
        "--show: 1000 pictures are too many",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_that_names_it(folder, case):
    changed, named = BAD[case]
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    flags = {"reference": "reference.png", "output": "never.png", "model": "nowhere"} | changed
    assert_refused(colorize(folder, **flags), named)
    assert not list(folder.rglob("*never*")) and not (folder / "n.png").exists()
    assert before == {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize(
    ("model", "what"),
    [("nowhere", "no such model"), ("model.h5", "not a model"), ("saved", "a SavedModel")],
)
def test_what_is_no_model_is_one_line_that_names_the_formats(folder, tmp_path, model, what):
    (tmp_path / "model.h5").touch()
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved/saved_model.pb").touch()
    path = tmp_path / model
    done = colorize(folder, model=path, reference="reference.png", output="never.png")
    formats = "give a run directory, or a .keras, .tflite or .onnx file"
    assert_refused(done, f"error: {path}: {what}; {formats}")


def test_a_model_of_another_kind_is_one_line_and_makes_no_folder(folder, tmp_path):
    Discriminator(2).save(tmp_path / "judge.keras")
    done = colorize(
        folder,
        model=tmp_path / "judge.keras",
        sketch="s*.png",
        reference="reference.png",
        output=tmp_path / "never",
    )
    assert_refused(done, "judge.keras")
    assert written(tmp_path) == ["judge.keras"]


def test_what_cannot_be_written_is_one_line(folder):
    """Here a file is where a folder is needed."""
    done = colorize(folder, reference="reference.png", output="text.png/never.png")
    assert_refused(done, "text.png", "cannot be written")
    assert (folder / "text.png").read_bytes() == b"no picture"


def test_hints_put_colors_where_they_belong(folder, tmp_path):
    """Of one sketch a file, of many a folder of files named as they are."""
    sketch = np.full((80, 100), 255, np.uint8)
    sketch[[20, 60], 20:81] = sketch[20:61, [20, 80]] = 0
    hints = np.zeros((80, 100, 4), np.uint8)
    hints[38:42, 40:60] = (10, 200, 30, 255)
    for name, picture in (("many/s", sketch), ("many/t", sketch), ("hints/s", hints)):
        write_picture(tmp_path / f"{name}.png", picture)
    colors = {"model": folder / MODEL, "colors": "#e03040"}
    flags = colors | {"sketch": "many/s.png", "output": "s.png", "hints": "hints/s.png"}
    done = colorize(tmp_path, **flags)
    assert done.returncode == 0, done.stderr
    painted = read_picture(tmp_path / "s.png")[40, 30].astype(int)
    assert painted[1] > painted[0] + 60 and painted[1] > painted[2] + 60
    done = colorize(tmp_path, **colors, sketch="many", output="out", hints="hints")
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(
        read_picture(tmp_path / "out/s.png"), read_picture(tmp_path / "s.png")
    )
    assert read_picture(tmp_path / "out/t.png")[40, 30, 1] < painted[1] - 60
    write_picture(tmp_path / "small.png", hints[:, :50])
    (tmp_path / "beside.json").write_text('[{"x": 5, "y": 80, "color": "#fff"}]')
    for name, word in (("small.png", "50 x 80 pixels, but"), ("beside.json", "1. hint: ")):
        assert_refused(colorize(tmp_path, **flags | {"hints": name}), name, word)
    many = colors | {"sketch": "many", "output": "out", "hints": "hints/s.png"}
    assert_refused(colorize(tmp_path, **many), "--hints=hints/s.png", "name a folder")
