"""Scenarios: small runs killed, and failing, at every point where they change the disk.

A kill leaves what the disk holds at that moment. So each run is done once, its folder is copied
before every operation, and from every different copy the same command goes on. Then the run is done
anew for each operation, which fails: with no space from then on, or with one input/output error.
"""

import contextlib
import dataclasses
import errno
import functools
import hashlib
import io
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tests.faults.material import Material
from tests.faults.points import Points
from tests.faults.programs import Fault, check_whole, files_of
from tests.faults.states import are_equal, last_step
from tf_deeppaint.utils import locks
from tf_deeppaint.utils.errors import DeepPaintError

_RANDOM = re.compile(r"[0-9a-f]{12}")  # of names aside
_REMOVALS = ("remove", "unlink", "rmdir")  # which a full disk does not hinder


@dataclasses.dataclass
class Work:
    """A small run of a program in this process.

    Attributes:
        prepare: Makes the folder as it is before the run.
        run: Runs it; a run that failed goes on.
        check_kept: Raises Fault where something that was finished before is lost.
        check_done: Raises Fault where a finished run is not as it should be.
        may_leave: Whether hidden files that a killed process had begun stay. They do where another
            process may be writing.
    """

    prepare: Callable[[Path], None]
    run: Callable[[Path], None]
    check_kept: Callable[[Path], None]
    check_done: Callable[[Path], None]
    may_leave: bool = False


def killed_everywhere(work: Work, folder: Path) -> int:
    """Goes on from every state of the disk; before how many operations a kill was survived."""
    states: dict[str, Path] = {}
    reached: list[str] = []

    def copy(number: int, what: str) -> None:
        reached.append(what)
        digest = _digest(folder)
        if digest not in states:
            states[digest] = folder.with_name(f"{folder.name}-{number}")
            shutil.copytree(folder, states[digest], symlinks=True)

    _begin(work, folder)
    with Points(folder, copy):
        _quietly(work.run, folder)
    work.check_done(folder)
    for state in states.values():
        shutil.rmtree(folder)
        os.rename(state, folder)
        _go_on(work, folder, f"killed before {reached[int(state.name.rpartition('-')[2]) - 1]}")
    return len(reached)


def failing_everywhere(work: Work, folder: Path, every: int = 1) -> int:
    """Fails at every operation, or at every so many; how many runs failed so and went on."""
    failures = 0
    for number in range(1, sys.maxsize, every):
        for code in (errno.ENOSPC, errno.EIO):
            failed: list[str] = []

            def fail(at: int, what: str, number=number, code=code, failed=failed) -> None:
                is_hit = at == number or (code == errno.ENOSPC and at > number)
                if is_hit and not (code == errno.ENOSPC and what.startswith(_REMOVALS)):
                    failed.append(what)
                    raise OSError(code, os.strerror(code))

            _begin(work, folder)
            with Points(folder, fail) as points:
                told = _quietly(work.run, folder)
            if points.count < number:
                return failures
            if failed:
                failures += 1
                moment = f"{errno.errorcode[code]} at {failed[0]}"
                if told is not None and "\n" in told.strip():
                    raise Fault(f"{moment}: not one line: {told}")
                _go_on(work, folder, moment)
    return failures


def _begin(work: Work, folder: Path) -> None:
    locks.SETTLE_S = 0.0  # no other machine takes part
    shutil.rmtree(folder, ignore_errors=True)
    work.prepare(folder)


def _go_on(work: Work, folder: Path, moment: str) -> None:
    try:
        check_whole(folder)
        work.check_kept(folder)
        told = _quietly(work.run, folder)
        if told is not None:
            raise Fault(f"does not go on: {told}")
        work.check_done(folder)
        left = [path.name for path in folder.rglob("*") if ".incomplete" in path.name]
        if left and not (work.may_leave and all(name.startswith(".") for name in left)):
            raise Fault(f"left behind: {left}")
    except Fault as fault:
        raise Fault(f"{moment}: {fault}") from fault


def _quietly(run: Callable[[Path], None], folder: Path) -> str | None:
    """Runs without a word; what it was refused with, or None. Other errors pass."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            run(folder)
        except DeepPaintError as error:
            return str(error)
    return None


def _digest(folder: Path) -> str:
    """Equal for folders of equal files, but for the random parts of their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(_RANDOM.sub("x", str(path.relative_to(folder))).encode() + b"\0")
        if path.is_file():
            data = b"" if path.name.endswith(".lock") else path.read_bytes()
            digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


# --- the programs ---------------------------------------------------------------------------------


def build_work(material: Material) -> Work:
    """A build of a few dolls in several shards."""
    from tf_deeppaint.data.build import builder
    from tf_deeppaint.data.build.config import BuildConfig
    from tf_deeppaint.data.sources.dolls.source import Dolls

    def run(folder: Path) -> None:
        builder.SHARD_PIXELS = 4 * 64 * 64
        builder.build_dataset(Dolls(12, seed=12), folder / "data", BuildConfig(64, "drop"))

    run(material.folder / "whole")
    expected = files_of(material.folder / "whole")

    def check(folder: Path) -> None:
        if files_of(folder) != expected or len(list(folder.joinpath("data").iterdir())) != len(
            expected
        ):
            raise Fault("other bytes than those of an uninterrupted build")

    return Work(lambda folder: folder.mkdir(), run, lambda folder: None, check)


def export_work(material: Material) -> Work:
    """A network written anew over an older one, as all exports to one file are."""
    from tests.helpers.small_networks import make_network
    from tf_deeppaint.exporting.outputs import export_file
    from tf_deeppaint.networks.model_files import load_generator, write_generator

    network = make_network("U-Net")
    older, newer = material.folder / "older.keras", material.folder / "newer.keras"
    write_generator(network, older)
    network.set_weights([weight * 1.5 for weight in network.get_weights()])
    write_generator(network, newer)

    def prepare(folder: Path) -> None:
        folder.mkdir()
        shutil.copy(older, folder / "model.keras")

    def run(folder: Path) -> None:
        write = write_generator
        export_file(newer, folder / "model.keras", ".keras", write, overwrite=True)

    def is_one_of(folder: Path, *models: Path) -> None:
        load_generator(folder / "model.keras")
        data = (folder / "model.keras").read_bytes()
        if not any(are_equal(data, model.read_bytes(), model.name) for model in models):
            raise Fault("model.keras: neither the old nor the new one")

    return Work(prepare, run, lambda f: is_one_of(f, older, newer), lambda f: is_one_of(f, newer))


def folder_work(material: Material) -> Work:
    """A folder that takes the place of another, as a SavedModel does."""
    from tf_deeppaint.exporting.outputs import written_aside

    names = ("saved_model.pb", "variables")

    def fill(folder: Path, text: str) -> None:
        folder.mkdir()
        for name in names:
            (folder / name).write_text(f"{text} {name}")

    def prepare(folder: Path) -> None:
        folder.mkdir()
        fill(folder / "served", "old")

    def run(folder: Path) -> None:
        with written_aside(folder / "served") as aside:
            fill(aside, "new")

    def is_one_of(folder: Path, *texts: str) -> None:
        # Systems that cannot exchange names set the old one aside for a moment.
        found = {name: (folder / "served" / name).read_text() for name in names}
        if found not in [{name: f"{text} {name}" for name in names} for text in texts]:
            raise Fault(f"served: {found}")

    return Work(prepare, run, lambda f: is_one_of(f, "old", "new"), lambda f: is_one_of(f, "new"))


def coloring_work(material: Material, layers: str) -> Work:
    """Sketches colored with layers of a format; one picture is there before."""
    from absl import flags

    from tf_deeppaint import colorize

    sketches = material.sketches(2)

    def run(folder: Path) -> None:
        flags.FLAGS.unparse_flags()
        arguments = [f"--sketch={sketches}", "--colors=#c0392b,#f4c7a1,#3b5dc9", "--resume"]
        output = [f"--output={folder}/pictures", f"--layers={folder}/layers"]
        flags.FLAGS(["colorize", *arguments, *output, f"--layers_format={layers}"])
        colorize.main()

    whole = material.folder / "colored"
    whole.mkdir()
    _quietly(run, whole)
    expected = files_of(whole)

    def prepare(folder: Path) -> None:
        shutil.copytree(whole, folder)
        for path in (folder / "pictures" / "1.png", *folder.glob("layers/1*")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def check(folder: Path, everything: bool) -> None:
        found = files_of(folder)
        if any(expected.get(name) != data for name, data in found.items()):
            raise Fault("a finished picture is another")
        kept = {n for n in expected if everything or Path(n).name.startswith("0")}
        if kept - found.keys():
            raise Fault(f"gone: {kept - found.keys()}")

    return Work(prepare, run, lambda f: check(f, False), lambda f: check(f, True), may_leave=True)


def training_work(material: Material) -> Work:
    """A training of which two steps are done and saved; of its states one is kept."""
    import tensorflow as tf

    from tf_deeppaint.training.loop import train
    from tf_deeppaint.training.options import TrainingOptions

    tf.config.run_functions_eagerly(True)  # tracing takes most of so short a run
    data = material.data()

    def train_to(folder: Path, steps: int) -> None:
        small = {"generator": "pix2pix", "width": 2, "pool_size": 2, "batch_size": 2, "seed": 3}
        often = {"log_every": 1, "save_every": 1, "checkpoint_every": 1, "keep_checkpoints": 1}
        options = {"augment": ("flip",), "steps": steps, "validation_records": 1}
        train(
            TrainingOptions(data=(str(data),), run=str(folder / "run"), **small, **often, **options)
        )

    begun, whole = material.folder / "begun", material.folder / "trained"
    _quietly(lambda folder: train_to(folder, 2), begun)
    shutil.copytree(begun, whole)
    _quietly(lambda folder: train_to(folder, 3), whole)
    expected = files_of(whole)

    def check_kept(folder: Path) -> None:
        if last_step(folder / "run") < 2:
            raise Fault("the state of step 2 is lost")

    def check_done(folder: Path) -> None:
        for name in ("run/generator.keras", "run/best.keras", "run/metrics.jsonl"):
            if not are_equal((folder / name).read_bytes(), expected[name], name):
                raise Fault(f"{name}: another than that of an undisturbed run")

    return Work(
        lambda folder: shutil.copytree(begun, folder),
        lambda folder: train_to(folder, 3),
        check_kept,
        check_done,
    )


WORKS = {
    "tfrecords.build": build_work,
    "train": training_work,
    **{
        f"colorize with layers as {layers}": functools.partial(coloring_work, layers=layers)
        for layers in ("ora", "psd", "png")
    },
    "an export of a file": export_work,
    "an export of a folder": folder_work,
}


def _kill(make: Callable[[Material], Work], material: Material) -> int:
    return killed_everywhere(make(material), material.folder / "it")


def _fail(make: Callable[[Material], Work], material: Material) -> int:
    every = max(1, 25 // material.kills)  # fewer kills pass over operations
    return failing_everywhere(make(material), material.folder / "it", every)


SCENARIOS = {
    f"{name}, {fault}": (functools.partial(action, make), meaning)
    for name, make in WORKS.items()
    for fault, action, meaning in (
        ("killed at every operation", _kill, "nothing is lost; the same command ends the same"),
        ("no space or an error at every operation", _fail, "one line; then the same"),
    )
}
