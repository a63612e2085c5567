"""Trained generators as files: in a run directory, a `.keras` file, or with the package."""

import os
from pathlib import Path

import keras

from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.generator import GENERATOR_FILE, Generator
from tf_deeppaint.unet import UNet

# The model that comes with the package; what it is stands in MODEL_CARD.md beside it.
BUNDLED_FILE = Path(__file__).parent / "bundled" / "model.keras"


def read_generator(path: str | os.PathLike | None = None) -> Generator | UNet:
    """Reads a generator from a run directory or a `.keras` file; the bundled one without a path.

    Raises:
        DeepPaintError: nothing there, damaged, or a model of another kind.
    """
    path = BUNDLED_FILE if path is None else Path(path)
    if path.is_dir():
        path = path / GENERATOR_FILE
    if not path.is_file():
        raise DeepPaintError(
            f"{path}: no such model; give a run directory or a .keras file, or train one with "
            "`python -m tf_deeppaint.train`"
        )
    try:
        model = keras.saving.load_model(path, compile=False)
    # Keras raises whatever its parts raise: zip, JSON, HDF5, type errors and more.
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DeepPaintError(f"{path}: cannot be loaded as a Keras model ({reason})") from error
    if not isinstance(model, Generator | UNet):
        raise DeepPaintError(
            f"{path}: holds a {type(model).__name__}; a tf_deeppaint Generator is needed"
        )
    return model


def write_generator(
    generator: Generator | UNet, path: str | os.PathLike, precision: str | None = None
) -> None:
    """Saves a `.keras` file aside and renames it: the last good one stays until then.

    Args:
        generator: What is saved.
        path: Ends in `.keras`.
        precision: In which the weights are written, e.g. `"float16"` for half the size; as they
            are by default.

    Raises:
        DeepPaintError: another suffix, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise DeepPaintError(f"{path}: models are written as .keras")
    # Keras looks at the suffix, so the file aside keeps it.
    aside = path.with_name(f".incomplete-{path.name}")
    try:
        (generator if precision is None else in_precision(generator, precision)).save(aside)
        aside.replace(path)
    except OSError as error:
        raise DeepPaintError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        aside.unlink(missing_ok=True)


def in_precision(generator: Generator | UNet, dtype: str) -> Generator | UNet:
    """The same network with weights and arithmetic in another precision, such as `"float32"`."""
    if generator.dtype_policy.name == dtype:
        return generator
    twin = type(generator).from_config(generator.get_config() | {"dtype": dtype})
    twin.set_weights(generator.get_weights())
    return twin
