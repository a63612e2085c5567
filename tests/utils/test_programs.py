"""How every program starts, and parses its command line."""

import os
import subprocess
import sys

import pytest
from absl import flags

from tests.helpers.programs import ROOT
from tf_deeppaint.utils import programs


@pytest.fixture(name="registry")
def make_registry(monkeypatch):
    """Flags of every kind that programs define, in the place of absl's own."""
    registry = flags.FlagValues()
    flags.DEFINE_string("sketch", None, "", flag_values=registry)
    flags.DEFINE_string("output", "~/out", "", flag_values=registry)
    flags.DEFINE_string("colors", None, "", flag_values=registry)
    flags.DEFINE_list("data", [], "", flag_values=registry)
    flags.DEFINE_multi_string("option", [], "", flag_values=registry)
    flags.DEFINE_integer("width", 64, "", flag_values=registry)
    flags.DEFINE_string("flagfile", "", "", flag_values=registry)
    monkeypatch.setattr(programs.flags, "FLAGS", registry)
    monkeypatch.setenv("HOME", "/home/reader")
    return registry


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("~/a.png", "/home/reader/a.png"),
        ("~", "/home/reader"),
        ("~/[Artist] pages/*.png", "/home/reader/[Artist] pages/*.png"),
        ("~nobody-of-this-name/a.png", "~nobody-of-this-name/a.png"),
        ("a~/b.png", "a~/b.png"),
        ("./~/b.png", "./~/b.png"),
        ("gs://bucket/~/b", "gs://bucket/~/b"),
    ],
)
def test_a_tilde_in_front_of_a_path_is_the_home_folder(registry, given, expected):
    programs._parse(["program", f"--sketch={given}", f"--data=x,{given}", "--option", given])
    assert registry["sketch"].value == expected
    assert registry["data"].value == ["x", expected]
    assert registry["option"].value == [expected]
    assert registry["output"].value == "/home/reader/out"


def test_a_tilde_in_a_flagfile_too(registry, tmp_path):
    (tmp_path / "some.flags").write_text("--sketch=~/a.png\n--colors=#fff\n")
    programs._parse(["program", f"--flagfile={tmp_path / 'some.flags'}"])
    assert (registry["sketch"].value, registry["colors"].value) == ("/home/reader/a.png", "#fff")
    assert registry["width"].value == 64


@pytest.mark.parametrize(("given", "found"), [(None, "1"), ("0", "0")])
def test_programs_turn_on_the_fast_convolutions_unless_told_otherwise(given, found):
    """TensorFlow reads the variable when it is imported, which is in `main`."""
    ask = "import os; from tf_deeppaint.utils import programs\n"
    ask += "programs.run(lambda: print(os.environ['TF_ENABLE_ONEDNN_OPTS']))"
    environment = dict(os.environ)
    environment.pop("TF_ENABLE_ONEDNN_OPTS", None)
    if given is not None:
        environment["TF_ENABLE_ONEDNN_OPTS"] = given
    shown = subprocess.check_output(
        [sys.executable, "-c", ask], cwd=ROOT, env=environment, text=True
    )
    assert shown.strip() == found
