"""The wheel alone, in an empty folder: every verb of `deeppaint` does its work."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import urllib.request
import venv
from pathlib import Path

import pytest

from tests.helpers.programs import ROOT
from tf_deeppaint.__main__ import VERBS

pytestmark = pytest.mark.slow
SOURCES = ("tf_deeppaint", "experiments", "setup.py", "pyproject.toml", "README.md", "LICENSE")
SKETCH, REFERENCE = (ROOT / "docs/pictures" / name for name in ("sketch.png", "reference.png"))


@pytest.fixture(scope="module", name="installed")
def install(tmp_path_factory) -> Path:
    """An environment of the wheel and, seen from outside, of the libraries that it needs."""
    pytest.importorskip("setuptools", reason="builds the wheel")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        path = ROOT / name
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", f"--wheel-dir={folder}"]
    subprocess.run([*pip, *build, str(source)], check=True, env=plain_environment())
    (wheel,) = folder.glob("*.whl")

    environment = folder / "venv"
    venv.create(environment)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = ["install", "--no-deps", "--no-index", "--ignore-installed", str(wheel)]
    subprocess.run([*pip, f"--python={python}", *install], check=True, env=plain_environment())
    # A path in a .pth file: the editable installation there is not followed.
    (package,) = environment.glob("**/site-packages")
    (package / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


@pytest.fixture(scope="module", name="folder")
def make_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("empty")


def command(installed: Path, *arguments: object) -> list[str]:
    return [str(installed / "deeppaint"), *map(str, arguments)]


def plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(installed: Path, folder: Path, *arguments: object) -> str:
    """Runs the command from a folder; what it printed."""
    done = subprocess.run(
        command(installed, *arguments),
        cwd=folder,
        env=plain_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def test_what_is_in_the_wheel_is_all_that_is_imported(installed, folder):
    code = "import tf_deeppaint; print(tf_deeppaint.__file__)"
    done = subprocess.run(
        [installed / "python", "-c", code], cwd=folder, env=plain_environment(), capture_output=True
    )
    home = Path(done.stdout.decode().strip()).parent
    assert home.is_relative_to(installed.parent)
    flagfiles = {path.name for path in (home / "experiments").iterdir()}
    assert flagfiles == {path.name for path in (ROOT / "experiments").glob("*.flags")}
    in_clone = {
        str(path.relative_to(ROOT / "tf_deeppaint"))
        for path in (ROOT / "tf_deeppaint").rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".md")
    }
    packed = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    assert in_clone <= packed


# The work of every verb, small; in this order, each with what the ones before it have made.
MODEL = "--model=run"
WORK = {
    "colorize": (f"--sketch={SKETCH}", f"--reference={REFERENCE}", "--output=painted.png"),
    "palette": (f"--picture={REFERENCE}", "--output=palette.json", "--swatches=palette.png"),
    "build": ("--source=dolls", "--count=24", "--size=64", "--output=data", "--workers=2"),
    "show": ("--data=data", "--output=sheet.png"),
    "verify": ("--data=data",),
    "train": (
        *("--flagfile=quickstart", "--data=data", "--run=run", "--width=4", "--steps=2"),
        *("--head=mixture", "--batch_size=2"),
    ),
    "evaluate": ("--data=data", "--features=none", MODEL, "--output=report"),
    "export saved_model": (MODEL, "--output=models/1"),
    "export litert": (MODEL, "--output=model.tflite"),
    "export onnx": (MODEL, "--output=model.onnx"),
    "export keras": (MODEL, "--output=half.keras", "--precision=float16"),
    "export verify": (MODEL, "--artifact=model.tflite", "--data=data"),
}
MADE = (
    *("painted.png", "palette.json", "palette.png", "data/manifest.json", "sheet.png"),
    *("run/generator.keras", "models/1/saved_model.pb", "model.tflite", "model.onnx", "half.keras"),
)


def test_every_verb_is_tried():
    assert {*WORK, "studio", "import-torch"} == set(VERBS)


def test_every_verb_works_from_an_empty_folder(installed, folder):
    for verb, arguments in WORK.items():
        if verb == "export onnx":
            pytest.importorskip("tf2onnx")
        said = run(installed, folder, *verb.split(), *arguments)
        if verb == "train":
            assert re.match(r"training on .+ in float32\n", said)
            (session,) = json.loads((folder / "run/sessions.json").read_text())
            assert session["last_step"] == 2 and session["commit"] is None
    assert [name for name in MADE if not (folder / name).is_file()] == []
    assert run(installed, folder, "--version").startswith("deeppaint ")


def test_the_authors_weights_are_read_or_the_extra_is_named(installed, folder):
    output = folder / "authors.keras"
    (folder / "none.pth.tar").write_bytes(b"no checkpoint")
    arguments = ("--checkpoint=none.pth.tar", f"--output={output}")
    done = subprocess.run(
        command(installed, "import-torch", *arguments),
        cwd=folder,
        env=plain_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    if "torch is missing" in done.stderr:
        assert 'pip install "tf-deeppaint[torch]"' in done.stderr
    else:
        assert "none.pth.tar" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent by a signal")
def test_the_studio_opens(installed, folder):
    pytest.importorskip("gradio")
    process = subprocess.Popen(
        command(installed, "studio", "--port=0"),
        cwd=folder,
        env=plain_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = None
        for line in process.stdout:
            if address := re.search(r"http://127\.0\.0\.1:\d+", line):
                break
        with urllib.request.urlopen(address[0], timeout=60) as answer:
            assert answer.status == 200
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert process.returncode == 0
