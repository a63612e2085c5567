"""Where exported networks go: written aside, checked, renamed, with a model card beside them."""

import os
from collections.abc import Callable
from pathlib import Path

from tf_deeppaint.exporting import fidelity
from tf_deeppaint.exporting.model_card import write_model_card
from tf_deeppaint.images.sizes import check_size
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.model_files import load_generator
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

Write = Callable[[PaintingNetwork, Path], None]


def check_output_file(output: str | os.PathLike, suffix: str, overwrite: bool) -> None:
    """Checks the name of a file to export, before any work is done.

    Raises:
        DeepPaintError: The suffix is wrong, or there is something of this name.
    """
    if not os.fspath(output).endswith(suffix):
        raise DeepPaintError(f"--output={output}: the name must end in {suffix}")
    if os.path.isdir(output):
        raise DeepPaintError(f"--output={output}: is a folder; name a file to write")
    if os.path.exists(output) and not overwrite:
        raise DeepPaintError(f"--output={output}: is there already; --overwrite replaces it")


def export_file(
    model: str | os.PathLike | None,
    output: str | os.PathLike,
    suffix: str,
    write: Write,
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
    check_output_file(output, suffix, overwrite)
    if size is not None:
        check_size(size)
    output = Path(output)
    network = load_generator(model)
    files.make_folder(output.parent)
    # Whoever opens it goes by the suffix.
    aside = output.with_name(f".incomplete-{output.name}")
    try:
        write(network, aside)
        measured = fidelity.check_artifact(network, aside)
        files.rename(aside, output)
    except OSError as error:
        raise DeepPaintError(f"{output}: cannot be written ({error.strerror})") from error
    finally:
        files.remove(aside)
    write_model_card(output, network, model, fidelity.describe(measured))
    return measured
