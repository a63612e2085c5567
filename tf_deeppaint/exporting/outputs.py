"""Where exported networks go: written aside, checked, renamed, with a model card beside them."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from tf_deeppaint.exporting import fidelity
from tf_deeppaint.exporting.model_card import write_model_card
from tf_deeppaint.images.sizes import check_network_size
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.model_files import load_generator
from tf_deeppaint.utils import files, locks
from tf_deeppaint.utils.errors import DeepPaintError


def export_file(
    model: str | os.PathLike | None,
    output: str | os.PathLike,
    suffix: str,
    write: Callable[[PaintingNetwork, Path], None],
    overwrite: bool = False,
    size: int | None = None,
) -> fidelity.Fidelity:
    """Exports a network to a file, which gets its name once its pictures are the network's.

    Args:
        model: A run directory or a `.keras` file; None: the bundled model.
        output: The file.
        suffix: What its name must end in.
        write: Writes the network to a path.
        overwrite: Whether an existing file is replaced.
        size: Side of the canvas, checked first; the network's by default.

    Returns:
        How near its pictures are to the network's, on a few drawings.

    Raises:
        DeepPaintError: The model is missing, the output exists, the size is no multiple of 64, the
            network cannot be converted, or its pictures differ too much. Nothing is left then.
    """
    output = Path(output)
    if not output.name.endswith(suffix):
        raise DeepPaintError(f"--output={output}: the name must end in {suffix}")
    if output.is_dir():
        raise DeepPaintError(f"--output={output}: is a folder; name a file to write")
    if output.exists() and not overwrite:
        raise DeepPaintError(f"--output={output}: is there already; --overwrite replaces it")
    if size is not None:
        check_network_size(size)
    network = load_generator(model)
    with written_aside(output) as aside:
        write(network, aside)
        measured = fidelity.check_artifact(network, aside)
    write_model_card(output, network, model, fidelity.describe(measured))
    return measured


@contextlib.contextmanager
def written_aside(output: Path) -> Iterator[Path]:
    """Yields where to write a file or a folder, which gets its name at the end.

    Where an error is raised, what was written is removed, and what was there stays. What a killed
    process left is removed.

    Raises:
        DeepPaintError: It cannot be written, or another process writes it.
    """
    # Whoever opens it goes by the suffix, which the name aside keeps.
    aside = output.with_name(files.name_aside(output.name))
    lock = output.with_name(f".{output.name}{locks.LOCK_FILE}")
    with locks.hold(lock, "exporting", os.fspath(output)):
        files.remove_asides(output.parent, output.name)
        yield from _put_in_place(aside, output)


def _put_in_place(aside: Path, output: Path) -> Iterator[Path]:
    try:
        yield aside
        # A folder is not replaced by a rename. It gets the other's name, to be removed below.
        if not (output.is_dir() and files.exchange(aside, output)):
            _replace(aside, output)
    except OSError as error:
        raise DeepPaintError(f"{output}: cannot be written ({error.strerror})") from error
    except DeepPaintError as error:
        # People know the output by its own name.
        raise DeepPaintError(str(error).replace(str(aside), str(output)), error.kind) from error
    finally:
        if aside.is_dir():
            files.remove_folder(aside)
        else:
            files.remove(aside)


def _replace(aside: Path, output: Path) -> None:
    """Renames a file or folder to a name that a folder may have."""
    locks.check()
    replaced = aside.with_suffix(".replaced")
    if output.is_dir():
        output.rename(replaced)
    try:
        aside.replace(output)
    except OSError:
        if replaced.exists():
            replaced.rename(output)
        raise
    files.remove_folder(replaced)
