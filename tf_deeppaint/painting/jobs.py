"""Jobs: which sketch is colored by which reference into which file, for one sketch or a folder."""

import glob
import itertools
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tf_deeppaint.images.suffixes import SUFFIXES
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

_WILDCARD = re.compile(r"[*?[]")


class PictureFile(NamedTuple):
    """A picture file: its path, and its name below the folder or pattern it was listed from."""

    path: str
    name: str

    @property
    def stem(self) -> str:
        """The name without its suffix; `/` parts folders."""
        return os.path.splitext(self.name)[0].replace(os.sep, "/")


class Job(NamedTuple):
    """One picture to be painted: the paths of sketch and reference, and the picture's name."""

    sketch: str
    reference: str | None  # None where the palette is known
    name: str  # without a suffix; `/` parts folders


def is_many(path: str) -> bool:
    """Whether a path is a folder or a pattern with `*`, `?` or `[]`, not one file."""
    return files.is_folder(path) or bool(_WILDCARD.search(path) and not files.is_file(path))


def find_pictures(path: str, written: Iterable[str] = ()) -> list[PictureFile]:
    """Lists the pictures of a file, folder or pattern, in the order of their names.

    Of a folder these are all below it, except hidden ones. In a pattern `**` stands for any
    folders.

    Args:
        path: The file, folder or pattern.
        written: Files and folders that are written. Those inside the folder that is listed are
            left out, so that what was painted last time is not a sketch this time.

    Raises:
        DeepPaintError: there is none.
    """
    if not is_many(path):
        return [PictureFile(path, os.path.basename(path))]
    if files.is_folder(path):
        root, names = path, sorted(entry.name for entry in files.walk(path, SUFFIXES))
        pictures = [PictureFile(files.join(path, name), name) for name in names]
    else:
        # The folder in front of the first part with a wildcard.
        fixed = itertools.takewhile(lambda part: not _WILDCARD.search(part), path.split("/"))
        root = "/".join(fixed) or ("/" if path.startswith("/") else ".")
        paths = sorted(filter(os.path.isfile, set(glob.glob(path, recursive=True))))
        pictures = [PictureFile(match, _name_below(match, root)) for match in paths]
    outputs = [o for o in written if _is_within(o, root) and not _is_within(root, o)]
    pictures = [p for p in pictures if not any(_is_within(p.path, o) for o in outputs)]
    if not pictures:
        raise DeepPaintError(f"{path}: no pictures there; {', '.join(SUFFIXES)} are taken")
    return pictures


def plan_jobs(
    sketches: Sequence[PictureFile], references: Sequence[PictureFile] | None, pairing: str
) -> tuple[list[Job], list[str]]:
    """Pairs sketches with references.

    Args:
        sketches: At least one.
        references: None where the palette is known. One is for all sketches.
        pairing: With several references, `"name"`: each sketch with that of its own name, except
            for the suffix; `"all"`: each sketch with each reference.

    Returns:
        The jobs, sketch by sketch, and a complaint for each sketch without a reference.
    """
    names = _distinct_names(sketches)
    if references and pairing == "all":
        ends = [name.replace("/", "-") for name in _distinct_names(references)]
        joined = _numbered(f"{name}--{end}" for name in names for end in ends)
        pairs = itertools.product(sketches, references)
        return [Job(s.path, r.path, n) for (s, r), n in zip(pairs, joined, strict=True)], []
    if not references or len(references) == 1:
        reference = references[0].path if references else None
        return [Job(s.path, reference, n) for s, n in zip(sketches, names, strict=True)], []
    by_stem = {reference.stem: reference.path for reference in reversed(references)}
    jobs = [Job(s.path, by_stem.get(s.stem), n) for s, n in zip(sketches, names, strict=True)]
    complaints = [
        f"{job.sketch}: there is no reference of this name" for job in jobs if not job.reference
    ]
    return [job for job in jobs if job.reference], complaints


def _distinct_names(pictures: Sequence[PictureFile]) -> list[str]:
    """Names without suffix; with it, after `_`, where two would be equal."""
    counts = Counter(picture.stem.lower() for picture in pictures)  # on some file systems a is A
    return _numbered(
        p.stem if counts[p.stem.lower()] == 1 else f"{p.stem}_{os.path.splitext(p.name)[1][1:]}"
        for p in pictures
    )


def _numbered(names: Iterable[str]) -> list[str]:
    """Numbers equal names, from the second on: `a`, `a-2`."""
    distinct = {}  # by what a file system may compare
    for name in names:
        numbered = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
        free = next(n for n in numbered if n.lower() not in distinct)
        distinct[free.lower()] = free
    return list(distinct.values())


def _name_below(path: str, root: str) -> str:
    """The path of a file below a folder; of one beside it, by `..` in a pattern, without `..`."""
    name = os.path.relpath(path, root).encode("utf-8", "backslashreplace").decode()
    return "/".join(part for part in name.split(os.sep) if part != os.pardir)


def _is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder, or lies in it, links followed."""
    path, folder = os.path.realpath(path), os.path.realpath(folder)
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
