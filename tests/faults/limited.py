"""Scenario: the programs on one processor, in 2 GiB of memory, as a user who owns nothing else."""

import os
import signal
import sys
import urllib.request
from pathlib import Path

from tests.faults import programs
from tests.faults.material import Material
from tests.faults.programs import Fault

MEMORY = 2 << 30  # bytes, at most; of the largest process where a program starts several
NOBODY = 54_321  # a user whom no system knows, and so without a home
ROOT = programs.ROOT


def in_little(material: Material) -> int:
    """How many programs do their work so; root gives itself up for it."""
    folder = material.folder / "little"
    folder.mkdir()
    for path in (material.folder, folder):
        path.chmod(0o755)
    if os.getuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    data, run, painted = folder / "data", folder / "run", folder / "painted.png"
    pictures = ROOT / "docs" / "pictures"
    drawn = ["--source=dolls", "--count=40", "--size=128", "--background=white"]
    small = ["--flagfile=quickstart", "--steps=3", "--batch_size=4"]
    both = [f"--sketch={pictures}/sketch.png", f"--reference={pictures}/reference.png"]
    commands = [
        ["colorize", *both, f"--output={painted}", f"--layers={folder}/layers.ora"],
        ["build", *drawn, f"--output={data}", "--workers=1"],
        ["verify", f"--data={data}"],
        ["show", f"--data={data}", f"--output={folder}/sheet.png"],
        ["train", *small, f"--data={data}", f"--run={run}"],
        ["colorize", f"--model={run}", *both, f"--output={painted}"],
    ]
    for command in commands:
        process = programs.spawn(_limited(command), env=_environment())
        said = process.stdout.read()
        _end(process, command[0], said)
    _open_studio(folder)
    if os.getuid() == 0 and any(p.stat().st_uid != NOBODY for p in folder.rglob("*")):
        raise Fault("something in the folder is not its user's")
    return len(commands) + 1


def _limited(command: list[str]) -> list[str]:
    """The command on the first processor; of root, as a user who may only read all files."""
    limits = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
    if os.getuid() == 0:
        may_read = "-all,+dac_read_search"  # Python itself may lie where only root reads
        limits += ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        limits += [f"--inh-caps={may_read}", f"--ambient-caps={may_read}"]
    return [*limits, sys.executable, "-m", "tf_deeppaint", *command]


def _environment() -> dict[str, str]:
    return {"HOME": "/nonexistent", "XDG_CACHE_HOME": "", "PYTHONDONTWRITEBYTECODE": "1"}


def _end(process, name: str, said: str, good: tuple[int, ...] = (0,)) -> None:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in good or "Traceback" in said:
        raise Fault(f"{name}: exit {process.returncode}: {said[-3000:]}")
    if usage.ru_maxrss * 1024 > MEMORY:
        raise Fault(f"{name}: took {usage.ru_maxrss >> 10} MiB")
    print(f"{name}: {usage.ru_maxrss >> 10} MiB, {usage.ru_utime + usage.ru_stime:.0f} s")


def _open_studio(folder: Path) -> None:
    command = ["studio", "--port=0"]
    environment = _environment() | {"TMPDIR": str(folder)}
    process = programs.spawn(_limited(command), env=environment)
    said = programs.wait_for(process, "The studio is open at ")
    address = said.splitlines()[-1].split(" at ")[1].split()[0]
    with urllib.request.urlopen(address, timeout=programs.PATIENCE_S) as answer:
        if answer.status != 200:
            raise Fault(f"studio: {answer.status}")
    process.send_signal(signal.SIGINT)
    _end(process, "studio", process.stdout.read(), good=(0, 1, 130))
