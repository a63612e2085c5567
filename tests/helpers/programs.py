"""Programs run as people run them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Seconds after which a program hangs. It is no measure of its speed: an export of the bundled model
# takes half a minute of one core, and over two minutes where other programs have the cores too.
PATIENCE_S = 600


def run(program: str, *arguments, python=()) -> subprocess.CompletedProcess:
    """Runs `python -m PROGRAM`, without the variables that the tests themselves have set."""
    own = ("OPENCV_LOG_LEVEL", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")
    return subprocess.run(
        [sys.executable, *python, "-m", program, *map(str, arguments)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in own},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def assert_refused(process: subprocess.CompletedProcess, *words: str) -> None:
    assert process.returncode == 1
    assert process.stderr.startswith("error: ")
    assert process.stderr.count("\n") == 1 and process.stderr.endswith("\n")
    for word in words:
        assert word in process.stderr
