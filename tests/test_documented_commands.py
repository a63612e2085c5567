"""Every documented command runs, in the place where its reader stands; long ones in a small form.

A document's commands run in its order, in a folder like a fresh clone after `make train`, beside
the reader's own pictures. What a command names must be there: in the clone, among these, or made
by the commands before it.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.documents import DOCUMENTS, commands_of, named
from tests.helpers.programs import ROOT
from tf_deeppaint.__main__ import VERBS
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.palette.palette_files import write_palette

pytestmark = pytest.mark.slow

CLONE = ("docs", "experiments", "export", "tests", "tf_deeppaint", "tfrecords", "setup.py")
# What is not run, and why.
LEFT_OUT = {
    r"--source=(openmoji|wesnoth|avatars|comicgen|composite|sprites)": "fetches from a network",
    r"experiments\.fetch_twemoji": "fetches from a network",
    r"--benchmark=characters": "fetches from a network",
    r"data/(openmoji|wesnoth|twemoji)": "what was fetched from a network",
    r"--flagfile=experiments/matcher128\w*\.flags$": "what was fetched from a network",
    r"matcher128\w* |out/(averaged|bundled|model)\.(keras|tflite) ": "made of what was fetched",
    r"vgg16_lpips": "the reader's weights",
    r"authors\.keras": "the authors' weights",
    "tf_deeppaint studio": "tests/studio opens the studio",
    r"export\.serving\.client": "tests/serving has a server",
    r"--runner": "tests/data/build/test_beam.py runs it",
    r"tests\.hostile|experiments\.(benchmarks|sketch_kinds|measure_(line_art|margins))": "long",
    r"TF_CONFIG|gpu|8gpu|deeppaint512": "needs GPUs; tests/training/test_flagfiles.py trains it",
}
# Programs, or their verbs, and what makes their work small: flags that are given after the others.
SMALL = {
    "build": ("--size=64", "--workers=1"),
    "train": (
        *("--steps=2", "--width=4", "--batch_size=2", "--size=64", "--validation_records=2"),
        "--log_every=1",  # experiments.compare reads what a finished run has logged
    ),
    "evaluate": ("--features=none", "--nobaselines"),
    "compare": (),
}
# Keeps each command in the folder and imports TensorFlow once for all.
RUN = """
import os, runpy, sys
name, *arguments = sys.argv[1:]
sys.argv = [name, *arguments]
runpy.run_module(name, run_name="__main__", alter_sys=True)
"""


def reason_to_leave_out(command: str) -> str | None:
    return next((why for words, why in LEFT_OUT.items() if re.search(words, command)), None)


def small(program: str, arguments: list[str]) -> list[str]:
    """The arguments of a small form of a command."""
    arguments = [re.sub(r"^--count=\d+$", "--count=40", word) for word in arguments]
    key = arguments[0] if program == "tf_deeppaint" else program.rpartition(".")[2]
    more = SMALL.get(key, ())
    if "--dry_run" in arguments or "--stock" in arguments:
        return arguments
    if "--output=data/figures128" in arguments:  # int8 is calibrated on it, at the model's size
        return [*arguments, "--workers=1"]
    if key == "build" and not any(word.startswith("--count") for word in arguments):
        more = (*more, "--min_size=16")
    return [*arguments, *more]


@pytest.fixture(scope="module", name="clone")
def make_clone(tmp_path_factory) -> Path:
    """A clone after `make train`, and the reader's pictures; to be copied."""
    folder = tmp_path_factory.mktemp("documents") / "clone"
    folder.mkdir()
    for name in CLONE:
        (folder / name).symlink_to(ROOT / name)
    dolls = Dolls(24, seed=5)
    loaded = [dolls.load(example, 128) for example in dolls.examples()]
    picture, sketch = loaded[0].picture, loaded[0].sketch
    for name in ("a.png", "photo.jpg", "pages/one.png", "pages/more/two.png"):
        write_picture(folder / name, sketch)
    figure = np.full((512, 512), 255, np.uint8)  # which the hints of docs/hints.md lie on
    figure[200:504, [180, 300]] = figure[[200, 310, 500], 180:300] = 0
    write_picture(folder / "sketch.png", figure)
    brown = np.where(sketch[..., None] < 128, np.uint8([120, 70, 30]), np.uint8(255))
    write_picture(folder / "brown.png", brown)
    for name in ("reference.png", "b.png", "references/one.png", "references/more/two.png"):
        write_picture(folder / name, picture)
    for number, example in enumerate(loaded):
        write_picture(folder / f"my_pictures/{number}.png", example.picture)
        for post in (f"{number}", f"{number + 1000}"):
            place = folder / f"danbooru/512px/{int(post) % 1000:04d}/{post}.png"
            write_picture(place, example.picture)
        pair = np.concatenate([example.picture, example.sketch[..., None].repeat(3, -1)], axis=1)
        split = "val" if number % 4 == 0 else "train"
        write_picture(folder / f"colorization_pairs/{split}/{number}.png", pair)
        for scheme in ("red", "blue"):
            write_picture(folder / f"mine/colors/{scheme}/{number}.png", example.picture)
        write_picture(folder / f"mine/lines/{number}.png", example.sketch)
        write_picture(folder / f"colors/{number}.png", example.picture)
        write_picture(folder / f"lines/{number}.png", example.sketch)
    write_palette(folder / "palette.json", np.zeros((4, 4, 3), np.uint8))
    shown = re.search(r"```json\n(.*?)```", (ROOT / "docs/hints.md").read_text(), re.DOTALL)
    (folder / "hints.json").write_text(shown[1])
    posts = [
        f'{{"id": "{number}", "file_ext": "png", "rating": "s", '
        '"tags": [{"name": "solo"}, {"name": "white_background"}]}'
        for number in range(24)
    ]
    (folder / "danbooru/metadata").mkdir()
    (folder / "danbooru/metadata/posts.json").write_text("\n".join(posts) + "\n")
    source = ("--source=dolls", "--count=40", "--size=64", "--workers=1", "--background=white")
    run(folder, "tfrecords.build", *source, "--output=data/dolls128")
    run(folder, "tf_deeppaint.train", "--flagfile=experiments/quickstart.flags", *SMALL["train"])
    return folder


def run(folder: Path, program: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, program, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{program} {' '.join(arguments)}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if commands_of(path.read_text())], ids=named
)
def test_the_commands_of_a_document_run(document, clone, tmp_path):
    place = shutil.copytree(clone, tmp_path / "clone", symlinks=True)
    for _, _, program, *arguments in commands_of(document.read_text()):
        if reason_to_leave_out(" ".join([program, *arguments])) is None:
            run(place, program, *small(program, arguments))


def test_most_commands_are_run():
    texts = [" ".join(c[2:]) for path in DOCUMENTS for c in commands_of(path.read_text())]
    assert sum(reason_to_leave_out(text) is None for text in texts) > 40
    used = {
        word for words in LEFT_OUT for word in [words] if any(re.search(word, t) for t in texts)
    }
    assert used == set(LEFT_OUT)


def test_every_extra_that_documents_install_is_one():
    """From a clone, so by its path: pip knows the package by name only where it is installed."""
    extras = set(re.findall(r'^        "(\w+)": ', (ROOT / "setup.py").read_text(), re.M))
    texts = [path.read_text() for path in DOCUMENTS]
    assert {name for text in texts for name in re.findall(r'-e "\.\[(\w+)\]"', text)} <= extras
    assert [text for text in texts if 'install "tf-deeppaint[' in text] == []
    assert "studio" in extras and "colorize" in VERBS
