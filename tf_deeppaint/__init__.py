"""Colors line art from the palette of a reference picture.

The names below are imported on first use: `import tf_deeppaint` costs no TensorFlow. Where Keras
is imported already, the networks are registered with it at once, so that
`keras.saving.load_model` finds them; elsewhere their first use does so.
"""

import importlib
import sys

__version__ = "0.1.0"

_HOMES = {
    "DeepPaint": "training.gan.deep_paint",
    "DeepPaintError": "utils.errors",
    "Discriminator": "networks.discriminator",
    "Generator": "networks.generator",
    "Painter": "painting.painter",
    "UNet": "networks.unet",
    "extract_palette": "palette.extraction",
    "palette_to_histogram": "palette.extraction",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__


if "keras" in sys.modules:
    importlib.import_module(f"{__name__}.training.gan.deep_paint")
    importlib.import_module(f"{__name__}.networks.unet")
