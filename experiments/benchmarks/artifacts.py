r"""Size, speed and fidelity of every artifact of a network, beside PyTorch on the same machine.

python -m experiments.benchmarks.artifacts --width=16
python -m experiments.benchmarks.artifacts --width=64

Every artifact is made by its own program, which holds it against its network. It is then timed in
turns with the published network of the same width in PyTorch, both one picture at a time on all
cores, and held against its network once more, as `export.verify` does it. Exits with 1 where one is
over its bounds. Of width 16 the network is the bundled one, of others one of random weights whose
norms have seen drawn pictures; --model names a trained one.
"""

import functools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_WIDTH = flags.DEFINE_integer("width", 16, "Width of both networks.", lower_bound=2)
_SIZE = flags.DEFINE_integer("size", 512, "Side of the canvas.", lower_bound=64)
_MODEL = flags.DEFINE_string("model", None, "A trained network of this width.")
_ROUNDS = flags.DEFINE_integer("rounds", 3, "Turns; medians are shown.", lower_bound=1)

ROOT = Path(__file__).parent.parent.parent
# Name, program, its own flags, and what it writes.
EXPORTS = [
    ("SavedModel", "export.saved_model", [], "saved/1"),
    ("stock Keras", "export.keras_model", ["--plain"], "plain.keras"),
    ("LiteRT float32", "export.litert", [], "float32.tflite"),
    ("LiteRT float16", "export.litert", ["--precision=float16"], "float16.tflite"),
    ("LiteRT dynamic int8", "export.litert", ["--precision=dynamic_int8"], "dynamic_int8.tflite"),
    ("LiteRT full int8", "export.litert", ["--precision=full_int8"], "full_int8.tflite"),
    ("ONNX Runtime", "export.onnx", [], "model.onnx"),
]
HEADER = (
    "| | MB | ms | PyTorch, ms | times as fast | PSNR, dB | 99 % within | largest | CIEDE2000 |\n"
    "|---|---|---|---|---|---|---|---|---|"
)
BUNDLED_WIDTH = 16
PICTURES = 3


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.exporting import fidelity
    from tf_deeppaint.networks.model_files import read_generator, write_generator
    from tf_deeppaint.utils.errors import DeepPaintError

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        network = read_generator(_MODEL.value) if _MODEL.value else make_network(_WIDTH.value)
        if network.width != _WIDTH.value:
            raise DeepPaintError(f"--model has another width; give --width={network.width}")
        network = of_size(network, _SIZE.value)
        write_generator(network, folder / "generator.keras")
        build_data(folder / "data", network.background)
        samples = fidelity.stored_samples(
            folder / "data", "test", network.size, network.background, PICTURES
        )
        reference = torch_painter(_WIDTH.value, samples)
        over = []
        print(HEADER, flush=True)
        for title, opened in open_all(folder, network.size):
            try:
                row, found = measure(network, opened(), samples, reference)
            except DeepPaintError as error:  # its own program did not let it pass
                over.append(f"{title}: {error}")
                print(f"| {title} | refused |{' |' * 7}", flush=True)
                continue
            over += [f"{title}: {said}" for said in fidelity.complaints(found)]
            print(f"| {title} | {' | '.join(map(str, row.values()))} |", flush=True)
    if over:
        raise DeepPaintError("; ".join(over))


def of_size(network, size: int):
    """The same network for another canvas."""
    twin = type(network).from_config(network.get_config() | {"size": size})
    twin.set_weights(network.get_weights())
    return twin


def make_network(width: int):
    """The bundled network, or one of random weights."""
    from experiments.benchmarks.keras_work import settled_generator
    from tf_deeppaint.networks.model_files import read_generator

    return read_generator() if width == BUNDLED_WIDTH else settled_generator(width, _SIZE.value)


def build_data(folder: Path, background: str) -> None:
    """Drawn pictures as records: to calibrate on, and held-out ones to compare on."""
    run_program(
        "tfrecords.build", "--source=dolls", "--count=80", f"--size={_SIZE.value}",
        f"--background={background}", f"--output={folder}",
    )  # fmt: skip


def export(made: str, own_flags: list[str], folder: Path, output: str) -> None:
    """Makes an artifact as its users do."""
    if "full_int8" in output:
        own_flags = [*own_flags, f"--data={folder / 'data'}"]
    run_program(made, f"--model={folder}", f"--output={folder / output}", *own_flags)


def run_program(name: str, *arguments: str) -> None:
    from tf_deeppaint.utils.errors import DeepPaintError

    command = [sys.executable, "-m", name, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DeepPaintError(f"{name}: {done.stderr.strip().splitlines()[-1]}")


# === Timing ===


def torch_painter(width: int, samples: tuple) -> Callable[[], object]:
    """The published network in eager PyTorch, as it is written; weights do not matter for time."""
    import torch

    from experiments.benchmarks.torch_reference import Generator, settle

    side = samples[0].shape[1]
    given = torch.zeros(1, 15, side, side).uniform_(-1, 1)
    network = settle(Generator(width), given).eval()

    def paint() -> object:
        with torch.inference_mode():
            return network(given)

    return paint


def measure(network, artifact, samples: tuple, reference: Callable) -> tuple:
    """A row of the table, and what `fidelity.measure` found, to be judged."""
    from tf_deeppaint.exporting import fidelity

    found = fidelity.measure(network, artifact, *samples)
    given = [part[:1] for part in samples]
    seconds: list[list[float]] = [[], []]
    works = (lambda: artifact.paint(*given), reference)
    for work in works:
        work()
    for _ in range(_ROUNDS.value):
        for work, times in zip(works, seconds, strict=True):
            begun = time.perf_counter()
            work()
            times.append(time.perf_counter() - begun)
    ours, theirs = map(statistics.median, seconds)
    row = {
        "megabytes": round(found.bytes / 1e6, 1),
        "milliseconds": round(1000 * ours),
        "pytorch_milliseconds": round(1000 * theirs),
        "times_as_fast_as_pytorch": round(theirs / ours, 2),
        "psnr": round(found.psnr, 1),
        "nearly_all_within": float(f"{found.nearly_all:.2g}"),
        "largest_difference": float(f"{found.largest:.2g}"),
        "ciede2000": round(found.ciede2000, 3),
    }
    return row, found


def open_all(folder: Path, side: int) -> Iterator[tuple[str, Callable]]:
    """Yields the name of one artifact after another, and what makes and opens it."""
    for title, made, own_flags, output in EXPORTS:
        yield title, functools.partial(make_and_open, made, own_flags, folder, output)
    yield "OpenVINO", functools.partial(open_by_openvino, folder / "model.onnx", side)


def make_and_open(made: str, own_flags: list[str], folder: Path, output: str):
    from tf_deeppaint.exporting.fidelity import open_artifact

    export(made, own_flags, folder, output)
    return open_artifact(folder / output)


def open_by_openvino(path: Path, side: int):
    """The ONNX file once more, to be run by OpenVINO in float32."""
    import openvino

    from tf_deeppaint.exporting.fidelity import Artifact

    options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    model = openvino.Core().compile_model(path, "CPU", options)

    def paint(sketch: np.ndarray, palette: np.ndarray) -> np.ndarray:
        return model({"sketch": sketch, "palette": palette})["image"]

    return Artifact(str(path), "float32", side, paint)


if __name__ == "__main__":
    programs.run(main)
