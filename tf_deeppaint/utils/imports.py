"""What is done once a module is imported, whoever imports it and when.

The package wrapt has the same, and imports asyncio: a tenth of what `colorize` takes.
"""

import importlib.abc
import sys
import threading
from collections.abc import Callable
from importlib.machinery import ModuleSpec


def after_import(name: str, action: Callable[[], None]) -> None:
    """Calls an action once the module `name` is imported; at once where it is already."""
    if name in sys.modules:
        action()
    else:
        sys.meta_path.insert(0, _Watcher(name, action))


class _Watcher(importlib.abc.MetaPathFinder):
    """Leaves the import to Python's own finders, and has the module's loader call the action."""

    def __init__(self, name: str, action: Callable[[], None]):
        self.name = name
        self.action = action
        self.asking = threading.local()  # has `others` while this thread asks the other finders

    def find_spec(self, fullname: str, path, target=None) -> ModuleSpec | None:
        if fullname != self.name or hasattr(self.asking, "others"):
            return None
        # Another of them may ask this one in turn, as a second watcher does.
        self.asking.others = [finder for finder in sys.meta_path if finder is not self]
        try:
            specs = (finder.find_spec(fullname, path, target) for finder in self.asking.others)
            spec = next((spec for spec in specs if spec is not None), None)
        finally:
            del self.asking.others
        # A spec may only be asked for, and never be loaded: the watch ends when a module is.
        if spec is not None and spec.loader is not None:
            self._watch(spec.loader)
        return spec

    def _watch(self, loader) -> None:
        # Set on this one loader, not a loader of our own: `inspect` and `importlib.resources` ask
        # a module's loader for its source and files.
        execute = loader.exec_module

        def execute_and_act(module) -> None:
            execute(module)
            loader.exec_module = execute
            if self in sys.meta_path:
                sys.meta_path.remove(self)
                self.action()

        loader.exec_module = execute_and_act
