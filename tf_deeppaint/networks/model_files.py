"""Trained generators as files: in a run directory, a `.keras` file, or with the package."""

import contextlib
import inspect
import os
from pathlib import Path

import numpy as np

from tf_deeppaint.images.pixels import MAX_SIDE
from tf_deeppaint.networks.generator import GENERATOR_FILE, Generator
from tf_deeppaint.networks.layers import PACKAGE
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.utils import files, keras_archives
from tf_deeppaint.utils.errors import DeepPaintError, one_line

# The model that comes with the package; what it is stands in MODEL_CARD.md beside it.
BUNDLED_FILE = Path(__file__).parents[1] / "bundled" / "model.keras"

# By the names under which Keras writes them.
KINDS = {f"{PACKAGE}>{kind.__name__}": kind for kind in (Generator, UNet)}
PRECISIONS = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")
# A generator has more than so many weights for each square of its width, at two bytes or more.
_LEAST_WEIGHTS, _LEAST_BYTES = 10_000, 2


def read_generator(path: str | os.PathLike | None = None) -> Generator | UNet:
    """Reads a generator from a run directory or a `.keras` file; the bundled one without a path.

    Raises:
        DeepPaintError: nothing there, damaged, or a model of another kind.
    """
    path = BUNDLED_FILE if path is None else Path(path)
    if files.is_folder(path):
        path = path / GENERATOR_FILE
    if not files.is_file(path):
        raise DeepPaintError(
            f"{path}: no such model; give a run directory or a .keras file, or train one with "
            "`python -m tf_deeppaint.train`"
        )
    generator = _make_generator(keras_archives.read_config(path), path)
    try:
        generator.load_weights(path)
    # Keras raises whatever its parts raise: zip, HDF5, type errors and more.
    except Exception as error:
        raise DeepPaintError(
            f"{path}: cannot be loaded as a Keras model ({one_line(error)})"
        ) from error
    for weight in generator.weights:
        if not np.isfinite(np.asarray(weight, np.float32)).all():
            raise DeepPaintError(
                f"{path}: {weight.path} holds values that are not finite; take an earlier one"
            )
    return generator


def _make_generator(document: dict, path: Path) -> Generator | UNet:
    """A generator of a config's options, none of which Keras is asked to make anything of.

    Raises:
        DeepPaintError: it is another model's, or of options that no generator has.
    """
    kind = KINDS.get(str(document.get("registered_name")))
    if kind is None:
        name = str(document.get("class_name"))[:60]
        raise DeepPaintError(f"{path}: holds a {name}; a tf_deeppaint Generator is needed")
    try:
        options = dict(document["config"])
        options["dtype"] = _precision(options["dtype"])
        _check_options(options, kind, files.size(path))
        return kind(**options)
    except (KeyError, TypeError, ValueError, OverflowError, DeepPaintError) as error:
        raise DeepPaintError(
            f"{path}: cannot be loaded as a Keras model ({one_line(error)})"
        ) from error


def _check_options(options: dict, kind: type, size: int) -> None:
    """Raises ValueError unless a config holds plain options, of a network that fits the file."""
    known = {"name", "trainable", "dtype", *inspect.signature(kind.__init__).parameters}
    if surplus := sorted(options.keys() - (known - {"self", "kwargs"})):
        raise ValueError(f"an option {surplus[0][:60]} that no {kind.__name__} has")
    for name, value in options.items():
        if not isinstance(value, str | int | None):
            raise ValueError(f"{name} is a {type(value).__name__}")
    width, side = options["width"], options["size"]
    if not (type(width) is int and type(side) is int and 0 < side <= MAX_SIDE):
        raise ValueError(f"width and size are {str(width)[:20]} and {str(side)[:20]}")
    if _LEAST_WEIGHTS * _LEAST_BYTES * width**2 > size:
        raise ValueError(f"a file of {size} bytes holds no network of width {str(width)[:20]}")


def _precision(policy: object) -> str:
    name = policy["config"]["name"] if isinstance(policy, dict) else policy
    if name not in PRECISIONS:
        raise ValueError(f"no such precision: {str(name)[:60]}")
    return name


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
    aside = path.with_name(files.name_aside(path.name))
    try:
        (generator if precision is None else in_precision(generator, precision)).save(aside)
        files.sync(aside)
        aside.replace(path)
    except OSError as error:
        raise DeepPaintError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with contextlib.suppress(OSError):  # on a file system that is read-only it is not there
            aside.unlink()


def in_precision(generator: Generator | UNet, dtype: str) -> Generator | UNet:
    """The same network with weights and arithmetic in another precision, such as `"float32"`."""
    if generator.dtype_policy.name == dtype:
        return generator
    twin = type(generator).from_config(generator.get_config() | {"dtype": dtype})
    twin.set_weights(generator.get_weights())
    return twin
