"""Figures of a benchmark: printed for people, appended as JSON for comparison, with the machine."""

import json
import os
import platform
import re
from datetime import date
from pathlib import Path


def write_result(benchmark: str, figures: dict, path: str | None) -> None:
    """Prints figures a line each; appends them to a file of JSON lines where one is named."""
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:<{width}}  {value}")
    if path is not None:
        line = {"benchmark": benchmark, "date": date.today().isoformat(), "machine": machine()}
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line | figures) + "\n")


def machine() -> str:
    """Processor, cores and Python of this machine."""
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        named = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        processor = named[1] if named else processor
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}"
