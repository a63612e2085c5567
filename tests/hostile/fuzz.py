"""Feeds every parser with changed inputs and reports crashes, hangs and unexpected exceptions.

    python -m tests.hostile.fuzz --seed=1 --inputs=100000
    python -m tests.hostile.fuzz --target="palettes JSON" --seed=1 --number=712 --output=bad.json

A finding is a crash, more than five seconds of work, more memory than the bound, or any exception
but DeepPaintError. The second command writes the input of a finding to a file.
"""

import argparse
import dataclasses
import datetime
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.hostile.figures import rewrite, section
from tests.hostile.findings import FINDINGS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# Seconds of work after which an input hangs, and of wall time, in which another program may work.
HANG_S, WALL_S = 5.0, 60.0
START_S = 180.0


@dataclasses.dataclass
class Outcome:
    """What became of a target's inputs."""

    target: str
    inputs: int = 0
    refused: int = 0
    seconds: float = 0.0
    findings: list[dict] = dataclasses.field(default_factory=list)


def fuzz(target: str, seed: int, count: int, first: int = 0) -> Outcome:
    """Feeds a target with `count` inputs, in a process that is started again when it dies."""
    outcome, began, number, end = Outcome(target), time.monotonic(), first, first + count
    while number < end:
        number = _run_worker(outcome, seed, number, end)
    outcome.inputs, outcome.seconds = count, time.monotonic() - began
    return outcome


def _run_worker(outcome: Outcome, seed: int, first: int, end: int) -> int:
    """Runs a worker from an input on; returns the number of the next input to be tried."""
    with tempfile.NamedTemporaryFile() as progress:
        progress.write((first).to_bytes(8, "little"))
        progress.flush()
        command = [sys.executable, HERE / "worker.py", outcome.target]
        process = subprocess.Popen(
            [*map(str, command), str(seed), str(first), str(end), progress.name],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        why = _watch(process, Path(progress.name), outcome)
        at = int.from_bytes(Path(progress.name).read_bytes()[:8], "little")
    if why == "":
        return end
    outcome.findings.append({"number": at, "finding": why})
    return at + 1


def _watch(process: subprocess.Popen, progress: Path, outcome: Outcome) -> str:
    """Follows a worker to its end; the reason where it was not a good one."""
    ready, at, since, work, rest = False, None, time.monotonic(), 0.0, b""
    while True:
        readable, _, _ = select.select([process.stdout], [], [], 0.5)
        if readable:
            block = os.read(process.stdout.fileno(), 1 << 16)
            if not block:
                break
            *lines, rest = (rest + block).split(b"\n")
            for line in map(json.loads, lines):
                ready |= "ready" in line
                if "finding" in line:
                    outcome.findings.append(line)
                outcome.refused += line.get("refused", 0)
                if "done" in line:
                    process.wait()
                    return ""
        number = progress.read_bytes()[:8]
        if number != at or not ready:
            at, work = number, _cpu_seconds(process.pid)
            since = since if not ready and at == number and work == 0 else time.monotonic()
        is_stuck = _cpu_seconds(process.pid) - work > HANG_S or time.monotonic() - since > WALL_S
        if ready and is_stuck:
            process.kill()
            process.wait()
            return f"a hang over {HANG_S:.0f} s"
    code = process.wait()
    if not ready:
        raise RuntimeError(f"its worker does not start and exits with {code}")
    return f"a crash (signal {-code})" if code < 0 else f"an exit with {code}"


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def shares(inputs: int) -> dict[str, int]:
    """How many of so many inputs each target gets; targets that are slow get few."""
    from tests.hostile.targets import TARGETS

    weights = {name: _share(make) for name, make in TARGETS.items()}
    total = sum(weights.values())
    return {name: -(-inputs * weight // total) for name, weight in weights.items()}


def _share(make) -> int:
    """The share that a target asks for, read from its code: making it may take seconds."""
    import inspect
    import re

    found = re.search(r"share=(\d+)", inspect.getsource(make))
    return int(found[1]) if found else 10


def table(outcomes: list[Outcome], seed: int, before: str = "") -> list[str]:
    """What a run found, as lines of Markdown; targets that were not fed stay as they were."""
    from tests.hostile.targets import TARGETS

    today, fed, rows = datetime.date.today().isoformat(), {o.target: o for o in outcomes}, []
    for name in TARGETS:
        if (o := fed.get(name)) is not None:
            cells = (name, f"{o.inputs:,}", f"{o.refused:,}", len(o.findings))
            rows.append(f"| {' | '.join(map(str, cells))} | {today}, seed {seed} |")
        else:
            rows += [line for line in before.splitlines() if line.startswith(f"| {name} |")]
    cells = [[cell.strip().replace(",", "") for cell in row.split("|")[2:5]] for row in rows]
    inputs, refused, findings = (sum(map(int, column)) for column in zip(*cells, strict=True))
    return [
        "| fed with | inputs | refused in one line | findings | `make fuzz` of |",
        "|---|---|---|---|---|",
        *rows,
        f"| **all** | **{inputs:,}** | **{refused:,}** | **{findings}** | |",
        "",
        f"Findings of earlier runs, fixed, and tried again by every `make test`: {len(FINDINGS)}.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inputs", type=int, default=100_000, help="of all targets together")
    parser.add_argument("--target", action="append", help="only this one; may be repeated")
    parser.add_argument("--number", type=int, help="write this input of --target to --output")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--report", type=Path, help="document whose table of figures is rewritten")
    chosen = parser.parse_args()
    if chosen.number is not None:
        from tests.hostile.targets import TARGETS

        os.chdir(tempfile.mkdtemp())
        (name,) = chosen.target
        chosen.output.write_bytes(TARGETS[name]().input(name, chosen.seed, chosen.number))
        return
    wanted = {n: c for n, c in shares(chosen.inputs).items() if n in (chosen.target or [n])}
    outcomes = []
    for name, count in wanted.items():
        try:
            outcomes.append(outcome := fuzz(name, chosen.seed, count))
        except RuntimeError as error:
            print(f"{name}: not fed ({error})", flush=True)
            continue
        print(
            f"{name}: {outcome.inputs} inputs, {outcome.refused} refused, "
            f"{len(outcome.findings)} findings, {outcome.seconds:.0f} s",
            flush=True,
        )
        for finding in outcome.findings:
            print(f"  input {finding['number']}: {finding['finding']}")
            for line in finding.get("text", "").splitlines()[-8:]:
                print(f"    {line}")
    before = section(chosen.report, "fuzz") if chosen.report else ""
    lines = table(outcomes, chosen.seed, before)
    print("\n".join(["", *lines]))
    if chosen.report:
        rewrite(chosen.report, "fuzz", lines)
    sys.exit(len(outcomes) < len(wanted) or any(outcome.findings for outcome in outcomes))


if __name__ == "__main__":
    main()
