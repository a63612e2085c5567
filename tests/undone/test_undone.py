"""Mends can still be undone in the code of today, and the harness sees what comes of it."""

import ast

import pytest

from tests.helpers.changed_copies import End, run_tests
from tests.helpers.programs import ROOT
from tests.hostile.figures import section
from tests.undone import __main__ as undone
from tests.undone.findings import FINDINGS
from tests.undone.mend import CRASH, HANG, MEMORY, Mend, Place, restore, undo
from tests.undone.table import SECTION, is_seen, make_table, named_tests

MENDS = [mend for mends in FINDINGS.values() for mend in mends]


def test_every_mend_can_be_undone_in_the_code_of_today(tmp_path):
    assert len(MENDS) > 100
    for mend in MENDS:
        for file in {place.file for place in mend.places}:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_bytes((ROOT / file).read_bytes())
        for path, before in undo(mend, tmp_path).items():
            code = path.read_text()
            assert code != before, mend.undone
            ast.parse(code)


def test_every_test_that_must_fail_exists():
    functions = {
        file: {
            node.name
            for node in ast.walk(ast.parse((ROOT / file).read_text()))
            if isinstance(node, ast.FunctionDef)
        }
        for file in {test.partition("::")[0] for mend in MENDS for test in mend.tests}
    }
    for mend in MENDS:
        assert mend.tests
        for file, _, name in (test.partition("::") for test in mend.tests):
            assert name.partition("[")[0] in functions[file], name


def test_the_document_names_every_finding_with_its_tests():
    """`make undone` writes the table; here it is only read."""
    rows = section(ROOT / "docs/reliability.md", SECTION)
    seen = {finding: is_seen(rows, finding, mends) for finding, mends in FINDINGS.items()}
    assert rows.strip().splitlines() == make_table(FINDINGS, seen)


def test_a_mend_is_undone_and_done_again(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\ny = 2\n")
    mend = Mend("both", (Place("a.py", "x = 1", "x = 0"), Place("a.py", "y = 2", "y = 0")), ("t",))
    before = undo(mend, tmp_path)
    assert (tmp_path / "a.py").read_text() == "x = 0\ny = 0\n"
    restore(before)
    assert (tmp_path / "a.py").read_text() == "x = 1\ny = 2\n"
    for text, count in (("z", 0), (" = ", 2)):
        with pytest.raises(ValueError, match=f"a.py: holds {count} times, not once"):
            undo(Mend("none", (Place("a.py", text, ""),), ("t",)), tmp_path)


TESTS = ("tests/a.py::test_a", "tests/a.py::test_b[1]")
FAILED = dict.fromkeys(("tests/a.py::test_a[x]", TESTS[1]), "assert 0")


@pytest.mark.parametrize(
    ("kind", "end", "why"),
    [
        ("", End(1, FAILED), ""),
        ("", End(1, {TESTS[0]: "assert 0"}), "tests/a.py::test_b[1] passes"),
        ("", End(1, FAILED | {"tests/a.py::test_b[2]": ""}), ""),
        ("", End(1, {TESTS[0]: "", "tests/a.py::test_b[10]": ""}), "test_b[1] passes"),
        ("", End(0, {}), "passes"),
        ("", End(4, {}), "exit status 4"),
        ("", End(None, {}), "took too long"),
        (MEMORY, End(None, {}), "took too long"),
        (HANG, End(None, {}), ""),
        ("", End(-9, {}), "died of signal 9"),
        (CRASH, End(-11, {}), ""),
        ("", End(1, FAILED | {TESTS[1]: "NameError: x"}), "NameError: x"),
        ("", End(1, FAILED | {TESTS[1]: "MemoryError"}), "MemoryError"),
        (MEMORY, End(1, FAILED | {TESTS[1]: "MemoryError"}), ""),
    ],
)
def test_only_an_error_of_its_own_counts(kind, end, why):
    told = undone.why_unseen(Mend("it", (), TESTS, kind), end)
    assert (why in told) if why else told == ""


def test_the_table_forgets_what_was_seen_of_other_tests():
    findings = {"one": (Mend("", (), TESTS),), "two": (Mend("", (), TESTS[:1]),)}
    assert named_tests(findings["one"]) == "`tests/a.py`: `test_a`, `test_b`"
    table = make_table(findings, {"one": "a day", "two": ""})
    assert table[2] == "| one | `tests/a.py`: `test_a`, `test_b` | a day |"
    rows = "\n".join(table)
    assert [is_seen(rows, f, mends) for f, mends in findings.items()] == ["a day", ""]
    assert is_seen(rows, "one", findings["two"]) == ""


CASES = """
import os, time
import pytest

def test_passes(): pass
def test_fails(): assert [] == [1]
def test_hangs(): time.sleep(600)
def test_dies(): os.kill(os.getpid(), 9)
def test_takes_much(): bytearray(1 << 45)
"""


@pytest.mark.slow
def test_how_tests_of_a_folder_end(tmp_path):
    (tmp_path / "test_it.py").write_text(CASES)

    def end(name: str, patience: float = 60) -> End:
        return run_tests(tmp_path, f"test_it.py::test_{name} --rootdir=.", patience, undone.limit)

    assert end("passes") == (0, {})
    status, failed = end("fails")
    assert status == 1 and failed == {"test_it.py::test_fails": "assert [] == [1]"}
    assert end("hangs", 1.0) == (None, {})
    assert end("dies") == (-9, {})
    assert end("takes_much").failed == {"test_it.py::test_takes_much": "MemoryError"}
    assert end("is_none").status == 4
