"""What is done once a module is imported: once, whoever imports it and when."""

import importlib
import importlib.util
import inspect
import sys

import pytest

from tf_deeppaint.utils.imports import after_import


@pytest.fixture(name="name")
def make_module(tmp_path, monkeypatch):
    """The name of a module that can be imported and is not yet."""
    (tmp_path / "watched_module.py").write_text("import json\nANSWER = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    yield "watched_module"
    sys.modules.pop("watched_module", None)


def test_the_action_comes_once_after_the_import(name) -> None:
    finders, seen = list(sys.meta_path), []
    after_import(name, lambda: seen.append(sys.modules[name].ANSWER))
    assert seen == []
    module = importlib.import_module(name)
    assert seen == [42] and sys.meta_path == finders
    importlib.reload(module)
    assert seen == [42]
    assert "ANSWER" in inspect.getsource(module) and "watched" in repr(module.__loader__.path)


def test_a_module_that_is_there_already_needs_no_wait(name) -> None:
    importlib.import_module(name)
    finders, seen = list(sys.meta_path), []
    after_import(name, lambda: seen.append(1))
    assert seen == [1] and sys.meta_path == finders


def test_a_question_whether_the_module_exists_is_no_import(name) -> None:
    seen = []
    after_import(name, lambda: seen.append(1))
    assert importlib.util.find_spec(name).name == name
    assert seen == []
    importlib.import_module(name)
    assert seen == [1]


def test_an_import_that_fails_may_be_tried_again(name, tmp_path) -> None:
    seen = []
    after_import(name, lambda: seen.append(1))
    source = tmp_path / f"{name}.py"
    text = source.read_text()
    source.write_text("raise ImportError('not yet: a library is missing')")
    with pytest.raises(ImportError, match="not yet"):
        importlib.import_module(name)
    source.write_text(text)
    importlib.invalidate_caches()
    importlib.import_module(name)
    assert seen == [1]


def test_a_module_that_does_not_exist_stays_unknown() -> None:
    finders = list(sys.meta_path)
    after_import("no_such_module_anywhere", lambda: None)
    try:
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("no_such_module_anywhere")
    finally:
        sys.meta_path[:] = finders


def test_several_may_watch_for_one_module(name) -> None:
    seen = []
    for number in range(3):
        after_import(name, lambda number=number: seen.append(number))
    importlib.import_module(name)
    assert sorted(seen) == [0, 1, 2]
