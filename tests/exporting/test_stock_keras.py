"""The stock Keras model: the same pictures, and a file that needs nothing of this package."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from tests.helpers.small_networks import NETWORKS, inputs, make_network
from tf_deeppaint.exporting.stock_keras import make_stock_model
from tf_deeppaint.utils.errors import DeepPaintError

# Loads a model where this package cannot be imported, and paints with it.
ELSEWHERE = """
import sys
class Blocked:
    def find_spec(self, name, *_):
        if name.split(".")[0] == "tf_deeppaint":
            raise ImportError(name)
sys.meta_path.insert(0, Blocked())
import keras, numpy as np
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
given = dict(np.load(sys.argv[2]))
np.savez(sys.argv[3], **{name: np.asarray(value) for name, value in model(given).items()})
assert "tf_deeppaint" not in sys.modules
"""


def expected_of(network, given: dict) -> dict:
    image, maps = network(given, return_attention=True)
    found = {"image": image} | {f"attention_{stage}": level for stage, level in enumerate(maps)}
    if network.head_kind == "mixture":
        mixture, _ = network.forward(given)
        found |= mixture._asdict()
    return found


def assert_same(found: dict, expected: dict) -> None:
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_stock_model_gives_what_its_network_gives(name):
    network = make_network(name)
    # Of instance norms a canvas of 64 pixels leaves no gate signal.
    side = 128 if name == "instance" else 64
    given = inputs(side, side)
    expected = expected_of(network, given)
    assert np.asarray(expected["image"]).std() > 0.02
    assert_same(make_stock_model(network, side)(given), expected)


def test_on_flat_paper_where_all_ties_the_first_still_wins():
    network = make_network("rgb")
    given = {name: np.ones_like(values[:1]) for name, values in inputs(64, 64).items()}
    assert_same(make_stock_model(network)(given), expected_of(network, given))


def test_another_size_is_another_canvas():
    network = make_network("mixture")
    given = inputs(128, 128)
    model = make_stock_model(network, 128)
    assert model.get_layer("sketch").batch_shape == (None, 128, 128, 3)
    assert_same(model(given), expected_of(network, given))


@pytest.mark.parametrize("size", [0, -64, 100])
def test_a_size_that_is_not_halved_six_times_is_refused(size):
    with pytest.raises(DeepPaintError, match=f"--size={size}: a multiple of 64"):
        make_stock_model(make_network("U-Net"), size)


def test_a_saved_stock_model_paints_where_this_package_is_not(tmp_path):
    network, given = make_network("mixture"), inputs(64, 64)
    paths = [tmp_path / name for name in ("plain.keras", "given.npz", "found.npz")]
    make_stock_model(network).save(paths[0])
    np.savez(paths[1], **given)
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *paths], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert_same(dict(np.load(paths[2])), expected_of(network, given))
    with zipfile.ZipFile(paths[0]) as archive:
        config = archive.read("config.json").decode()
    assert "tf_deeppaint" not in config and "Lambda" not in config
    names = [layer["name"] for layer in json.loads(config)["config"]["layers"]]
    assert len(names) == len(set(names))
