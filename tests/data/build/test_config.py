"""The options of a build: what they may be, and what the manifest holds of them."""

import dataclasses
import hashlib

import pytest

from tf_deeppaint.data.build.config import BuildConfig, check_config
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 0}, "size=0"),
        ({"size": 100}, "size=100: a multiple of 64"),
        ({"size": 8256}, "size=8256"),
        ({"background": "none"}, "--background=none"),
        ({"sketch": ()}, "sketch="),
        ({"sketch": ("own", "crayon")}, "--sketch=own,crayon"),
        ({"sketch": ("own", "own")}, "names a style twice"),
        ({"sketch": ("sketchkeras",)}, "needs --network=FILE"),
        ({"fit": "squash"}, "--fit=squash"),
        ({"max_enlargement": 0.5}, "max_enlargement=0.5"),
        ({"max_enlargement": float("nan")}, "max_enlargement=nan"),
        ({"network": "none.keras"}, "none.keras"),
    ],
    ids=str,
)
def test_a_config_that_is_not_allowed_is_refused(change, message):
    with pytest.raises(DeepPaintError) as caught:
        check_config(dataclasses.replace(BuildConfig(64, "drop"), **change))
    assert message in str(caught.value)


def test_the_manifest_holds_json_and_the_network_by_its_digest(tmp_path):
    network = tmp_path / "mod.h5"
    network.write_bytes(b"weights")
    options = BuildConfig(128, "white", ("thin", "own"), str(network)).manifest_options()
    assert options == {
        "size": 128,
        "background": "white",
        "sketch": ["thin", "own"],
        "network": hashlib.sha256(b"weights").hexdigest(),
        "fit": "pad",
        "max_enlargement": 2.0,
        "min_size": 64,
        "drop_duplicates": False,
    }
