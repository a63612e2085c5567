"""The command `deeppaint`: every verb is a program; pipes, terminals and mistakes of any kind."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tf_deeppaint
from tests.helpers.programs import ROOT, assert_refused, run
from tf_deeppaint.__main__ import VERBS

COMMAND = [sys.executable, "-m", "tf_deeppaint"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_program_whose_help_names_it(verb):
    program = importlib.util.find_spec(f"tf_deeppaint.{VERBS[verb][0]}")
    text = Path(program.origin).read_text()
    assert f"deeppaint {verb}" in text.split('"""')[1]
    assert "\ndef main() -> None:\n" in text


def test_the_verbs_are_listed_and_the_version_is_told():
    listed = run("tf_deeppaint")
    assert re.findall(r"^    (\S+(?: \S+)?)  ", listed.stdout, re.M) == list(VERBS)
    assert max(map(len, listed.stdout.splitlines())) <= 80
    assert run("tf_deeppaint", "--help").stdout == listed.stdout
    exports = run("tf_deeppaint", "export").stdout
    assert exports.count("\n    export ") == sum(verb.startswith("export ") for verb in VERBS)
    assert run("tf_deeppaint", "--version").stdout == f"deeppaint {tf_deeppaint.__version__}\n"


def test_a_verb_has_the_flags_and_the_help_of_its_program():
    by_verb = run("tf_deeppaint", "build", "--help").stdout
    assert by_verb == run("tfrecords.build", "--help").stdout
    assert "python -m tf_deeppaint build --source=folder" in by_verb and "--near" not in by_verb


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["colorise"], ["'colorise' is not a verb", "did you mean colorize?"]),
        (["export", "tflite"], ["'export tflite' is not a verb"]),
        (["xyzzy"], ["`python -m tf_deeppaint --help` lists them"]),
        (["palette", "--picure=a.png"], ["picure"]),
        (["train", "--flagfile=quickstrat"], ["quickstrat", "does not exist"]),
        (["train", "--flagfile=quickstart", "--widht=2"], ["widht"]),
    ],
)
def test_a_mistake_is_one_line(arguments, words):
    assert_refused(run("tf_deeppaint", *arguments), *words)


def environment(**variables: str) -> dict[str, str]:
    """The environment without what shows the way to an installed `deeppaint`."""
    own = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return {**os.environ, **own, **variables}


@pytest.mark.parametrize(
    "variables",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"NO_COLOR": "1", "TERM": "dumb"},
        {"COLUMNS": "80"},
    ],
    ids=lambda variables: " ".join(variables),
)
def test_what_is_printed_is_plain_whatever_the_terminal(tmp_path, variables):
    command = [*COMMAND, "palette", "--colors=#f4c7a1", "--output=setup.py/é/p.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, env=environment(**variables))
    assert done.returncode == 1 and done.stderr.startswith(b"error: ")
    assert done.stderr.count(b"\n") == 1 and b"\x1b" not in done.stderr + done.stdout
    folder = tmp_path / "für"
    command = [*COMMAND, "palette", "--colors=#f4c7a1", f"--output={folder}/p é.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, env=environment(**variables))
    assert (done.returncode, done.stderr) == (0, b"")
    assert [path.name for path in folder.iterdir()] == ["p é.json"]


@pytest.mark.parametrize("verb", ["studio", "evaluate", "import-torch"])
def test_help_fills_the_lines_of_a_terminal_but_not_of_a_command(verb):
    done = subprocess.run(
        [*COMMAND, verb, "--help"], cwd=ROOT, capture_output=True, env=environment(COLUMNS="60")
    )
    about = done.stdout.decode().partition("\nflags:\n")[0]
    lines = [line for line in about.splitlines() if not line.startswith("    ")]
    assert max(map(len, lines)) <= 60 and f" {verb} " in about
    assert "\n    python -m tf_deeppaint" in about


@pytest.mark.parametrize("shell", ["{} | head -1", "{} >&-", "{} 2>&-", "{} </dev/null"])
def test_verbs_go_on_without_readers(shell):
    line = shell.format(f"{sys.executable} -m tf_deeppaint --help")
    bash = ["bash", "-o", "pipefail", "-c", line]
    done = subprocess.run(bash, capture_output=True, text=True, env=environment())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("deeppaint VERB") or ">&-" in shell
