"""Scenarios: damaged shards, jumping clocks, several processes, signals."""

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults import programs
from tests.faults.material import Material
from tests.faults.programs import (
    Fault,
    check_whole,
    fail,
    files_of,
    finish,
    finish_build,
    kill_after,
    wait_for,
)
from tests.faults.states import are_equal, figures, last_step, wait_for_checkpoint


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


def damaged_shards(material: Material) -> int:
    survived = 0
    for kind, harm in HARM.items():
        for skips in (False, True):
            data = shutil.copytree(material.data(), material.folder / f"data {kind} {skips}")
            run, flags = material.folder / f"run {kind} {skips}", ["--log_every=1"]
            flags += ["--on_bad_record=skip"] if skips else []
            process = programs.train(data, run, 60 if not skips else 24, *flags)
            said = wait_for(process, "step 3/" if not skips else "step 1/")
            harm(data / "train-00000.tfrecord")
            if skips:
                said += finish(process)
                lines = figures((run / "metrics.jsonl").read_bytes())
                counts = [line["bad_records"] for line in lines if "bad_records" in line]
                if (counts[-1] > 0) != (kind != "appended"):
                    raise Fault(f"{kind}: {counts[-1]} bad records; {said[-500:]}")
            else:
                fail(process, "train-00000.tfrecord: ", "build the data set again")
                if kind == "flipped":  # the rest goes on alike, and takes its time
                    shutil.rmtree(data)
                    shutil.copytree(material.data(), data)
                    done = last_step(run)
                    if f"after step {done} of" not in finish(programs.train(data, run, done + 2)):
                        raise Fault(f"{kind}: does not go on after step {done}")
            check_whole(run)
            survived += 1
    return survived


JUMPING = """
import random, time
_random, _time = random.Random(1), time.time
time.time = lambda: _time() + _random.uniform(-1e7, 1e7)
_time_ns = time.time_ns
time.time_ns = lambda: _time_ns() + _random.randint(-10**16, 10**16)
"""


def jumping_clocks(material: Material) -> int:
    """Every look at the clock is another month."""
    (material.folder / "clock").mkdir()
    (material.folder / "clock" / "sitecustomize.py").write_text(JUMPING)
    env = {"PYTHONPATH": f"{material.folder / 'clock'}{os.pathsep}{programs.ROOT}"}
    data, run = material.data(), material.folder / "jumping run"
    finish(programs.train(data, run, 4, env=env))
    finish(programs.train(data, run, 8, "--checkpoint_minutes=0.001", env=env))
    finish(programs.train(data, material.folder / "steady run", 8))
    jumping, steady = (files_of(material.folder / name) for name in ("jumping run", "steady run"))
    if not are_equal(jumping["generator.keras"], steady["generator.keras"], "generator.keras"):
        raise Fault("another generator than with a steady clock")
    output, whole = material.folder / "jumping data", material.folder / "steady data"
    pictures = material.pictures(24)
    finish_build(programs.build(pictures, output, material.script, env=env), anew=True)
    finish_build(programs.build(pictures, whole, material.script), anew=True)
    if files_of(output) != files_of(whole):
        raise Fault("another data set than with a steady clock")
    return 3


def two_at_once(material: Material) -> int:
    """A second training, and a second build, while the first is at work; then after its death."""
    data, run = material.data(), material.folder / "shared run"
    first = programs.train(data, run, 100_000)
    wait_for_checkpoint(run)
    for flags in ((), ("--fresh",)):
        told = fail(programs.train(data, run, 100_000, *flags), "wait for it, or end it")
        if f"process {first.pid} on {socket.gethostname()} since 20" not in told:
            raise Fault(f"does not name the first: {told}")
    before = last_step(run)
    first.kill()
    first.communicate()
    said = finish(programs.train(data, run, max(before, last_step(run)) + 2))
    if "resuming after step" not in said:
        raise Fault(f"does not go on: {said[-500:]}")
    pictures, output = material.pictures(400), material.folder / "shared data"
    first = programs.build(pictures, output, material.script)
    while not (output / ".building.lock").exists():
        time.sleep(0.02)
    time.sleep(0.5)
    told = fail(programs.build(pictures, output, material.script), "is building there")
    if f"process {first.pid} on" not in told:
        raise Fault(f"does not name the first: {told}")
    kill_after(first, 0.1)
    finish_build(programs.build(pictures, output, material.script))
    return 5


def dying_workers(material: Material) -> int:
    """Of two workers one is killed; the other ends too, and both go on once started again."""
    data, survived = material.data(), 0
    for victim in (1, 0):
        run = material.folder / f"run without {victim}"
        workers = _workers(data, run, 100_000)
        wait_for_checkpoint(run)
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
        steps = last_step(run) + 2
        said = [
            worker.communicate(timeout=programs.PATIENCE_S)[0]
            for worker in _workers(data, run, steps)
        ]
        if not all("resuming after step" in text for text in said):
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


def stopped_politely(material: Material) -> int:
    """SIGTERM at random moments: status 0 and a state, or nothing begun."""
    data, run, survived = material.data(), material.folder / "stopped run", 0
    for _ in range(4):
        process = programs.train(data, run, 100_000)
        wait_for(process, "resuming") if survived else wait_for_checkpoint(run)
        time.sleep(material.rng.uniform(1, 4))
        process.send_signal(signal.SIGTERM)
        if "the same command resumes" not in finish(process):
            raise Fault("does not say how to go on")
        check_whole(run)
        survived += 1
    return survived
