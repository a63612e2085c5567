r"""Writes a trained generator as a Keras file: as it is, in half the size, or of stock layers.

    deeppaint export keras --model=runs/mixture --output=model.keras --precision=float16
    deeppaint export keras --model=runs/mixture --output=stock.keras --stock --size=512

In float16 kernels and biases are rounded to 11 bits; whoever loads it computes in float32 again.
With --stock it loads where Keras is installed and tf_deeppaint is not.
"""

from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_MODEL = flags.DEFINE_string(
    "model", None, "A run directory, or a .keras file of a generator; by default the bundled one."
)
_OUTPUT = flags.DEFINE_string("output", None, "The .keras file to write.", required=True)
_PRECISION = flags.DEFINE_enum(
    "precision", "float32", ["float32", "float16"], "In which the weights are written."
)
_STOCK = flags.DEFINE_bool("stock", False, "Build it of Keras's own layers, norms folded.")
_SIZE = flags.DEFINE_integer("size", None, "With --stock, the canvas; by default the model's.")
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Replace a file that is there.")


def main() -> None:
    from tf_deeppaint.utils.errors import DeepPaintError

    if _STOCK.value and _PRECISION.value != "float32":
        raise DeepPaintError("--stock is written in float32; leave out --precision")
    if _SIZE.value is not None and not _STOCK.value:
        raise DeepPaintError("--size goes with --stock; any other takes pictures of any size")
    import_tensorflow()
    from tf_deeppaint.exporting import fidelity, outputs
    from tf_deeppaint.exporting.stock_keras import make_stock_model
    from tf_deeppaint.networks.model_files import write_generator

    def write(network, path) -> None:
        if _STOCK.value:
            make_stock_model(network, _SIZE.value).save(path)
        else:
            write_generator(network, path, _PRECISION.value)

    measured = outputs.export_file(
        _MODEL.value, _OUTPUT.value, ".keras", write, _OVERWRITE.value, _SIZE.value
    )
    print(fidelity.summarize(_OUTPUT.value, measured))


if __name__ == "__main__":
    programs.run(main)
