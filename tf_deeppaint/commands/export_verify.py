"""Compares an exported network with the one it was made of, on held-out records.

    deeppaint export verify --model=runs/mixture --artifact=out/int8.tflite --data=data/openmoji256

Of a SavedModel the signatures that take files are compared with the Painter, too. Exits with 1
where the pictures differ by more than the precision allows.
"""

import sys

from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

# That are painted, and under which a note says how few there were.
PICTURES = 20

_MODEL = flags.DEFINE_string(
    "model", None, "A run directory, or a .keras file of a generator; by default the bundled one."
)
_ARTIFACT = flags.DEFINE_string(
    "artifact",
    None,
    "A .tflite, .onnx or .keras file, or the folder of a SavedModel.",
    required=True,
)
_DATA = flags.DEFINE_string(
    "data", None, "The folder of a data set, whose test records are painted.", required=True
)


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.exporting import artifacts, fidelity, saved_model
    from tf_deeppaint.networks.model_files import load_generator
    from tf_deeppaint.utils import files
    from tf_deeppaint.utils.errors import DeepPaintError

    network = load_generator(_MODEL.value)
    artifact = artifacts.open_artifact(_ARTIFACT.value)
    size = artifact.size or network.size
    samples = fidelity.stored_samples(_DATA.value, "test", size, network.background, PICTURES)
    measured = fidelity.measure(network, artifact, *samples)
    for name, value in fidelity.describe(measured):
        print(f"{name:24}{value}")
    if measured.pictures < PICTURES:
        print(
            f"note: {_DATA.value} has only {measured.pictures} test records; {PICTURES} and more "
            "would be surer",
            file=sys.stderr,
        )
    if violations := fidelity.find_violations(measured):
        raise DeepPaintError(f"{_ARTIFACT.value}: {'; '.join(violations)}")
    if files.is_folder(_ARTIFACT.value):
        psnr = saved_model.check_signatures(_ARTIFACT.value, network)
        print(f"{saved_model.BESIDE}: {psnr:.1f} dB or more")


if __name__ == "__main__":
    programs.run(main)
