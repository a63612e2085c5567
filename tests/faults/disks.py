"""Scenarios: disks that are full or read-only."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.faults import programs
from tests.faults.material import Material
from tests.faults.programs import Fault, check_whole, fail, finish, finish_build


def full_disks(material: Material) -> int:
    """Disks of several sizes, so that each kind of file is the one that finds no room."""
    data, survived = material.data(), 0
    work: list[tuple[str, Callable[[Path], object], tuple[str, ...]]] = [
        (
            "run",
            lambda d: programs.train(data, d / "run", 6),
            ("8k", "300k", "900k", "1600k", "2600k"),
        ),
        (
            "data",
            lambda d: programs.build(material.pictures(24), d / "data", material.script),
            ("8k", "100k", "240k"),
        ),
        ("out", lambda d: programs.color(material.sketches(12), d / "out"), ("8k", "200k")),
        ("model.keras", lambda d: programs.compact(d / "model.keras"), ("64k", "5m")),
    ]
    for name, begin, sizes in work:
        for size in sizes:
            with programs.small_disk(material.folder / "disk", size) as disk:
                process = begin(disk)
                if name == "out":
                    said, _ = process.communicate(timeout=programs.PATIENCE_S)
                    if process.returncode != 1 or "Traceback" in said or "No space" not in said:
                        raise Fault(f"{name} on {size}: {said[-2000:]}")
                else:
                    try:
                        fail(process, "cannot be written")
                    except Fault as fault:
                        raise Fault(f"{name} on {size}: {fault}") from fault
                check_whole(disk)
                programs.change_disk(disk, "size=200m")
                _end(name)(begin(disk))
                check_whole(disk)
                survived += 1
    return survived


def read_only_disks(material: Material) -> int:
    data, survived = material.data(), 0
    begun = {
        "run": lambda d: programs.train(data, d / "run", 2),
        "data": lambda d: programs.build(material.pictures(24), d / "data", material.script),
        "out": lambda d: programs.color(material.sketches(12), d / "out"),
        "model.keras": lambda d: programs.compact(d / "model.keras"),
    }
    for name, begin in begun.items():
        with programs.small_disk(material.folder / "disk", "200m") as disk:
            programs.change_disk(disk, "ro")
            fail(begin(disk), "Read-only file system", str(disk))
            programs.change_disk(disk, "rw")
            _end(name)(begin(disk))
            if name == "data":  # what is finished can still be used, and asked for again
                programs.change_disk(disk, "ro")
                finish_build(begin(disk))
            survived += 1
    return survived


def _end(name: str) -> Callable[[subprocess.Popen], str]:
    return finish_build if name == "data" else finish
