r"""Converts a trained generator for LiteRT: phones, browsers, boards, and fast start-up.

    deeppaint export litert --model=runs/mixture --output=out/float16.tflite --precision=float16
    deeppaint export litert --model=runs/mixture --output=out/int8.tflite --precision=full_int8 \
        --data=data/openmoji256

`deeppaint colorize --model=out/float16.tflite` paints with it.
"""

from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_MODEL = flags.DEFINE_string(
    "model", None, "A run directory, or a .keras file of a generator; by default the bundled one."
)
_OUTPUT = flags.DEFINE_string("output", None, "The .tflite file to write.", required=True)
_PRECISION = flags.DEFINE_enum(
    "precision",
    "float32",
    ["float32", "float16", "dynamic_int8", "full_int8"],
    "float16: half the size. dynamic_int8: a quarter, ranges measured at every run. full_int8: a "
    "quarter, ranges measured now, on --data.",
)
_SIZE = flags.DEFINE_integer("size", None, "Side of the canvas; by default the model's.")
_DATA = flags.DEFINE_string("data", None, "For full_int8: the folder of a data set.")
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Replace a file that is there.")


def main() -> None:
    from tf_deeppaint.utils.errors import DeepPaintError

    if (_PRECISION.value == "full_int8") != (_DATA.value is not None):
        raise DeepPaintError("--precision=full_int8 and --data=FOLDER go together; give both")
    import_tensorflow()
    from tf_deeppaint.exporting import fidelity, litert, outputs
    from tf_deeppaint.utils import files

    def write(network, path) -> None:
        size = _SIZE.value or network.size
        samples = ()
        if _DATA.value is not None:
            stored = fidelity.stored_samples(
                _DATA.value, "train", size, network.background, litert.SAMPLES
            )
            samples = zip(*stored, strict=True)
        files.write_bytes(path, litert.convert(network, _PRECISION.value, size, samples))

    measured = outputs.export_file(
        _MODEL.value, _OUTPUT.value, ".tflite", write, _OVERWRITE.value, _SIZE.value
    )
    print(fidelity.summarize(_OUTPUT.value, measured))


if __name__ == "__main__":
    programs.run(main)
