"""Hurts the real programs and checks that nothing finished is lost and nothing half-written.

    python -m tests.faults.faults --seed=1 --kills=25

Every scenario ends with the same command going on, or with one line that says what to do.
"""

import argparse
import contextlib
import datetime
import json
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.faults import programs
from tests.faults.programs import Fault, check_whole, fail, files_of, finish, kill_after, wait_for


class Bench:
    """What scenarios share: a folder, material, and a seed.

    Args:
        folder: Where everything lies.
        seed: Decides about every moment.
        kills: How often each program is killed.
    """

    def __init__(self, folder: Path, seed: int, kills: int):
        self.folder = folder
        self.rng = random.Random(seed)
        self.kills = kills
        self.script = folder / "build.py"
        self.script.write_text(programs.SMALL_SHARDS)

    def pictures(self, count: int) -> Path:
        """Dolls as PNG files, some twice, and two files that are no pictures."""
        from tf_deeppaint.data.sources.dolls.source import Dolls
        from tf_deeppaint.images.pixels import write_picture

        folder = self.folder / f"pictures-{count}"
        if folder.is_dir():
            return folder
        dolls = Dolls(count, seed=4)
        for number, drawing in enumerate(dolls.drawings()):
            picture = dolls.load(drawing, 96).picture
            write_picture(folder / f"{number}.png", picture)
            if number % 5 == 0:
                write_picture(folder / "again" / f"{number}.png", picture)
        (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:200])
        (folder / "text.png").write_text("no picture")
        return folder

    def sketches(self, count: int) -> Path:
        """Sketches of dolls."""
        from tf_deeppaint.data.sources.dolls.source import Dolls
        from tf_deeppaint.images.pixels import write_picture

        folder = self.folder / f"sketches-{count}"
        if not folder.is_dir():
            dolls = Dolls(count, seed=9)
            for number, drawing in enumerate(dolls.drawings()):
                write_picture(folder / f"{number}.png", dolls.load(drawing, 128).sketch)
        return folder

    def data(self) -> Path:
        """A data set of a few dolls in two training shards, to be copied where it is hurt."""
        from tf_deeppaint.data.build import builder
        from tf_deeppaint.data.build.preparation import BuildConfig
        from tf_deeppaint.data.sources.dolls.source import Dolls

        folder = self.folder / "data"
        if not folder.is_dir():
            builder.SHARD_PIXELS = 4 * 64 * 64
            builder.build_dataset(Dolls(12, seed=12), folder, BuildConfig(64, "drop"))
        return folder


# --- killed ---------------------------------------------------------------------------------------


def killed_builds(bench: Bench) -> int:
    pictures, whole = bench.pictures(24), bench.folder / "whole"
    seconds = programs.seconds_of(programs.build(pictures, whole, bench.script))
    expected, kills = files_of(whole), 0
    for attempt in range(10 * bench.kills):
        output = bench.folder / f"killed-{attempt}"
        for _ in range(bench.rng.choice((1, 2))):
            process = programs.build(pictures, output, bench.script)
            kills += kill_after(process, seconds * bench.rng.uniform(0.02, 1.05))
            check_whole(output)
        finish(programs.build(pictures, output, bench.script))
        if {path.name: path.read_bytes() for path in output.iterdir()} != expected:
            raise Fault(f"attempt {attempt}: other bytes than those of an uninterrupted build")
        shutil.rmtree(output)
        if kills >= bench.kills:
            return kills
    raise Fault(f"only {kills} builds were killed before their end")


def killed_trainings(bench: Bench) -> int:
    data, run, kills, last = bench.data(), bench.folder / "killed run", 0, 0
    seconds = programs.seconds_of(programs.train(data, bench.folder / "timed", 6))
    for _ in range(10 * bench.kills):
        process = programs.train(data, run, 100_000)
        kills += kill_after(process, seconds * bench.rng.uniform(0.05, 1.5))
        check_whole(run)
        step = _last_state(run)
        if step < last:
            raise Fault(f"step {last} was saved, but {step} is the last state now")
        last = step
        if kills >= bench.kills:
            break
    steps = last + 4
    finish(programs.train(data, run, steps))
    finish(programs.train(data, bench.folder / "never killed", steps))
    names = ("generator.keras", "best.keras", "metrics.jsonl")
    killed, whole = (files_of(bench.folder / name) for name in ("killed run", "never killed"))
    for name in names:
        if not _alike(killed[name], whole[name], name):
            raise Fault(f"{name}: another than that of a run that was never killed")
    names = {path.name for path in run.rglob("*")}
    left = {name for name in names if "incomplete" in name or "_temp" in name}
    if left:
        raise Fault(f"left behind: {left}")
    return kills


def _last_state(run: Path) -> int:
    names = (path.name for path in (run / "checkpoints").glob("state-*.index"))
    return max((int(name[6:].removesuffix(".index")) for name in names), default=0)


def _alike(one: bytes, other: bytes, name: str) -> bool:
    if name.endswith(".jsonl"):
        return _figures(one) == _figures(other)
    import io
    import zipfile

    import h5py
    import numpy as np

    def arrays_of(data: bytes) -> dict:
        found = {}

        def take(name: str, item: object) -> None:
            if isinstance(item, h5py.Dataset):
                found[name] = item[()]

        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r").visititems(take)
        return found

    found, expected = arrays_of(one), arrays_of(other)
    return found.keys() == expected.keys() and all(
        np.array_equal(found[name], expected[name]) for name in found
    )


def _figures(data: bytes) -> list[dict]:
    lines = map(json.loads, data.decode().splitlines())
    return [{k: v for k, v in line.items() if k != "pictures_a_second"} for line in lines]


def killed_batches(bench: Bench) -> int:
    sketches, whole = bench.sketches(40), bench.folder / "all colored"
    seconds = programs.seconds_of(programs.color(sketches, whole))
    expected, kills = files_of(whole), 0
    for attempt in range(10 * bench.kills):
        output, before = bench.folder / f"colored-{attempt}", {}
        while kills < bench.kills:
            process = programs.color(sketches, output)
            was_killed = kill_after(process, seconds * bench.rng.uniform(0.3, 1.0))
            kills += was_killed
            check_whole(output)
            now = files_of(output)
            if before.keys() - now.keys() or any(expected[n] != d for n, d in now.items()):
                raise Fault("a finished picture is gone, or another")
            before = now
            if not was_killed:
                break
        finish(programs.color(sketches, output))
        if files_of(output) != expected:
            raise Fault("other pictures than those of an uninterrupted run")
        if kills >= bench.kills:
            return kills
    raise Fault(f"only {kills} were killed before their end")


def killed_exports(bench: Bench) -> int:
    output = bench.folder / "compact.keras"
    seconds, kills = programs.seconds_of(programs.compact(output)), 0
    for _ in range(10 * bench.kills):
        # Most of the time goes by before anything is written.
        kills += kill_after(programs.compact(output), seconds * bench.rng.uniform(0.5, 1.02))
        check_whole(bench.folder / "nothing")
        programs._check(output, output.read_bytes())
        if kills >= bench.kills:
            break
    finish(programs.compact(output))
    from tf_deeppaint.networks.model_files import read_generator

    read_generator(output)
    return kills


# --- full and read-only disks ---------------------------------------------------------------------


def full_disks(bench: Bench) -> int:
    """Disks of several sizes, so that each kind of file is the one that finds no room."""
    data, survived = bench.data(), 0
    work: list[tuple[str, Callable[[Path], object], tuple[str, ...]]] = [
        (
            "run",
            lambda d: programs.train(data, d / "run", 6),
            ("8k", "300k", "900k", "1600k", "2600k"),
        ),
        (
            "data",
            lambda d: programs.build(bench.pictures(24), d / "data", bench.script),
            ("8k", "100k", "240k"),
        ),
        ("out", lambda d: programs.color(bench.sketches(12), d / "out"), ("8k", "200k")),
        ("model.keras", lambda d: programs.compact(d / "model.keras"), ("64k", "5m")),
    ]
    for name, begin, sizes in work:
        for size in sizes:
            with programs.small_disk(bench.folder / "disk", size) as disk:
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
                finish(begin(disk))
                check_whole(disk)
                survived += 1
    return survived


def read_only_disks(bench: Bench) -> int:
    data, survived = bench.data(), 0
    begun = {
        "run": lambda d: programs.train(data, d / "run", 2),
        "data": lambda d: programs.build(bench.pictures(24), d / "data", bench.script),
        "out": lambda d: programs.color(bench.sketches(12), d / "out"),
        "model.keras": lambda d: programs.compact(d / "model.keras"),
    }
    for name, begin in begun.items():
        with programs.small_disk(bench.folder / "disk", "200m") as disk:
            programs.change_disk(disk, "ro")
            fail(begin(disk), "Read-only file system", str(disk))
            programs.change_disk(disk, "rw")
            finish(begin(disk))
            if name == "data":  # what is finished can still be used, and asked for again
                programs.change_disk(disk, "ro")
                finish(begin(disk))
            survived += 1
    return survived


# --- shards that change while they are read -------------------------------------------------------


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 3)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\xff" * 1000)


HARM: dict[str, Callable[[Path], None]] = {
    "truncated": _truncate,
    "flipped": _flip,
    "deleted": Path.unlink,
    "appended": _append,
}


def damaged_shards(bench: Bench) -> int:
    survived = 0
    for kind, harm in HARM.items():
        for skips in (False, True):
            data = shutil.copytree(bench.data(), bench.folder / f"data {kind} {skips}")
            run, flags = bench.folder / f"run {kind} {skips}", ["--log_every=1"]
            flags += ["--on_bad_record=skip"] if skips else []
            process = programs.train(data, run, 60 if not skips else 24, *flags)
            said = wait_for(process, "step 3/" if not skips else "step 1/")
            harm(data / "train-00000.tfrecord")
            if skips:
                said += finish(process)
                lines = _figures((run / "metrics.jsonl").read_bytes())
                counts = [line["bad_records"] for line in lines if "bad_records" in line]
                if (counts[-1] > 0) != (kind != "appended"):
                    raise Fault(f"{kind}: {counts[-1]} bad records; {said[-500:]}")
            else:
                fail(process, "train-00000.tfrecord: ", "build the data set again")
                if kind == "flipped":  # the rest goes on alike, and takes its time
                    shutil.rmtree(data)
                    shutil.copytree(bench.data(), data)
                    done = _last_state(run)
                    if f"after step {done} of" not in finish(programs.train(data, run, done + 2)):
                        raise Fault(f"{kind}: does not go on after step {done}")
            check_whole(run)
            survived += 1
    return survived


# --- clocks, and others at work -------------------------------------------------------------------

JUMPING = """
import random, time
_random, _time = random.Random(1), time.time
time.time = lambda: _time() + _random.uniform(-1e7, 1e7)
_time_ns = time.time_ns
time.time_ns = lambda: _time_ns() + _random.randint(-10**16, 10**16)
"""


def jumping_clocks(bench: Bench) -> int:
    """Every look at the clock is another month."""
    (bench.folder / "clock").mkdir()
    (bench.folder / "clock" / "sitecustomize.py").write_text(JUMPING)
    env = {"PYTHONPATH": f"{bench.folder / 'clock'}{os.pathsep}{programs.ROOT}"}
    data, run = bench.data(), bench.folder / "jumping run"
    finish(programs.train(data, run, 4, env=env))
    finish(programs.train(data, run, 8, "--checkpoint_minutes=0.001", env=env))
    finish(programs.train(data, bench.folder / "steady run", 8))
    jumping, steady = (files_of(bench.folder / name) for name in ("jumping run", "steady run"))
    if not _alike(jumping["generator.keras"], steady["generator.keras"], "generator.keras"):
        raise Fault("another generator than with a steady clock")
    output, whole = bench.folder / "jumping data", bench.folder / "steady data"
    finish(programs.build(bench.pictures(24), output, bench.script, env=env))
    finish(programs.build(bench.pictures(24), whole, bench.script))
    if files_of(output) != files_of(whole):
        raise Fault("another data set than with a steady clock")
    return 3


def two_at_once(bench: Bench) -> int:
    """A second training, and a second build, while the first is at work; then after its death."""
    data, run = bench.data(), bench.folder / "shared run"
    first = programs.train(data, run, 100_000)
    _wait_for_state(run)
    for flags in ((), ("--fresh",)):
        told = fail(programs.train(data, run, 100_000, *flags), "wait for it, or end it")
        if f"process {first.pid} on {socket.gethostname()} since 20" not in told:
            raise Fault(f"does not name the first: {told}")
    before = _last_state(run)
    first.kill()
    first.communicate()
    said = finish(programs.train(data, run, max(before, _last_state(run)) + 2))
    if "going on after step" not in said:
        raise Fault(f"does not go on: {said[-500:]}")
    pictures, output = bench.pictures(400), bench.folder / "shared data"
    first = programs.build(pictures, output, bench.script)
    while not (output / ".building.lock").exists():
        time.sleep(0.02)
    time.sleep(0.5)
    told = fail(programs.build(pictures, output, bench.script), "is building there")
    if f"process {first.pid} on" not in told:
        raise Fault(f"does not name the first: {told}")
    kill_after(first, 0.1)
    finish(programs.build(pictures, output, bench.script))
    return 5


def _wait_for_state(run: Path) -> None:
    for _ in range(10 * programs.PATIENCE_S):
        if _last_state(run):
            return
        time.sleep(0.1)
    raise Fault("no checkpoint")


def dying_workers(bench: Bench) -> int:
    """Of two workers one is killed; the other ends too, and both go on once started again."""
    data, survived = bench.data(), 0
    for victim in (1, 0):
        run = bench.folder / f"run without {victim}"
        workers = _workers(data, run, 100_000)
        _wait_for_state(run)
        workers[victim].kill()
        workers[victim].communicate()
        if victim:
            fail(workers[0], "another worker", "same command")
        else:
            # TensorFlow itself ends those whose first worker, which leads them, is gone.
            workers[1].communicate(timeout=programs.PATIENCE_S)
            if not workers[1].returncode:
                raise Fault("goes on without the first worker")
        check_whole(run)
        steps = _last_state(run) + 2
        said = [
            worker.communicate(timeout=programs.PATIENCE_S)[0]
            for worker in _workers(data, run, steps)
        ]
        if not all("going on after step" in text for text in said):
            raise Fault(f"do not go on: {said}")
        check_whole(run)
        if not (run / "generator.keras").is_file():
            raise Fault(f"no generator: {said}")
        survived += 1
    return survived


def _workers(data: Path, run: Path, steps: int) -> list:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    hosts = [f"127.0.0.1:{listening.getsockname()[1]}" for listening in sockets]
    for listening in sockets:
        listening.close()
    started = []
    for index in (0, 1):
        task = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
        flags = [f"--data={data}", f"--run={run}", "--strategy=multi_worker", "--width=2"]
        flags += ["--batch_size=4", f"--steps={steps}", "--checkpoint_every=2", "--pool_size=2"]
        env = {"TF_CONFIG": json.dumps(task)}
        started.append(programs.start("tf_deeppaint.train", *flags, env=env))
    return started


def stopped_politely(bench: Bench) -> int:
    """SIGTERM at random moments: status 0 and a state, or nothing begun."""
    data, run, survived = bench.data(), bench.folder / "stopped run", 0
    for _ in range(4):
        process = programs.train(data, run, 100_000)
        wait_for(process, "going on") if survived else _wait_for_state(run)
        time.sleep(bench.rng.uniform(1, 4))
        process.send_signal(signal.SIGTERM)
        if "the same command goes on" not in finish(process):
            raise Fault("does not say how to go on")
        check_whole(run)
        survived += 1
    return survived


SCENARIOS: dict[str, tuple[Callable[[Bench], int], str]] = {
    "build killed": (killed_builds, "the same command ends with the same bytes"),
    "training killed": (killed_trainings, "ends with the weights of a run never killed"),
    "batch coloring killed": (killed_batches, "no finished picture is lost or another"),
    "export killed": (killed_exports, "the last model stays whole"),
    "disk full": (full_disks, "one line; goes on once there is room"),
    "disk read-only": (read_only_disks, "one line; goes on once it may write"),
    "shard damaged in use": (damaged_shards, "named in one line, or counted and left out"),
    "clock that jumps": (jumping_clocks, "the same bytes"),
    "two at once": (two_at_once, "the second is told of the first; the dead one's is taken over"),
    "worker of two killed": (
        dying_workers,
        "the other ends and, where it can, says why; both go on",
    ),
    "stopped by a signal": (stopped_politely, "saves its state and says how to go on"),
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
                outcomes[name] = _survive(scenario, Bench(Path(folder), seed, kills))
            print(f"({time.monotonic() - began:.0f} s) ", end="")
        print(f"{name}: {outcomes[name]}", flush=True)
    return outcomes


def _survive(scenario: Callable[[Bench], int], bench: Bench) -> str:
    try:
        return str(scenario(bench))
    except Fault as fault:
        print(fault)
        return "**not survived**"
    except Exception:
        traceback.print_exc()
        return "**not survived**"


def table(outcomes: dict[str, str], seed: int, before: str = "") -> list[str]:
    """The outcomes as lines of Markdown; scenarios that were not run stay as they were before."""
    today, rows = datetime.date.today().isoformat(), []
    for name, (_, meaning) in SCENARIOS.items():
        if name in outcomes:
            rows.append(f"| {name} | {outcomes[name]} | {meaning} | {today}, seed {seed} |")
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
    parser.add_argument("--kills", type=int, default=25, help="of each program")
    parser.add_argument("--only", action="append", choices=SCENARIOS, help="may be repeated")
    parser.add_argument("--report", type=Path, help="document whose table of figures is rewritten")
    chosen = parser.parse_args()
    outcomes = run(chosen.only or list(SCENARIOS), chosen.seed, chosen.kills)
    before = chosen.report.read_text(encoding="utf-8") if chosen.report else ""
    lines = table(outcomes, chosen.seed, before)
    print("\n".join(["", *lines]))
    if chosen.report:
        from tests.hostile.figures import rewrite

        rewrite(chosen.report, "faults", lines)
    sys.exit(any("**" in outcome for outcome in outcomes.values()))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
