"""Pages of functions and classes: made of the docstrings, and the names they lead to exist."""

import re
import subprocess
import sys

import pytest

from tests.helpers.programs import ROOT


def test_every_import_on_the_page_about_the_api_works():
    text = (ROOT / "docs/api.md").read_text()
    imports = re.findall(r"^\| `(from [^`]+)` \| ", text, re.MULTILINE)
    assert len(imports) >= 8
    names: dict = {}
    for line in imports:
        exec(line, names)
    assert {"datasets", "DeepPaint", "Painter", "evaluate", "train"} <= names.keys()


@pytest.mark.slow
def test_the_pages_are_made_of_the_docstrings(tmp_path):
    pytest.importorskip("pdoc", reason="comes with the `dev` extra")
    recipe = re.search(r"^api:.*\n\t(.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    options = recipe.split("-m pdoc ")[1].split(" $(PUBLIC")[0].split()
    options[options.index("out/api")] = str(tmp_path)
    modules = [f"tf_deeppaint.{name}" for name in ("data.loading", "painting.painter")]
    command = [sys.executable, "-m", "pdoc", *options, *modules]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    painter = (tmp_path / "tf_deeppaint/painting/painter.html").read_text()
    assert "Colors sketches of any size in the colors of a reference." in painter
    loading = (tmp_path / "tf_deeppaint/data/loading.html").read_text()
    assert "fit" in loading and "load_training" in loading
