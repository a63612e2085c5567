"""The sources by name: their options as flags, and how one is opened."""

import dataclasses
import importlib
from collections.abc import Mapping

from tf_deeppaint.data.sources.base import Source
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import option

# Module in this package, and the class in it. Importing one must not import TensorFlow or OpenCV:
# `--help` imports them all.
SOURCES = {
    "dolls": ("dolls.source", "Dolls"),
    "folder": ("folder", "Folder"),
    "pairs": ("pairs", "Pairs"),
    "schemes": ("schemes", "Schemes"),
    "danbooru": ("danbooru", "Danbooru"),
    "openmoji": ("openmoji", "OpenMoji"),
    "wesnoth": ("wesnoth", "Wesnoth"),
    "avatars": ("characters.source", "Avatars"),
    "comicgen": ("characters.source", "Comicgen"),
    "composite": ("characters.source", "Composite"),
    "sprites": ("sprites", "Sprites"),
}


def make_source(name: str, options: Mapping[str, object]) -> Source:
    """Makes the source that `--source` names.

    Args:
        name: One of `SOURCES`.
        options: The options that are given, by name; the others have the source's defaults.

    Raises:
        DeepPaintError: no such source, an option that it has no use for, one that is missing, or
            a value that is not allowed.
    """
    if name not in SOURCES:
        raise DeepPaintError(f"no source named {name!r}: choose one of {', '.join(SOURCES)}")
    fields = _fields(name)
    for flag in sorted(options.keys() - fields):
        users = " and ".join(f"--source={user}" for user in SOURCES if flag in _fields(user))
        raise DeepPaintError(f"--source={name} has no use for --{flag}; {users} has")
    for flag, field in fields.items():
        if field.default is dataclasses.MISSING and options.get(flag) is None:
            raise DeepPaintError(f"--source={name} needs --{flag}: {field.metadata['help']}")
    return _source_class(name)(**options)


def source_options() -> type:
    """One dataclass with the options of all sources, for `utils.options.define_flags`.

    Sources may share an option. Its help names the sources that use it.
    """
    shared: dict[str, dict[str, dataclasses.Field]] = {}
    for name in SOURCES:
        for flag, field in _fields(name).items():
            shared.setdefault(flag, {})[name] = field
    fields = []
    for flag, by_source in shared.items():
        users: dict[str, list[str]] = {}
        for name, field in by_source.items():
            users.setdefault(field.metadata["help"], []).append(name)
        text = " ".join(f"{', '.join(names)}: {text}" for text, names in users.items())
        first = next(iter(by_source.values()))
        fields.append((flag, first.type, option(first.default, **first.metadata | {"help": text})))
    return dataclasses.make_dataclass("SourceOptions", fields, kw_only=True)


def _fields(name: str) -> dict[str, dataclasses.Field]:
    return {field.name: field for field in dataclasses.fields(_source_class(name))}


def _source_class(name: str) -> type:
    module, class_name = SOURCES[name]
    return getattr(importlib.import_module(f"{__package__}.{module}"), class_name)
