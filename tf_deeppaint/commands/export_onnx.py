r"""Converts a trained generator to ONNX.

    deeppaint export onnx --model=runs/mixture --output=out/model.onnx --size=512

Needs the extra `onnx`.
"""

from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_MODEL = flags.DEFINE_string(
    "model", None, "A run directory, or a .keras file of a generator; by default the bundled one."
)
_OUTPUT = flags.DEFINE_string("output", None, "The .onnx file to write.", required=True)
_SIZE = flags.DEFINE_integer("size", None, "Side of the canvas; by default the model's.")
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Replace a file that is there.")


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.exporting import fidelity, onnx_model, outputs
    from tf_deeppaint.utils import files

    def write(network, path) -> None:
        files.write_bytes(path, onnx_model.convert(network, _SIZE.value))

    measured = outputs.export_file(
        _MODEL.value, _OUTPUT.value, ".onnx", write, _OVERWRITE.value, _SIZE.value
    )
    print(fidelity.summarize(_OUTPUT.value, measured))


if __name__ == "__main__":
    programs.run(main)
