"""The test records of data sets, and the swapping of their palettes."""

import hashlib
import itertools
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tf_deeppaint.data import loading
from tf_deeppaint.data.damage import wrap_damage_errors
from tf_deeppaint.images.pixels import from_signed_unit_range
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.utils.errors import DeepPaintError

BATCH = 8

Paths = Sequence[str | os.PathLike]


class Records(NamedTuple):
    """Test records: sketches `(N, S, S)`, palettes `(N, 4, 4, 3)`, true pictures `(N, S, S, 3)`.

    All are uint8.
    """

    sketches: np.ndarray
    palettes: np.ndarray
    truth: np.ndarray


def check_data(painter: Painter, directories: Paths) -> None:
    """Checks that a painter can be evaluated on data sets.

    Raises:
        DeepPaintError: data is missing, has no test records, or is of another size or background
            rule than the painter.
    """
    manifests = loading.open_datasets(directories)
    listed = ", ".join(map(str, directories))
    if not sum(manifest.count("test") for manifest in manifests):
        raise DeepPaintError(f"{listed}: no test records; build from more drawings")
    for name in ("size", "background"):
        data, model = getattr(manifests[0], name), getattr(painter, name)
        if data != model:
            raise DeepPaintError(
                f"{listed}: built with {name}={data}, but the model was trained with {model}; "
                f"build with --{name}={model}"
            )


def load_batches(directories: Paths) -> Iterator[Records]:
    """Loads all test records, `BATCH` at a time."""
    for batch in _load(directories):
        keys = ("sketch", "palette", "picture")
        sketches, palettes, truth = (from_signed_unit_range(batch[key]) for key in keys)
        yield Records(sketches[..., 0], palettes, truth)


def load_records(directories: Paths, numbers: Sequence[int]) -> Records:
    """Loads test records by their numbers, in the order of the numbers."""
    records: dict[int, tuple] = {}
    position = itertools.count()
    for batch in load_batches(directories):
        for record in zip(*batch, strict=True):
            if (number := next(position)) in numbers:
                records[number] = record
    return Records(*map(np.stack, zip(*(records[number] for number in numbers), strict=True)))


def load_palettes(directories: Paths) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Loads names, groups `(N,)` and palettes, uint8 `(N, 4, 4, 3)`, of all test records."""
    names, groups, palettes = [], [], []
    for batch in _load(directories):
        names += [name.decode() for name in batch["name"].numpy()]
        groups += list(batch["group"].numpy())
        palettes.append(from_signed_unit_range(batch["palette"]))
    return names, np.array(groups), np.concatenate(palettes)


def choose_donors(names: Sequence[str]) -> np.ndarray:
    """For each record the number of the record whose palette it gets as swapped, int64 `(N,)`.

    Records are sorted by the SHA-256 of their names, and each gets the palette of the next. So the
    pairs do not depend on the order in which records are stored, and are rarely neighbors there.
    Every palette is used once; a record gets its own only if it is alone.
    """
    order = np.argsort([hashlib.sha256(name.encode()).hexdigest() for name in names])
    donors = np.empty(len(names), np.int64)
    donors[order] = np.roll(order, -1)
    return donors


def _load(directories: Paths) -> Iterator[dict]:
    with wrap_damage_errors(directories):
        yield from loading.load_evaluation(directories, "test", BATCH)
