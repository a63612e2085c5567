"""Small runs of the real programs as processes: starting, killing, and checking what they leave."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).parents[2]
# Shards of six records: at 64 pixels real ones hold thousands.
SMALL_SHARDS = """
import runpy, sys
from tf_deeppaint.data.build import builder
builder.SHARD_PIXELS = 6 * 64 * 64
if __name__ == "__main__":
    sys.argv[0] = "build"
    runpy.run_module("tfrecords.build", run_name="__main__")
"""


# Seconds after which a program hangs; machines that test are busy.
PATIENCE_S = 1200
# The files among `Material.pictures` that are none, which a build names and leaves out.
NO_PICTURES = ("cut.png", "text.png")


class Fault(Exception):  # noqa: N818 - not of the harness, but of what it hurts
    """Something was lost, half-written, or not told in one line."""


def start(module: str, *arguments: object, **more) -> subprocess.Popen:
    """Starts `python -m MODULE`; what it says comes through its `stdout`."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return spawn(command, **more)


def spawn(command: Sequence[object], env: dict | None = None, limit: int = 0) -> subprocess.Popen:
    """Starts a command; with a limit no file of it may grow over so many bytes."""
    import resource

    def restrict() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=restrict if limit else None,
    )


def finish(process: subprocess.Popen, timeout: float = PATIENCE_S) -> str:
    """Waits for a good end; what the program said."""
    said, _ = process.communicate(timeout=timeout)
    if process.returncode:
        raise Fault(f"exit {process.returncode}: {said[-1500:]}")
    return said


def finish_build(process: subprocess.Popen, anew: bool = False) -> str:
    """Waits for the good end of a build of `Material.pictures`; what it said.

    A build that skipped files ends with status 1, once the data set is complete. Nothing else is
    a good end with that status.

    Args:
        process: The build.
        anew: Whether it began anew and so must name all that are no pictures. One that goes on
            names only those that it inspects itself.
    """
    said, _ = process.communicate(timeout=PATIENCE_S)
    lines = said.splitlines()
    skipped = [line.split(": ")[1] for line in lines if line.startswith("skipped: ")]
    errors = [line for line in lines if line.startswith("error: ")]
    complete = f"error: {len(skipped)} files were skipped; see above. The data set is complete"
    is_told = errors == ([complete] if skipped else []) and "Traceback" not in said
    if process.returncode != (1 if skipped else 0) or not is_told:
        raise Fault(f"exit {process.returncode}: {said[-1500:]}")
    names = sorted(Path(path).name for path in skipped)
    if len(set(names)) < len(names) or not set(names) <= set(NO_PICTURES):
        raise Fault(f"skipped what it had to take: {names}")
    if anew and len(names) < len(NO_PICTURES):
        raise Fault(f"took what it had to skip, or did not say so: {names}")
    return said


def fail(process: subprocess.Popen, *words: str, timeout: float = PATIENCE_S) -> str:
    """Waits for an end with one line that holds all of the words."""
    said, _ = process.communicate(timeout=timeout)
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    is_told = len(errors) == 1 and all(word in errors[0] for word in words)
    if process.returncode != 1 or not is_told or "Traceback" in said:
        raise Fault(f"exit {process.returncode}, not told in one line: {said[-3000:]}")
    return errors[0]


def kill_after(process: subprocess.Popen, seconds: float) -> bool:
    """Kills a process, and those it started, unless it ends before; whether it was killed."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=seconds)
        return False
    process.kill()
    # Ends only when the last worker, which holds the pipe too, is gone.
    process.communicate(timeout=60)
    return process.returncode == -signal.SIGKILL


def wait_for(process: subprocess.Popen, start_of_line: str) -> str:
    """Reads what a program says up to a line; an error if it ends before."""
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith(start_of_line):
            return "".join(said)
    process.wait()
    raise Fault(f"ended before {start_of_line!r}: {''.join(said)[-1500:]}")


# --- what is left -------------------------------------------------------------------------------


def files_of(folder: Path) -> dict[str, bytes]:
    """The files below a folder with final names, by their paths."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if path.is_file() and not hidden and ".incomplete" not in path.name:
            with contextlib.suppress(FileNotFoundError):
                found[inside.as_posix()] = path.read_bytes()
    return found


def check_whole(folder: Path) -> int:
    """Checks that every file with a final name can be read to its end; how many there were."""
    found = files_of(folder)
    for name, data in found.items():
        try:
            _check(folder / name, data)
        except Exception as error:
            raise Fault(f"{name}: half-written ({error})") from error
    _check_states(folder, found)
    return len(found)


def _check(path: Path, data: bytes) -> None:
    from tf_deeppaint.images.decoding import decode_picture
    from tf_deeppaint.utils import keras_archives

    if path.suffix == ".png":
        decode_picture(data, path.name)
    elif path.suffix == ".keras":
        keras_archives.read_config(path)
    elif path.suffix == ".ora":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
    elif path.suffix == ".json":
        json.loads(data)
    elif path.suffix == ".jsonl":
        # Lines are appended to it: the last may be cut off, and the next start drops it.
        for line in data.decode().splitlines()[:-1]:
            json.loads(line)
    elif path.suffix == ".tfrecord":
        import tensorflow as tf

        assert sum(1 for _ in tf.data.TFRecordDataset(str(path))) > 0


def _check_states(folder: Path, found: dict[str, bytes]) -> None:
    """Of a run's checkpoints all but the last must be whole; a damaged last one is passed over."""
    import tensorflow as tf

    steps = sorted(
        int(name.removesuffix(".index").rpartition("-")[2])
        for name in found
        if name.startswith("checkpoints/state-") and name.endswith(".index")
    )
    for step in steps[:-1]:
        reader = tf.train.load_checkpoint(str(folder / "checkpoints" / f"state-{step}"))
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)


# --- the programs ---------------------------------------------------------------------------------


def build(pictures: Path, output: Path, script: Path, **more) -> subprocess.Popen:
    """A build of small shards by two workers."""
    arguments = ["--source=folder", f"--input={pictures}", f"--output={output}", "--size=64"]
    arguments += ["--workers=2", "--sketch=mixture,thin"]
    return spawn([sys.executable, script, *arguments], **more)


def train(data: Path, run: Path, steps: int, *flags: str, **more) -> subprocess.Popen:
    """A deterministic training of a small network that saves often."""
    small = ["--width=2", "--batch_size=2", "--pool_size=2", "--deterministic", "--augment=flip"]
    small += ["--checkpoint_every=2", "--save_every=5", "--log_every=2", f"--steps={steps}"]
    small += ["--strategy=one", *flags]
    return start("tf_deeppaint.train", f"--data={data}", f"--run={run}", *small, **more)


def color(sketches: Path, output: Path, *flags: str, **more) -> subprocess.Popen:
    """A folder of sketches colored, with layers; what is there is left out."""
    arguments = [f"--sketch={sketches}", "--colors=#c0392b,#f4c7a1,#3b5dc9", "--resume"]
    arguments += [f"--output={output}/pictures", f"--layers={output}/layers", *flags]
    return start("tf_deeppaint.colorize", *arguments, **more)


def compact(output: Path, **more) -> subprocess.Popen:
    """The bundled model written anew."""
    return start(
        "export.keras_model",
        "--precision=float16",
        "--overwrite",
        "--model=tf_deeppaint/bundled/model.keras",
        f"--output={output}",
        **more,
    )


# --- places ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system in memory of a size, such as "2m"; a Fault where none may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def change_disk(folder: Path, options: str) -> None:
    """Mounts a small disk anew, such as with "size=64m", "ro" or "rw"."""
    _mount("-o", f"remount,{options}", folder)


def may_mount() -> bool:
    """Whether this process may mount file systems."""
    import tempfile

    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.suppress(Fault),
        small_disk(Path(folder), "64k"),
    ):
        return True
    return False


def _mount(*arguments: object) -> None:
    try:
        subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Fault(f"mount {arguments}: {getattr(error, 'stderr', error)}") from error


def seconds_of(process: subprocess.Popen, end: Callable[..., object] = finish) -> float:
    """How long a program takes to its good end, which `end` waits for."""
    began = time.monotonic()
    end(process)
    return time.monotonic() - began
