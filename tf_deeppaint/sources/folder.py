"""A folder of anyone's own pictures; their lines are extracted from them."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from tf_deeppaint import images
from tf_deeppaint.errors import DeepPaintError
from tf_deeppaint.sources import Artwork, Drawing, Origin

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
_CHUNK_BYTES = 1 << 20


class Folder:
    """Every picture below a folder, except hidden ones and those that links fetch from outside."""

    origin = Origin(
        name="folder",
        title="A folder of pictures",
        licence="as the owner of the pictures states",
        attribution="",
        url="",
    )

    def __init__(self, folder: Path):
        """Takes the pictures below `folder`, which is looked into when they are listed."""
        self.folder = Path(folder)

    def drawings(self) -> list[Drawing]:
        """Lists the pictures by their path below the folder, with `/` on every system, sorted.

        Files of equal bytes share a group, their digest; for it every file is read once.

        Raises:
            DeepPaintError: there is no such folder, or no picture in it.
        """
        if not self.folder.is_dir():
            raise DeepPaintError(f"{self.folder}: no such folder; name one that holds pictures")
        paths = sorted((_name(path, self.folder), path) for path in _pictures(self.folder))
        if not paths:
            kinds = " ".join(SUFFIXES)
            raise DeepPaintError(
                f"{self.folder}: holds no picture ({kinds}), nor do its subfolders"
            )
        return [Drawing(name, _digest(path) or name) for name, path in paths]

    def load(self, drawing: Drawing, size: int) -> Artwork:
        """Reads one picture as it is, transparency over white; `size` plays no part.

        Raises:
            DeepPaintError: the file is missing, damaged, or over the limits on size.
        """
        return Artwork(images.read_picture(self.folder / drawing.name), None)


def _pictures(folder: Path) -> Iterator[Path]:
    root = folder.resolve()
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(parent, name)
            if name.startswith(".") or path.suffix.lower() not in SUFFIXES:
                continue
            if not path.is_symlink() or path.resolve().is_relative_to(root):
                yield path


def _name(path: Path, folder: Path) -> str:
    # A record stores names as UTF-8; file systems allow bytes that are none.
    return path.relative_to(folder).as_posix().encode("utf-8", "backslashreplace").decode()


def _digest(path: Path) -> str | None:
    """Digest of a file's bytes; None where it cannot be read, of which `load` will tell."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()[:16]
