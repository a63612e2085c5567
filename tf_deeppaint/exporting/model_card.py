"""The card beside an exported network: data, license, scores, fidelity and hashes."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from tf_deeppaint.data.records import load_manifest
from tf_deeppaint.exporting.traced_function import weights_digest
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.model_files import BUNDLED_FILE
from tf_deeppaint.training.metrics_log import MetricsLog
from tf_deeppaint.training.run_directory import METRICS_FILE, stored_options
from tf_deeppaint.utils import files, walking
from tf_deeppaint.utils.errors import DeepPaintError

CARD = "model_card.md"
TITLE = "# Networks that color line art, exported by tf_deeppaint\n"

_NO_SCORES = ("step", "group", "wall_time")

Rows = Sequence[tuple[str, str]]


def write_model_card(
    artifact: str | os.PathLike,
    network: PaintingNetwork,
    model: str | os.PathLike | None,
    fidelity: Rows,
) -> str:
    """Writes `model_card.md` into the folder that holds an artifact.

    Artifacts in one folder share the card, which has a chapter for each; only this artifact's
    chapter is replaced.

    Args:
        artifact: A file or a folder.
        network: The network that was exported.
        model: The value of `--model`; None: the bundled model.
        fidelity: Rows of name and value, as `fidelity.describe` returns them.

    Returns:
        The card's path.

    Raises:
        DeepPaintError: The card cannot be written.
    """
    artifact = Path(artifact)
    card = artifact.parent / CARD
    files.remove_asides(artifact.parent, CARD)  # which an export that was killed here has left
    chapters = _load_chapters(card)
    chapters[artifact.name] = _chapter(artifact, network, model, fidelity)
    texts = [f"## {name}\n{chapters[name]}" for name in sorted(chapters)]
    files.write_bytes(card, "\n".join([TITLE, *texts]).encode())
    return os.fspath(card)


def _chapter(
    artifact: Path, network: PaintingNetwork, model: str | os.PathLike | None, fidelity: Rows
) -> str:
    facts = [
        ("network", f"{type(network).__name__}, width {network.width}"),
        ("head", network.head_kind),
        ("trained on a canvas of", f"{network.size} pixels"),
        ("palette rule", f"background={network.background}"),
        ("made of", "the bundled model" if model is None else Path(model).name),
        ("SHA-256 of its weights", weights_digest(network)),
    ]
    paths = {artifact.name: artifact}
    if artifact.is_dir():
        paths = {entry.name: artifact / entry.name for entry in walking.walk(artifact, ("",))}
    hashes = [(name, files.sha256(paths[name])) for name in sorted(paths)]
    sections = {
        **_origin(BUNDLED_FILE if model is None else Path(model)),
        "Fidelity to the network": _table(fidelity),
        "SHA-256": _table(hashes),
    }
    summary = f"\nColors line art in the colors of a palette.\n\n{_table(facts)}\n"
    return summary + "\n".join(f"### {title}\n\n{text}" for title, text in sections.items())


def _load_chapters(card: Path) -> dict[str, str]:
    """The chapters of a card, by artifact; none where there is no card."""
    if not card.is_file():
        return {}
    text = card.read_text(encoding="utf-8")
    if not text.startswith(TITLE):  # earlier versions had no title, and headings a level higher
        text = re.sub(r"^(#+) ", r"#\1 ", text, flags=re.MULTILINE)
    return _split_chapters(text, "##")


def _split_chapters(text: str, mark: str) -> dict[str, str]:
    """The texts below the headings of one level, by title."""
    parts = re.split(rf"^{mark} (.+)\n", text, flags=re.MULTILINE)
    texts = (part.rstrip("\n") + "\n" for part in parts[2::2])
    return dict(zip(parts[1::2], texts, strict=True))


def _origin(model: Path) -> dict[str, str]:
    """What is known about data and scores, as sections."""
    if model.resolve() == BUNDLED_FILE.resolve():
        # Relative links would not lead anywhere from another folder.
        text = BUNDLED_FILE.with_name("MODEL_CARD.md").read_text(encoding="utf-8")
        card = _split_chapters(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text), "##")
        titles = {"Data and license": "Data", "Scores": "Scores", "Limits": "Limits"}
        return {title: card[bundled].lstrip("\n") for title, bundled in titles.items()}
    run = model if model.is_dir() else model.parent
    try:
        options = stored_options(run)
    except DeepPaintError:
        options = None
    if options is None:
        unknown = f"Not known: {model.name} lies in no run directory.\n"
        return {"Data and license": unknown, "Scores": unknown}
    folders = options["data"]
    data = "".join(f"* {Path(folder).name}: {_describe_data(folder)}\n" for folder in folders)
    return {"Data and license": data, "Scores": _scores(run)}


def _describe_data(folder: str) -> str:
    try:
        manifest = load_manifest(folder)
    except DeepPaintError:
        return "no longer there"
    origin, count = manifest.origin, manifest.count("train")
    facts = (f"{origin.title}, {count} training pictures", origin.license, origin.attribution)
    return "; ".join(filter(None, facts))


def _scores(run: Path) -> str:
    """The last validation in the run's metrics."""
    lines = MetricsLog(run / METRICS_FILE).lines()
    validations = [line for line in lines if line["group"] == "validation"]
    if not validations:
        return "The run holds no validation.\n"
    last = validations[-1]
    rows = [(name, f"{v:.4g}") for name, v in last.items() if name not in _NO_SCORES]
    return f"Held-out pictures of its data after {last['step']} steps:\n\n{_table(rows)}"


def _table(rows: Rows) -> str:
    return "| | |\n|---|---|\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)
