"""Feeds every parser with inputs that coverage guides, by Atheris and libFuzzer.

    python -m tests.hostile.guided --seconds=60
    python -m tests.hostile.guided --target=manifests --seconds=600

Only this package's own code is instrumented. The corpus is the valid inputs of each target and what
was a finding once; an input that reaches code which no other did joins it. Changes are libFuzzer's
and the target's own. A finding is what it is for `tests.hostile.fuzz`; its input is kept.
"""

import argparse
import dataclasses
import datetime
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.hostile.figures import rewrite, section
from tests.hostile.fuzz import HERE, ROOT

KEPT = ROOT / "out" / "guided"
LEAST_S = 2.0  # for which a worker is started once more
# What libFuzzer says; no coverage where an input runs nothing but native code.
HAS_BEGUN = "INITED"
BEGAN, COVERAGE = re.compile(r"INITED cov: (\d+)"), re.compile(r"cov: (\d+)")


@dataclasses.dataclass
class Outcome:
    """What became of a target: inputs, and branches that the corpus and they have reached."""

    target: str
    inputs: int = 0
    refused: int = 0
    began_with: int = 0
    reached: int = 0
    findings: list[dict] = dataclasses.field(default_factory=list)


def guide(target: str, seed: int, seconds: float) -> Outcome:
    """Feeds a target for so long, by a process that is started again when it dies."""
    outcome, kept = Outcome(target), KEPT / re.sub(r"\W+", "-", target).strip("-")
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile() as counts:
        counts.write(bytes(16))
        counts.flush()
        while seconds >= LEAST_S:
            began = time.monotonic()
            _run_worker(outcome, seed, int(seconds), counts.name, kept)
            seconds -= time.monotonic() - began
            seed += 1
        outcome.inputs, outcome.refused = struct.unpack("<QQ", Path(counts.name).read_bytes())
    return outcome


def _run_worker(outcome: Outcome, seed: int, seconds: int, counts: str, kept: Path) -> None:
    command = [sys.executable, HERE / "guided_worker.py", outcome.target, seed, seconds]
    done = subprocess.run(
        [*map(str, command), counts, str(kept)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    outcome.findings += map(json.loads, done.stdout.splitlines())
    covered = [int(number) for number in COVERAGE.findall(done.stderr)]
    if HAS_BEGUN not in done.stderr:
        raise RuntimeError(f"its worker does not start: {done.stderr[-2000:]}")
    if not outcome.began_with and (begun := BEGAN.search(done.stderr)):
        outcome.began_with = int(begun[1])
    outcome.reached = max([outcome.reached, *covered])
    if done.returncode:
        outcome.findings.append(
            {"finding": f"exit {done.returncode}", "input": str(kept), "text": done.stderr[-2000:]}
        )


def table(outcomes: list[Outcome], seconds: int, before: str = "") -> list[str]:
    """What a run found, as lines of Markdown; targets that were not fed stay as they were."""
    from tests.hostile.targets import TARGETS

    when = f"{datetime.date.today().isoformat()}, {seconds} s"
    fed, rows = {outcome.target: outcome for outcome in outcomes}, []
    for name in TARGETS:
        if (o := fed.get(name)) is not None:
            cells = (name, f"{o.inputs:,}", f"{o.refused:,}", o.began_with, o.reached)
            rows.append(f"| {' | '.join(map(str, cells))} | {len(o.findings)} | {when} |")
        else:
            rows += [line for line in before.splitlines() if line.startswith(f"| {name} |")]
    return [
        "| fed with | inputs | refused | branches of the corpus | and of its children | findings "
        "| `make fuzz-guided` of |",
        "|---|---|---|---|---|---|---|",
        *rows,
    ]


def main() -> None:
    from tests.hostile.targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=60, help="of each target")
    parser.add_argument("--target", action="append", choices=TARGETS, help="may be repeated")
    parser.add_argument("--report", type=Path, help="document whose table is rewritten")
    chosen = parser.parse_args()
    findings = 0
    for name in chosen.target or TARGETS:
        outcome = guide(name, chosen.seed, chosen.seconds)
        findings += len(outcome.findings)
        print(f"{name}: {outcome.inputs} inputs, {outcome.began_with} -> {outcome.reached}")
        for finding in outcome.findings:
            print(f"  {finding['finding']}: {finding['input']}")
            print("\n".join(f"    {line}" for line in finding["text"].splitlines()[-8:]))
        sys.stdout.flush()
        if chosen.report:
            before = section(chosen.report, "guided")
            rewrite(chosen.report, "guided", table([outcome], chosen.seconds, before))
    sys.exit(findings > 0)


if __name__ == "__main__":
    main()
