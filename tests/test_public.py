"""The package's public names: all there, and cheap until used."""

import subprocess
import sys

import pytest

import tf_deeppaint
from tests.helpers.programs import ROOT

NAMES = [
    "DeepPaint",
    "DeepPaintError",
    "Discriminator",
    "Generator",
    "Painter",
    "extract_palette",
    "palette_to_histogram",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_can_be_imported(name):
    assert name in dir(tf_deeppaint)
    assert getattr(tf_deeppaint, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Coloriser'"):
        _ = tf_deeppaint.Coloriser


def imports_tensorflow(statement: str) -> bool:
    code = f"{statement}\nimport sys; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip() == "True"


@pytest.mark.parametrize(
    "statement", ["import tf_deeppaint", "from tf_deeppaint import extract_palette"]
)
def test_tensorflow_is_imported_only_where_it_is_needed(statement):
    assert not imports_tensorflow(statement)


def test_pictures_palettes_line_art_and_sources_load_no_heavy_library():
    """Importing every module of these packages loads neither TensorFlow nor Keras nor Gradio."""
    packages = ("utils", "images", "palette", "line_art", "data/sources")
    paths = (path for name in packages for path in (ROOT / "tf_deeppaint" / name).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    light = [name for name in names if not name.endswith(("__main__", "graph"))]
    assert len(light) > 30
    code = f"import {', '.join(light)}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras", "gradio", "torch"} & set(done.stdout.split())


def test_the_networks_need_tensorflow():
    assert imports_tensorflow("from tf_deeppaint import Generator")
