"""Which sketch is colored after which reference into which file, for one sketch or a folder."""

import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp")

_WILD = "*?["


class Found(NamedTuple):
    """A picture file: its path, and its name below the folder or pattern it was found by."""

    path: str
    name: str


class Job(NamedTuple):
    """One picture to be painted.

    Attributes:
        sketch: The sketch's path.
        reference: The path of the picture to take colors from; None where they are given.
        name: The picture's name without a suffix; `/` parts folders.
    """

    sketch: str
    reference: str | None
    name: str


def is_many(given: str) -> bool:
    """Whether a path is a folder or a pattern with `*`, `?` or `[]`, not one file."""
    return files.is_folder(given) or (_is_pattern(given) and not files.is_file(given))


def find_pictures(given: str, written: Iterable[str] = ()) -> list[Found]:
    """The pictures that a file, folder or pattern names, in the order of their names.

    Of a folder these are all below it, but hidden ones; in a pattern `**` stands for any folders.

    Args:
        given: The path.
        written: Files and folders that are written. Those inside the folder where is looked are
            left out, so that what was painted last time is not found this time.

    Raises:
        DeepPaintError: there is none.
    """
    if not is_many(given):
        return [Found(given, os.path.basename(given))]
    if files.is_folder(given):
        root, names = given, sorted(entry.name for entry in files.walk(given, PICTURES))
        found = [Found(files.join(given, name), name) for name in names]
    else:
        root, matches = _fixed_part(given), set(glob.glob(given, recursive=True))
        paths = sorted(path for path in matches if os.path.isfile(path))
        found = [Found(path, _name_below(path, root)) for path in paths]
    inside = [path for path in written if os.path.realpath(path) != os.path.realpath(root)]
    inside = [path for path in inside if _is_within(path, root)]
    found = [one for one in found if not any(_is_within(one.path, path) for path in inside)]
    if not found:
        raise DeepPaintError(f"{given}: no pictures there; {', '.join(PICTURES)} are taken")
    return found


def plan_jobs(
    sketches: Sequence[Found], references: Sequence[Found] | None, pairing: str
) -> tuple[list[Job], list[str]]:
    """Pairs sketches with references.

    Args:
        sketches: At least one.
        references: None where the colors are given otherwise. One is for all.
        pairing: With several references, `"name"`: each sketch with that of its own name, but for
            the suffix; `"all"`: each sketch with each reference.

    Returns:
        The jobs, sketch by sketch, and a complaint for each sketch without a reference.
    """
    names = _distinct_names(sketches)
    if references is None:
        return [Job(s.path, None, name) for s, name in zip(sketches, names, strict=True)], []
    if pairing == "all":
        ends = [name.replace("/", "-") for name in _distinct_names(references)]
        both = _apart(f"{name}--{end}" for name in names for end in ends)
        pairs = [(sketch.path, reference.path) for sketch in sketches for reference in references]
        return [Job(*pair, name) for pair, name in zip(pairs, both, strict=True)], []
    if len(references) == 1:
        only = references[0].path
        return [Job(s.path, only, name) for s, name in zip(sketches, names, strict=True)], []
    return _pair_by_name(sketches, names, references)


def _pair_by_name(
    sketches: Sequence[Found], names: Sequence[str], references: Sequence[Found]
) -> tuple[list[Job], list[str]]:
    by_name: dict[str, Found] = {}
    for reference in references:
        by_name.setdefault(_stem(reference), reference)
    jobs, complaints = [], []
    for sketch, name in zip(sketches, names, strict=True):
        if (reference := by_name.get(_stem(sketch))) is None:
            complaints.append(f"{sketch.path}: there is no reference of this name")
        else:
            jobs.append(Job(sketch.path, reference.path, name))
    return jobs, complaints


def _distinct_names(found: Sequence[Found]) -> list[str]:
    """Names without suffix; with it, after `_`, where two would be alike."""
    stems = [_stem(picture) for picture in found]
    counts = Counter(stem.lower() for stem in stems)  # on some file systems a is A
    return list(
        _apart(
            stem if counts[stem.lower()] == 1 else f"{stem}_{os.path.splitext(picture.name)[1][1:]}"
            for stem, picture in zip(stems, found, strict=True)
        )
    )


def _apart(names: Iterable[str]) -> Iterator[str]:
    """Numbers names that are alike, from the second on: `a`, `a-2`."""
    taken = set()
    for name in names:
        number, free = 1, name
        while free.lower() in taken:
            number += 1
            free = f"{name}-{number}"
        taken.add(free.lower())
        yield free


def _name_below(path: str, root: str) -> str:
    """The path of a file below a folder; of one beside it, by `..` in a pattern, without `..`."""
    name = os.path.relpath(path, root).encode("utf-8", "backslashreplace").decode()
    return "/".join(part for part in name.split(os.sep) if part != os.pardir)


def _stem(picture: Found) -> str:
    return os.path.splitext(picture.name)[0].replace(os.sep, "/")


def _is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder, or lies in it, links followed."""
    path, folder = os.path.realpath(path), os.path.realpath(folder)
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_pattern(given: str) -> bool:
    return any(letter in given for letter in _WILD)


def _fixed_part(pattern: str) -> str:
    """The folder that a pattern lies in as far as it has no wild parts."""
    parts = pattern.split("/")
    wild = next(n for n, part in enumerate(parts) if _is_pattern(part))
    return "/".join(parts[:wild]) or ("/" if pattern.startswith("/") else ".")
