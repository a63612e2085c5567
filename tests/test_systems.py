"""Other operating systems: the library needs nothing that only some of them have.

These tests read the code, so that they find on Linux what would fail elsewhere.
"""

import ast

import pytest

from tests.helpers.programs import ROOT

LIBRARY = sorted((ROOT / "tf_deeppaint").rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in LIBRARY}
# What Python's documentation calls available on Unix only.
MODULES = {"curses", "fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
NAMES = {
    *("os.fork", "os.getuid", "os.geteuid", "os.getgid", "os.killpg", "os.getpgid", "os.setsid"),
    *("os.mkfifo", "os.mknod", "os.nice", "os.statvfs", "os.sysconf", "os.uname", "os.chown"),
    *("os.sched_getaffinity", "os.getloadavg", "os.pread", "os.pwrite", "os.posix_fallocate"),
    *("os.sync", "os.wait", "os.WNOHANG", "os.O_NOFOLLOW", "os.O_DIRECTORY", "os.O_CLOEXEC"),
    *("signal.SIGKILL", "signal.SIGHUP", "signal.SIGALRM", "signal.SIGUSR1", "signal.SIGPIPE"),
    *("signal.alarm", "signal.setitimer", "signal.pause", "socket.AF_UNIX", "time.tzset"),
}


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or attribute."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def unguarded_imports(tree: ast.AST) -> set[str]:
    """The modules of Unix that are imported where no ImportError is caught."""
    guarded = {
        id(node)
        for attempt in ast.walk(tree)
        if isinstance(attempt, ast.Try)
        and any(getattr(handler.type, "id", "") == "ImportError" for handler in attempt.handlers)
        for statement in attempt.body
        for node in ast.walk(statement)
    }
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and id(node) not in guarded:
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and id(node) not in guarded:
            names.add(str(node.module))
    return names & MODULES


def unguarded_names(tree: ast.AST) -> set[str]:
    """The names of Unix that are used in a file that does not ask whether they are there."""
    used, asked = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            used.add(dotted(node))
        elif isinstance(node, ast.Call) and dotted(node.func) in ("hasattr", "getattr"):
            asked.add(f"{dotted(node.args[0])}.{getattr(node.args[1], 'value', '')}")
    return used & NAMES - asked


def calls_without_encoding(tree: ast.AST) -> list[str]:
    """The calls that open text in whatever encoding the system has."""
    calls = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or any(word.arg == "encoding" for word in node.keywords):
            continue
        name = dotted(node.func)
        modes = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        modes += [word.value.value for word in node.keywords if word.arg == "mode"]
        is_binary = any(isinstance(mode, str) and "b" in mode for mode in modes)
        is_path = name.endswith((".read_text", ".write_text"))
        is_open = name == "open" or (name.endswith("path.open") and modes)
        if is_path or (is_open and not is_binary):
            calls.append(f"{name}, line {node.lineno}")
    return calls


@pytest.mark.parametrize("find", [unguarded_imports, unguarded_names, calls_without_encoding])
def test_no_module_needs_what_other_systems_lack(find):
    found = {str(path.relative_to(ROOT)): find(tree) for path, tree in TREES.items()}
    assert {path: what for path, what in found.items() if what} == {}


def test_what_is_unguarded_is_found():
    code = "import fcntl, os\ntry:\n    import resource\nexcept ImportError:\n    pass\n"
    code += "os.getuid()\nos.fork() if hasattr(os, 'fork') else 0\n"
    code += "open('a')\nopen('a', 'rb')\nopen('a', encoding='utf-8')\npath.read_text()\n"
    code += "path.open('rb')\npath.open('w')\n"
    tree = ast.parse(code)
    assert unguarded_imports(tree) == {"fcntl"}
    assert unguarded_names(tree) == {"os.getuid"}
    assert calls_without_encoding(tree) == [
        "open, line 8",
        "path.read_text, line 11",
        "path.open, line 13",
    ]
