"""Jobs: which sketch is colored by which reference into which file, for one sketch or a folder."""

import glob
import itertools
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tf_deeppaint.images.suffixes import SUFFIXES
from tf_deeppaint.painting.hints.hint_files import SUFFIXES as HINT_SUFFIXES
from tf_deeppaint.utils import files, walking
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
    hints: str | None = None  # the path of a file of hints


def is_many(path: str) -> bool:
    """Whether a path is a folder or a pattern with `*`, `?` or `[]`, not one file."""
    if files.is_folder(path):
        return True
    return bool(_WILDCARD.search(_split(path)[1])) and not files.is_file(path)


def find_pictures(path: str, others: Iterable[str] = ()) -> tuple[list[PictureFile], list[str]]:
    """Lists the pictures of a file, folder or pattern, in the order of their names.

    Of a folder these are all below it, except hidden ones. In a pattern `**` stands for any
    folders, and brackets for themselves where there are files or folders of such names.

    Args:
        path: The file, folder or pattern.
        others: Files and folders for other purposes. Those inside the folder that is listed are
            passed over, so that what was painted last time is not a sketch this time.

    Returns:
        The pictures, and a complaint for each file of a folder that is not taken.

    Raises:
        DeepPaintError: there is no picture.
    """
    if not is_many(path):
        return [PictureFile(path, os.path.basename(path))], []
    left_out: list[walking.LeftOut] = []
    if files.is_folder(path):
        root, items = path, sorted(walking.walk_all(path, SUFFIXES), key=lambda item: item.name)
        entries = [item for item in items if isinstance(item, files.Entry)]
        pictures = [PictureFile(files.join(path, entry.name), entry.name) for entry in entries]
        left_out = [item for item in items if isinstance(item, walking.LeftOut)]
    else:
        root, matches = _expand(path)
        pictures = [PictureFile(match, _name_below(match, root)) for match in matches]
    inside = [other for other in others if _is_within(other, root) and not _is_within(root, other)]
    pictures = [p for p in pictures if not any(_is_within(p.path, other) for other in inside)]
    if not pictures:
        raise DeepPaintError(f"{path}: no pictures there; {', '.join(SUFFIXES)} are taken")
    complaints = [
        item.complaint(root)
        for item in left_out
        if not any(_is_within(files.join(root, item.name), other) for other in inside)
    ]
    return pictures, complaints


def _split(path: str) -> tuple[str, str]:
    """The part of a pattern that is a folder, whatever letters are in its name, and the rest."""
    parts = path.split("/")
    count = 0
    while count < len(parts) - 1 and (
        not _WILDCARD.search(parts[count]) or os.path.isdir("/".join(parts[: count + 1]))
    ):
        count += 1
    return "/".join(parts[:count]), "/".join(parts[count:])


def _expand(pattern: str) -> tuple[str, list[str]]:
    """The folder that a pattern starts from, and the files that it matches, in order."""
    root, rest = _split(pattern)
    root = root or ("/" if pattern.startswith("/") else "")
    for tried in (rest.replace("[", "[[]"), rest):
        found = set(glob.glob(os.path.join(glob.escape(root), tried), recursive=True))
        if matches := sorted(filter(os.path.isfile, found)):
            break
    return root or ".", matches


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


def pair_hints(
    jobs: Sequence[Job], sketches: Sequence[PictureFile], folder: str
) -> tuple[list[Job], list[str]]:
    """Gives each job the hints of its sketch's name, if the folder has some.

    Args:
        jobs: As `plan_jobs` returns them.
        sketches: The sketches that it took.
        folder: Where hints lie, named as their sketches are except for the suffix.

    Returns:
        The jobs, and a complaint for each file that is of no sketch, or the second of one.
    """
    stems = {sketch.stem: sketch.path for sketch in sketches}
    hints: dict[str, str] = {}
    complaints = []
    for name in sorted(item.name for item in walking.walk(folder, HINT_SUFFIXES)):
        path, stem = files.join(folder, name), os.path.splitext(name)[0].replace(os.sep, "/")
        if stem not in stems:
            complaints.append(f"{path}: there is no sketch of this name")
        elif stems[stem] in hints:
            complaints.append(f"{path}: these are hints of a sketch that has others; remove one")
        else:
            hints[stems[stem]] = path
    return [job._replace(hints=hints.get(job.sketch)) for job in jobs], complaints


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
