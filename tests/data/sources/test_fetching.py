"""Fetching of packages: what is unpacked, kept, and said where it fails."""

import base64
import gzip
import hashlib
import io
import os
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tf_deeppaint.data.sources import fetching
from tf_deeppaint.utils.errors import DeepPaintError

INSTEAD = "pass --input with the art"


@pytest.fixture
def clients(tmp_path, monkeypatch):
    """A folder that is all of PATH, and an empty cache."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def write_client(folder: Path, name: str, code: str) -> None:
    """Puts an executable on PATH; its code finds `sys` and `shutil` and the folder it runs in."""
    client = folder / name
    client.write_text(f"#!{sys.executable} -S\nimport shutil, sys\n{code}\n")
    client.chmod(0o755)


def write_archive(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("package/art/link.svg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


NPM_FILES = {
    "package/art/one.svg": b"one",
    "package/art/deep/two.svg": b"two",
    "package/readme.md": b"not wanted",
    "package/../../escaped.svg": b"must not be written",
}


def npm_pack(clients: Path, archive: Path) -> None:
    shutil.copy(archive, clients / "archive")
    log = f"open({str(clients / 'calls')!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')"
    write_client(clients, "npm", f"{log}\nshutil.copy({str(archive)!r}, 'fake-1.0.0.tgz')")


def integrity(clients: Path) -> str:
    """The digest of what `npm pack` brings, as npm tells it."""
    archive = clients / "archive"
    digest = hashlib.sha512(archive.read_bytes() if archive.exists() else b"").digest()
    return f"sha512-{base64.b64encode(digest).decode()}"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch_fake() -> Path:
    wanted = ["art/*", "*escaped*"]
    return fetching.fetch_npm("fake@1.0.0", integrity(Path(os.environ["PATH"])), wanted, INSTEAD)


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_cache_lies_where_xdg_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert fetching.cache_dir() == tmp_path / "tf_deeppaint"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert fetching.cache_dir() == tmp_path / "me" / ".cache" / "tf_deeppaint"
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)  # a user whom the system does not know
    with pytest.raises(DeepPaintError, match="no home folder"):
        fetching.cache_dir()


def test_fetch_npm_unpacks_only_wanted_files_and_only_once(clients, tmp_path):
    npm_pack(clients, write_archive(tmp_path / "good.tgz", NPM_FILES))
    folder = fetch_fake()
    assert files_below(folder) == {"art/one.svg": b"one", "art/deep/two.svg": b"two"}
    assert not list(tmp_path.rglob("*escaped*"))
    assert list(fetching.cache_dir().iterdir()) == [folder]
    assert fetch_fake() == folder
    (call,) = (clients / "calls").read_text().splitlines()
    assert call.startswith("pack fake@1.0.0 ")


def sparse_archive(path: Path, size: int) -> Path:
    """A tar of one file in GNU's old format of holes: `size` bytes, none of which is stored."""
    member = tarfile.TarInfo("package/art/one.svg")
    member.type, member.size = tarfile.GNUTYPE_SPARSE, 0
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    header[156:157], header[257:265] = b"S", b"ustar  \0"
    for start, number in ((386, size), (398, 0), (483, size)):  # the hole's end; the real size
        header[start : start + 12] = b"%011o\0" % number
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:512])
    path.write_bytes(gzip.compress(bytes(header) + bytes(1024)))
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: write_archive(path, {"package/art/one.svg": bytes(200_001)}), "too large"),
        (lambda path: sparse_archive(path, 2**33 - 1), "too large|damaged"),
        (
            lambda path: write_archive(path, {f"package/art/{n}": bytes(150_000) for n in "abc"}),
            "too much",
        ),
        (lambda path: write_archive(path, {f"package/art/{n}": b"" for n in range(9)}), "too much"),
        (
            lambda path: write_archive(path, {f"package/not/{n}": bytes(500_000) for n in "abc"}),
            "damaged .it unpacks to more",
        ),
    ],
    ids=["one file", "holes", "all files", "many files", "files that are not wanted"],
)
def test_what_an_archive_unpacks_to_is_bounded(clients, tmp_path, monkeypatch, make, words):
    for name, limit in {"FILE": 200_000, "UNPACKED": 400_000, "FILES": 8, "READ": 10**6}.items():
        monkeypatch.setattr(fetching, f"_MAX_{name}", limit)
    npm_pack(clients, make(tmp_path / "bomb.tgz"))
    with pytest.raises(DeepPaintError, match=words):
        fetch_fake()
    assert not any(fetching.cache_dir().iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are POSIX's")
def test_what_a_client_writes_is_bounded(clients, monkeypatch):
    monkeypatch.setattr(fetching, "_MAX_WRITTEN", 100_000)
    write_client(clients, "npm", "open('fake-1.0.0.tgz', 'wb').write(bytes(10**6))")
    with pytest.raises(DeepPaintError, match="npm pack fake"):
        fetch_fake()
    assert not any(fetching.cache_dir().iterdir())


def test_a_package_of_another_digest_is_not_opened(clients, tmp_path, monkeypatch):
    npm_pack(clients, write_archive(tmp_path / "good.tgz", NPM_FILES))
    true = integrity(clients)
    monkeypatch.setattr(fetching, "_tar_members", None)
    for other in (true.swapcase(), true[:-1], "sha512-", "", "0" * 64):
        with pytest.raises(DeepPaintError, match=r"^fake@1\.0\.0: another digest"):
            fetching.fetch_npm("fake@1.0.0", other, ["art/*"], INSTEAD)
    assert not any(fetching.cache_dir().iterdir())


def test_fetch_of_other_files_is_another_cache_entry(clients, tmp_path):
    npm_pack(clients, write_archive(tmp_path / "good.tgz", NPM_FILES))
    readme = fetching.fetch_npm("fake@1.0.0", integrity(clients), ["readme.md"], INSTEAD)
    assert readme != fetch_fake()
    assert files_below(readme) == {"readme.md": b"not wanted"}


def test_fetch_npm_quotes_the_line_that_tells(clients):
    said = [
        "npm warn something else",
        "npm error code ETARGET",
        "npm error notarget No matching version found for fake@1.0.0.",
        "npm error notarget In most cases you are requesting a version that doesn't exist.",
        "npm error A complete log of this run can be found in: somewhere",
    ]
    write_client(clients, "npm", f"sys.exit({chr(10).join(said)!r})")
    with pytest.raises(DeepPaintError) as caught:
        fetch_fake()
    message = str(caught.value)
    assert "No matching version found for fake@1.0.0;" in message
    assert message.endswith(INSTEAD)
    assert "\n" not in message
    assert not list(fetching.cache_dir().iterdir())


def test_fetch_npm_of_a_package_without_the_art_says_so(clients, tmp_path):
    npm_pack(clients, write_archive(tmp_path / "other.tgz", {"package/readme.md": b""}))
    with pytest.raises(DeepPaintError, match=r"fake@1\.0\.0: holds no file named art/\*"):
        fetch_fake()


def test_missing_clients_are_named(clients):
    with pytest.raises(DeepPaintError, match=r"npm is not installed: .*--input"):
        fetch_fake()
    with pytest.raises(DeepPaintError, match=r"apt-get is not installed: .*--input"):
        fetching.fetch_debian(["fake-data"], {}, ["*"], INSTEAD)


def test_damaged_download_leaves_nothing_and_the_next_fetch_succeeds(clients, tmp_path):
    noise = np.random.default_rng(0).bytes(100_000)
    good = write_archive(tmp_path / "good.tgz", {**NPM_FILES, "package/art/big.svg": noise})
    cut = tmp_path / "cut.tgz"
    cut.write_bytes(good.read_bytes()[:50_000])
    npm_pack(clients, cut)
    with pytest.raises(DeepPaintError, match="damaged"):
        fetch_fake()
    assert not list(fetching.cache_dir().iterdir())
    npm_pack(clients, good)
    assert files_below(fetch_fake())["art/big.svg"] == noise


def test_interrupted_fetch_leaves_nothing_that_looks_complete(clients, tmp_path, monkeypatch):
    npm_pack(clients, write_archive(tmp_path / "good.tgz", NPM_FILES))
    seen = []

    def interrupted(path, content):
        path.open("wb").write(content[:2])
        seen.extend(path.name for path in fetching.cache_dir().iterdir())
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fetching.Path, "write_bytes", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch_fake()
    # What stood there half-way, as after a power cut, must not be taken for the folder either.
    assert [name.startswith(".incomplete-") for name in seen] == [True]
    (fetching.cache_dir() / seen[0] / "art").mkdir(parents=True)
    assert files_below(fetch_fake())["art/one.svg"] == b"one"


def test_fetch_debian_unpacks_all_packages_into_one_folder(clients, tmp_path):
    for name in ("data", "extra"):
        files = {f"./usr/share/{name}/images/portraits/x.png": name.encode(), "./usr/bin/no": b""}
        write_archive(clients / f"{name}.deb", files, "w")
    copy = f"shutil.copy({str(clients)!r} + '/' + name + '.deb', name + '_1%3a1.0_all.deb')"
    write_client(
        clients,
        "apt-get",
        "assert sys.argv[1] == 'download' and sys.argv[-1].endswith('Unauthenticated=false')\n"
        f"for name in sys.argv[2:-2]:\n    {copy}",
    )
    pipe = "shutil.copyfileobj(open(sys.argv[2], 'rb'), sys.stdout.buffer)"
    write_client(clients, "dpkg", f"assert sys.argv[1] == '--fsys-tarfile'\n{pipe}")
    known, digest = "data_1%3a1.0_all.deb", sha256(clients / "data.deb")
    folder = fetching.fetch_debian(["data", "extra"], {known: digest}, ["*/portraits/*"], INSTEAD)
    assert files_below(folder) == {
        "usr/share/data/images/portraits/x.png": b"data",
        "usr/share/extra/images/portraits/x.png": b"extra",
    }
    shutil.rmtree(fetching.cache_dir())
    digest = sha256(clients / "extra.deb")
    with pytest.raises(DeepPaintError, match=r"data_1%3a1\.0_all\.deb: another digest"):
        fetching.fetch_debian(["data", "extra"], {known: digest}, ["*/portraits/*"], INSTEAD)
    assert not any(fetching.cache_dir().iterdir())


def test_fetch_debian_of_an_unknown_package_advises_an_update(clients):
    write_client(clients, "dpkg", "")
    write_client(clients, "apt-get", "sys.exit('W: odd\\nE: Unable to locate package fake-data')")
    with pytest.raises(DeepPaintError) as caught:
        fetching.fetch_debian(["fake-data"], {}, ["*"], INSTEAD)
    message = str(caught.value)
    assert "Unable to locate package fake-data; run `apt-get update`" in message
    assert message.endswith(INSTEAD)


def pip_download(clients: Path, monkeypatch, wheel: Path) -> None:
    """Puts a program in place of Python, which would run pip."""
    log = f"open({str(clients / 'calls')!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')"
    write_client(
        clients, "python", f"{log}\nshutil.copy({str(wheel)!r}, 'fake-1.0-py3-none-any.whl')"
    )
    monkeypatch.setattr(fetching.sys, "executable", str(clients / "python"))


def write_wheel(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {
            "art/one.json": b"one",
            "art/two.py": b"not wanted",
            "../art/escaped.json": b"must not be written",
        }.items():
            archive.writestr(name, content)
    return path


def test_fetch_pypi_unpacks_only_wanted_files_and_only_once(clients, monkeypatch, tmp_path):
    wheel = write_wheel(tmp_path / "good.whl")
    pip_download(clients, monkeypatch, wheel)
    folder = fetching.fetch_pypi("fake==1.0", sha256(wheel), ["*.json"], INSTEAD)
    assert files_below(folder) == {"art/one.json": b"one"}
    assert not list(tmp_path.rglob("*escaped*"))
    assert fetching.fetch_pypi("fake==1.0", sha256(wheel), ["*.json"], INSTEAD) == folder
    (call,) = (clients / "calls").read_text().splitlines()
    assert call.startswith("-m pip download fake==1.0 --no-deps ")
    with pytest.raises(DeepPaintError, match=r"fake==1\.0: another digest"):
        fetching.fetch_pypi("fake==1.0", "0" * 64, ["*.json"], INSTEAD)


def test_fetch_pypi_says_why_it_failed(clients, monkeypatch):
    write_client(clients, "python", "sys.exit('WARNING: slow\\nERROR: No matching distribution.')")
    monkeypatch.setattr(fetching.sys, "executable", str(clients / "python"))
    with pytest.raises(DeepPaintError, match="No matching distribution; .*" + INSTEAD):
        fetching.fetch_pypi("fake==1.0", "0" * 64, ["*.json"], INSTEAD)
    assert not list(fetching.cache_dir().iterdir())


def test_fetch_pypi_refuses_a_file_that_would_fill_the_disk(clients, monkeypatch, tmp_path):
    monkeypatch.setattr(fetching, "_MAX_FILE", 2)
    wheel = write_wheel(tmp_path / "large.whl")
    pip_download(clients, monkeypatch, wheel)
    with pytest.raises(DeepPaintError, match=r"art/one\.json in the fetched package is too large"):
        fetching.fetch_pypi("fake==1.0", sha256(wheel), ["*.json"], INSTEAD)
    assert not list(fetching.cache_dir().iterdir())


def test_fetch_pypi_of_a_damaged_wheel_says_so(clients, monkeypatch, tmp_path):
    wheel = tmp_path / "bad.whl"
    wheel.write_bytes(write_wheel(tmp_path / "good.whl").read_bytes()[:60])
    pip_download(clients, monkeypatch, wheel)
    with pytest.raises(DeepPaintError, match="the fetched package is damaged"):
        fetching.fetch_pypi("fake==1.0", sha256(wheel), ["*.json"], INSTEAD)
