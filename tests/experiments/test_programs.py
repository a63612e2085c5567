"""Programs outside the package: each answers `--help` at once, and finds what it imports."""

import ast
import importlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.programs import ROOT

FOLDERS = ("experiments", "export", "tfrecords")
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
}
PROGRAMS = [name for name, path in MODULES.items() if '__name__ == "__main__"' in path.read_text()]

# Runs each program in a fork of a process that has imported no more than all of them need.
HELP = """
import contextlib, io, json, os, runpy, sys
import numpy, absl.app
for name in sys.argv[1:]:
    if os.fork() == 0:
        text, status = io.StringIO(), "no exit"
        sys.argv = [name, "--help"]
        try:
            with contextlib.redirect_stdout(text):
                runpy.run_module(name, run_name="__main__", alter_sys=True)
        except SystemExit as exit:
            status = exit.code
        except BaseException as error:
            status = repr(error)
        slow = sorted({"tensorflow", "keras", "torch", "cv2"} & set(sys.modules))
        print(json.dumps([name, status, text.getvalue(), slow]), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module", name="answers")
def ask_for_help() -> dict[str, list]:
    done = subprocess.run(
        [sys.executable, "-c", HELP, *PROGRAMS], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return {name: rest for name, *rest in map(json.loads, done.stdout.splitlines())}


def test_programs_are_found():
    some = {"experiments.compare", "experiments.benchmarks.__main__", "export.onnx"}
    assert some < set(PROGRAMS)
    assert len(PROGRAMS) > 15


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_lists_the_flags_and_imports_no_tensorflow(answers, program):
    status, text, slow = answers[program]
    assert status == 0
    assert flags_of(program) <= set(re.findall(r"--(?:\[no\])?(\w+)", text))
    assert slow == []


def flags_of(program: str) -> set[str]:
    """The flags of a program; those of a `__main__` are declared all over its folder."""
    sources = [MODULES[program]]
    if sources[0].stem == "__main__":
        others = sources[0].parent.glob("*.py")
        sources += [path for path in others if '__name__ == "__main__"' not in path.read_text()]
    sources += [
        ROOT / f"tf_deeppaint/commands/{module}.py"
        for module in re.findall(r"from tf_deeppaint\.commands\.(\w+)", sources[0].read_text())
    ]
    declared = r'(?:DEFINE_\w+|declare_key_flag)\(\s*"(\w+)"'
    names = {name for path in sources for name in re.findall(declared, path.read_text())}
    assert names or program == "experiments.write_options"
    return names


def imports_of(path: Path) -> list[tuple[str, str]]:
    """Modules and names that a file imports from this project, also inside functions."""
    return [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        if node.module.split(".")[0] in ("tf_deeppaint", "experiments", "export", "tfrecords")
    ]


def defined_by(path: Path) -> set[str]:
    """The functions and constants that a file defines."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


@pytest.mark.parametrize("name", MODULES)
def test_every_import_from_this_project_is_there(name):
    for module, attribute in imports_of(MODULES[name]):
        if "torch" in (MODULES.get(f"{module}.{attribute}") or MODULES.get(module) or Path()).name:
            pytest.importorskip("torch")
        if module.startswith("tf_deeppaint.commands."):  # they define flags, several the same
            path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
            assert attribute in defined_by(path), f"{module} has no {attribute}"
            continue
        imported = importlib.import_module(module)
        assert hasattr(imported, attribute) or importlib.util.find_spec(f"{module}.{attribute}"), (
            f"{module} has no {attribute}"
        )


@pytest.mark.parametrize("name", ["keras_workloads", "torch_workloads"])
def test_workloads_are_importable(name):
    if "torch" in name:
        pytest.importorskip("torch")
    importlib.import_module(f"experiments.benchmarks.workloads.{name}")
