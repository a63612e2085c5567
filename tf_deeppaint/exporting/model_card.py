"""The card beside an exported network: data, license, scores, fidelity and hashes."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tf_deeppaint.data.records import load_manifest
from tf_deeppaint.exporting.traced_function import weights_digest
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.model_files import BUNDLED_FILE
from tf_deeppaint.training.metrics_log import MetricsLog
from tf_deeppaint.training.run_directory import METRICS_FILE, stored_options
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

CARD = "model_card.md"

Rows = Sequence[tuple[str, str]]


def write_model_card(
    artifact: str | os.PathLike,
    network: PaintingNetwork,
    model: str | os.PathLike | None,
    fidelity: Rows,
) -> str:
    """Writes `model_card.md` into the folder that holds an artifact.

    Several artifacts of one folder share the card, each with a chapter; only the chapter of this
    one is written anew.

    Args:
        artifact: A file or a folder.
        network: The network it was made of, as it was trained.
        model: Where that was read from, as given to `--model`; None: the bundled one.
        fidelity: Names and values that say how near its pictures are to the network's.

    Returns:
        The card's path.

    Raises:
        DeepPaintError: it cannot be written.
    """
    artifact = Path(artifact)
    card = artifact.parent / CARD
    chapters = _chapters(card.read_text() if card.is_file() else "")
    chapters[artifact.name] = _chapter(artifact, network, model, fidelity)
    text = "\n".join(f"# {name}\n{chapters[name]}" for name in sorted(chapters))
    files.write_bytes(card, text.encode())
    return os.fspath(card)


def _chapters(text: str) -> dict[str, str]:
    parts = re.split(r"^# (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.rstrip("\n") + "\n" for part in parts[2::2]), strict=True))


def _chapter(
    artifact: Path, network: PaintingNetwork, model: str | os.PathLike | None, fidelity: Rows
) -> str:
    facts = [
        ("network", f"{type(network).__name__}, width {network.width}"),
        ("head", network.head_kind),
        ("trained on a canvas of", f"{network.size} pixels"),
        ("palette rule", f"background={network.background}"),
        ("made of", "the bundled model" if model is None else os.fspath(model)),
        ("SHA-256 of its weights", weights_digest(network)),
    ]
    hashes = [(name, files.sha256(path)) for name, path in _files_of(artifact)]
    sections = {
        "": "Colors line art in the colors of a palette (tf_deeppaint).\n\n" + _table(facts),
        **_origin(model),
        "Fidelity to the network": _table(fidelity),
        "SHA-256": _table(hashes),
    }
    titled = (f"## {title}\n\n{text}" if title else text for title, text in sections.items())
    return "\n" + "\n".join(titled)


def _files_of(artifact: Path) -> Iterator[tuple[str, Path]]:
    if artifact.is_file():
        yield artifact.name, artifact
    else:
        for entry in sorted(files.walk(artifact, ("",))):
            yield entry.name, artifact / entry.name


def _origin(model: str | os.PathLike | None) -> dict[str, str]:
    """What is known about data and scores, as sections."""
    path = BUNDLED_FILE if model is None else Path(model)
    if path.resolve() == BUNDLED_FILE.resolve():
        return _bundled_sections()
    run = path if path.is_dir() else path.parent
    try:
        options = stored_options(run)
    except DeepPaintError:
        options = None
    if options is None:
        unknown = f"Not known: {path} lies in no run directory.\n"
        return {"Data and license": unknown, "Scores": unknown}
    return {"Data and license": _data(options["data"]), "Scores": _scores(run)}


def _bundled_sections() -> dict[str, str]:
    text = BUNDLED_FILE.with_name("MODEL_CARD.md").read_text()
    parts = re.split(r"^## (.+)\n+", text, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    # Links lead from where the card was written for.
    plain = {title: re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", body) for title, body in found.items()}
    return {
        "Data and license": plain["Data"].rstrip("\n") + "\n",
        "Scores": plain["Scores"].rstrip("\n") + "\n",
        "Limits": plain["Limits"].rstrip("\n") + "\n",
    }


def _data(directories: Sequence[str]) -> str:
    return "".join(f"* {directory}: {_told(directory)}\n" for directory in directories)


def _told(directory: str) -> str:
    try:
        manifest = load_manifest(directory)
    except DeepPaintError:
        return "no longer there"
    origin = manifest.origin
    return (
        f"{origin.title}, {manifest.count('train')} training pictures; "
        f"{origin.license}; {origin.attribution}"
    )


def _scores(run: Path) -> str:
    """The last validation in the run's figures."""
    lines = MetricsLog(run / METRICS_FILE).lines()
    validations = [line for line in lines if line["group"] == "validation"]
    if not validations:
        return "The run holds no validation.\n"
    last = validations[-1]
    rows = [(name, f"{v:.4g}") for name, v in last.items() if name not in ("step", "group")]
    return f"Held-out pictures of its data after {last['step']} steps:\n\n{_table(rows)}"


def _table(rows: Rows) -> str:
    return "| | |\n|---|---|\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)
