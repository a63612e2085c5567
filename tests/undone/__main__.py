"""Undoes the mends of what an attack has found, one at a time, and looks whether their tests fail.

    python -m tests.undone --finding="names of shards"

Each mend is undone in a copy of the repository; then every test that is named for it must fail, by
an error of its own. What the tests of an unmended project take is bounded: memory, the size of
files, and time. A run that these bounds end counts only where the mend is of that kind.
"""

import argparse
import datetime
import resource
import sys
import tempfile
from pathlib import Path

import keras  # noqa: F401 - imported once, for all runs
import tensorflow as tf  # noqa: F401

from tests.helpers.changed_copies import End, copy_repository, run_tests
from tests.hostile.figures import rewrite, section
from tests.undone.findings import FINDINGS
from tests.undone.mend import HANG, MEMORY, Mend, restore, undo
from tests.undone.table import SECTION, is_seen, make_table

# Bytes of memory and of a file that a run of tests may take, and processes it starts.
MOST_MEMORY, LARGEST_FILE = 8 * 2**30, 2**30
# Seconds for a run; where it may hang; for all tests of the unchanged code.
PATIENCE_S, HANG_S, LONGEST_S = 400.0, 60.0, 3600.0
# Errors of a change that makes no sense, or of a test that is none: they show nothing.
_OWN_MISTAKES = ("NameError", "ImportError", "ModuleNotFoundError", "SyntaxError", "UnboundLocal")


def why_unseen(mend: Mend, end: End) -> str:
    """Why a run has not shown that the tests of a mend notice it; empty where it has."""
    if end.status is None:
        return "" if mend.kind == HANG else "took too long"
    if end.status < 0:
        return "" if mend.kind else f"died of signal {-end.status}"
    if end.status == 0:
        return "passes"
    if end.status != 1:
        return f"exit status {end.status} of pytest"
    for test in mend.tests:
        errors = [
            told for name, told in end.failed.items() if name == test or name.startswith(f"{test}[")
        ]
        if not errors:
            return f"{test} passes"
        if any(told.startswith(_OWN_MISTAKES) for told in errors):
            return f"{test}: {errors[0]}"
        if mend.kind != MEMORY and all(told.startswith("MemoryError") for told in errors):
            return f"{test}: {errors[0]}"
    return ""


def limit() -> None:
    """Bounds what this process and its children take, so that no machine is harmed."""
    bounds = {resource.RLIMIT_AS: MOST_MEMORY, resource.RLIMIT_FSIZE: LARGEST_FILE}
    for kind, most in (bounds | {resource.RLIMIT_CORE: 0}).items():
        resource.setrlimit(kind, (most, most))


def try_mend(mend: Mend, copy: Path) -> str:
    """Undoes a mend and runs its tests; what `why_unseen` returns."""
    before = undo(mend, copy)
    try:
        end = run_tests(copy, _command(mend), HANG_S if mend.kind == HANG else PATIENCE_S, limit)
    finally:
        restore(before)
    told = "; ".join(sorted(set(end.failed.values()))) or f"ended with {end.status}"
    print(f"    {mend.undone}: {told[:300]}", flush=True)
    return why_unseen(mend, end)


def _command(*mends: Mend) -> str:
    tests = dict.fromkeys(test for mend in mends for test in mend.tests)
    return " ".join(["-m 'slow or not slow'", *(f"'{test}'" for test in tests)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--finding", action="append", help="some of its words; may be repeated")
    parser.add_argument("--report", type=Path, help="document whose table is rewritten")
    chosen = parser.parse_args()
    wanted = chosen.finding or [""]
    findings = {f: m for f, m in FINDINGS.items() if any(words in f for words in wanted)}
    if not findings:
        parser.error(f"no finding is called so; they are {', '.join(FINDINGS)}")
    seen = dict.fromkeys(FINDINGS, "")
    if chosen.report:
        rows = section(chosen.report, SECTION)
        seen = {finding: is_seen(rows, finding, mends) for finding, mends in FINDINGS.items()}
    unseen = 0
    with tempfile.TemporaryDirectory(prefix="undone-") as folder:
        copy = copy_repository(Path(folder))
        mends = [mend for of_one in findings.values() for mend in of_one]
        end = run_tests(copy, _command(*mends), LONGEST_S, limit)
        if end.status != 0:
            raise SystemExit(f"a test fails with all mends in place: {end}")
        for finding, of_one in findings.items():
            print(finding, flush=True)
            left = {mend.undone: try_mend(mend, copy) for mend in of_one}
            left = {undone: why for undone, why in left.items() if why}
            unseen += len(left)
            for undone, why in left.items():
                print(f"  NOT NOTICED: {undone}: {why}", flush=True)
            seen[finding] = "; ".join(left) or datetime.date.today().isoformat()
            if left:
                seen[finding] = f"**not noticed**: {seen[finding]}"
            if chosen.report:
                rewrite(chosen.report, SECTION, make_table(FINDINGS, seen))
    print(f"{len(findings)} findings, {len(mends)} mends undone, {unseen} not noticed")
    sys.exit(bool(unseen))


if __name__ == "__main__":
    main()
