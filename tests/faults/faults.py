"""Disturbs the real programs and checks that nothing finished is lost and nothing half-written.

    python -m tests.faults.faults --seed=1 --kills=25

Every scenario ends with the same command resuming, or with one line that says what to do.
"""

import argparse
import contextlib
import datetime
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.faults import disks, disturbed, everywhere, killed, limited, programs
from tests.faults.material import Material
from tests.faults.programs import Fault
from tests.hostile.figures import rewrite, section

KILLS = 25  # of each program

SCENARIOS: dict[str, tuple[Callable[[Material], int], str]] = {
    "build killed": (killed.killed_builds, "the same command ends with the same bytes"),
    "training killed": (killed.killed_trainings, "ends with the weights of a run never killed"),
    "batch coloring killed": (killed.killed_batches, "no finished picture is lost or another"),
    "export killed": (killed.killed_exports, "the last model stays whole"),
    "disk full": (disks.full_disks, "one line; goes on once there is room"),
    "disk read-only": (disks.read_only_disks, "one line; goes on once it may write"),
    "shard damaged in use": (
        disturbed.damaged_shards,
        "named in one line, or counted and left out",
    ),
    "clock that jumps": (disturbed.jumping_clocks, "the same bytes"),
    "two at once": (
        disturbed.two_at_once,
        "the second is told of the first; the dead one's is taken over",
    ),
    "worker of two killed": (
        disturbed.dying_workers,
        "the other ends and, where it can, says why; both go on",
    ),
    "stopped by a signal": (disturbed.stopped_politely, "saves its state and says how to go on"),
    "one processor, 2 GiB, not root": (limited.in_little, "all programs do their work"),
    **everywhere.SCENARIOS,
}


def run(names: list[str], seed: int, kills: int) -> dict[str, str]:
    """Runs scenarios; how often each fault was survived, or why not, as a cell of a table."""
    outcomes = {}
    for name in names:
        scenario, _ = SCENARIOS[name]
        if name.startswith("disk") and not programs.may_mount():
            outcomes[name] = "not tried: no file system may be mounted here"
        else:
            began = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="faults-") as folder:
                outcomes[name] = _survive(scenario, Material(Path(folder), seed, kills))
            print(f"({time.monotonic() - began:.0f} s) ", end="")
        print(f"{name}: {outcomes[name]}", flush=True)
    return outcomes


def _survive(scenario: Callable[[Material], int], material: Material) -> str:
    try:
        return str(scenario(material))
    except Fault as fault:
        print(fault)
        return "**not survived**"
    except Exception:
        traceback.print_exc()
        return "**not survived**"


def table(outcomes: dict[str, str], seed: int, kills: int, before: str = "") -> list[str]:
    """The outcomes as lines of Markdown; scenarios that were not run stay as they were before."""
    today, rows = datetime.date.today().isoformat(), []
    when = f"{today}, seed {seed}" + (f", kills {kills}" if kills != KILLS else "")
    for name, (_, meaning) in SCENARIOS.items():
        if name in outcomes:
            rows.append(f"| {name} | {outcomes[name]} | {meaning} | {when} |")
        else:
            rows += [line for line in before.splitlines() if line.startswith(f"| {name} |")]
    total = sum(int(cell) for row in rows if (cell := row.split("|")[2].strip()).isdigit())
    return [
        "| fault | survived, times | that is | `make faults` of |",
        "|---|---|---|---|",
        *rows,
        f"| **all** | **{total}** | | |",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=KILLS, help="of each program")
    parser.add_argument("--only", action="append", choices=SCENARIOS, help="may be repeated")
    parser.add_argument("--report", type=Path, help="document whose table of figures is rewritten")
    chosen = parser.parse_args()
    outcomes = run(chosen.only or list(SCENARIOS), chosen.seed, chosen.kills)
    before = section(chosen.report, "faults") if chosen.report else ""
    lines = table(outcomes, chosen.seed, chosen.kills, before)
    print("\n".join(["", *lines]))
    if chosen.report:
        rewrite(chosen.report, "faults", lines)
    sys.exit(any("**" in outcome for outcome in outcomes.values()))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
