"""Downloads of public art by package name, by the package's own client, into a cache.

What a client has downloaded is compared with the digest that is known here before it is opened.
"""

import base64
import fnmatch
import functools
import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from tf_deeppaint.utils.errors import DeepPaintError

try:
    import resource
except ImportError:  # Windows
    resource = None

# Seconds; a client that takes longer is stuck, not slow: the art is under 300 MB.
TIMEOUT_S = 1800
# By itself npm retries for more than a minute before it says that there is no network.
_NPM_FLAGS = (
    "--ignore-scripts",
    "--loglevel=error",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
)
# Bytes; the largest file that is wanted of a package has a few million, all together some 300.
_MAX_FILE, _MAX_UNPACKED = 64 * 2**20, 2**30
# Files that are wanted of a package; OpenMoji has 4,300.
_MAX_FILES = 100_000
# Bytes that an archive unpacks to on the way to them, and of any file that a client writes.
_MAX_READ = _MAX_WRITTEN = 2 * 2**30
# What `tarfile` and `zipfile` raise on damaged archives; `OSError` where they point outside.
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error)
_DAMAGE += (EOFError, OSError, RuntimeError, ValueError)
_PIP_FLAGS = (
    "--no-deps",
    "--only-binary=:all:",
    "--disable-pip-version-check",
    "--retries=1",
    "--quiet",
)
# Whatever the machine's settings are.
_APT_FLAGS = ("-o", "APT::Get::AllowUnauthenticated=false")
# npm prints these about every failure; the reason stands in another line.
_NPM_NOISE = re.compile(
    r"npm (error|ERR!) (code|errno|syscall|type|A complete log)\b|npm (warn|WARN)"
)

# The path of a file in an archive, and what opens it.
Member = tuple[str, Callable[[], IO[bytes]]]


def cache_dir() -> Path:
    """The folder that keeps fetched art: `$XDG_CACHE_HOME` or `~/.cache`, then `tf_deeppaint`.

    Raises:
        DeepPaintError: neither is known, as of a user whom the system does not know.
    """
    # The XDG specification has relative paths ignored.
    for base in (os.environ.get("XDG_CACHE_HOME", ""), os.path.expanduser("~/.cache")):
        if os.path.isabs(base):
            return Path(base) / "tf_deeppaint"
    raise DeepPaintError("this user has no home folder to keep files in; set XDG_CACHE_HOME")


def fetch_npm(spec: str, digest: str, wanted: Sequence[str], instead: str) -> Path:
    """Fetches one npm package, unless it is in the cache already.

    Args:
        spec: Name and exact version, as in `openmoji@17.0.0`.
        digest: `sha512-...`, as `npm view SPEC dist.integrity` tells it.
        wanted: Patterns of the paths inside the package to keep; `*` also matches `/`.
        instead: What to do where fetching fails, as the end of a sentence.

    Returns:
        The folder that holds the wanted files under their paths inside the package.

    Raises:
        DeepPaintError: no npm, no network, no such package, another digest, or nothing wanted
            inside it.
    """

    def unpack(work: Path, art: Path) -> None:
        npm = _client("npm", f"install Node.js with npm, or {instead}")
        _run([npm, "pack", spec, *_NPM_FLAGS], work, f"try again with a network, or {instead}")
        for archive in sorted(work.glob("*.tgz")):
            _check_digest(archive, digest, spec)
            _unpack(_tar_members(archive), wanted, art, skip_parts=1)

    return _fetched(spec, [spec, digest], wanted, unpack)


def fetch_debian(
    packages: Sequence[str], digests: Mapping[str, str], wanted: Sequence[str], instead: str
) -> Path:
    """Fetches Debian packages, unless they are in the cache already. Nothing is installed.

    `apt-get` compares each with the signed lists of its distribution.

    Args:
        packages: Package names; the versions are those of the machine's own Debian or Ubuntu.
        digests: SHA-256 in hexadecimal of the files that are known here, by their names as in
            `renpy-demo_8.0.3+dfsg-1_all.deb`; a colon of a version is `%3a`.
        wanted: Patterns of the paths inside the packages to keep; `*` also matches `/`.
        instead: What to do where fetching fails, as the end of a sentence.

    Returns:
        The folder that holds the wanted files of all packages, `usr/...`.

    Raises:
        DeepPaintError: no apt-get or dpkg, no network, no such package, another digest, or nothing
            wanted inside.
    """

    def unpack(work: Path, art: Path) -> None:
        apt = _client("apt-get", f"fetching needs Debian or Ubuntu; {instead}")
        dpkg = _client("dpkg", f"fetching needs Debian or Ubuntu; {instead}")
        advice = f"run `apt-get update` and try again with a network, or {instead}"
        _run([apt, "download", *packages, *_APT_FLAGS], work, advice)
        for archive in sorted(work.glob("*.deb")):
            if archive.name in digests:
                _check_digest(archive, digests[archive.name], archive.name)
            listing = work / "files.tar"
            with listing.open("wb") as stream:
                _run([dpkg, "--fsys-tarfile", archive.name], work, advice, stream)
            _unpack(_tar_members(listing), wanted, art)

    return _fetched(packages[0], packages, wanted, unpack)


def fetch_pypi(spec: str, digest: str, wanted: Sequence[str], instead: str) -> Path:
    """Fetches the wheel of one PyPI package, unless it is in the cache already; installs nothing.

    Args:
        spec: Name and exact version, as in `dicebear-styles==10.6.0`, of which there is one wheel.
        digest: Its SHA-256 in hexadecimal, as `pip hash` and the index tell it.
        wanted: Patterns of the paths inside the wheel to keep; `*` also matches `/`.
        instead: What to do where fetching fails, as the end of a sentence.

    Returns:
        The folder that holds the wanted files under their paths inside the wheel.

    Raises:
        DeepPaintError: no pip, no network, no such package, another digest, or nothing wanted
            inside it.
    """

    def unpack(work: Path, art: Path) -> None:
        advice = f"try again with a network, or {instead}"
        _run([sys.executable, "-m", "pip", "download", spec, *_PIP_FLAGS], work, advice)
        for archive in sorted(work.glob("*.whl")):
            _check_digest(archive, digest, spec)
            _unpack(_zip_members(archive), wanted, art)

    return _fetched(spec, [spec, digest], wanted, unpack)


def _fetched(
    title: str, packages: Sequence[str], wanted: Sequence[str], unpack: Callable[[Path, Path], None]
) -> Path:
    """Returns the cached folder of these packages; where there is none, `unpack` makes it."""

    def fill(work: Path, art: Path) -> None:
        unpack(work, art)
        if not art.is_dir():
            raise DeepPaintError(f"{title}: holds no file named {' or '.join(wanted)}")

    return cached_folder(title, (list(packages), list(wanted)), fill)


def cached_folder(title: str, key: object, fill: Callable[[Path, Path], None]) -> Path:
    """Returns the cached folder of this title and key; where there is none, `fill` makes it.

    Args:
        title: The name that the folder's begins with, as in `openmoji@17.0.0`.
        key: What the content depends on. The digest of its `repr` ends the folder's name, so that
            a folder filled otherwise is not taken for this one.
        fill: Called with an empty folder to work in, and the path of one to make and fill.

    Raises:
        DeepPaintError: the folder cannot be written.
    """
    digest = hashlib.sha256(repr(key).encode()).hexdigest()[:8]
    final = cache_dir() / f"{title.replace('/', '_')}-{digest}"
    if final.is_dir():
        return final
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".incomplete-", dir=final.parent) as folder:
            work, art = Path(folder), Path(folder, "art")
            fill(work, art)
            _move(art, final)
    except OSError as error:
        raise DeepPaintError(
            f"{error.filename or final}: cannot be written ({error.strerror or error}); "
            "point XDG_CACHE_HOME to a folder with room for it"
        ) from error
    return final


def _move(folder: Path, final: Path) -> None:
    """Renames a folder. Where another process was faster, its folder holds the same and stays."""
    try:
        folder.rename(final)
    except OSError:
        if not final.is_dir():
            raise


def _client(program: str, advice: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise DeepPaintError(f"{program} is not installed: {advice}")
    return path


def _run(
    command: Sequence[str], folder: Path, advice: str, stdout: IO[bytes] | None = None
) -> None:
    """Runs a client in `folder`, its output going to the file `stdout`, if any."""
    shown = " ".join([Path(command[0]).name, *command[1:3]])
    try:
        process = subprocess.run(
            command,
            cwd=folder,
            # Windows knows no such function.
            preexec_fn=_limit_files if resource is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=stdout or subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise DeepPaintError(f"{shown}: not done after {TIMEOUT_S} s; {advice}") from error
    except OSError as error:
        raise DeepPaintError(f"{shown}: cannot be run ({error.strerror}); {advice}") from error
    if process.returncode:
        reason = _error_line(process.stderr.decode(errors="replace"))
        raise DeepPaintError(f"{shown}: {reason or f'exit status {process.returncode}'}; {advice}")


def _limit_files() -> None:
    """Bounds the files that this process and its children write."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    most = _MAX_WRITTEN if hard == resource.RLIM_INFINITY else min(hard, _MAX_WRITTEN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))


def _error_line(stderr: str) -> str:
    """The line of a failed client's output that gives the reason, without a full stop."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    npm = [line for line in lines if re.match(r"npm (error|ERR!) ", line)]
    if npm:
        # npm states the reason first and explains it in the lines below.
        return next((line for line in npm if not _NPM_NOISE.match(line)), npm[0]).rstrip(".")
    errors = [line for line in lines if line.startswith("E:")]
    return (errors or lines or [""])[-1].rstrip(".")


def _check_digest(path: Path, expected: str, title: str) -> None:
    """Compares a file with its digest: `sha512-` and base64, or SHA-256 in hexadecimal."""
    digest = hashlib.new("sha512" if expected.startswith("sha512-") else "sha256")
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    npms = f"sha512-{base64.b64encode(digest.digest()).decode()}"
    if expected not in (npms, digest.hexdigest()):
        raise DeepPaintError(
            f"{title}: another digest than known here; it was changed on its way or at its source"
        )


class _Bounded(io.RawIOBase):
    """The first `_MAX_READ` bytes of a stream; it fails behind them."""

    def __init__(self, stream: IO[bytes]):
        self.stream, self.left = stream, _MAX_READ

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise ValueError(f"it unpacks to more than {_MAX_READ >> 30} GiB")
        return data


def _tar_members(path: Path) -> Iterator[Member]:
    unpack = gzip.open if path.suffix == ".tgz" else open
    with unpack(path, "rb") as stream, tarfile.open(fileobj=_Bounded(stream), mode="r|") as archive:
        for member in archive:
            if member.isreg():
                yield member.name, functools.partial(archive.extractfile, member)


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.filename.endswith("/"):
                yield member.filename, functools.partial(archive.open, member)


def _unpack(
    members: Iterator[Member], wanted: Sequence[str], art: Path, skip_parts: int = 0
) -> None:
    """Unpacks the wanted files of an archive below `art`.

    Links, devices, owners and modes are never restored and no path leaves `art`: an archive can
    do nothing but add files.
    """
    for inside, content in _read_wanted(members, wanted, skip_parts):
        path = art / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _read_wanted(
    members: Iterator[Member], wanted: Sequence[str], skip_parts: int
) -> Iterator[tuple[PurePosixPath, bytes]]:
    unpacked = count = 0
    try:
        for name, open_member in members:
            inside = PurePosixPath(*PurePosixPath(name).parts[skip_parts:])
            if not inside.parts or ".." in inside.parts or inside.is_absolute():
                continue
            if any(fnmatch.fnmatchcase(str(inside), pattern) for pattern in wanted):
                with open_member() as stream:
                    content = stream.read(_MAX_FILE + 1)
                if len(content) > _MAX_FILE:
                    raise DeepPaintError(f"{inside} in the fetched package is too large to unpack")
                unpacked, count = unpacked + len(content), count + 1
                if unpacked > _MAX_UNPACKED or count > _MAX_FILES:
                    raise DeepPaintError("the fetched package holds too much to unpack")
                yield inside, content
    except _DAMAGE as error:
        raise DeepPaintError(f"the fetched package is damaged ({error}); try again") from error
