r"""Writes a trained generator as a Keras file of half the size: weights in float16.

    python -m export.compact --model=runs/mixture --output=model.keras

Whoever loads it computes in float32 again (`Painter.load`), with kernels and biases rounded to 11
bits; norms stay as they are.
"""

from absl import flags

from tf_deeppaint import program
from tf_deeppaint.quiet import import_tensorflow

_MODEL = flags.DEFINE_string(
    "model", None, "A run directory, or a .keras file of a generator.", required=True
)
_OUTPUT = flags.DEFINE_string("output", None, "The .keras file to write.", required=True)


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.generator_files import read_generator, write_generator

    write_generator(read_generator(_MODEL.value), _OUTPUT.value, "float16")
    print(_OUTPUT.value)


if __name__ == "__main__":
    program.run(main)
