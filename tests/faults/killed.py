"""Scenarios: programs killed at random moments."""

import functools
import shutil

from tests.faults import programs
from tests.faults.material import Material
from tests.faults.programs import Fault, check_whole, files_of, finish, finish_build, kill_after
from tests.faults.states import are_equal, last_step


def killed_builds(material: Material) -> int:
    pictures, whole = material.pictures(24), material.folder / "whole"
    process = programs.build(pictures, whole, material.script)
    seconds = programs.seconds_of(process, functools.partial(finish_build, anew=True))
    expected, kills = files_of(whole), 0
    for attempt in range(10 * material.kills):
        output = material.folder / f"killed-{attempt}"
        for _ in range(material.rng.choice((1, 2))):
            process = programs.build(pictures, output, material.script)
            kills += kill_after(process, seconds * material.rng.uniform(0.02, 1.05))
            check_whole(output)
        finish_build(programs.build(pictures, output, material.script))
        if {path.name: path.read_bytes() for path in output.iterdir()} != expected:
            raise Fault(f"attempt {attempt}: other bytes than those of an uninterrupted build")
        shutil.rmtree(output)
        if kills >= material.kills:
            return kills
    raise Fault(f"only {kills} builds were killed before their end")


def killed_trainings(material: Material) -> int:
    data, run, kills, last = material.data(), material.folder / "killed run", 0, 0
    seconds = programs.seconds_of(programs.train(data, material.folder / "timed", 6))
    for _ in range(10 * material.kills):
        process = programs.train(data, run, 100_000)
        kills += kill_after(process, seconds * material.rng.uniform(0.05, 1.5))
        check_whole(run)
        step = last_step(run)
        if step < last:
            raise Fault(f"step {last} was saved, but {step} is the last state now")
        last = step
        if kills >= material.kills:
            break
    steps = last + 4
    finish(programs.train(data, run, steps))
    finish(programs.train(data, material.folder / "never killed", steps))
    names = ("generator.keras", "best.keras", "metrics.jsonl")
    killed, whole = (files_of(material.folder / name) for name in ("killed run", "never killed"))
    for name in names:
        if not are_equal(killed[name], whole[name], name):
            raise Fault(f"{name}: another than that of a run that was never killed")
    names = {path.name for path in run.rglob("*")}
    left = {name for name in names if "incomplete" in name or "_temp" in name}
    if left:
        raise Fault(f"left behind: {left}")
    return kills


def killed_batches(material: Material) -> int:
    sketches, whole = material.sketches(40), material.folder / "all colored"
    seconds = programs.seconds_of(programs.color(sketches, whole))
    expected, kills = files_of(whole), 0
    for attempt in range(10 * material.kills):
        output, before = material.folder / f"colored-{attempt}", {}
        while kills < material.kills:
            process = programs.color(sketches, output)
            was_killed = kill_after(process, seconds * material.rng.uniform(0.3, 1.0))
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
        if kills >= material.kills:
            return kills
    raise Fault(f"only {kills} were killed before their end")


def killed_exports(material: Material) -> int:
    output = material.folder / "compact.keras"
    seconds, kills = programs.seconds_of(programs.compact(output)), 0
    for _ in range(10 * material.kills):
        # Most of the time goes by before anything is written.
        kills += kill_after(programs.compact(output), seconds * material.rng.uniform(0.5, 1.02))
        check_whole(material.folder / "nothing")
        programs._check(output, output.read_bytes())
        if kills >= material.kills:
            break
    finish(programs.compact(output))
    from tf_deeppaint.networks.model_files import load_generator

    load_generator(output)
    return kills
