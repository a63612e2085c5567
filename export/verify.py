"""Holds an exported network against the one it was made of, on held-out records.

    python -m export.verify --model=runs/mixture --artifact=out/int8.tflite --data=data/openmoji256

Exits with 1 where the pictures differ by more than the precision allows.
"""

from absl import flags

from tf_deeppaint import program
from tf_deeppaint.quiet import import_tensorflow

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
    from tf_deeppaint import artefacts
    from tf_deeppaint.errors import DeepPaintError
    from tf_deeppaint.generator_files import read_generator

    network = read_generator(_MODEL.value)
    artefact = artefacts.open_artefact(_ARTIFACT.value)
    size = artefact.size or network.size
    samples = artefacts.stored_samples(_DATA.value, "test", size, network.background)
    found = artefacts.measure(network, artefact, *samples)
    for name, value in artefacts.describe(found):
        print(f"{name:24}{value}")
    if wrong := artefacts.complaints(found):
        raise DeepPaintError(f"{_ARTIFACT.value}: {'; '.join(wrong)}")


if __name__ == "__main__":
    program.run(main)
