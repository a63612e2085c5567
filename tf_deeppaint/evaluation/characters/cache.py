"""The benchmark's drawings, drawn once and kept in the cache of the user."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tf_deeppaint.data.sources.fetching import cached_folder
from tf_deeppaint.evaluation.characters import drawings
from tf_deeppaint.evaluation.characters.drawings import Drawings, open_sources
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

MANIFEST = "manifest.json"
ARRAYS = Drawings._fields[1:]

OnProgress = Callable[[int, int], None]


class DrawnSet(NamedTuple):
    """The drawings of a benchmark.

    Attributes:
        sources: Source -> its drawings.
        digest: SHA-256 of all their pixels, in hexadecimal: scores compare where it is equal.
    """

    sources: dict[str, Drawings]
    digest: str


def load_drawings(
    count: int, folder: str | None = None, on_progress: OnProgress = lambda done, total: None
) -> DrawnSet:
    """The drawings of the benchmark, from the cache; the first time they are drawn.

    Args:
        count: Drawings of each source.
        folder: Holds the files of the packages. Then nothing is fetched, and nothing is cached.
        on_progress: Called with the numbers of drawings drawn and of all.

    Raises:
        DeepPaintError: a package cannot be fetched, a file is damaged, or the cache cannot be
            written.
    """
    if folder is not None:
        return _draw(count, folder, on_progress)
    key = (count, drawings.SEED, drawings.SIDE, drawings.CANDIDATES, _digest_of_code())

    def fill(work: Path, made: Path) -> None:
        _write(made, count, _draw(count, None, on_progress))

    return _read(cached_folder(f"characters-{count}", key, fill))


def _draw(count: int, folder: str | None, on_progress: OnProgress) -> DrawnSet:
    sources = open_sources(count, folder)
    drawn, digest, total = {}, hashlib.sha256(), count * len(sources)
    for number, (name, source) in enumerate(sources.items()):

        def report(done: int, before: int = number * count) -> None:
            on_progress(before + done, total)

        drawn[name] = drawings.draw(source, count, report)
        for array in drawn[name][1:]:
            digest.update(np.ascontiguousarray(array))
    return DrawnSet(drawn, digest.hexdigest())


def _write(folder: Path, count: int, drawn: DrawnSet) -> None:
    """Writes an `.npz` file for each source, and the manifest."""
    folder.mkdir()
    entries = {}
    for name, source in open_sources(count).items():
        path = folder / f"{name.replace(' ', '_')}.npz"
        arrays = dict(zip(ARRAYS, drawn.sources[name][1:], strict=True))
        np.savez_compressed(path, **arrays)
        entries[name] = {
            "file": path.name,
            "sha256": files.sha256(path),
            "drawings": drawn.sources[name].names,
            "origin": dataclasses.asdict(source.origin),
        }
    manifest = {"seed": drawings.SEED, "digest": drawn.digest, "sources": entries}
    files.write_bytes(folder / MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())


def _read(folder: Path) -> DrawnSet:
    """Reads what `_write` wrote; files are checked before they are decoded."""
    try:
        manifest = json.loads(files.read_bytes(folder / MANIFEST))
        drawn = {}
        for name, entry in manifest["sources"].items():
            path = folder / entry["file"]
            if files.sha256(path) != entry["sha256"]:
                raise ValueError(f"{path.name} has another checksum")
            with np.load(path, allow_pickle=False) as arrays:
                drawn[name] = Drawings(entry["drawings"], *(arrays[key] for key in ARRAYS))
        return DrawnSet(drawn, manifest["digest"])
    except (ValueError, KeyError, TypeError, DeepPaintError) as error:
        raise DeepPaintError(
            f"{folder}: the cached drawings are damaged ({error}); remove the folder and try again"
        ) from error


def _digest_of_code() -> str:
    """SHA-256 of the programs that draw: what another version drew is not taken."""
    digest = hashlib.sha256()
    pending = [resources.files("tf_deeppaint.data.sources")]
    while pending:
        for item in sorted(pending.pop().iterdir(), key=lambda item: item.name):
            if item.is_dir():
                pending.append(item)
            elif item.name.endswith(".py"):
                digest.update(item.read_bytes())
    digest.update(Path(drawings.__file__).read_bytes())
    return digest.hexdigest()
