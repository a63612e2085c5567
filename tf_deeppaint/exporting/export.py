"""What every export does: write aside, hold against the network, put in place with its card."""

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


def check_output(output: str | os.PathLike, suffix: str, overwrite: bool) -> None:
    """Raises where an artifact cannot be put, before work is done for it.

    Raises:
        DeepPaintError: the name ends in another suffix, or something is there already.
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
    """Makes a file of a network, and puts it in place once its pictures are the network's.

    Args:
        model: A run directory or a `.keras` file; None: the bundled model.
        output: The file.
        suffix: What its name must end in.
        write: Writes the network to a path.
        overwrite: Whether a file that is there is replaced.
        size: Side of the canvas, to be looked at first; the network's by default.

    Returns:
        How near its pictures are, on a few drawn for the purpose.

    Raises:
        DeepPaintError: no such model, the output is there, the size is no multiple of 64, the
            network cannot be converted, or its pictures differ too much. Nothing is left then.
    """
    check_output(output, suffix, overwrite)
    if size is not None:
        check_size(size)
    output = Path(output)
    network = load_generator(model)
    files.make_folder(output.parent)
    # The suffix says what is in it, so it stays.
    aside = output.with_name(f".incomplete-{output.name}")
    try:
        write(network, aside)
        found = check(network, aside)
        files.rename(aside, output)
    except OSError as error:
        raise DeepPaintError(f"{output}: cannot be written ({error.strerror})") from error
    finally:
        files.remove(aside)
    write_model_card(output, network, model, fidelity.describe(found))
    return found


def check(network: PaintingNetwork, path: str | os.PathLike) -> fidelity.Fidelity:
    """Holds an artifact against its network on a few drawings made for the purpose.

    Raises:
        DeepPaintError: the pictures differ by more than the precision allows.
    """
    artifact = fidelity.open_artifact(path)
    size = artifact.size or network.size
    found = fidelity.measure(network, artifact, *fidelity.drawn_samples(size, network.background))
    if wrong := fidelity.complaints(found):
        raise DeepPaintError(f"{path}: its pictures are not the network's: {'; '.join(wrong)}")
    return found
