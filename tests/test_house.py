"""The rules of the house: small modules, each with its subject in the first line."""

import ast
import re
from pathlib import Path

import pytest

from tests.helpers.programs import ROOT

MAX_LINES = 350
MAX_MODULES = 15  # of a folder, `__init__` among them
MAX_FUNCTION = 60  # lines of code, without docstring, blank lines and comments

LIBRARY = sorted((ROOT / "tf_deeppaint").rglob("*.py"))
PROGRAMS = sorted(
    path
    for folder in ("tfrecords", "export", "experiments")
    for path in (ROOT / folder).rglob("*.py")
)
DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/**/*.md")]
    if path.relative_to(ROOT).parts[0] not in ("runs", "data", "out", "models")
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FOLDERS = sorted({path.parent for path in [*LIBRARY, *PROGRAMS]})


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports, also inside functions; `a.b` for `from a import b`."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return names


def test_there_is_something_to_check():
    assert len(LIBRARY) > 80 and len(PROGRAMS) > 10 and len(TESTS) > 80


@pytest.mark.parametrize("path", [*LIBRARY, *PROGRAMS], ids=named)
def test_a_module_is_short_and_says_what_it_is(path):
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_LINES
    docstring = ast.get_docstring(ast.parse(text))
    if text.strip():
        assert docstring and docstring.splitlines()[0].endswith((".", ":"))


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    """The lines of a function's code, its decorators and its signature among them."""
    first = min([function.lineno, *(d.lineno for d in function.decorator_list)])
    described = range(0)
    if ast.get_docstring(function) is not None:
        described = range(function.body[0].lineno, function.body[0].end_lineno + 1)
    own = (n for n in range(first, function.end_lineno + 1) if n not in described)
    return sum(bool(line) and line[0] != "#" for line in (lines[n - 1].strip() for n in own))


def long_functions(text: str) -> list[str]:
    functions = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lines = text.splitlines()
    return [f.name for f in functions if code_lines(f, lines) > MAX_FUNCTION]


@pytest.mark.parametrize("path", [*LIBRARY, *PROGRAMS], ids=named)
def test_a_function_fits_on_a_screen(path):
    assert long_functions(path.read_text()) == []


def test_what_is_no_code_makes_no_function_long():
    head = ["@staticmethod", "def f():", '    """One line.', "", '    And more."""']
    filling = ["", "    # why"] * MAX_FUNCTION
    for count, expected in ((MAX_FUNCTION - 2, []), (MAX_FUNCTION - 1, ["f"])):
        text = "\n".join([*head, *filling, *["    pass"] * count, "pass"])
        assert long_functions(text) == expected


@pytest.mark.parametrize("package", [p for p in LIBRARY if p.name == "__init__.py"], ids=named)
def test_a_package_introduces_itself(package):
    docstring = ast.get_docstring(ast.parse(package.read_text()))
    assert docstring is not None and len(docstring.splitlines()) >= 5


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_a_folder_holds_few_modules(folder):
    assert len(list(folder.glob("*.py"))) <= MAX_MODULES


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_a_test_stands_alone(path):
    """It imports no other test, and Python finds modules without help."""
    imported = {name for name in imports_of(path) if name.startswith("tests.")}
    assert not {name for name in imported if re.search(r"\.(test_\w+|conftest)\b", name)}
    assert not re.search(r"sys\.path\b(?!\w)", strip_strings(path))


def strip_strings(path: Path) -> str:
    """The code of a file without its strings and comments."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.unparse(tree)


@pytest.mark.parametrize("path", [*LIBRARY, *PROGRAMS], ids=named)
def test_nothing_edits_the_path_of_modules(path):
    assert "sys.path" not in strip_strings(path)


BRITISH = re.compile(
    r"colour|behaviour|neighbour|\bgrey|\bcentre|licence|artefact|\w+(?:al|im|n|r|ogn)is(?:e[ds]?|ing|ation)\b",
    re.IGNORECASE,
)
# Words that end like British ones.
AMERICAN = {"otherwise", "noise", "raise", "precise", "promise", "exercise", "arise", "surprise"}


@pytest.mark.parametrize("path", [*LIBRARY, *PROGRAMS, *DOCUMENTS], ids=named)
def test_the_spelling_is_american(path):
    """But for quoted names that older files hold."""
    text = re.sub(r"[\"`'](?:colour|licence)[\"`',]|origin\.licence", "", path.read_text())
    words = {match[0].lower() for match in BRITISH.finditer(text)}
    assert {word for word in words if not word.startswith(tuple(w[:-1] for w in AMERICAN))} == set()


def test_tests_mirror_the_library():
    """A folder of tests bears the name of a package."""
    packages = {path.parent.relative_to(ROOT / "tf_deeppaint") for path in LIBRARY}
    others = {
        Path(name) for name in ("helpers", "golden", "hostile", "faults", "undone", "experiments")
    }
    folders = {path.parent.relative_to(ROOT / "tests") for path in TESTS}
    assert folders - packages - others == set()
