r"""Writes a trained generator as a SavedModel: encoded pictures in, encoded pictures out.

    deeppaint export saved_model --model=runs/mixture --output=models/deeppaint/1

TensorFlow alone loads it, and TensorFlow Serving serves it: docs/serving.md.
"""

from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_MODEL = flags.DEFINE_string(
    "model", None, "A run directory or a .keras file; the model of the package without."
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "The folder to write; TensorFlow Serving wants a number.", required=True
)
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Replace a SavedModel that is there.")
_MAX_PIXELS = flags.DEFINE_integer(
    "max_pixels",
    1 << 24,
    "The most pixels of a picture; a request with a larger one is refused.",
    lower_bound=1 << 12,  # `saved_model.LEAST_PIXELS`
    upper_bound=1 << 26,
)


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.exporting import saved_model
    from tf_deeppaint.exporting.model_card import write_model_card
    from tf_deeppaint.networks.model_files import load_generator

    saved_model.check_output_folder(_OUTPUT.value, _OVERWRITE.value)
    generator = load_generator(_MODEL.value)
    rows = saved_model.write_saved_model(
        generator, _OUTPUT.value, _MAX_PIXELS.value, _OVERWRITE.value
    )
    write_model_card(_OUTPUT.value, generator, _MODEL.value, rows)
    print(f"{_OUTPUT.value}: {dict(rows)[saved_model.BESIDE]} {saved_model.BESIDE}")


if __name__ == "__main__":
    programs.run(main)
