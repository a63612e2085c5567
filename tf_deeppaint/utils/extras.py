"""Libraries of the optional extras, imported where they are needed."""

import importlib
from types import ModuleType

from tf_deeppaint.utils.commands import install_command
from tf_deeppaint.utils.errors import DeepPaintError


def import_extra(module: str, extra: str) -> ModuleType:
    """Imports a module that an extra of this package installs.

    Raises:
        DeepPaintError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise DeepPaintError(
            f"{module.split('.')[0]} is missing: run {install_command(extra)}"
        ) from error
