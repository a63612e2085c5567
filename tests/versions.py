"""Runs the tests with the oldest and the newest releases allowed, and on other Pythons.

    python -m tests.versions
    python -m tests.versions --only=lowest -- tests/utils

Each has an environment of its own, `.venv-NAME`, which uv fills. Pythons that are not there are
left out with a word.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Environment(NamedTuple):
    """A Python, and which releases of the dependencies that are allowed."""

    name: str
    python: str
    resolution: str


ENVIRONMENTS = (
    Environment("lowest", "python3.11", "lowest-direct"),
    Environment("highest", "python3.13", "highest"),
    Environment("3.11", "python3.11", "highest"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=[e.name for e in ENVIRONMENTS])
    parser.add_argument("pytest", nargs="*", help="arguments of pytest, after --")
    chosen = parser.parse_args()
    outcomes = {
        environment.name: _try(environment, chosen.pytest)
        for environment in ENVIRONMENTS
        if environment.name in (chosen.only or [environment.name])
    }
    for name, outcome in outcomes.items():
        print(f"{name}: {outcome}")
    sys.exit(any(outcome == "failed" for outcome in outcomes.values()))


def _try(environment: Environment, arguments: list[str]) -> str:
    python = _find(environment.python)
    if python is None:
        return f"left out, there is no {environment.python}"
    folder = ROOT / f".venv-{environment.name}"
    own = folder / "bin" / "python"
    if not own.is_file():
        subprocess.run([python, "-m", "venv", folder], check=True)
    subprocess.run([own, "-m", "pip", "install", "--quiet", "uv"], check=True)
    install = [own, "-m", "uv", "pip", "install", "--quiet", "--python", own]
    install += ["--resolution", environment.resolution, "--upgrade", "--editable", ".[dev]"]
    if subprocess.run(install, cwd=ROOT, check=False).returncode:
        return "failed to install"
    said = subprocess.run([own, "--version"], capture_output=True, text=True, check=True).stdout
    print(f"{environment.name}: {said.strip()}", flush=True)
    subprocess.run([own, "-m", "uv", "pip", "list", "--quiet", "--python", own], check=True)
    tests = [own, "-m", "pytest", "-n", "auto", *arguments]
    return "failed" if subprocess.run(tests, cwd=ROOT, check=False).returncode else "passed"


def _find(name: str) -> str | None:
    """A Python that really starts: a shim of pyenv may stand for none."""
    own = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    version = name.removeprefix("python")
    for path in (shutil.which(name), *sorted(own.glob(f"{version}*/bin/{name}"), reverse=True)):
        if path and not subprocess.run([path, "--version"], capture_output=True).returncode:
            return str(path)
    return None


if __name__ == "__main__":
    main()
