"""Size, speed and fidelity of every artifact of a network, beside PyTorch on the same machine.

    python -m experiments.benchmarks.artifacts --width=16
    python -m experiments.benchmarks.artifacts --width=64

Every artifact is made by its own program, which checks it against its network. It is then timed in
rounds with the published network of the same width in PyTorch, both one picture at a time on all
cores, and compared with its network once more, as `export.verify` does it. Exits with 1 where one
exceeds its bounds. --model names a trained network; without it the weights are random, and the
norms have seen drawn pictures.
"""

import statistics
import tempfile
from collections.abc import Callable

import numpy as np
from absl import flags

from experiments.benchmarks import harness
from tf_deeppaint.utils import programs
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

flags.declare_key_flag("rounds")
_WIDTH = flags.DEFINE_integer("width", 16, "Width of both networks.", lower_bound=2)
_SIZE = flags.DEFINE_integer("size", 512, "Side of the canvas.", lower_bound=64)
_MODEL = flags.DEFINE_string("model", None, "A trained network of this width.")

# Title, program, its own flags, and its output; OpenVINO opens the file before it.
EXPORTS = [
    ("SavedModel", "export.saved_model", [], "saved/1"),
    ("stock Keras", "export.keras_model", ["--stock"], "stock.keras"),
    ("LiteRT float32", "export.litert", [], "float32.tflite"),
    ("LiteRT float16", "export.litert", ["--precision=float16"], "float16.tflite"),
    ("LiteRT dynamic int8", "export.litert", ["--precision=dynamic_int8"], "dynamic_int8.tflite"),
    ("LiteRT full int8", "export.litert", ["--precision=full_int8"], "full_int8.tflite"),
    ("ONNX Runtime", "export.onnx", [], "model.onnx"),
    ("OpenVINO", None, [], "model.onnx"),
]
HEAD = (
    "| | MB | ms | PyTorch, ms | times as fast | PSNR, dB | 99 % within | largest | CIEDE2000 |\n"
    "|---|---|---|---|---|---|---|---|---|"
)
PICTURES = 3


def main() -> None:
    import_tensorflow()
    from experiments.benchmarks.workloads.torch_workloads import forward
    from tf_deeppaint.exporting import fidelity
    from tf_deeppaint.networks.model_files import write_generator

    problems = []
    with tempfile.TemporaryDirectory() as folder:
        network = make_network()
        write_generator(network, f"{folder}/generator.keras")
        data = f"{folder}/data"
        harness.run_program(
            "tfrecords.build", "--source=dolls", "--count=80", f"--output={data}",
            f"--size={network.size}", f"--background={network.background}",
        )  # fmt: skip
        samples = fidelity.stored_samples(data, "test", network.size, network.background, PICTURES)
        pytorch = forward(network.width, network.size, tuned=False)
        print(HEAD, flush=True)
        for title, program, own_flags, output in EXPORTS:
            try:
                artifact = make_artifact(program, own_flags, folder, output, network.size)
            except DeepPaintError as error:  # its program has refused it
                problems.append(f"{title}: {error}")
                print(f"| {title} | refused |{' |' * 7}", flush=True)
                continue
            report = fidelity.measure(network, artifact, *samples)
            problems += [f"{title}: {complaint}" for complaint in fidelity.find_violations(report)]
            print(make_row(title, report, artifact, samples, pytorch), flush=True)
    if problems:
        raise DeepPaintError("; ".join(problems))


def make_network():
    """The network of the flags, for the canvas of the flags."""
    from experiments.benchmarks.workloads.keras_workloads import settled_generator
    from tf_deeppaint.networks.model_files import load_generator

    if not _MODEL.value:
        return settled_generator(_WIDTH.value, _SIZE.value)
    network = load_generator(_MODEL.value)
    if network.width != _WIDTH.value:
        raise DeepPaintError(f"--model has another width; give --width={network.width}")
    resized = type(network).from_config(network.get_config() | {"size": _SIZE.value})
    resized.set_weights(network.get_weights())
    return resized


def make_artifact(program: str | None, own_flags: list, folder: str, output: str, side: int):
    """Makes an artifact by its program and opens it, or opens one in OpenVINO."""
    from tf_deeppaint.exporting.artifacts import Artifact, open_artifact

    path = f"{folder}/{output}"
    if program is not None:
        calibration = [f"--data={folder}/data"] if "full_int8" in output else []
        paths = [f"--model={folder}", f"--output={path}"]
        harness.run_program(program, *paths, *own_flags, *calibration)
        return open_artifact(path)

    import openvino

    options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    model = openvino.Core().compile_model(path, "CPU", options)

    def paint(sketch: np.ndarray, palette: np.ndarray) -> np.ndarray:
        return model({"sketch": sketch, "palette": palette})["image"]

    return Artifact(path, "float32", side, paint)


def make_row(title: str, report, artifact, samples: tuple, pytorch: Callable) -> str:
    """The artifact's row, with its time and that of the network in PyTorch."""
    first = [part[:1] for part in samples]
    functions = {"ours": lambda: artifact.paint(*first), "pytorch": pytorch}
    seconds = harness.alternate(functions, harness.rounds(3))
    ours, theirs = (statistics.median(values) for values in seconds.values())
    return (
        f"| {title} | {report.bytes / 1e6:.1f} | {1000 * ours:.0f} | {1000 * theirs:.0f} "
        f"| {theirs / ours:.2f} | {report.psnr:.1f} | {report.nearly_all:.2g} "
        f"| {report.largest:.2g} | {report.ciede2000:.3f} |"
    )


if __name__ == "__main__":
    programs.run(main)
