"""The table of findings in the document on reliability."""

from collections.abc import Mapping, Sequence

from tests.undone.mend import Mend

SECTION = "undone"
_HEAD = ["| finding | tests | seen to fail, on |", "|---|---|---|"]


def named_tests(mends: Sequence[Mend]) -> str:
    """The tests of a finding's mends, by their files, without the parameters of single cases."""
    by_file: dict[str, dict[str, None]] = {}
    for test in (test for mend in mends for test in mend.tests):
        file, _, name = test.partition("::")
        by_file.setdefault(file, {})[name.partition("[")[0]] = None
    return "; ".join(
        f"`{file}`: {', '.join(f'`{name}`' for name in names)}" for file, names in by_file.items()
    )


def is_seen(rows: str, finding: str, mends: Sequence[Mend]) -> str:
    """When the table says that the tests of a finding were seen to fail; empty where it does not.

    What was seen of other tests does not count.
    """
    begin = f"| {finding} | {named_tests(mends)} | "
    found = (line.removeprefix(begin) for line in rows.splitlines() if line.startswith(begin))
    return next(found, "").removesuffix(" |").strip()


def make_table(findings: Mapping[str, Sequence[Mend]], seen: Mapping[str, str]) -> list[str]:
    """The lines of the table; `seen` says when the tests of each finding were seen to fail."""
    rows = [f"| {f} | {named_tests(mends)} | {seen[f]} |" for f, mends in findings.items()]
    return [*_HEAD, *rows]
