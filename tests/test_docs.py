"""The documents: their commands parse, their flagfiles are complete, their links lead somewhere."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.helpers.documents import DOCUMENTS, commands_of, named
from tests.helpers.painters import FakeBackend, tiny_painter
from tests.helpers.programs import ROOT
from tf_deeppaint import Painter
from tf_deeppaint.__main__ import VERBS
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.painting.hints.hint_files import hints_from_json
from tf_deeppaint.painting.litert_backend import LiteRtBackend
from tf_deeppaint.palette.palette_files import write_palette

FLAGFILES = sorted((ROOT / "experiments").glob("*.flags"))

PARSE = """
import argparse, importlib, importlib.util, json, sys
from absl import flags

class Parsed(Exception):
    pass

def parse_only(parser, parse=argparse.ArgumentParser.parse_args):
    parse(parser)
    raise Parsed

name, commands = sys.argv[1], json.loads(sys.argv[2])
is_package = importlib.util.find_spec(name).submodule_search_locations
module = importlib.import_module(f"{name}.__main__" if is_package else name)
argparse.ArgumentParser.parse_args = parse_only
for command in commands:
    if hasattr(module, "argparse"):  # the harnesses under tests/
        sys.argv = [name, *command]
        try:
            module.main()
        except Parsed:
            continue
    flags.FLAGS.unparse_flags()
    for flag in flags.FLAGS:
        flags.FLAGS[flag].unparse()
    rest = flags.FLAGS([name, *command])
    assert len(rest) == 1, rest
"""


def parse(module: str, commands: list[list[str]]) -> subprocess.CompletedProcess:
    if module == "tf_deeppaint":  # by verb: all commands are of one
        length = 2 if commands[0][0] == "export" else 1
        module = f"tf_deeppaint.{VERBS[' '.join(commands[0][:length])][0]}"
        commands = [command[length:] for command in commands]
    return subprocess.run(
        [sys.executable, "-c", PARSE, module, json.dumps(commands)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_documents_hold_commands():
    assert sum(len(commands_of(path.read_text())) for path in DOCUMENTS) > 8


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_command_of_a_document_parses(document):
    by_program: dict[tuple, list] = {}
    for _, _, module, *arguments in commands_of(document.read_text()):
        verb = tuple(word for word in arguments[:2] if not word.startswith("-"))
        by_program.setdefault((module, *verb), []).append(arguments)
    for (module, *_), commands in by_program.items():
        done = parse(module, commands)
        assert done.returncode == 0, f"{module} {commands}: {done.stderr.splitlines()[-1]}"


def test_documents_name_programs_by_their_verbs():
    """So that the commands are those of a clone and of an installed package alike."""
    text = "".join(path.read_text() for path in [*DOCUMENTS, *FLAGFILES])
    modules = set(re.findall(r"python -m ((?:tf_deeppaint|tfrecords|export)\.[\w.]+) ", text))
    assert modules == {"export.serving.client"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_make_target_of_a_document_exists(document):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    blocks = re.findall(r"```sh\n(.*?)```", document.read_text(), re.DOTALL)
    used = {m for block in blocks for m in re.findall(r"^make ([\w-]+)", block, re.MULTILINE)}
    assert used <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_into_the_project_leads_to_a_file(document):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)|<img src=\"([^\"]+)\"", document.read_text())
    for link in (one or other for one, other in links):
        if "://" not in link:
            assert (document.parent / link).exists(), link


@pytest.mark.parametrize("flagfile", FLAGFILES, ids=named)
def test_a_flagfile_is_complete_and_says_how_to_run_it(flagfile):
    assert parse("tf_deeppaint.train", [[f"--flagfile={flagfile}"]]).returncode == 0
    header = [line for line in flagfile.read_text().splitlines() if line.startswith("#")]
    for line in header:
        if match := re.match(r"# (?:Data|Command) +(.*)", line):
            for _, _, module, *arguments in commands_of(f"```sh\n{match[1]}\n```"):
                assert parse(module, [arguments]).returncode == 0, line
    assert f"--flagfile={named(flagfile)}" in flagfile.read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_the_parser_refuses_what_a_program_refuses(document):
    """The checks above can fail: an unknown flag does not parse."""
    for _, _, module, *arguments in commands_of(document.read_text())[:1]:
        assert parse(module, [[*arguments, "--no_such_flag=1"]]).returncode != 0


def test_the_map_names_every_package_and_every_module():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = {
        f"{package}/{module}"
        for package, section in re.findall(r"^### `([\w/]+)/`\n(.*?)(?=^##)", text, re.M | re.S)
        for module in re.findall(r"^\* `(\w+)`: \S", section, re.M)
    }
    library = ROOT / "tf_deeppaint"
    modules = {path.relative_to(library).with_suffix("") for path in library.glob("*/**/*.py")}
    on_disk = {str(module) for module in modules if not module.name.startswith("__")}
    assert named == on_disk
    rows = set(re.findall(r"^\| `([\w/]+)/` \| ", text, re.M))
    assert rows == {module.rpartition("/")[0] for module in on_disk} - {
        "data/sources/dolls",
        "data/sources/dolls/adults",
        "data/sources/characters",
        "images/formats",
    }


def test_the_paths_that_the_map_leads_to_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    paths = set(re.findall(r"`((?:tf_deeppaint|tests|experiments|export)/[\w/.]*)`", text))
    assert len(paths) > 10
    assert {path for path in paths if not (ROOT / path).exists()} == set()


def test_the_python_on_the_page_about_coloring_runs(tmp_path, monkeypatch):
    """In one go, as a reader would, with a tiny model in the place of the one of the package."""
    painter = tiny_painter("mixture")
    monkeypatch.setattr(Painter, "load", lambda *_: painter)
    monkeypatch.chdir(tmp_path)
    drawing = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    for name in ("sketch.png", "reference.png", "photo.jpg"):
        write_picture(tmp_path / name, drawing)
    text = (ROOT / "docs/coloring.md").read_text()
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    exec(compile(code, "docs/coloring.md", "exec"), {})
    made = {path.name for path in tmp_path.iterdir()}
    assert made >= {"painted.png", "feet-3b5dc9.png", "feet-c0392b.png", "painted.psd"}


def test_what_the_page_about_hints_shows_runs(tmp_path, monkeypatch):
    """In one go, the line that is shown first last; and the JSON is one of hints."""
    monkeypatch.setattr(Painter, "load", lambda *_: Painter(FakeBackend()))
    monkeypatch.chdir(tmp_path)
    sketch = np.full((512, 512), 255, np.uint8)
    sketch[200:504, [180, 300]] = sketch[[200, 310, 500], 180:300] = 0
    for name in ("sketch.png", "reference.png"):
        write_picture(tmp_path / name, sketch)
    text = (ROOT / "docs/hints.md").read_text()
    first, *rest = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile("\n".join([*rest, first]), "docs/hints.md", "exec"), {})
    assert {path.name for path in tmp_path.iterdir()} >= {"hinted.png", "right.png"}
    (listed,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert [len(hint.points) > 1 for hint in hints_from_json(listed.encode(), "x")] == [False, True]


def test_the_page_about_litert_paints_and_foretells_every_error(
    litert_model, tmp_path, monkeypatch
):
    """The bare interpreter, with a tiny model: the pictures are those of the Painter's backend."""
    rng = np.random.default_rng(1)
    sketch = np.where(rng.random((40, 64)) < 0.1, 0, 255).astype(np.uint8)
    palette = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    monkeypatch.chdir(tmp_path)
    shutil.copy(litert_model[1], "model.tflite")
    write_picture("sketch.png", sketch)
    write_palette("palette.json", palette)
    text = (ROOT / "docs/litert.md").read_text()
    names: dict = {}
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    exec(compile(code, "docs/litert.md", "exec"), names)

    backend = LiteRtBackend("model.tflite")
    canvas = np.pad(sketch, ((12, 12), (0, 0)), constant_values=255)
    (prediction,) = backend.run(canvas[None], palette[None])
    painted = read_picture("painted.png").astype(int)
    np.testing.assert_allclose(painted, prediction.picture(), atol=1)
    turned = prediction.recolor(np.ascontiguousarray(palette[:, ::-1])).picture()
    np.testing.assert_allclose(read_picture("recolored.png").astype(int), turned, atol=1)
    assert np.abs(painted - turned).max() > 5

    names["index"] = names["expected"]["sketch"]["index"]
    rows = re.findall(r"^\| `([^`|]*\(.*)` \| `([^`]+)` \| ", text, re.MULTILINE)
    assert len(rows) == 11
    for call, message in rows:
        with pytest.raises((ValueError, RuntimeError, AttributeError), match=re.escape(message)):
            exec(call, names)
        if call.startswith("run("):
            names["run"](sketch=names["sketch"], palette=names["palette"])
    for shape in ((64, 64), (1, 64, 64, 1)):  # what is painted without a word
        with pytest.raises(ValueError, match=r"sketch: uint8 .* needed: uint8 \(1, 64, 64\)"):
            names["check"]("sketch", names["sketch"].reshape(shape))


def test_the_python_of_the_readme_paints(tmp_path, monkeypatch):
    """With the bundled model and the pictures that it names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    exec(compile(python_of("README.md"), "README.md", "exec"), {})
    painted = read_picture("out.png")
    assert painted.shape[:2] == read_picture("docs/pictures/sketch.png").shape[:2]
    assert painted.std() > 10


def test_the_python_on_how_it_works_and_on_export_runs(tmp_path, monkeypatch):
    """Fragments, which use what their pages speak of."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    network = tiny_painter("mixture").backend.generator
    names = {
        "picture": picture,
        "generator": network,
        "sketch": np.ones((1, 64, 64, 3), np.float32),
        "other_palette": rng.uniform(-1, 1, (1, 4, 4, 3)).astype(np.float32),
    }
    first, second = python_of("docs/how-it-works.md").split("from tf_deeppaint.networks")
    exec(compile(first.replace("512", "64"), "docs/how-it-works.md", "exec"), names)
    assert names["palette"].shape == (4, 4, 3) and names["histogram"].shape == (64, 64, 12)
    names["histogram"] = names["histogram"][None]
    exec(compile("from tf_deeppaint.networks" + second, "docs/how-it-works.md", "exec"), names)
    assert names["picture"].shape == (1, 64, 64, 3)
    (tmp_path / "runs/quickstart").mkdir(parents=True)
    network.save("runs/quickstart/generator.keras")
    exec(compile(python_of("export/README.md"), "export/README.md", "exec"), names)
    assert names["picture"].shape == (1, 64, 64, 3) and len(names["attention"]) == 6


def python_of(document: str) -> str:
    """The Python of a document, in one piece."""
    text = (ROOT / document).read_text()
    return "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))


def test_a_test_runs_the_python_of_every_document():
    texts = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]
    running = [text for text in texts if re.search(r"\bexec\(|\[sys\.executable, \"-c\"", text)]
    pages = {named(path) for path in DOCUMENTS if "```python" in path.read_text()}
    assert len(pages) > 8
    assert {page for page in pages if not any(f'"{page}"' in text for text in running)} == set()


@pytest.mark.slow
def test_the_python_on_the_page_about_training_trains_saves_and_paints(
    doll_shards, tmp_path, monkeypatch
):
    """All of it, on a few small drawings in the place of the quickstart's."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(doll_shards, tmp_path / "data/dolls128")
    drawing = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    for name in ("sketch.png", "reference.png"):
        write_picture(tmp_path / name, drawing)
    text = (ROOT / "docs/training.md").read_text()
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    code = code.replace("128", "64").replace("dolls64", "dolls128").replace("epochs=3", "epochs=1")
    names: dict = {}
    exec(compile(code, "docs/training.md", "exec"), names)
    for number, network in enumerate(("own_discriminator", "own_loss", "own_generator"), start=1):
        painted = read_picture(f"painted_{number}.png")
        assert painted.shape == drawing.shape and painted.std() > 0
        assert (tmp_path / f"{network}.keras").is_file()
    terms = names["model"].generator_losses
    assert "saturation" in names["Saturated"].metric_names and callable(terms)
