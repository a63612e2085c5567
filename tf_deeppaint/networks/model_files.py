"""Trained networks as `.keras` files: in a run directory, on their own, or with the package."""

import contextlib
import os
from pathlib import Path

import numpy as np

import tf_deeppaint
from tf_deeppaint.images.pixels import MAX_SIDE
from tf_deeppaint.networks import PACKAGE
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.generator import OLD_OPTIONS, Generator
from tf_deeppaint.networks.matcher.color_matcher import ColorMatcher
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.palette.rules import BACKGROUNDS
from tf_deeppaint.utils import files, keras_archives
from tf_deeppaint.utils.commands import command
from tf_deeppaint.utils.errors import DeepPaintError, one_line

# The model that comes with the package; MODEL_CARD.md beside it describes it.
BUNDLED_FILE = Path(tf_deeppaint.__file__).parent / "bundled" / "model.keras"
# Names in a run directory: of the generator, and of that of the best epoch so far.
GENERATOR_FILE, BEST_FILE = "generator.keras", "best.keras"

# The classes by the names under which Keras registers them.
NETWORKS = {f"{PACKAGE}>{network.__name__}": network for network in (Generator, UNet, ColorMatcher)}
_PRECISIONS = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")
# A network of width w has more than 2,000 w^2 weights, of at least two bytes each.
_MIN_BYTES = 4_000


def load_generator(path: str | os.PathLike | None = None) -> PaintingNetwork:
    """Loads a network from a run directory or a `.keras` file; without a path the bundled one.

    Raises:
        DeepPaintError: The file is missing, damaged, or holds a model of another kind.
    """
    path = BUNDLED_FILE if path is None else _file_of(Path(path))
    if not files.is_file(path):
        raise DeepPaintError(
            f"{path}: no such model; give a run directory or a model's file, or train one with "
            f"`{command('train')}`"
        )
    if path.suffix != ".keras":
        raise DeepPaintError(f"{path}: not a model; give a run directory or a .keras file")
    document = keras_archives.read_config(path)
    kind = NETWORKS.get(str(document.get("registered_name")))
    if kind is None:
        name = str(document.get("class_name"))[:60]
        raise DeepPaintError(f"{path}: holds a {name}; a tf_deeppaint Generator is needed")
    try:
        # Keras builds nothing from the config: the class is ours, and its options are checked.
        network = kind.from_config(_read_options(document, kind, files.size(path)))
        network.load_weights(path)
    # Keras raises zip, HDF5, type errors and more.
    except Exception as error:
        raise DeepPaintError(
            f"{path}: cannot be loaded as a Keras model ({one_line(error)})"
        ) from error
    for weight in network.weights:
        if not np.isfinite(np.asarray(weight, np.float32)).all():
            raise DeepPaintError(
                f"{path}: {weight.path} has values that are not finite; use an earlier file"
            )
    return network


def _file_of(path: Path) -> Path:
    """The file of a network: in a run that has not saved its generator yet, the best so far."""
    if not files.is_folder(path):
        return path
    names = (name for name in (GENERATOR_FILE, BEST_FILE) if files.is_file(path / name))
    return path / next(names, GENERATOR_FILE)


def stored_rule(path: str | os.PathLike) -> str | None:
    """The palette rule of a run's generator or of a `.keras` file's; None where there is none."""
    try:
        path = _file_of(Path(path))
        rule = keras_archives.read_config(path)["config"]["background"]
    except (DeepPaintError, KeyError, TypeError):
        return None
    return rule if rule in BACKGROUNDS else None


def _read_options(document: dict, kind: type[PaintingNetwork], file_size: int) -> dict:
    """The options of a network from its config.

    Raises:
        Exception: They are not plain values, unknown, or of a network larger than the file: a huge
            width would fill the memory before any weight is read.
    """
    options = dict(document["config"])
    policy = options["dtype"]
    options["dtype"] = policy["config"]["name"] if isinstance(policy, dict) else policy
    known = {"name", "trainable", "dtype", *OLD_OPTIONS, *kind.option_names()}
    if surplus := sorted(options.keys() - known):
        raise ValueError(f"an option {surplus[0][:60]} that no {kind.__name__} has")
    for name, value in options.items():
        if not isinstance(value, str | int | None):
            raise ValueError(f"{name} is a {type(value).__name__}")
    if options["dtype"] not in _PRECISIONS:
        raise ValueError(f"no such precision: {str(options['dtype'])[:60]}")
    width, side = options["width"], options["size"]
    if not (type(width) is int and type(side) is int and 0 < side <= MAX_SIDE):
        raise ValueError(f"width and size are {str(width)[:20]} and {str(side)[:20]}")
    if _MIN_BYTES * width**2 > file_size:
        raise ValueError(f"a file of {file_size} bytes has no network of width {str(width)[:20]}")
    return options


def write_generator(
    network: PaintingNetwork, path: str | os.PathLike, precision: str | None = None
) -> None:
    """Writes a `.keras` file aside and renames it.

    Args:
        network: The network to save.
        path: Ends in `.keras`.
        precision: Precision of the written weights, e.g. `"float16"` for half the size; the
            network's by default.

    Raises:
        DeepPaintError: The suffix is wrong, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise DeepPaintError(f"{path}: models are written as .keras")
    if precision is not None:
        network = with_precision(network, precision)
    # Keras looks at the suffix, so the file aside keeps it.
    aside = path.with_name(files.name_aside(path.name))
    try:
        network.save(aside)
        files.sync(aside)
        aside.replace(path)
    except OSError as error:
        raise DeepPaintError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with contextlib.suppress(OSError):  # on a read-only file system it was never created
            aside.unlink()


def with_precision(network: PaintingNetwork, dtype: str) -> PaintingNetwork:
    """The same network with weights and arithmetic in another precision, such as `"float32"`."""
    if network.dtype_policy.name == dtype:
        return network
    copy = type(network).from_config(network.get_config() | {"dtype": dtype})
    copy.set_weights(network.get_weights())
    return copy
