"""Colours line art from the palette of a reference picture.

The names below are imported on first use: `import tf_deeppaint` costs no TensorFlow. Where Keras
is imported already, the networks are registered with it at once, so that
`keras.saving.load_model` finds them; elsewhere their first use does so.
"""

import importlib
import sys

__version__ = "0.1.0"

_HOMES = {
    "DeepPaint": "deep_paint",
    "DeepPaintError": "errors",
    "Discriminator": "discriminator",
    "Generator": "generator",
    "Painter": "painter",
    "UNet": "unet",
    "extract_palette": "palette",
    "palette_to_histogram": "palette",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__


if "keras" in sys.modules:
    importlib.import_module(f"{__name__}.deep_paint")
    importlib.import_module(f"{__name__}.unet")
