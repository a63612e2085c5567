"""Tests run on a changed copy of the repository, each time in a process of its own."""

import multiprocessing
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

ROOT = Path(__file__).parents[2]
_MOST_LETTERS = 200  # that are kept of an error
_END_S = 20.0  # that a process has to end once it has told what came of its tests


class End(NamedTuple):
    """How a run of pytest ended.

    Attributes:
        status: The exit status of pytest, such as 0 for passed and 1 for failed; minus the number
            of the signal that ended the process; None where it took too long.
        failed: The tests that failed, and the first line of the error of each.
    """

    status: int | None
    failed: dict[str, str]


def copy_repository(folder: Path) -> Path:
    """A copy of this repository inside a folder, without what commands have made."""
    copy = folder / "repository"
    shutil.copytree(
        ROOT,
        copy,
        ignore=shutil.ignore_patterns(".*", "__pycache__", "runs", "data", "out", "*.egg-info"),
        symlinks=True,
    )
    shutil.copytree(ROOT / "tf_deeppaint" / "data", copy / "tf_deeppaint" / "data")
    shutil.copytree(ROOT / "tests" / "data", copy / "tests" / "data")
    return copy


def run_tests(
    copy: Path, tests: str, patience: float, prepare: Callable[[], None] = lambda: None
) -> End:
    """Runs tests in a fork: it has imported the libraries, and nothing of the copy yet.

    Args:
        copy: The copy, or any other folder that holds tests.
        tests: Arguments of pytest, as a shell takes them.
        patience: Seconds after which the run is ended, with all that it has started.
        prepare: Called in the fork first.
    """
    fork = multiprocessing.get_context("fork")
    reader, writer = fork.Pipe(duplex=False)
    process = fork.Process(target=_test, args=(copy, tests, prepare, writer))
    process.start()
    writer.close()
    try:
        is_over = bool(wait([reader, process.sentinel], patience))
        failed = _receive(reader) if is_over else {}
        process.join(_END_S if is_over else 0)
    finally:
        if process.is_alive():
            os.killpg(process.pid, signal.SIGKILL)  # with what the tests have started
            process.join()
            is_over = False
    return End(process.exitcode if is_over else None, failed)


def _receive(reader: Connection) -> dict[str, str]:
    try:
        return reader.recv() if reader.poll() else {}
    except EOFError:  # it died
        return {}


class _Failures:
    """Keeps the tests that fail, as a plugin of pytest."""

    def __init__(self):
        self.errors: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            told = str(crash.message if crash else report.longrepr).strip() or "no word"
            self.errors.setdefault(report.nodeid, told.splitlines()[0][:_MOST_LETTERS])


def _test(copy: Path, tests: str, prepare: Callable[[], None], writer: Connection) -> NoReturn:
    os.setpgid(0, 0)
    os.chdir(copy)
    os.environ |= {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in [name for name in sys.modules if name.split(".")[0] in ("tests", "tf_deeppaint")]:
        del sys.modules[name]
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    prepare()
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "-o", f"pythonpath={copy}"]
    failures = _Failures()
    status = int(pytest.main([*options, *shlex.split(tests)], plugins=[failures]))
    writer.send(failures.errors)
    os._exit(status)
