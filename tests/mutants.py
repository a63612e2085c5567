"""Changes the code in small ways, one at a time, and looks whether a test notices.

    python -m tests.mutants --subject=locks --count=20

Each mutant is one changed operator, constant, condition or statement. It is tried in a copy of the
repository, by the few tests of its module: those of `SUBJECTS`. Of each subject the mutants that
were once found by hand to survive are tried first, then as many others as asked for, chosen by a
seed. Most fail in the quick tests, which come first. A run that takes five times as long as the
unchanged code, and a minute, counts as noticed.
"""

import argparse
import ast
import contextlib
import datetime
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import keras  # noqa: F401 - imported once, for all mutants
import tensorflow as tf  # noqa: F401

from tests.helpers.changed_copies import copy_repository, run_tests
from tests.hostile.figures import rewrite, section

PATIENCE = 5  # times as long as the unchanged code, and a minute
LONGEST_S = 1800  # of the unchanged code


class Subject(NamedTuple):
    """A module, and what pytest runs to notice its mutants, the quick tests first."""

    module: str
    tests: tuple[str, ...]
    known: tuple[tuple[str, str], ...] = ()  # texts, and what they were changed to


def _quick_first(path: str, slow: str) -> tuple[str, str]:
    return f"{path} -k 'not ({slow})'", f"{path} -k '{slow}'"


SUBJECTS = {
    "locks": Subject(
        "utils/locks.py",
        _quick_first("tests/utils/test_locks.py", "several or slept"),
        (
            ("        file.truncate()\n", ""),
            ("not isinstance(error, ProcessLookupError)", "False"),
            ("_started(holder.pid) in (holder.started, 0)", "holder.pid != os.getpid()"),
            ("if _load_holder(path) == holder:\n            with", "if True:\n            with"),
        ),
    ),
    "files": Subject(
        "utils/files.py", ("tests/utils/test_files.py", "tests/utils/test_walking.py")
    ),
    "archives": Subject(
        "utils/keras_archives.py",
        ("tests/utils/test_keras_archives.py",),
        (('"TFSMLayer", ', ""),),
    ),
    "origin check": Subject(
        "studio/admission.py",
        ("tests/studio/test_admission.py",),
        (
            (
                'origin.split("://")[-1].lower() != hosts[0].lower()',
                "not origin.lower().endswith(hosts[0].lower())",
            ),
        ),
    ),
    "palette": Subject(
        "palette/extraction.py",
        _quick_first("tests/palette/test_extraction.py", "thousand or all_colors"),
    ),
    "shuffle": Subject(
        "data/ordering.py",
        (
            "tests/data/test_loading.py -k 'seed_alone or every_epoch' -m 'slow or not slow'",
            "tests/data/test_loading.py -k 'mixed or shuffles or bytes_than or begun or workers'",
            "tests/data/test_bad_records.py",
        ),
        (("tf.constant([seed, purpose]", "tf.constant([seed // 2 * 2, purpose]"),),
    ),
    "pool": Subject(
        "training/gan/image_pool.py",
        _quick_first("tests/training/gan/test_image_pool.py", "replicas"),
    ),
    "losses": Subject("training/gan/losses.py", ("tests/training/gan/test_losses.py",)),
    "layers": Subject(
        "networks/normalization.py",
        ("tests/networks/test_normalization.py",),
        ((', "aggregation": "mean"}', "}"),),
    ),
    "training step": Subject(
        "training/gan/deep_paint.py",
        (
            "tests/training/gan/test_deep_paint.py -k 'left_out or weighted_sum or objective'",
            "tests/training/gan/test_deep_paint.py -k 'plain_ones or pool_holds'",
            "tests/training/gan/test_deep_paint.py -k 'not (left_out or weighted_sum or objective "
            "or plain_ones or pool_holds)'",
        ),
        (
            ("stepped = discriminator_stepped & generator_stepped", "stepped = generator_stepped"),
            ("scale_loss(loss / replicas())", "scale_loss(loss * replicas())"),
        ),
    ),
    "checkpoints": Subject(
        "training/checkpoints.py",
        (
            "tests/training/test_checkpoints.py",
            "tests/training/test_loop.py -k 'begins_with or palette_rule or another_rule'",
        ),
        (
            ('            files.remove(f"{path}.index")', "            pass"),
            (".read(path).assert_existing_objects_matched()", ".read(path)"),
        ),
    ),
    "run": Subject(
        "training/options.py",
        ("tests/training/test_run_directory.py", "tests/training/test_options.py"),
        (
            ("    seed: int = option(", "    seed: int = _resumable("),
            ("    learning_rate: float = option(", "    learning_rate: float = _resumable("),
        ),
    ),
}

_SWAPPED = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}


class Mutant(NamedTuple):
    """One changed place: what is shown of it, and the whole changed module."""

    change: str
    code: str


def known_mutants(code: str, subject: Subject) -> list[Mutant]:
    """Those that were found by hand; ValueError where the text is no longer there."""
    mutants = []
    for old, new in subject.known:
        if code.count(old) < 1:
            raise ValueError(f"{subject.module}: no longer holds {old!r}")
        shown = f"`{' '.join(old.split())}` became `{' '.join(new.split())}`"
        mutants.append(Mutant(shown, code.replace(old, new, 1)))
    return mutants


def make_mutants(code: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its code."""
    tree = ast.parse(code)
    mutants = []
    for node in ast.walk(tree):
        for before, undo in _changes(node):
            after = ast.unparse(node)
            changed = ast.unparse(tree)
            undo()
            line = getattr(node, "lineno", 0)
            shown = f"line {line}: `{_short(before)}` became `{_short(after)}`"
            mutants.append(Mutant(shown, changed))
    return mutants


def _changes(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Changes a node in place, once for each way; yields its old code and what undoes it."""

    def put(owner: object, name: str, value: object) -> tuple[str, object]:
        before, old = ast.unparse(node), getattr(owner, name)
        setattr(owner, name, value)
        return before, lambda: setattr(owner, name, old)

    if isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPPED:
        yield put(node, "ops", [_SWAPPED[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in _SWAPPED:
        yield put(node, "op", _SWAPPED[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield put(node, "op", ast.UAdd())
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield put(node, "value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield put(node, "value", node.value + 1)
    elif isinstance(node, ast.If | ast.IfExp):
        yield put(node, "test", ast.Constant(False))
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield put(node, "value", ast.Constant(None))


def _short(code: str) -> str:
    line = code.strip().splitlines()[0]
    return line if len(line) <= 70 else f"{line[:67]}..."


def survivors(name: str, count: int, seed: int) -> tuple[int, int, list[str]]:
    """How many mutants a subject has, how many were tried, and the survivors."""
    subject = SUBJECTS[name]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = copy_repository(Path(folder))
        path = copy / "tf_deeppaint" / subject.module
        code = path.read_text()
        others = make_mutants(code)
        chosen = random.Random(f"{name}/{seed}").sample(others, min(count, len(others)))
        mutants = known_mutants(code, subject) + chosen
        began = time.monotonic()
        if _is_noticed(copy, subject, LONGEST_S):
            raise SystemExit(f"{name}: a test fails without any change")
        patience = PATIENCE * (time.monotonic() - began) + 60
        tried, survived = 0, []
        with contextlib.suppress(KeyboardInterrupt):  # what was tried so far counts
            for mutant in mutants:
                path.write_text(mutant.code)
                if not _is_noticed(copy, subject, patience):
                    survived.append(mutant.change)
                    print(f"{name}: survived: {mutant.change}", flush=True)
                tried += 1
    return len(others) + len(subject.known), tried, survived


def _is_noticed(copy: Path, subject: Subject, patience: float) -> bool:
    return any(run_tests(copy, f"-x {tests}", patience).status != 0 for tests in subject.tests)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20, help="mutants of each subject")
    parser.add_argument("--subject", action="append", choices=SUBJECTS, help="may be repeated")
    parser.add_argument("--report", type=Path, help="document whose table is rewritten")
    chosen = parser.parse_args()
    for name in chosen.subject or SUBJECTS:
        total, tried, survived = survivors(name, chosen.count, chosen.seed)
        left = "; ".join(change.replace("|", "\\|") for change in survived) or "none"
        when = f"{datetime.date.today().isoformat()}, seed {chosen.seed}"
        row = f"| {name} | {total} | {tried} | {len(survived)} | {left} | {when} |"
        print(row, flush=True)
        if chosen.report:
            rewrite(chosen.report, "mutants", _table(chosen.report, name, row))


def _table(report: Path, name: str, row: str) -> list[str]:
    """The table of a document with one row anew."""
    lines = section(report, "mutants").splitlines()
    rows = {one: line for one in SUBJECTS for line in lines if line.startswith(f"| {one} |")}
    rows[name] = row
    head = "| subject | mutants | tried | survived | which | `make mutants` of |"
    return [head, "|---|---|---|---|---|---|", *(rows[one] for one in SUBJECTS if one in rows)]


if __name__ == "__main__":
    main()
