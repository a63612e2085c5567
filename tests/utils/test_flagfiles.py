"""Flagfiles: their lines, whose come first, and the experiments of the package."""

import pytest

from tests.helpers.programs import ROOT
from tf_deeppaint.utils.flagfiles import expand_flagfiles

QUICKSTART = [
    line
    for line in (ROOT / "experiments/quickstart.flags").read_text().splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize("name", ["quickstart", "quickstart.flags", "experiments/quickstart.flags"])
def test_an_experiment_of_the_package_is_found_from_any_folder(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    expanded = ["train", *QUICKSTART, "--steps=2"]
    assert expand_flagfiles(["train", f"--flagfile={name}", "--steps=2"]) == expanded
    assert expand_flagfiles(["train", "--flagfile", name, "--steps=2"]) == expanded


def test_an_experiment_that_goes_by_another_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expanded = expand_flagfiles(["--flagfile=experiments/mixture.flags"])
    assert expanded[0].startswith("--data=data/openmoji128,")  # of base.flags
    assert expanded[-2:] == ["--run=runs/mixture", "--head=mixture"]


def test_a_file_of_ones_own_goes_before_that_of_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quickstart").write_text("# mine\n\n  --data=mine  \n// more\n--run=run\n")
    assert expand_flagfiles(["--flagfile=quickstart"]) == ["--data=mine", "--run=run"]


def test_what_follows_two_dashes_is_left_alone():
    arguments = ["palette", "--", "--flagfile=quickstart"]
    assert expand_flagfiles(arguments) == arguments
