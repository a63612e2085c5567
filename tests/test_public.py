"""The package's public names: all there, and cheap until used."""

import re
import subprocess
import sys

import pytest

import tf_deeppaint
from tests.helpers.programs import ROOT

NAMES = [
    "ColorMatcher",
    "ColorMatching",
    "DeepPaint",
    "DeepPaintError",
    "Discriminator",
    "Generator",
    "Painter",
    "PaintingNetwork",
    "UNet",
    "extract_palette",
    "palette_to_histogram",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_can_be_imported(name):
    assert name in dir(tf_deeppaint)
    assert getattr(tf_deeppaint, name).__name__ == name


def test_the_data_sets_are_a_public_name():
    from tf_deeppaint import datasets

    assert callable(datasets.load) and "datasets" in dir(tf_deeppaint)


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


def test_coloring_data_and_training_need_no_module_that_windows_lacks():
    """Every module is found by its path, so that what is imported inside functions counts too."""
    missing = {"fcntl", "grp", "pwd", "resource", "termios"}
    studio = ROOT / "tf_deeppaint" / "studio"
    paths = [p for p in (ROOT / "tf_deeppaint").rglob("*.py") if studio not in p.parents]
    assert len(paths) > 150
    bare = {
        (path.name, name)
        for path in paths
        for name in re.findall(r"^(?:import|from) (\w+)", path.read_text(), re.MULTILINE)
        if name in missing
    }
    assert bare == set()


def test_the_networks_need_tensorflow():
    assert imports_tensorflow("from tf_deeppaint import Generator")


# What imports what first; Keras comes with TensorFlow too.
ORDERS = {
    "ours first": "import tf_deeppaint; import keras",
    "Keras first": "import keras; import tf_deeppaint",
    "TensorFlow": "import tf_deeppaint; import tensorflow; keras = tensorflow.keras",
    "the Painter": "from tf_deeppaint import Painter; import keras",
    "one of our modules": "import tf_deeppaint.training.optimizers; import keras",
    "only asked": "import importlib.util as u, tf_deeppaint; u.find_spec('keras'); import keras",
}


@pytest.fixture(name="files", scope="module")
def write_files(tmp_path_factory):
    """A `.keras` file of every kind of network, and a compiled one."""
    from tests.helpers.small_networks import NETWORKS

    folder = tmp_path_factory.mktemp("files")
    paths = [folder / f"{name}.keras" for name in ("mixture", "U-Net", "matcher")]
    for path in paths:
        NETWORKS[path.stem](2).save(path)
    tf_deeppaint.Discriminator(2).save(folder / "discriminator.keras")
    return [*paths, folder / "discriminator.keras"]


@pytest.mark.slow
@pytest.mark.parametrize("imports", ORDERS.values(), ids=ORDERS)
def test_keras_finds_the_classes_in_any_order_of_imports(imports, files):
    code = f"""{imports}
import sys
loaded = [keras.models.load_model(path) for path in sys.argv[1:]]
print(*(f"{{type(x).__module__}}.{{type(x).__name__}}" for x in loaded))
"""
    command = [sys.executable, "-c", code, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "tf_deeppaint.networks.generator.Generator",
        "tf_deeppaint.networks.unet.UNet",
        "tf_deeppaint.networks.matcher.color_matcher.ColorMatcher",
        "tf_deeppaint.networks.discriminator.Discriminator",
    ]


def test_keras_knows_the_name_of_every_class_before_it_is_imported():
    """The names are those that the modules of the package register."""
    pattern = re.compile(r"register_keras_serializable\(PACKAGE\)\nclass (\w+)")
    sources = [path.read_text() for path in (ROOT / "tf_deeppaint").rglob("*.py")]
    written = {name for source in sources for name in pattern.findall(source)}
    assert len(written) > 10
    code = """
import sys, types
known = {}  # of a Keras that takes no seconds to import
sys.modules["keras"] = types.ModuleType("keras")
sys.modules["keras"].saving = types.SimpleNamespace(get_custom_objects=lambda: known)
import tf_deeppaint
print(*known)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = {name.partition(">")[2] for name in done.stdout.split()}
    assert names == written
