"""SECURITY.md: each promise names a test that there is; what is installed is locked by hashes."""

import re
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tests.helpers.programs import ROOT

NAMED = re.compile(r"`(?P<path>[\w/]+\.py)`(?P<names>(?:(?:: |, )`test_\w+`)*)")


def named_tests(text: str) -> dict[str, set[str]]:
    """The test files that a text names, and of each the tests."""
    found: dict[str, set[str]] = {}
    for match in NAMED.finditer(text):
        path = match["path"]
        if not path.startswith("tests/") and "test_" in path:
            path = f"tests/studio/{path}"  # as the table of the studio says above it
        if path.startswith("tests/"):
            found.setdefault(path, set()).update(re.findall(r"test_\w+", match["names"]))
    return found


@pytest.mark.parametrize("document", ["SECURITY.md", "docs/reliability.md"])
def test_each_test_that_is_named_exists(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    named = named_tests(text)
    assert len(named) > 10
    for path, names in named.items():
        code = (ROOT / path).read_text(encoding="utf-8")
        missing = {name for name in names if f"\ndef {name}(" not in code}
        assert not missing, f"{path}: {missing}"
    # None is written in a way that is passed over here.
    assert set(re.findall(r"`(test_\w+)`", text)) == set().union(*named.values())


def test_each_promise_names_a_test():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    heads = {"promise", "input"}
    assert heads <= {row[0] for row in rows}
    for subject, *_, test in (row for row in rows if row[0] not in heads):
        assert named_tests(test) or test == "the next table", subject


def locked() -> list[tuple[Requirement, int]]:
    """The requirements of the lock file, and how many hashes each has."""
    lines = (
        (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    )
    return [
        (Requirement(line.split("--hash")[0]), line.count("--hash=sha256:"))
        for line in lines
        if line.strip() and not line.lstrip().startswith("#")
    ]


def test_the_lock_file_has_a_hash_of_each_release_and_names_no_index():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text and not re.search(r"^-", text, re.MULTILINE)
    for requirement, hashes in locked():
        assert re.fullmatch(r"==[\w.+!]+", str(requirement.specifier)), requirement
        assert hashes > 0, requirement


def test_the_lock_file_holds_what_the_package_and_its_development_need():
    def plain(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    pins = {plain(r.name): SpecifierSet(str(r.specifier)) for r, _ in locked()}
    needed = [Requirement(line) for line in metadata.requires("tf-deeppaint")]
    for requirement in needed:
        if requirement.marker is None or requirement.marker.evaluate({"extra": "dev"}):
            (pin,) = pins[plain(requirement.name)]
            assert Version(pin.version) in requirement.specifier, requirement
